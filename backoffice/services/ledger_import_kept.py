"""What an undo of an import leaves as it is, and why: whatever had anything happen to it since the import wrote it.

One query says it, for the page before an undo and for the undo itself, which asks again with the instruments held.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from ..database import db
from ..models import ImportRun
from ..states import LOCKING_ITEMS, RowOutcome
from ..workbooks.columns import NO_SERIAL_NUMBER
from .import_rows import Kept, KeptCode, Prospect
from .ledger_values import KEY_PARTS, locked_columns


def _value(name: str) -> str:
    """A column as the undo would leave it."""
    return f"coalesce(r.before->>'{name}', m.{name})"


_KEY_AFTER = {name: _value(name) for name in KEY_PARTS} | {
    "serial_key": f"CASE WHEN {_value('serial_number')} = :numberless THEN {_value('management_number')}"
    f" ELSE {_value('serial_number')} END"
}
_SAME_KEY = " AND ".join(f"other.{name} = {value}" for name, value in _KEY_AFTER.items())

_JUDGED = f"""
WITH wrote AS MATERIALIZED (
    SELECT w.number, w.instrument_id, w.applied_at, w.written_version,
        CASE WHEN w.found_version IS NULL THEN 'new' ELSE 'updated' END AS outcome,
        CASE WHEN w.found_version IS NOT NULL THEN
            (SELECT r.before FROM import_row r WHERE r.run_id = w.run_id AND r.number = w.number) END AS before
    FROM import_written w
    WHERE w.run_id = :run AND w.undone_at IS NULL AND w.kept IS NULL AND {{which}}),
booked AS MATERIALIZED (
    SELECT DISTINCT ON (r.number) r.number, appointment.number AS appointment
    FROM wrote r JOIN appointment_item item
        ON item.instrument_id = r.instrument_id AND (r.outcome = 'new' OR item.created_at >= r.applied_at)
    JOIN appointment ON appointment.id = item.appointment_id
    ORDER BY r.number, item.id DESC),
verified AS (
    SELECT r.number FROM wrote r JOIN verification v
        ON v.instrument_id = r.instrument_id AND (r.outcome = 'new' OR v.created_at >= r.applied_at)),
proposed AS (
    SELECT r.number FROM wrote r JOIN correction_proposal p
        ON p.instrument_id = r.instrument_id AND (r.outcome = 'new' OR p.proposed_at >= r.applied_at)),
taken AS MATERIALIZED (
    SELECT r.number, other.id
    FROM wrote r JOIN measuring_instrument m ON m.id = r.instrument_id AND m.enterprise_id = :enterprise
    JOIN measuring_instrument other ON other.enterprise_id = :enterprise AND other.id <> m.id AND {_SAME_KEY}
    WHERE r.outcome = 'updated' AND jsonb_exists_any(r.before, :key_columns)),
judged AS (SELECT r.number, r.outcome, m.updated_at AS changed_at,
    CASE
        WHEN m.id IS NULL THEN 'removed'
        WHEN r.number IN (SELECT number FROM booked) THEN 'booked'
        WHEN r.number IN (SELECT number FROM verified) THEN 'verified'
        WHEN r.number IN (SELECT number FROM proposed) THEN 'proposed'
        WHEN m.version IS DISTINCT FROM r.written_version THEN 'changed'
        WHEN r.outcome = 'new' THEN NULL
        WHEN jsonb_exists_any(r.before,
                CASE WHEN m.serial_number = :numberless THEN :locked_numberless ELSE :locked END)
            AND EXISTS (SELECT FROM appointment_item held WHERE held.instrument_id = m.id
                AND held.status = ANY(:locking)) THEN 'locked'
        WHEN r.number IN (SELECT number FROM taken) THEN 'key_taken'
        WHEN NOT EXISTS (SELECT FROM instrument_kind k WHERE k.code = {_value("kind_code")})
            OR NOT EXISTS (SELECT FROM division d WHERE d.code = {_value("division_code")}) THEN 'reference_gone'
    END AS reason
FROM wrote r LEFT JOIN measuring_instrument m ON m.id = r.instrument_id AND m.enterprise_id = :enterprise)
"""
"""Sets first, each once for the run: a look for every one of 50,000 rows would take three times as long.

