"""检定结果 at the screens: entered by one, published by another, read by the enterprise and the regulator."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from backoffice import clock
from backoffice.database import db
from backoffice.models import InstrumentKind, MeasuringInstrument, User, Verification
from backoffice.models.instrument import FIRST_ONLY_SCHEME
from backoffice.services import acceptance, verifications
from backoffice.states import ApplicationType, UseState
from tests import factories, tiles
from tests.enterprise.own_pages import as_person, fill, press
from tests.institution.people import People
from tests.portal.conftest import Browser
from tests.services import flow

TO_ENTER, DESK, OWN = "/institution/results-to-enter/", "/institution/verifications/", "/enterprise/verifications/"
TYPED: dict[str, Any] = {
    "outcome": "passed",
    "document_type": "certificate",
    "document_number": "QD-2026-00151",
    "regulation": "JJG 52-2013",
}
FAILED = {**TYPED, "outcome": "not_passed", "document_type": "rejection_notice", "document_number": "TZ-1"}


class Scene:
    """Instruments on an accepted slip; two people of the institution and the clerk, each at a browser."""

    def __init__(self, app: Flask, count: int = 1) -> None:
        self.people = People()
        self.slip = self.people.slip(count)
        acceptance.accept(factories.actor_of(self.people.counter), self.slip.id)
        self.items = list(self.slip.items)
        self.instrument: MeasuringInstrument = self.items[0].instrument
        self.desk: Browser = as_person(app, self.people.counter)
        self.second: Browser = as_person(app, self.people.colleague)
        self.clerk: Browser = as_person(app, self.people.clerk)

    def enter(self, number: int = 0, **typed: Any) -> Verification:
        url = f"{TO_ENTER}{self.items[number].id}/enter"
        assert fill(self.desk, url, **(typed or TYPED)) == 303, self.desk.page
        return self.newest()

    def newest(self) -> Verification:
        db.session.expire_all()
        return db.session.scalars(db.select(Verification).order_by(Verification.id.desc())).first()

    def publish(self, row: Verification) -> None:
        assert fill(self.second, f"{DESK}{row.id}/publish") == 303, self.second.page
        db.session.expire_all()


@pytest.fixture(autouse=True)
def period(app: Flask) -> Iterator[InstrumentKind]:
    """The kind of the scene's instruments, verified every 12 months; as the catalogue had it afterwards."""
    kind = db.session.get_one(InstrumentKind, "1401")
    before = kind.default_period_months, kind.verification_scheme
    kind.default_period_months = 12
    db.session.commit()
    yield kind
    db.session.rollback()
    kind = db.session.get_one(InstrumentKind, "1401")
    kind.default_period_months, kind.verification_scheme = before
    db.session.commit()


@pytest.fixture
def scene(app: Flask) -> Scene:
    return Scene(app)


def send_again(browser: Browser, url: str, **typed: Any) -> int:
    """Send the form of the page that is open once more."""
    return browser.post(url, {**browser.values(""), **typed})


def test_what_was_accepted_waits_for_its_result_on_home_list_and_slip(scene: Scene) -> None:
    assert scene.desk.get("/institution/") == 200
    assert re.search(r'href="/institution/results-to-enter/"><b>1</b>', scene.desk.page), scene.desk.page
    assert scene.desk.get(TO_ENTER) == 200 and scene.instrument.serial_number in scene.desk.page
    assert scene.desk.get(f"/institution/slips/{scene.slip.id}") == 200
    assert f"{TO_ENTER}{scene.items[0].id}/enter" in scene.desk.page
    scene.enter()
    assert scene.desk.get(TO_ENTER) == 200 and "没有等着登记结果的器具" in scene.desk.page
    assert scene.desk.get(f"/institution/slips/{scene.slip.id}") == 200 and "待核验发布" in scene.desk.page


def test_the_form_proposes_day_person_and_validity(scene: Scene) -> None:
    with clock.at(clock.start_of(date(2026, 5, 10))):
        assert scene.desk.get(f"{TO_ENTER}{scene.items[0].id}/enter") == 200
    page = scene.desk.page
    assert 'value="2026-05-10"' in page and 'value="2027-05-09"' in page and 'value="李敏"' in page
    assert "检定周期" not in page and "按周期 12 个月推算" in page


def test_an_untouched_proposal_follows_the_day_and_is_shown_before_it_is_kept(scene: Scene) -> None:
    url = f"{TO_ENTER}{scene.items[0].id}/enter"
    assert fill(scene.desk, url, **TYPED, verified_on="2026-05-10") == 422
    assert 'value="2027-05-09"' in scene.desk.page and "已按周期改为 2027-05-09" in scene.desk.page
    assert db.session.scalars(db.select(Verification)).all() == []
    assert send_again(scene.desk, url, **TYPED) == 303
    assert scene.newest().valid_until == date(2027, 5, 9)


