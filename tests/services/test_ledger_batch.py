"""批量新增: how numbers are read, and that all rows or none are entered."""

from __future__ import annotations

import time
from typing import Any

import pytest
import sqlalchemy as sa

from backoffice.actor import Actor
from backoffice.database import db
from backoffice.errors import Forbidden, Invalid, NotFound
from backoffice.models import AuditEvent, MeasuringInstrument
from backoffice.services import ledger, ledger_batch
from backoffice.services.ledger_batch import MOST_AT_ONCE, Numbering, read_numbers
from tests.factories import InstrumentFactory, UserFactory, actor_of
from tests.services.ledger_samples import typed

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def clerk(app: object) -> Actor:
    return actor_of(UserFactory(of_enterprise=True))


def enter(actor: Actor, numbering: Numbering, **changes: Any) -> list[int]:
    return ledger_batch.create(actor, actor.enterprise_id or 0, typed(**changes), numbering)


def refusal(numbering: Numbering) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        read_numbers(numbering)
    return {name: problem.code for name, problem in refused.value.problems.items()}


def refused(actor: Actor, numbering: Numbering, **changes: Any) -> Invalid:
    with pytest.raises(Invalid) as caught:
        enter(actor, numbering, **changes)
    return caught.value


def serials() -> list[str]:
    return list(db.session.scalars(sa.select(MeasuringInstrument.serial_number).order_by(MeasuringInstrument.id)))


def span(first: str, last: str) -> list[str]:
    return [serial for serial, _sub in read_numbers(Numbering(first_number=first, last_number=last))]


@pytest.mark.parametrize(
    "text",
    [
        "A1\nA2\nA3",
        "A1,A2, A3",
        "A1 A2\tA3",
        "A1，A2、A3",
        "A1\u3000A2；A3;",
        "\r\nA1\r\n\r\nA2\r\nA3\r\n",
        "Ａ１,A2,A3",
    ],
)
def test_a_pasted_list_may_be_separated_in_any_usual_way(text: str) -> None:
    assert read_numbers(Numbering(numbers=text)) == [("A1", ""), ("A2", ""), ("A3", "")]


def test_a_run_of_numbers_keeps_prefix_ending_and_leading_zeros() -> None:
    assert span("A0098", "A0103") == ["A0098", "A0099", "A0100", "A0101", "A0102", "A0103"]
    assert span("98", "101") == ["98", "99", "100", "101"]
    assert span("2026-08B", "2026-10B") == ["2026-08B", "2026-09B", "2026-10B"]
    assert span("X7", "X7") == ["X7"]


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("A0103", "A0098", {"last_number": "batch_reversed"}),
        ("A0098", "B0103", {"last_number": "batch_unlike"}),
        ("A098", "A1003", {"last_number": "batch_zeros_unlike"}),
        ("A", "A3", {"first_number": "batch_no_digits"}),
        ("A1", "", {"last_number": "required"}),
        ("", "A1", {"first_number": "required"}),
        ("1", "501", {"last_number": "batch_too_many"}),
    ],
)
def test_a_run_that_cannot_be_meant_is_refused_beside_its_field(
    first: str, last: str, expected: dict[str, str]
) -> None:
    assert refusal(Numbering(first_number=first, last_number=last)) == expected


def test_the_nozzles_of_one_dispenser_become_its_numbers() -> None:
    read = read_numbers(Numbering(serial_number="T3-1187", nozzles="1-48"))
    assert read[0] == ("T3-1187", "1") and read[-1] == ("T3-1187", "48") and len(read) == 48
    assert [sub for _serial, sub in read_numbers(Numbering(serial_number="T", nozzles="01～03，7号，9"))] == [
        *("01", "02", "03", "7号", "9")
    ]
    assert refusal(Numbering(serial_number="T")) == {"nozzles": "required"}
    assert refusal(Numbering(serial_number="T", nozzles="1-3,2")) == {"nozzles": "batch_number_twice"}
    assert refusal(Numbering(serial_number="T", nozzles="1-999999")) == {"nozzles": "batch_too_many"}


def test_exactly_one_way_of_writing_numbers_is_used() -> None:
    assert refusal(Numbering()) == {"numbers": "batch_no_numbers"}
    assert refusal(Numbering(numbers=" ,， ")) == {"numbers": "batch_no_numbers"}
    assert refusal(Numbering(numbers="1", first_number="2", last_number="3")) == {"numbers": "batch_one_way"}