A row that has found no version is new. The wide rows of the file, long out of the database's memory after a full
import, are read for the earlier values of updated ones alone.
"""
_NAMED = """
SELECT page.*, r.found->>'name' AS name, r.found->>'serial_number' AS serial_number,
    (SELECT appointment FROM booked WHERE booked.number = page.number) AS appointment,
    (SELECT id FROM taken WHERE taken.number = page.number) AS taken_by
FROM page JOIN import_row r ON r.run_id = :run AND r.number = page.number ORDER BY page.number
"""

_ARRAYS = tuple(
    sa.bindparam(name, type_=ARRAY(sa.Text)) for name in ("locked", "locked_numberless", "locking", "key_columns")
)


def _statement(text: str, *more: sa.BindParameter[Any]) -> sa.TextClause:
    return sa.text(text).bindparams(*_ARRAYS, *more)


_COUNTED = _statement(
    _JUDGED.format(which="true") + "SELECT outcome, reason, count(*) FROM judged GROUP BY outcome, reason"
)
_PAGE = _statement(
    _JUDGED.format(which="number > :after")
    + ", page AS (SELECT * FROM judged WHERE reason IS NOT NULL ORDER BY number LIMIT :limit)"
    + _NAMED
)
_OF_ROWS = _statement(
    _JUDGED.format(which="number = ANY(:numbers)")
    + ", page AS (SELECT * FROM judged WHERE reason IS NOT NULL)"
    + _NAMED,
    sa.bindparam("numbers", type_=ARRAY(sa.Integer)),
)


def _facts(run: ImportRun) -> dict[str, Any]:
    return {
        "run": run.id,
        "enterprise": run.enterprise_id,
        "numberless": NO_SERIAL_NUMBER,
        "locked": sorted(locked_columns("")),
        "locked_numberless": sorted(locked_columns(NO_SERIAL_NUMBER)),
        "locking": [status.value for status in LOCKING_ITEMS],
        "key_columns": [*KEY_PARTS, "serial_number", "management_number"],
    }


def prospect(run: ImportRun) -> Prospect:
    """What would go and what would stay if the run were undone now."""
    removed = restored = 0
    kept: dict[KeptCode, int] = {}
    for outcome, reason, count in db.session.execute(_COUNTED, _facts(run)):
        if reason is not None:
            kept[KeptCode(reason)] = kept.get(KeptCode(reason), 0) + count
        elif outcome == RowOutcome.NEW:
            removed += count
        else:
            restored += count
    return Prospect(removed, restored, kept)


def would_stay(run: ImportRun, *, after: int, limit: int) -> list[Kept]:
    """A page of the rows that would stay, beyond row `after`."""
    rows = db.session.execute(_PAGE, {**_facts(run), "after": after, "limit": limit})
    return [_kept(row) for row in rows.mappings()]


def among(run: ImportRun, numbers: Sequence[int]) -> list[Kept]:
    """Those of these rows that stay."""
    rows = db.session.execute(_OF_ROWS, {**_facts(run), "numbers": list(numbers)})
    return [_kept(row) for row in rows.mappings()]


def _kept(row: Any) -> Kept:
    code = KeptCode(row["reason"])
    facts: dict[str, Any] = {}
    if code is KeptCode.BOOKED:
        facts = {"number": row["appointment"]}
    elif code is KeptCode.CHANGED:
        facts = {"at": row["changed_at"].isoformat()}
    elif code is KeptCode.KEY_TAKEN:
        facts = {"ledger_number": str(row["taken_by"])}
    return Kept(row["number"], code, facts, row["name"] or "", row["serial_number"] or "")