def test_a_validity_typed_by_hand_stands(scene: Scene) -> None:
    typed = {**TYPED, "verified_on": "2026-05-10", "valid_until": "2026-11-09"}
    assert scene.enter(**typed).valid_until == date(2026, 11, 9)


def test_without_a_period_the_validity_is_empty_and_required(scene: Scene, period: InstrumentKind) -> None:
    period.default_period_months = None
    db.session.commit()
    assert fill(scene.desk, f"{TO_ENTER}{scene.items[0].id}/enter", **TYPED) == 422
    assert 'id="valid_until-error"' in scene.desk.page and 'value="QD-2026-00151"' in scene.desk.page


def test_a_kind_without_a_cycle_is_not_asked_for_a_validity(scene: Scene, period: InstrumentKind) -> None:
    period.verification_scheme = FIRST_ONLY_SCHEME
    db.session.commit()
    assert scene.desk.get(f"{TO_ENTER}{scene.items[0].id}/enter") == 200
    assert 'name="valid_until"' not in scene.desk.page
    assert scene.enter().valid_until is None


def test_refusals_stand_beside_their_fields_and_nothing_typed_is_lost(scene: Scene) -> None:
    url = f"{TO_ENTER}{scene.items[0].id}/enter"
    typed = {**TYPED, "document_type": "rejection_notice", "document_number": "", "seal_number": "鲁C-77"}
    assert fill(scene.desk, url, **typed) == 422
    assert 'id="document_type-error"' in scene.desk.page and 'id="document_number-error"' in scene.desk.page
    assert 'value="鲁C-77"' in scene.desk.page
    assert fill(scene.desk, url, **{**TYPED, "outcome": "perhaps"}) == 422
    assert fill(scene.desk, url, **{**TYPED, "verified_on": "2026-13-40"}) == 422
    assert fill(scene.desk, url, **{**TYPED, "document_number": "1" * 80}) == 422


def test_the_next_of_the_slip_keeps_people_day_and_regulation(app: Flask) -> None:
    scene = Scene(app, 2)
    scene.enter(0, **{**TYPED, "verified_on": "2026-05-10", "valid_until": "2027-05-09", "approver": "赵批"})
    assert scene.desk.get(f"{TO_ENTER}{scene.items[1].id}/enter") == 200
    for kept in ("2026-05-10", "2027-05-09", "JJG 52-2013", "赵批"):
        assert f'value="{kept}"' in scene.desk.page, kept
    assert 'value="QD-2026-00151"' not in scene.desk.page


def test_the_same_person_reads_why_not_and_is_refused_in_words(scene: Scene) -> None:
    row = scene.enter()
    assert scene.desk.follow() == 200
    assert "由您登记，须由本机构另一人发布" in scene.desk.page
    assert fill(scene.desk, f"{DESK}{row.id}/publish") == 409
    assert "须由本机构另一人核验发布" in scene.desk.page
    assert scene.newest().published_at is None


def test_another_person_publishes_what_is_shown_and_everybody_concerned_reads_it(scene: Scene) -> None:
    row = scene.enter()
    assert scene.clerk.get(f"{OWN}{row.id}") == 404
    assert scene.second.get(f"{DESK}{row.id}/publish") == 200 and "QD-2026-00151" in scene.second.page
    scene.publish(row)
    assert scene.second.follow() == 200 and "已由 周凯 核验发布" in scene.second.page
    assert scene.clerk.get(f"{OWN}{row.id}") == 200 and "周凯" in scene.clerk.page
    assert scene.clerk.get(OWN) == 200 and "QD-2026-00151" in scene.clerk.page
    assert scene.clerk.get(f"/enterprise/instruments/{scene.instrument.id}") == 200
    assert "检定合格，检定证书 QD-2026-00151" in scene.clerk.page
    assert scene.clerk.get(f"/enterprise/appointments/{scene.slip.appointment_id}") == 200
    assert f"{OWN}{row.id}" in scene.clerk.page and "发布 1 台（件）的检定结果" in scene.clerk.page
    assert scene.clerk.get("/enterprise/notices/") == 200 and "的检定结果：合格" in scene.clerk.page


def test_what_was_changed_after_it_was_shown_is_not_published_unread(scene: Scene) -> None:
    row = scene.enter()
    assert scene.second.get(f"{DESK}{row.id}/publish") == 200
    shown = scene.second.values("")
    assert fill(scene.desk, f"{DESK}{row.id}/change", **{**TYPED, "document_number": "QD-9"}) == 303
    assert scene.second.post(f"{DESK}{row.id}/publish", shown) == 409
    assert "被修改过" in scene.second.page
    for nonsense in ("", "soon", "2026-05-10"):
        assert fill(scene.second, f"{DESK}{row.id}/publish", seen_at=nonsense) == 409
    scene.publish(row)