def test_all_are_entered_with_their_audit_in_a_few_statements(clerk: Actor) -> None:
    statements: list[str] = []
    listen = sa.event.listen
    listen(db.engine, "before_cursor_execute", lambda _c, _cu, statement, *_rest: statements.append(statement))
    keys = enter(clerk, Numbering(first_number="A0001", last_number="A0200"), measuring_range="0-1600kPa")
    assert len(statements) < 25
    rows = list(db.session.scalars(sa.select(MeasuringInstrument).order_by(MeasuringInstrument.id)))
    assert [row.id for row in rows] == keys
    assert [row.serial_key for row in rows] == [f"A{number:04d}" for number in range(1, 201)]
    assert {(row.version, row.range_unit, row.enterprise_id) for row in rows} == {(1, "MPa", clerk.enterprise_id)}
    assert all(row.filed_at is not None for row in rows)
    events = list(db.session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "instrument.created")))
    assert {event.subject_id for event in events} == {str(key) for key in keys}
    assert all(event.after and event.after["serial_number"] in event.subject_label for event in events)


def test_what_is_wrong_is_named_and_nothing_is_entered(clerk: Actor) -> None:
    problem = refused(clerk, Numbering(numbers="1 2 2 3 3 3")).problems["numbers"]
    assert (problem.code, problem.facts["numbers"]) == ("batch_number_twice", ["2", "3"])
    assert refused(clerk, Numbering(numbers="1 无")).problems["numbers"].code == "batch_numberless"
    problem = refused(clerk, Numbering(numbers=f"1 {'9' * 65} 无编号")).problems["numbers"]
    assert (problem.code, problem.facts["count"]) == ("batch_number_unfit", 2)
    mistakes = refused(clerk, Numbering(numbers="1 2"), kind_code="9999", place_of_use="", declared_verified_on="x")
    assert set(mistakes.problems) == {"kind_code", "place_of_use", "declared_verified_on"}
    both = refused(clerk, Numbering(first_number="2", last_number="1"), name="")
    assert set(both.problems) == {"last_number", "name"}
    assert serials() == []


def test_numbers_in_the_ledger_already_are_named_with_their_rows(clerk: Actor) -> None:
    there = ledger.create(clerk, clerk.enterprise_id or 0, typed(serial_number="A0099"))
    problem = refused(clerk, Numbering(first_number="A0098", last_number="A0101")).problems["first_number"]
    assert (problem.code, problem.facts["numbers"]) == ("batch_numbers_there", [f"A0099（{there.id}）"])
    assert serials() == ["A0099"]
    enter(clerk, Numbering(serial_number="A0099", nozzles="1-2"))
    again = refused(clerk, Numbering(serial_number="A0099", nozzles="2-3")).problems["nozzles"]
    assert again.facts["count"] == 1


def test_the_same_numbers_are_free_for_another_kind_maker_or_enterprise(clerk: Actor) -> None:
    enter(clerk, Numbering(numbers="1 2"))
    enter(clerk, Numbering(numbers="1 2"), manufacturer="另一家仪表厂")
    enter(actor_of(UserFactory(of_enterprise=True)), Numbering(numbers="1 2"))
    assert len(serials()) == 6


def test_the_limit_is_what_it_says(clerk: Actor) -> None:
    assert len(enter(clerk, Numbering(first_number="1", last_number=str(MOST_AT_ONCE)))) == MOST_AT_ONCE
    assert refusal(Numbering(numbers=" ".join(map(str, range(MOST_AT_ONCE + 1))))) == {"numbers": "batch_too_many"}


def test_nobody_enters_many_for_another_enterprise(clerk: Actor) -> None:
    other = InstrumentFactory()
    with pytest.raises(NotFound):
        ledger_batch.create(clerk, other.enterprise_id, typed(), Numbering(numbers="1"))
    with pytest.raises(Forbidden):
        ledger_batch.check(actor_of(UserFactory(auditor=True)), other.enterprise_id, typed(), Numbering(numbers="1"))


@pytest.mark.parametrize("name", ledger_batch.NUMBER_FIELDS)
def test_what_no_form_would_send_is_refused_before_it_is_read(name: str) -> None:
    begun = time.monotonic()
    assert refusal(Numbering(**{name: "1" * 100_000 + "a1"})) == {name: "too_long"}
    assert time.monotonic() - begun < 1


def test_a_number_of_more_digits_than_any_has_is_read_as_its_ending() -> None:
    assert span("1" * 30 + "08", "1" * 30 + "10") == ["1" * 30 + ending for ending in ("08", "09", "10")]


@pytest.mark.parametrize("text", ["1-3", "1 - 3", "1 ～ 3", "1至3", "1 到 3", "1—3"])
def test_from_to_may_be_written_with_blanks(text: str) -> None:
    assert [sub for _serial, sub in read_numbers(Numbering(serial_number="J1", nozzles=text))] == ["1", "2", "3"]


def test_a_dash_is_no_nozzle() -> None:
    assert refusal(Numbering(serial_number="J1", nozzles="1,—,3,-")) == {"nozzles": "batch_number_unfit"}
