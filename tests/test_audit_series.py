"""Audit rows made in a series are the rows `record` would have written one by one, down to the seal."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, date
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from backoffice import audit, clock
from backoffice.audit import AuditAction, Series
from backoffice.database import db
from backoffice.models import AuditEvent
from backoffice.states import UseState
from tests import factories

AWKWARD: list[tuple[str, dict[str, Any] | None, dict[str, Any] | None]] = [
    ("压力表 S1", None, {"import_run": 1, "row": 2}),
    ("tab\there\nnext \\N \\. \"quoted\" 'x'", {"name": "a\\b\n\t"}, {"name": "\\N"}),
    ("x" * 300, {"range_low": Decimal("0.10"), "purchased_on": date(2026, 1, 2)}, {"range_low": None}),
    ("", {"use_state": UseState.IN_USE, "is": True}, {"use_state": "stopped", "n": 0, "share": 0.1}),
    ("telephone", {"stall_phone": "13905330001"}, {"stall_phone": "12", "mobile": None}),
    ("kept out", {"version": 3}, {"version": 4, "search_text": "x", "row": 1}),
    ("nested", {}, {"found": {"z": [1, "二", {"mobile": "13905330001"}], "a": Decimal(1)}}),
    ("𠮷😀 e\u0301", None, None),
]


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now)


@pytest.mark.usefixtures("still")
@pytest.mark.parametrize(("label", "before", "after"), AWKWARD, ids=lambda value: str(value)[:9])
def test_a_row_of_a_series_is_the_row_of_a_record(
    app: Flask, label: str, before: dict[str, Any] | None, after: dict[str, Any] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    actor, subject = factories.actor_of(factories.UserFactory(of_enterprise=True)), factories.EnterpriseFactory()
    monkeypatch.setattr(type(subject), "__str__", lambda _self: label)
    event = audit.record(actor, AuditAction.ENTERPRISE_CHANGED, subject, before=before, after=after)
    series = Series(actor, AuditAction.ENTERPRISE_CHANGED, "enterprise", subject.id)
    row = dict(zip(Series.COLUMNS, series.row(str(subject.id), label, before, after), strict=True))
    for name in ("before", "after"):
        assert (json.loads(row.pop(name) or "null")) == getattr(event, name)
    assert row == {name: getattr(event, name) for name in row}


def test_rows_of_a_series_still_have_their_seals_when_they_are_read_again(app: Flask) -> None:
    actor = factories.actor_of(factories.UserFactory(of_enterprise=True))
    series = Series(actor, AuditAction.INSTRUMENT_CHANGED, "measuring_instrument", None)
    statement = f"COPY audit_event ({', '.join(Series.COLUMNS)}) FROM STDIN"
    connection: Any = db.session.connection().connection.driver_connection
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for number, (label, before, after) in enumerate(AWKWARD):
            copy.write_row(series.row(str(number), label, before, after))
    stored = db.session.scalars(sa.select(AuditEvent).order_by(AuditEvent.id)).all()
    assert [each.subject_label for each in stored] == [label[:200] for label, _before, _after in AWKWARD]
    assert [each.seal for each in stored] == [audit.seal(each) for each in stored]


def test_the_seal_is_of_the_json_of_what_is_sealed(app: Flask) -> None:
    """Rows sealed by earlier versions stay good: the text under the seal is one list in JSON."""
    enterprise = factories.EnterpriseFactory()
    event = audit.record(
        factories.actor_of(factories.UserFactory(of_enterprise=True)),
        AuditAction.ENTERPRISE_CREATED,
        enterprise,
        after={"name": '"二"\n', "b": 1, "a": [1, None]},
    )
    names = ("action", "actor_id", "actor_name", "subject_type", "subject_id", "before", "after")
    content = [event.at.astimezone(UTC).isoformat(), *(getattr(event, name) for name in names)]
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, default=str)
    assert event.seal == hmac.new(audit._seal_key, text.encode(), hashlib.sha256).hexdigest()
