"""Writing a committed import to the ledger: two thousand rows a transaction, by set statements, each row exactly once.

A row is marked as applied in the transaction that writes it, and `applied` counts it there: a killed job goes on where
it stopped. What the ledger no longer allows (the check lies some time back) is left out and said on the row.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from .. import audit, clock
from ..actor import Actor
from ..audit import AuditAction
from ..database import db
from ..models import ImportRow, ImportRun, ImportWritten, MeasuringInstrument
from ..states import ImportState, RowOutcome
from . import accounts, import_subjects, matching_runs
from .ledger import locking_slips
from .ledger_import_progress import note_batch, outcomes_to_write
from .ledger_import_rows import (
    WRITTEN,
    assignments,
    hold_appointments,
    locked_instruments,
    record_instruments,
    typed_value,
)
from .ledger_values import (
    DECIDING_COLUMNS,
    KEY_PARTS,
    changed_columns,
    key_of,
    locked_columns,
    replaced_by_result,
)

BATCH = 2_000
"""A fifth of a second; the count on the page lags by one batch, and a cancelled run stops at the end of one."""

_SAME_KEY = " AND ".join(f"i.{part} = s.{part}" for part in KEY_PARTS)

_TEXTS = ", ".join(f"{name} text" for name in WRITTEN)
"""A row's stored values are unpacked once for all columns: each operator of its own would unpack them again."""
_FROM_ROW = [typed_value(f"s.{name}", name) for name in WRITTEN]
_LEFT_EMPTY = [
    column.name
    for column in MeasuringInstrument.__table__.columns
    if isinstance(column.type, sa.String)
    and not (column.nullable or column.computed is not None or column.name in (*WRITTEN, "use_state"))
]
"""Text the file has no column for."""

INSERT = sa.text(f"""
WITH source AS MATERIALIZED (
    SELECT r.number, stored.* FROM import_row r CROSS JOIN LATERAL jsonb_to_record(r.values) AS stored({_TEXTS})
    WHERE r.run_id = :run AND r.number = ANY(:numbers)),
inserted AS (
    INSERT INTO measuring_instrument (
        enterprise_id, {", ".join((*WRITTEN, *_LEFT_EMPTY))}, use_state, filed_at, import_run_id, version,
        created_at, updated_at)
    SELECT :enterprise, {", ".join((*_FROM_ROW, *["''"] * len(_LEFT_EMPTY)))},
        'in_use', :now, :run, 1, :now, :now
    FROM source s
    ORDER BY s.number
    ON CONFLICT ({"enterprise_id, " + ", ".join(KEY_PARTS)}) DO NOTHING
    RETURNING id, name, serial_key, {", ".join(part for part in KEY_PARTS if part != "serial_key")}),
known AS MATERIALIZED (
    SELECT s.number, i.id, i.name || ' ' || i.serial_key AS label FROM inserted i JOIN source s ON {_SAME_KEY}),
noted AS (
    INSERT INTO import_written (run_id, number, instrument_id, applied_at, written_version)
    SELECT :run, number, id, :now, 1 FROM known)
SELECT number, id, label FROM known
""")

UPDATE = sa.text(f"""
WITH changed AS (
    UPDATE measuring_instrument m SET {assignments("r.values")}, version = m.version + 1, updated_at = :now
    FROM import_row r
    WHERE r.run_id = :run AND r.number = ANY(:numbers) AND m.id = r.instrument_id AND m.enterprise_id = :enterprise
    RETURNING r.number, m.id, m.version)
INSERT INTO import_written (run_id, number, instrument_id, applied_at, found_version, written_version)
SELECT :run, number, id, :now, version - 1, version FROM changed
""")
"""A column the file does not have stays as it is."""

KEEP_EARLIER = sa.text("""
UPDATE import_row r SET before = earlier.value
FROM jsonb_each(CAST(:earlier AS jsonb)) AS earlier
WHERE r.run_id = :run AND r.number = earlier.key::integer
""")