def test_changing_and_discarding_before_publication(scene: Scene) -> None:
    row = scene.enter()
    assert scene.second.get(f"{DESK}{row.id}/change") == 200 and 'value="QD-2026-00151"' in scene.second.page
    assert send_again(scene.second, f"{DESK}{row.id}/change", **{**TYPED, "document_number": "QD-9"}) == 303
    assert scene.newest().document_number == "QD-9"
    assert fill(scene.desk, f"{DESK}{row.id}/discard") == 303
    assert scene.desk.follow() == 200 and scene.instrument.serial_number in scene.desk.page


def test_a_selection_is_published_together(app: Flask) -> None:
    scene = Scene(app, 3)
    rows = [scene.enter(number, **{**TYPED, "document_number": f"QD-{number}"}) for number in range(3)]
    keys = [str(row.id) for row in rows]
    assert scene.second.get(DESK) == 200
    hidden = {name: value for name, value in scene.second.values(DESK).items() if name in ("csrf_token", "form_key")}
    assert scene.second.post(f"{DESK}batch/publish", {**hidden, "ids": keys}) == 200
    assert all(f"QD-{number}" in scene.second.page for number in range(3))
    shown = {**scene.second.values(""), "ids": keys, "confirmed": "1"}
    assert scene.second.post(f"{DESK}batch/publish", shown) == 303
    db.session.expire_all()
    assert all(row.published_at is not None for row in rows)
    assert scene.second.get(f"{DESK}?tab=published") == 200 and "data-select" not in scene.second.page


def test_entering_late_says_so(scene: Scene) -> None:
    url = f"{TO_ENTER}{scene.items[0].id}/enter"
    assert scene.second.get(url) == 200
    shown = {**scene.second.values(""), **TYPED, "document_number": "QD-7"}
    scene.enter()
    assert scene.second.post(url, shown) == 409 and "已有一份未发布的结果" in scene.second.page
    assert scene.second.get(url) == 404


def test_a_fail_offers_repair_and_scrapping_to_the_enterprise(scene: Scene) -> None:
    row = scene.enter(**FAILED)
    scene.publish(row)
    for page in (f"{OWN}{row.id}", f"/enterprise/instruments/{scene.instrument.id}"):
        assert scene.clerk.get(page) == 200
        assert "请立即停用" in scene.clerk.page and ">修理后重新申请<" in scene.clerk.page
        assert f"/enterprise/instruments/{scene.instrument.id}/scrap" in scene.clerk.page
    assert press(scene.clerk, f"{OWN}{row.id}/repair") == 303
    assert scene.clerk.follow() == 200 and "/enterprise/appointments/" in scene.clerk.answer.request.path
    db.session.expire_all()
    types = db.session.execute(db.text("SELECT application_type FROM appointment_item ORDER BY id DESC")).scalars()
    assert next(iter(types)) == ApplicationType.AFTER_REPAIR


def test_after_scrapping_nothing_is_offered_any_more(scene: Scene) -> None:
    row = scene.enter(**FAILED)
    scene.publish(row)
    scene.instrument.use_state = UseState.SCRAPPED
    db.session.commit()
    assert scene.clerk.get(f"{OWN}{row.id}") == 200
    assert "之后已办理" in scene.clerk.page and "修理后重新申请" not in scene.clerk.page


def test_the_regulator_reads_what_is_published_in_its_area(app: Flask, scene: Scene) -> None:
    office: User = factories.UserFactory(regulator=True)
    elsewhere: User = factories.UserFactory(regulator=True, division_code="370304")
    row = scene.enter()
    browser = as_person(app, office)
    assert browser.get(f"/regulator/verifications/{row.id}") == 404
    scene.publish(row)
    assert browser.get(f"/regulator/verifications/{row.id}") == 200
    assert browser.get("/regulator/verifications/?outcome=passed&q=QD-2026") == 200
    assert "QD-2026-00151" in browser.page
    assert as_person(app, elsewhere).get(f"/regulator/verifications/{row.id}") == 404


def test_lists_and_search_ask_a_fixed_number_of_questions(app: Flask) -> None:
    """Five results cost no more queries than one."""
    scene = Scene(app, 6)
    counts = []
    for upto in (1, 6):
        for number in range(len(counts) and 1, upto):
            verifications.enter(
                factories.actor_of(scene.people.counter), scene.items[number].id, **flow.a_pass(f"QD-{number}")
            )
        db.session.commit()
        asked: list[str] = []

        def note(*args: Any, asked: list[str] = asked) -> None:
            asked.append(args[2])

        event.listen(db.engine, "before_cursor_execute", note)
        assert scene.second.get(f"{DESK}?q=压力表") == 200
        event.remove(db.engine, "before_cursor_execute", note)
        counts.append(len(asked))
    assert counts[0] == counts[1], counts


