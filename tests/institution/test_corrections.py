"""更正建议 from the counter to the enterprise and back; 备注 that only the counter reads."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from backoffice.database import db
from backoffice.models import CorrectionProposal, MeasuringInstrument
from backoffice.services import acceptance, corrections
from backoffice.states import ProposalState
from tests.enterprise.own_pages import as_person, fill, press
from tests.factories import actor_of
from tests.institution.people import People
from tests.portal.conftest import Browser

DESK, OWN = "/institution/corrections/", "/enterprise/corrections/"


class Scene:
    """An instrument on a slip, the counter that holds it and the clerk whose it is, each at a browser."""

    def __init__(self, app: Flask) -> None:
        self.people = People()
        self.slip = self.people.slip()
        self.instrument: MeasuringInstrument = self.slip.items[0].instrument
        self.url = f"/institution/instruments/{self.instrument.id}"
        self.desk: Browser = as_person(app, self.people.counter)
        self.clerk: Browser = as_person(app, self.people.clerk)

    def propose(self, **typed: str) -> CorrectionProposal:
        assert fill(self.desk, f"{self.url}/correct", **typed) == 303, self.desk.page
        db.session.expire_all()
        return db.session.scalars(db.select(CorrectionProposal).order_by(CorrectionProposal.id.desc())).first()


@pytest.fixture
def scene(app: Flask) -> Scene:
    return Scene(app)


def test_the_form_shows_what_the_ledger_says_and_sends_only_what_was_typed_over(scene: Scene) -> None:
    assert scene.desk.get(scene.url) == 200 and ">提出更正建议<" in scene.desk.page
    assert scene.desk.get(f"{scene.url}/correct") == 200
    assert f'value="{scene.instrument.serial_number}"' in scene.desk.page
    made = scene.propose(serial_number="20371", words="铭牌是 20371")
    assert made.after == {"serial_number": "20371"}
    assert scene.desk.follow() == 200
    assert "<ins>20371</ins>" in scene.desk.page and "铭牌是 20371" in scene.desk.page


def test_nothing_typed_over_and_wrong_values_are_refused_on_the_form(scene: Scene) -> None:
    assert fill(scene.desk, f"{scene.url}/correct") == 422
    assert "没有需要更正的" in scene.desk.page
    assert fill(scene.desk, f"{scene.url}/correct", manufacturer="", model="Y-150") == 422
    assert 'id="manufacturer-error"' in scene.desk.page and 'value="Y-150"' in scene.desk.page


def test_the_enterprise_confirms_with_one_click_from_the_list_while_its_row_is_locked(scene: Scene) -> None:
    made = scene.propose(model="Y-150")
    assert scene.clerk.get(OWN) == 200
    assert "Y-100 → Y-150" in scene.clerk.page and "待答复 1" in scene.clerk.page
    assert press(scene.clerk, f"{OWN}{made.id}/confirm") == 303
    db.session.expire_all()
    assert (scene.instrument.model, made.state) == ("Y-150", ProposalState.APPROVED)
    assert scene.desk.get(f"{DESK}{made.id}") == 200 and "已同意" in scene.desk.page


def test_the_record_shows_both_values_and_takes_a_no_with_its_reason(scene: Scene) -> None:
    made = scene.propose(model="Y-150")
    url = f"{OWN}{made.id}"
    assert scene.clerk.get(url) == 200
    for words in (">确认更正<", ">不采纳<", "<ins>Y-150</ins>", "Y-100", scene.people.institution.name):
        assert words in scene.clerk.page
    assert fill(scene.clerk, f"{url}/decline", reason="") == 422
    assert fill(scene.clerk, f"{url}/decline", reason="铭牌是 Y-100") == 303
    assert scene.desk.get(f"{DESK}{made.id}") == 200 and "铭牌是 Y-100" in scene.desk.page
    db.session.expire_all()
    assert scene.instrument.model == "Y-100"


def test_a_confirmed_correction_of_an_accepted_instrument_is_printed_in_a_new_version(scene: Scene) -> None:
    acceptance.accept(actor_of(scene.people.counter), scene.slip.id)
    db.session.commit()
    made = scene.propose(model="Y-150")
    scene.clerk.get(OWN)
    press(scene.clerk, f"{OWN}{made.id}/confirm")
    db.session.expire_all()
    assert scene.slip.version == 2
    assert scene.clerk.get(f"/enterprise/slips/{scene.slip.id}") == 200 and "Y-150" in scene.clerk.page


def test_what_changed_since_or_is_there_already_is_refused_in_a_sentence(scene: Scene) -> None:
    (other,) = scene.people.instruments(serial_number="20371")
    db.session.commit()
    made = scene.propose(serial_number="20371")
    scene.clerk.get(f"{OWN}{made.id}")
    assert press(scene.clerk, f"{OWN}{made.id}/confirm") == 409
    assert "重复" in scene.clerk.page and other.ledger_number in scene.clerk.page
    other.serial_number = other.serial_key = "20372"
    scene.instrument.serial_number = scene.instrument.serial_key = "20399"
    db.session.commit()
    assert scene.clerk.get(f"{OWN}{made.id}") == 200 and "20399" in scene.clerk.page
    assert press(scene.clerk, f"{OWN}{made.id}/confirm") == 409
    assert "又改过" in scene.clerk.page


def test_one_proposal_waits_at_a_time_and_the_institution_may_withdraw_it(scene: Scene) -> None:
    made = scene.propose(model="Y-150")
    assert scene.desk.get(scene.url) == 200 and "已有一份建议等使用单位答复" in scene.desk.page
    assert fill(scene.desk, f"{scene.url}/correct", model="Y-160") == 409
    assert scene.desk.get(f"{DESK}{made.id}") == 200
    assert press(scene.desk, f"{DESK}{made.id}/withdraw") == 303
    scene.clerk.get(f"{OWN}{made.id}")
    assert ">确认更正<" not in scene.clerk.page and "已撤回" in scene.clerk.page
    assert scene.propose(model="Y-160").id != made.id


def test_foreign_proposals_look_absent(scene: Scene, app: Flask) -> None:
    made = scene.propose(model="Y-150")
    other = People(kind_code="0601")
    assert as_person(app, other.counter).get(f"{DESK}{made.id}") == 404
    stranger = as_person(app, other.clerk)
    assert stranger.get(f"{OWN}{made.id}") == 404
    assert stranger.post(f"{OWN}{made.id}/confirm", {"csrf_token": csrf(stranger)}) == 404
    assert corrections.pending_of(scene.instrument.id) is not None


def csrf(browser: Browser) -> str:
    browser.get("/account")
    found = re.search(r'name="csrf_token" value="([^"]+)"', browser.page)
    assert found
    return found[1]


def test_an_instrument_that_is_not_held_has_no_such_button(scene: Scene) -> None:
    acceptance.return_items(
        actor_of(scene.people.counter), scene.slip.id, code=acceptance.ReturnCode.OTHER, words="铭牌不清"
    )
    db.session.commit()
    assert scene.desk.get(f"{scene.url}/correct") == 404


@pytest.mark.parametrize("answer", ["confirm", "decline"])
def test_notices_of_both_sides_lead_to_the_proposal(scene: Scene, answer: str) -> None:
    made = scene.propose(model="Y-150")
    assert scene.clerk.get("/enterprise/notices/?tab=unread") == 200
    assert "建议更正台账" in scene.clerk.page
    (opening,) = re.findall(r'action="(/enterprise/notices/\d+/open)"', scene.clerk.page)[:1]
    assert press(scene.clerk, opening) == 303
    assert scene.clerk.answer.headers["Location"] == f"{OWN}{made.id}"
    actor = actor_of(scene.people.clerk)
    if answer == "confirm":
        corrections.confirm(actor, made.id)
    else:
        corrections.decline(actor, made.id, "铭牌是 Y-100")
    db.session.commit()
    assert scene.desk.get("/institution/notices/") == 200
    assert ("已确认" if answer == "confirm" else "未采纳") in scene.desk.page
    (key,) = re.findall(r'href="/institution/notices/(\d+)"', scene.desk.page)[:1]
    scene.desk.get(f"/institution/notices/{key}")
    assert press(scene.desk, f"/institution/notices/{key}/open") == 303
    assert scene.desk.answer.headers["Location"] == f"{DESK}{made.id}"


# 备注


def test_a_remark_is_written_changed_and_seen_by_ones_own_institution_alone(scene: Scene, app: Flask) -> None:
    url = f"/institution/enterprises/{scene.slip.enterprise_id}"
    assert fill(scene.desk, f"{url}/remark", words="先打门卫电话") == 303
    assert as_person(app, scene.people.colleague).get(url) == 200
    assert scene.desk.get(f"{url}/remark") == 200 and "先打门卫电话" in scene.desk.page
    assert fill(scene.desk, f"{url}/remark", words="门卫 8 点上班") == 303
    assert scene.desk.get(url) == 200 and "门卫 8 点上班" in scene.desk.page
    other = People(kind_code="0601")
    other.book([*other.instruments(kind_code="0601")])
    assert as_person(app, other.counter).get(url) == 404
    assert scene.clerk.get(f"/enterprise/own-record/{scene.slip.enterprise_id}") == 200
    assert "门卫" not in scene.clerk.page
