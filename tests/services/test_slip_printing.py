"""A printed slip says what it said: records that change afterwards show on its next version only."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa
from flask import Flask

from backoffice import clock
from backoffice.database import db
from backoffice.errors import Conflict
from backoffice.models import Slip
from backoffice.services import acceptance, change_requests, corrections, ledger, regulator_bookings, slip_printing
from backoffice.slip_documents import SlipContent
from backoffice.states import DeliveryMode
from tests.services import flow
from tests.services.ledger_samples import typed


@pytest.fixture
def place(app: Flask) -> flow.World:
    return flow.world()


def accepted(place: flow.World, count: int = 2) -> Slip:
    slip = flow.only_slip(flow.matched(place, flow.instruments(place, count)))
    acceptance.accept(place.counter, slip.id)
    db.session.commit()
    return slip


def printed(place: flow.World, slip: Slip) -> SlipContent:
    db.session.expire_all()
    return slip_printing.content(place.clerk, slip.id, public_url="https://qjt.example.cn", secret="s")


def arrange_anew(place: flow.World, slip: Slip) -> None:
    acceptance.change_arrangement(
        place.counter, slip.id, appointed_on=None, appointed_time="上午", place="收发室", words=""
    )


def rename_everything(place: flow.World, slip: Slip) -> None:
    """What the enterprise, its regulator and the institution change of their own records."""
    change_requests.change_contact(place.clerk, contact="赵新华", mobile="13905339999")
    request = change_requests.submit(
        place.clerk, {"name": "淄博新名机械有限公司", "address": "新路 1 号"}, words="更名"
    )
    change_requests.approve(place.regulator, request.id)
    slip.institution.phone = "0533-2189999"
    instrument = slip.items[0].instrument
    values = typed(serial_number=instrument.serial_number, place_of_use=instrument.place_of_use, department="新科室")
    ledger.update(place.clerk, instrument.id, {**values, "name": "改名压力表"})
    instrument.kind.name += "（改）"
    db.session.flush()


def test_what_was_printed_stays_until_its_next_version(place: flow.World) -> None:
    slip = accepted(place)
    before = printed(place, slip)
    rename_everything(place, slip)
    assert printed(place, slip) == before

    arrange_anew(place, slip)
    after = printed(place, slip)
    assert (after.version, after.enterprise.name, after.enterprise.contact) == (2, "淄博新名机械有限公司", "赵新华")
    assert after.institution.phone == "0533-2189999"
    assert after.rows == before.rows


def test_time_alone_changes_nothing(place: flow.World) -> None:
    slip = accepted(place)
    before = printed(place, slip)
    slip.updated_at = clock.now().replace(year=2031)
    assert printed(place, slip) == before


def test_a_confirmed_correction_shows_on_the_next_version_and_on_its_own_row_only(place: flow.World) -> None:
    slip = accepted(place)
    before = printed(place, slip)
    proposal = corrections.propose(place.counter, slip.items[0].instrument_id, {"model": "Y-150"})
    assert printed(place, slip) == before
    corrections.confirm(place.clerk, proposal.id)
    after = printed(place, slip)
    assert after.version == before.version + 1
    assert after.rows == (replace(before.rows[0], model="Y-150"), *before.rows[1:])


def test_a_cancelled_row_leaves_the_next_version(place: flow.World) -> None:
    slip = accepted(place)
    before = printed(place, slip)
    regulator_bookings.cancel(place.regulator, slip.appointment_id, item_ids=[slip.items[0].id], reason="已拆除")
    after = printed(place, slip)
    assert after.version == before.version + 1
    assert after.rows == (replace(before.rows[1], position=1),)


def test_what_is_accepted_later_joins_the_next_version_as_it_is_then(place: flow.World) -> None:
    slip = flow.only_slip(flow.matched(place, flow.instruments(place, 2)))
    first, second = slip.items
    acceptance.accept(place.counter, slip.id, item_ids=[first.id])
    assert [row.serial_number for row in printed(place, slip).rows] == [first.instrument.serial_number]
    instrument = second.instrument
    ledger.update(
        place.clerk,
        instrument.id,
        typed(serial_number=instrument.serial_number, place_of_use=instrument.place_of_use, department="后改的科室"),
    )
    db.session.expire_all()
    acceptance.accept(place.counter, slip.id, item_ids=[second.id])
    after = printed(place, slip)
    assert after.version == 2
    assert [row.department for row in after.rows][1] == "后改的科室"


def test_a_slip_accepted_before_versions_were_written_down_is_printed_from_the_records(place: flow.World) -> None:
    slip = accepted(place)
    before = printed(place, slip)
    slip.printed = None
    db.session.flush()
    assert replace(printed(place, slip), printed_at=before.printed_at) == before


def test_a_slip_is_written_down_by_the_same_queries_however_long_it_is(place: flow.World) -> None:
    def statements(count: int) -> int:
        slip = flow.only_slip(flow.matched(place, flow.instruments(place, count)))
        db.session.commit()
        db.session.expire_all()
        seen: list[str] = []
        listener = lambda _c, _cu, statement, *_rest: seen.append(statement)  # noqa: E731
        sa.event.listen(db.engine, "before_cursor_execute", listener)
        try:
            acceptance.accept(place.counter, slip.id)
        finally:
            sa.event.remove(db.engine, "before_cursor_execute", listener)
        return sum("FROM measuring_instrument" in each for each in seen)

    assert statements(7) == statements(2)


def test_what_is_visited_is_not_counted_as_brought(place: flow.World) -> None:
    rows = [*flow.instruments(place), *flow.instruments(place, delivery_mode=DeliveryMode.ON_SITE)]
    slip = flow.only_slip(flow.accepted(place, rows))
    made = slip_printing.content(place.clerk, slip.id, public_url="http://x", secret="s")
    assert (made.total, made.to_send, made.on_site) == (2, 1, 1)


def test_a_slip_of_visits_alone_is_done_where_the_instruments_stand(place: flow.World) -> None:
    rows = flow.instruments(place, 2, delivery_mode=DeliveryMode.ON_SITE, place_of_use="北区 3 号岛")
    assert flow.only_slip(flow.accepted(place, rows)).place == "北区 3 号岛"


def test_a_character_no_font_draws_is_named(place: flow.World) -> None:
    slip = flow.only_slip(flow.accepted(place, flow.instruments(place, name="秤\U0001f600")))
    with pytest.raises(Conflict) as refused:
        slip_printing.pdf(place.clerk, slip.id, public_url="http://x", secret="s")
    assert (refused.value.code, refused.value.facts["characters"]) == ("slip_without_glyph", "\U0001f600")