def claim(run_id: int | None = None) -> ImportRun | None:
    """A committed run with rows to write (or this one), held until the end of the transaction.

    In no order: a run that fails again and again must not keep the others waiting.
    """
    statement = sa.select(ImportRun).where(ImportRun.state == ImportState.APPLYING)
    if run_id is not None:
        statement = statement.where(ImportRun.id == run_id)
    statement = statement.order_by(sa.func.random()).limit(1).with_for_update(skip_locked=True, of=ImportRun)
    return db.session.scalars(statement.execution_options(populate_existing=True)).first()


def apply_batch(run: ImportRun) -> int:
    """Write the next rows of a claimed run; returns how many. The last batch ends the run and tells who uploaded it."""
    subject, since = import_subjects.of(run), run.updated_at
    most = min(BATCH, subject.batch)
    rows = _next_rows(run, most)
    actor = accounts.person(run.uploaded_by)
    written = subject.write(run, actor, rows)
    run.applied += written
    note_batch(run, written, since=since)
    if len(rows) < most:
        _finish(run, actor)
    db.session.flush()
    return written


def _next_rows(run: ImportRun, most: int) -> Sequence[Any]:
    """The number and outcome of what comes after the last row written: rows are written as they stand in the file.

    Each outcome by itself comes in the order of an index, however little is known yet of rows just stored.
    """
    last = sa.select(sa.func.max(ImportWritten.number)).where(ImportWritten.run_id == run.id).scalar_subquery()
    after = sa.select(ImportRow.number, ImportRow.outcome).where(
        ImportRow.run_id == run.id, ImportRow.number > sa.func.coalesce(last, 0)
    )
    each = [
        sa.select(after.where(ImportRow.outcome == outcome).order_by(ImportRow.number).limit(most).subquery())
        for outcome in outcomes_to_write(run)
    ]
    return db.session.execute(sa.union_all(*each).order_by("number").limit(most)).all()


def in_full(run: ImportRun, rows: Sequence[Any]) -> Sequence[Any]:
    """These rows with what they say."""
    return db.session.execute(
        sa.select(
            ImportRow.number,
            ImportRow.outcome,
            ImportRow.values,
            ImportRow.before,
            ImportRow.instrument_id,
            ImportRow.record_key,
        )
        .where(ImportRow.run_id == run.id, ImportRow.number.in_([row.number for row in rows]))
        .order_by(ImportRow.number)
    ).all()


def _finish(run: ImportRun, actor: Actor) -> None:
    run.state, run.finished_at = ImportState.DONE, clock.now()
    db.session.flush()
    import_subjects.tell(run, "notice_import_finished", file=run.file.name, applied=run.applied)
    counts = {name: getattr(run, name) for name in ("applied", "new", "updated", "same", "errors")}
    audit.record(actor, AuditAction.IMPORT_FINISHED, run, after=counts)


def write_instruments(run: ImportRun, actor: Actor, rows: Sequence[Any]) -> int:
    """Write rows to the ledger, in the current transaction; returns how many."""
    written = _insert(run, actor, [row for row in rows if row.outcome is RowOutcome.NEW])
    return written + _update(run, actor, [row for row in rows if row.outcome is RowOutcome.UPDATED])


def _insert(run: ImportRun, actor: Actor, rows: Sequence[Any]) -> int:
    if not rows:
        return 0
    numbers = [row.number for row in rows]
    facts = {"enterprise": run.enterprise_id, "run": run.id, "numbers": numbers, "now": clock.now()}
    inserted = db.session.execute(INSERT, facts).all()
    if len(inserted) < len(rows):
        written = {row.number for row in inserted}
        for row in in_full(run, [row for row in rows if row.number not in written]):
            leave_out(run, row, "serial_number", "ledger_appeared", ledger_number=_owner_of(run, row.values))
    record_instruments(
        run,
        actor,
        AuditAction.INSTRUMENT_CREATED,
        [(row.id, row.label, None, {"row": row.number}) for row in inserted],
    )
    return len(inserted)


