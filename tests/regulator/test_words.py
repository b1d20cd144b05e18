"""Everything the audit and the services say has Chinese words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from backoffice import messages, scoping
from backoffice.admin_views.history import event_words
from backoffice.audit import OMITTED, AuditAction
from backoffice.database import db
from backoffice.jobs.schedule import SCHEDULE
from backoffice.messages import records
from backoffice.models import AuditEvent, InstrumentKind
from backoffice.services import matching_runs

SERVICES = Path(records.__file__).parents[1] / "services"
MINE = (
    "institutions",
    "capabilities",
    "designations",
    "catalogue",
    "divisions",
    "enterprise_records",
    "users",
    "reference_checks",
)
ASIDE = {
    "audit_event",
    "import_earlier_file",
    "import_row",
    "import_written",
    "matching_attempt",
    "matching_decision",
}
"""Tables that are never the subject of an audit row."""


def test_every_audited_action_has_words() -> None:
    assert {action.value for action in AuditAction} == set(records.ACTIONS)


def test_every_audited_table_and_column_has_a_name() -> None:
    missing = []
    for model in scoping.RULES:
        table = model.__tablename__
        if table in ASIDE:
            continue
        if table not in records.TABLES:
            missing.append(table)
        for column in sa.inspect(model).column_attrs:
            if column.key not in OMITTED and column.key not in records.COLUMNS:
                missing.append(f"{table}.{column.key}")
    assert missing == []


def test_every_job_of_the_schedule_and_what_it_counts_has_words() -> None:
    assert {job.name for job in SCHEDULE} == set(records.JOBS)
    assert set(matching_runs.Counts().as_dict()) <= set(records.COUNTS)


def test_every_confidence_of_the_catalogue_has_words(app: Flask) -> None:
    found = set(db.session.scalars(sa.select(InstrumentKind.confidence)))
    assert found <= set(records.CONFIDENCE)


@pytest.mark.parametrize("name", MINE)
def test_every_code_a_service_raises_has_a_sentence(name: str) -> None:
    text = (SERVICES / f"{name}.py").read_text(encoding="utf-8")
    codes = set(re.findall(r'(?:Conflict|NotFound)\("(\w+)"', text))
    codes |= set(re.findall(r'\.add\(\s*"?\w+"?, "(\w+)"', text))
    assert codes - set(messages.SENTENCES) == set()


def test_values_are_read_as_people_write_them(app: Flask) -> None:
    with app.test_request_context():
        assert records.value_words("is_active", False, None) == "否"
        assert records.value_words("delivery_modes", ["send_in"], None) == "送检"
        assert records.value_words("approved_at", "2026-11-24T16:30:00+00:00", None) == "2026-11-25 00:30"
        assert records.value_words("valid_until", "2026-11-24", None) == "2026-11-24"
        assert records.count_words({"matched": 37, "slips": 3, "unmatched": 0}) == "匹配成功 37 台（件），预约单 3 份"


def test_the_ends_of_a_range_are_told_with_their_unit_and_what_was_read_not_beside_what_was_typed(app: Flask) -> None:
    def event(table: str) -> AuditEvent:
        return AuditEvent(
            action="instrument.changed",
            subject_type=table,
            subject_id="1",
            before={"measuring_range": "≤3000 t", "range_high": "3000000", "range_unit": "kg"},
            after={"measuring_range": "≤30 t", "range_high": "30000", "range_unit": "kg"},
        )

    with app.test_request_context():
        told = event_words(event("measuring_instrument"))
        assert "≤3000 t → ≤30 t" in told and "3000000" not in told
        assert "3000000 kg → 30000 kg" in event_words(event("capability"))


def test_a_line_of_history_leaves_out_what_stayed_the_same(app: Flask) -> None:
    event = AuditEvent(
        action="enterprise.changed",
        subject_type="enterprise",
        subject_id="1",
        before={"address": "柳泉路 88 号", "contact": "李梅"},
        after={"address": "柳泉路 90 号", "contact": "李梅", "reason": "搬迁"},
    )
    with app.test_request_context():
        told = event_words(event)
    assert "柳泉路 88 号 → 柳泉路 90 号" in told and "搬迁" in told and "李梅" not in told
