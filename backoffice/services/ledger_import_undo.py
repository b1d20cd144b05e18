"""Taking a whole import back: what it created is deleted, what it changed gets its earlier values again.

Rows go as they came: some hundred a transaction, by set statements, each marked in the transaction that takes it back.
What had anything happen to it since stays, with the reason on its row (`ledger_import_kept`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from .. import audit, clock, scoping
from ..actor import Actor
from ..audit import AuditAction
from ..database import db, execute_counted
from ..errors import Conflict
from ..models import ImportRow, ImportRun, ImportWritten, MeasuringInstrument
from ..permissions import require
from ..states import ImportState, RowOutcome
from . import accounts, import_subjects, ledger_import_kept, matching_runs
from .import_rows import Kept, KeptCode
from .ledger_import_progress import is_undoing, note_batch
from .ledger_import_rows import assignments, hold_appointments, locked_instruments, record_instruments
from .ledger_values import DECIDING_COLUMNS, TYPED_COLUMNS, with_readings

BATCH = 500
FINISHED = (ImportState.DONE, ImportState.CANCELLED)
"""States in which a run can be taken back: a cancelled one has written what it had come to."""

OF_ROW = sa.and_(ImportRow.run_id == ImportWritten.run_id, ImportRow.number == ImportWritten.number)
STANDING = (ImportWritten.undone_at.is_(None), ImportWritten.kept.is_(None))
"""Of written rows: an undo has not looked at them."""

RESTORE = sa.text(f"""
UPDATE measuring_instrument m SET {assignments("e.value")}, version = m.version + 1, updated_at = :now
FROM jsonb_each(CAST(:earlier AS jsonb)) AS e
WHERE m.id = e.key::bigint AND m.enterprise_id = :enterprise
RETURNING m.id, m.version
""")

RESTORED_FOR_EARLIER_RUNS = sa.text("""
UPDATE import_written w SET written_version = (e.value->>'now')::integer
FROM jsonb_each(CAST(:versions AS jsonb)) AS e
WHERE w.instrument_id = e.key::bigint AND w.written_version = (e.value->>'found')::integer
    AND w.run_id <> :run AND w.undone_at IS NULL
""")
"""The instrument is again as an earlier run left it: that run's own undo must not take it for changed."""

KEEP = sa.text("""
UPDATE import_written w SET kept = why.value FROM jsonb_each(CAST(:kept AS jsonb)) AS why
WHERE w.run_id = :run AND w.number = why.key::integer
""")


@dataclass(frozen=True, slots=True)
class _Change:
    """A row to restore: what the columns are now, and what they were before the import."""

    row: Any
    current: Mapping[str, Any]

    @property
    def earlier(self) -> dict[str, Any]:
        return dict(self.row.before or {})

    def columns(self) -> dict[str, Any]:
        """The earlier values with what is read out of them."""
        typed = {name: self.current[name] for name in TYPED_COLUMNS} | self.earlier
        return {**with_readings(typed), **self.earlier}


def why_not(run: ImportRun) -> str:
    """The code of the reason why a run cannot be taken back now; "" when it can."""
    if run.state is ImportState.UNDONE:
        return "import_undone_already"
    if run.state not in FINISHED:
        return "import_not_undoable"
    if is_undoing(run):
        return "import_undo_running"
    return "" if run.applied else "import_nothing_to_undo"


def request(actor: Actor, run_id: int) -> ImportRun:
    """Have a finished run taken back by the job; the page may be closed.

    Raises `Conflict` with the reason, `NotFound`, `Forbidden`.
    """
    run: ImportRun = scoping.find(actor, ImportRun, run_id, lock=True)
    require(actor, import_subjects.of(run).permission)
    refused = why_not(run)
    if refused:
        raise Conflict(refused, state=run.state)
    run.undo_requested_at = run.updated_at = clock.now()
    run.undo_requested_by_id, run.pace = actor.user_id, None
    db.session.flush()
    audit.record(actor, AuditAction.IMPORT_UNDO_REQUESTED, run, after={"applied": run.applied})
    return run


def claim(run_id: int | None = None) -> ImportRun | None:
    """A run to be taken back (or this one), held until the end of the transaction; in no order, as for writing."""
    statement = sa.select(ImportRun).where(ImportRun.undo_requested_at.is_not(None), ImportRun.undone_at.is_(None))
    if run_id is not None:
        statement = statement.where(ImportRun.id == run_id)
    statement = statement.order_by(sa.func.random()).limit(1).with_for_update(skip_locked=True, of=ImportRun)
    return db.session.scalars(statement.execution_options(populate_existing=True)).first()


def undo_batch(run: ImportRun) -> int:
    """Take back the next rows of a claimed run; returns how many were looked at. The last batch ends the run."""
    subject, since = import_subjects.of(run), run.updated_at
    most = min(BATCH, subject.batch)
    rows = _next_rows(run, most, backwards=subject.is_undone_backwards)
    actor = _person(run)
    run.undone += subject.take_back(run, actor, rows) if rows else 0
    note_batch(run, len(rows), since=since)
    if len(rows) < most:
        _finish(run, actor)
    db.session.flush()
    return len(rows)