def test_a_fail_is_work_on_the_home_of_the_enterprise_until_it_is_taken_further(app: Flask) -> None:
    """The number opens exactly the rows of 需要您处理; the record says it once and with the notice's number."""
    scene = Scene(app, 2)
    rows = [scene.enter(number, **{**FAILED, "document_number": f"TZ-{number}"}) for number in range(2)]
    for row in rows:
        scene.publish(row)

    def text(url: str) -> str:
        assert scene.clerk.get(url) == 200
        return scene.clerk.page

    assert tiles.check(text, "/enterprise/")["检定不合格，停用待修"] == 2
    todo = text("/enterprise/").split("需要您处理")[1].split("</table>")[0]
    for row in rows:
        assert f'action="{OWN}{row.id}/repair"' in todo and str(row.document_number) in todo
        assert f'href="/enterprise/instruments/{row.instrument_id}/scrap"' in todo
    record = text(f"/enterprise/instruments/{rows[0].instrument_id}")
    assert record.count(">报废</a>") == 1 and "检定结果通知书编号" in record and "TZ-0" in record
    assert "在用（检定不合格" in record

    assert press(scene.clerk, f"{OWN}{rows[0].id}/repair") == 303
    assert "回到预约草稿" in text("/enterprise/").split("需要您处理")[1]
    rows[1].instrument.use_state = UseState.SCRAPPED
    db.session.commit()
    assert tiles.check(text, "/enterprise/")["检定不合格，停用待修"] == 1


def test_what_is_never_booked_again_is_only_scrapped(scene: Scene, period: InstrumentKind) -> None:
    scene.publish(scene.enter(**FAILED))
    period.verification_scheme = FIRST_ONLY_SCHEME
    db.session.commit()
    assert scene.clerk.get("/enterprise/") == 200
    todo = scene.clerk.page.split("需要您处理")[1].split("</table>")[0]
    assert "修理后重新申请" not in todo and f"/enterprise/instruments/{scene.instrument.id}/scrap" in todo


def test_the_home_lists_what_this_person_may_publish(scene: Scene) -> None:
    row = scene.enter()
    link = f'href="{DESK}{row.id}/publish"'
    assert scene.second.get("/institution/") == 200 and link in scene.second.page
    assert scene.desk.get("/institution/") == 200 and link not in scene.desk.page
    scene.publish(row)
    assert scene.second.get("/institution/") == 200 and link not in scene.second.page


def test_what_one_names_oneself_the_verifier_of_is_not_on_ones_home(scene: Scene) -> None:
    row = scene.enter(**{**TYPED, "verifier": scene.people.colleague.name})
    assert scene.second.get("/institution/") == 200 and f"{DESK}{row.id}/publish" not in scene.second.page


def test_who_entered_it_finds_the_publishing_page_disabled_with_the_reason(app: Flask) -> None:
    scene = Scene(app, 2)
    row = scene.enter()
    other = scene.enter(1, **{**TYPED, "document_number": "QD-2"})
    disabled = 'type="button" disabled>核验发布'
    assert scene.desk.get(f"{DESK}{row.id}/publish") == 200
    assert disabled in scene.desk.page and "由您登记，须由本机构另一人发布" in scene.desk.page
    assert scene.second.get(f"{DESK}{row.id}/publish") == 200 and disabled not in scene.second.page
    assert scene.desk.get(DESK) == 200
    hidden = {name: value for name, value in scene.desk.values(DESK).items() if name in ("csrf_token", "form_key")}
    assert scene.desk.post(f"{DESK}batch/publish", {**hidden, "ids": [str(row.id), str(other.id)]}) == 200
    assert disabled in scene.desk.page and "不选它再发布" in scene.desk.page


def test_the_form_says_which_documents_need_a_number(scene: Scene) -> None:
    assert scene.desk.get(f"{TO_ENTER}{scene.items[0].id}/enter") == 200
    assert '编号 <span class="optional">检定证书、检定结果通知书必填</span>' in scene.desk.page


def test_a_fail_keeps_no_validity_and_the_form_says_why(scene: Scene) -> None:
    url = f"{TO_ENTER}{scene.items[0].id}/enter"
    assert scene.desk.get(url) == 200
    assert 'data-only-with="outcome=passed"' in scene.desk.page and "不合格的没有有效期" in scene.desk.page
    assert fill(scene.desk, url, **{**FAILED, "document_number": "", "valid_until": "2027-05-09"}) == 422
    assert re.search(r'<input[^>]*name="valid_until"[^>]*>', scene.desk.page)
    assert 'value="2027-05-09"' not in scene.desk.page and 'id="valid_until-error"' not in scene.desk.page
    assert send_again(scene.desk, url, **{**FAILED, "valid_until": "2027-13-40"}) == 303
    assert scene.newest().valid_until is None