def _owner_of(run: ImportRun, values: Mapping[str, Any]) -> str | None:
    owner = db.session.scalar(
        sa.select(MeasuringInstrument.id).where(
            MeasuringInstrument.enterprise_id == run.enterprise_id,
            *(getattr(MeasuringInstrument, part) == values[part] for part in KEY_PARTS),
        )
    )
    return None if owner is None else str(owner)


def _update(run: ImportRun, actor: Actor, rows: Sequence[Any]) -> int:
    if not rows:
        return 0
    rows = in_full(run, rows)
    ids = [row.instrument_id for row in rows]
    hold_appointments(ids)
    current = locked_instruments(run, ids)
    locks = locking_slips(ids)
    changes: list[tuple[Any, dict[str, Any], dict[str, Any]]] = []
    for row in rows:
        if row.instrument_id not in current:
            leave_out(run, row, "ledger_number", "ledger_vanished")
            continue
        ledger = current[row.instrument_id]
        changed = changed_columns(row.values, ledger)
        locked = locked_columns(ledger["serial_number"]) & set(changed)
        if locked and row.instrument_id in locks:
            leave_out(run, row, min(locked), "ledger_locked", slip=locks[row.instrument_id])
        elif replaced := replaced_by_result(changed, row.values, ledger):
            leave_out(run, row, replaced[0], "declared_replaced")
        elif (owner := _other_owner(run, row, ledger)) is not None:
            leave_out(run, row, "serial_number", "ledger_appeared", ledger_number=owner)
        else:
            changes.append((row, {name: ledger[name] for name in changed}, {n: row.values[n] for n in changed}))
    _write_updates(run, actor, changes, current)
    return len(changes)


def _other_owner(run: ImportRun, row: Any, ledger: Mapping[str, Any]) -> str | None:
    """Another row that has taken the new key of this one since the check."""
    if key_of(row.values) == key_of(ledger):
        return None
    return _owner_of(run, row.values)


def _write_updates(
    run: ImportRun,
    actor: Actor,
    changes: Sequence[tuple[Any, dict[str, Any], dict[str, Any]]],
    current: Mapping[int, Mapping[str, Any]],
) -> None:
    if not changes:
        return
    now = clock.now()
    numbers = [row.number for row, _before, _after in changes]
    earlier = {row.number: before for row, before, _after in changes}
    db.session.execute(KEEP_EARLIER, {"run": run.id, "earlier": json.dumps(earlier, ensure_ascii=False, default=str)})
    db.session.execute(UPDATE, {"run": run.id, "numbers": numbers, "enterprise": run.enterprise_id, "now": now})
    record_instruments(
        run,
        actor,
        AuditAction.INSTRUMENT_CHANGED,
        [
            (row.instrument_id, f"{row.values['name']} {row.values['serial_key']}", before, after)
            for row, before, after in changes
        ],
    )
    for row, _before, after in changes:
        if current[row.instrument_id]["is_booked"] and DECIDING_COLUMNS & set(after):
            matching_runs.requeue_instrument(actor, row.instrument_id)


def leave_out(run: ImportRun, row: Any, name: str, code: str, **facts: Any) -> None:
    """Turn a row that can no longer be written into one with an error, so that the counts stay true."""
    problem = {
        "row": row.number,
        "field": name,
        "column": None,
        "header": import_subjects.columns_of(run).by_code[name].name,
        "found": str(row.values.get(name, "")),
        "code": code,
        "facts": facts,
        "suggestion": None,
    }
    db.session.execute(
        sa.text(
            "UPDATE import_row SET outcome = 'error', problems = problems || CAST(:problem AS jsonb)"
            " WHERE run_id = :run AND number = :number"
        ),
        {"run": run.id, "number": row.number, "problem": json.dumps([problem], ensure_ascii=False, default=str)},
    )
    if row.outcome is RowOutcome.NEW:
        run.new -= 1
    else:
        run.updated -= 1
    run.errors += 1