def _next_rows(run: ImportRun, most: int, *, backwards: bool) -> Sequence[Any]:
    """Written rows no undo has looked at, with what they say; picked first and then joined to the wide rows."""
    columns = (ImportWritten.run_id, ImportWritten.number, ImportWritten.instrument_id, ImportWritten.found_version)
    order = ImportWritten.number.desc() if backwards else ImportWritten.number
    picked = sa.select(*columns).where(*STANDING, ImportWritten.run_id == run.id).order_by(order).limit(most).cte()
    return db.session.execute(
        sa.select(
            ImportRow.number,
            ImportRow.outcome,
            ImportRow.values,
            ImportRow.before,
            picked.c.instrument_id,
            picked.c.found_version,
            ImportRow.record_key,
        )
        .join(picked, sa.and_(ImportRow.run_id == picked.c.run_id, ImportRow.number == picked.c.number))
        .order_by(ImportRow.number.desc() if backwards else ImportRow.number)
    ).all()


def _person(run: ImportRun) -> Actor:
    if run.undo_requested_by is None:
        raise LookupError("an undo without a person who asked for it")
    return accounts.person(run.undo_requested_by)


def take_back_instruments(run: ImportRun, actor: Actor, rows: Sequence[Any]) -> int:
    """Delete and restore what nothing happened to; note the reason on the others."""
    ids = [row.instrument_id for row in rows]
    hold_appointments(ids)
    current = locked_instruments(run, ids)
    kept = {each.number: each for each in ledger_import_kept.among(run, [row.number for row in rows])}
    keep(run, list(kept.values()))
    going = [row for row in rows if row.number not in kept]
    _remove(run, actor, [row for row in going if row.outcome is RowOutcome.NEW], current)
    _restore(
        run, actor, [_Change(row, current[row.instrument_id]) for row in going if row.outcome is RowOutcome.UPDATED]
    )
    mark(run, [row.number for row in going])
    return len(going)


def keep(run: ImportRun, kept: Sequence[Kept]) -> None:
    """Note on rows why they stay."""
    if not kept:
        return
    reasons = {each.number: {"code": each.code.value, "facts": each.facts} for each in kept}
    db.session.execute(KEEP, {"run": run.id, "kept": json.dumps(reasons, ensure_ascii=False)})


def _remove(run: ImportRun, actor: Actor, rows: Sequence[Any], current: Mapping[int, Mapping[str, Any]]) -> None:
    if not rows:
        return
    ids = [row.instrument_id for row in rows]
    record_instruments(
        run,
        actor,
        AuditAction.INSTRUMENT_REMOVED,
        [(key, _label(current[key]), _recorded(current[key]), {}) for key in ids],
    )
    execute_counted(
        sa.delete(MeasuringInstrument).where(
            MeasuringInstrument.enterprise_id == run.enterprise_id, MeasuringInstrument.id.in_(ids)
        )
    )


def _recorded(ledger: Mapping[str, Any]) -> dict[str, Any]:
    """What the audit keeps of a deleted row: its columns without the flags of the query."""
    return {name: value for name, value in ledger.items() if name != "is_booked"}


def _label(ledger: Mapping[str, Any]) -> str:
    return f"{ledger['name']} {ledger['serial_key']}"


def _restore(run: ImportRun, actor: Actor, changes: Sequence[_Change]) -> None:
    if not changes:
        return
    earlier = {change.row.instrument_id: change.columns() for change in changes}
    facts = {
        "earlier": json.dumps(earlier, ensure_ascii=False, default=str),
        "enterprise": run.enterprise_id,
        "now": clock.now(),
    }
    found = {change.row.instrument_id: change.row.found_version for change in changes}
    versions = {row.id: {"now": row.version, "found": found[row.id]} for row in db.session.execute(RESTORE, facts)}
    db.session.execute(RESTORED_FOR_EARLIER_RUNS, {"versions": json.dumps(versions), "run": run.id})
    record_instruments(
        run,
        actor,
        AuditAction.INSTRUMENT_CHANGED,
        [
            (
                change.row.instrument_id,
                _label(earlier[change.row.instrument_id]),
                {name: change.current[name] for name in change.earlier},
                change.earlier,
            )
            for change in changes
        ],
    )
    for change in changes:
        if change.current["is_booked"] and DECIDING_COLUMNS & set(change.earlier):
            matching_runs.requeue_instrument(actor, change.row.instrument_id)


def mark(run: ImportRun, numbers: Sequence[int]) -> None:
    """Note on rows that they are taken back."""
    execute_counted(
        sa.update(ImportWritten)
        .where(ImportWritten.run_id == run.id, ImportWritten.number.in_(numbers))
        .values(undone_at=clock.now())
    )


def _finish(run: ImportRun, actor: Actor) -> None:
    run.state, run.undone_at = ImportState.UNDONE, clock.now()
    db.session.flush()
    kept = run.applied - run.undone
    import_subjects.tell(run, "notice_import_undone", file=run.file.name, undone=run.undone, kept=kept)
    audit.record(actor, AuditAction.IMPORT_UNDONE, run, after={"undone": run.undone, "kept": kept})


def kept_rows(run: ImportRun, *, after: int, limit: int) -> list[Kept]:
    """A page of the rows an undo has left as they are, beyond row `after`."""
    rows = db.session.execute(
        sa.select(ImportWritten.number, ImportWritten.kept, ImportRow.found)
        .join(ImportRow, OF_ROW)
        .where(ImportWritten.run_id == run.id, ImportWritten.kept.is_not(None), ImportWritten.number > after)
        .order_by(ImportWritten.number)
        .limit(limit)
    )
    return [
        Kept(
            row.number,
            KeptCode(row.kept["code"]),
            row.kept["facts"],
            *(row.found.get(code, "") for code in import_subjects.columns_of(run).shown[:2]),
        )
        for row in rows
    ]
