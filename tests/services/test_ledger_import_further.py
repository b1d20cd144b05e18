"""Optional and declared columns of an import: read, checked by the form's rules, compared, and written."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from backoffice import clock
from backoffice.actor import Actor
from backoffice.database import db
from backoffice.models import AuditEvent, ImportRow, ImportRun
from backoffice.services import ledger_import
from backoffice.services.ledger_values import FURTHER_COLUMNS
from backoffice.states import ItemStatus, Outcome
from backoffice.unit_of_work import unit_of_work
from tests.factories import UserFactory, actor_of
from tests.services.import_runs import write
from tests.services.ledger_samples import ALL_CODES, row
from tests.services.test_ledger import book
from tests.services.test_ledger_import import codes_by_row, counts, ledger_rows, upload

pytestmark = pytest.mark.usefixtures("app")

KNOWN: dict[str, Any] = {
    "purchased_on": datetime(2024, 3, 18),
    "oil_product": "92 号汽油",
    "stall_number": "Ａ-012",
    "stall_operator": "李全福",
    "stall_phone": "13905330777",
    "season": "6 月至 9 月收粮",
    "production_code": "SC2024000018",
    "repair_code": "WX-1",
    "verification_code": "JD-9",
    "seal_number": "QF-77",
    "declared_verified_on": "2025年6月10日",
    "declared_valid_until": "2026/6/9",
    "declared_certificate_number": "LX2025-00123",
    "declared_institution": "淄博市计量技术研究院",
}
STORED = {
    **KNOWN,
    "purchased_on": date(2024, 3, 18),
    "stall_number": "A-012",
    "declared_verified_on": date(2025, 6, 10),
    "declared_valid_until": date(2026, 6, 9),
}
REQUIRED_CODES = tuple(code for code in ALL_CODES if code not in FURTHER_COLUMNS)


@pytest.fixture
def clerk(app: Flask) -> Actor:
    with unit_of_work():
        return actor_of(UserFactory(of_enterprise=True))


def further_of_first() -> dict[str, Any]:
    first = ledger_rows()[0]
    return {name: getattr(first, name) for name in FURTHER_COLUMNS}


def stored_row(run: ImportRun) -> ImportRow:
    return db.session.scalars(sa.select(ImportRow).where(ImportRow.run_id == run.id)).one()


def test_what_is_known_beside_the_required_is_written_with_a_new_row(clerk: Actor) -> None:
    assert set(KNOWN) == set(FURTHER_COLUMNS)
    run = write(clerk, upload(clerk, [row(1, **KNOWN)]))
    assert run.applied == 1
    assert further_of_first() == STORED
    assert ledger_rows()[0].certificate_number is None


def test_the_same_again_changes_nothing_and_a_change_shows_old_and_new(clerk: Actor) -> None:
    write(clerk, upload(clerk, [row(1, **KNOWN)]))
    assert counts(upload(clerk, [row(1, **KNOWN)])) == (1, 0, 0, 1, 0)

    changed = {**KNOWN, "oil_product": "95 号汽油", "purchased_on": "2024-03-20", "season": None}
    run = upload(clerk, [row(1, **changed)])
    assert counts(run) == (1, 0, 1, 0, 0)
    before = {"oil_product": "92 号汽油", "purchased_on": "2024-03-18", "season": "6 月至 9 月收粮"}
    assert stored_row(run).before == before
    write(clerk, run)
    expected = {**STORED, "oil_product": "95 号汽油", "purchased_on": date(2024, 3, 20), "season": ""}
    assert further_of_first() == expected
    event = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "instrument.changed")).one()
    assert event.before == before


def test_columns_the_file_does_not_have_stay_as_they_are(clerk: Actor) -> None:
    write(clerk, upload(clerk, [row(1, **KNOWN)]))
    run = write(clerk, upload(clerk, [row(1, department="新科室")], codes=REQUIRED_CODES))
    assert run.applied == 1
    assert ledger_rows()[0].department == "新科室"
    assert further_of_first() == STORED


def test_the_rules_are_those_of_the_form_and_name_row_and_column(clerk: Actor) -> None:
    tomorrow = (clock.today() + timedelta(days=1)).isoformat()
    run = upload(
        clerk,
        [
            row(1, purchased_on=tomorrow),
            row(2, stall_phone="不知道"),
            row(3, declared_verified_on="2025-06-10", declared_valid_until="2025-06-09"),
            row(4, purchased_on="去年"),
            row(5, purchased_on=45000),
            row(6, declared_institution="院" * 101),
            row(7, season="6 月"),
        ],
    )
    assert counts(run) == (7, 1, 0, 0, 6)
    assert codes_by_row(run) == {
        2: ["day_in_future"],
        3: ["telephone_malformed"],
        4: ["declared_reversed"],
        5: ["date_unreadable"],
        6: ["date_unreadable"],
        7: ["too_long"],
    }
    first = ledger_import.as_json(run)["problems"][0]
    assert (first["row"], first["header"]) == (2, "购置日期")
    assert first["column"] and first["message"].startswith(f"第 2 行 {first['column']} 列 购置日期：")


def test_a_recorded_result_is_not_overwritten_by_what_the_enterprise_declares(clerk: Actor) -> None:
    write(clerk, upload(clerk, [row(1, **KNOWN)]))
    with unit_of_work():
        (instrument,) = ledger_rows()
        instrument.verified_on, instrument.outcome = clock.today(), Outcome.PASSED
    run = upload(clerk, [row(1, **{**KNOWN, "declared_certificate_number": "LX-9"})])
    assert codes_by_row(run) == {2: ["declared_replaced"]}
    emptied = {name: None for name in KNOWN if name.startswith("declared_")}
    assert counts(upload(clerk, [row(1, **{**KNOWN, **emptied})])) == (1, 0, 0, 1, 0)


def test_a_result_recorded_after_the_check_wins(clerk: Actor) -> None:
    write(clerk, upload(clerk, [row(1, **KNOWN)]))
    run = upload(clerk, [row(1, **{**KNOWN, "declared_certificate_number": "LX-9"})])
    with unit_of_work():
        (instrument,) = ledger_rows()
        instrument.verified_on, instrument.outcome = clock.today(), Outcome.PASSED
    write(clerk, run)
    assert codes_by_row(run) == {2: ["declared_replaced"]}
    assert further_of_first() == STORED


def test_what_a_slip_does_not_lock_is_updated_while_it_is_held(clerk: Actor) -> None:
    write(clerk, upload(clerk, [row(1, **KNOWN)]))
    with unit_of_work():
        book(ledger_rows()[0], ItemStatus.ACCEPTED)
    run = write(clerk, upload(clerk, [row(1, **{**KNOWN, "season": "全年"})]))
    assert run.applied == 1
    assert further_of_first()["season"] == "全年"
