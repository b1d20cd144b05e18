"""Taking an import of reference records back: created ones go, changed ones get their earlier values again.

A record is as the import left it while its values are those stored on the row; anything else was done to it since, and
it stays, as does whatever other records refer to by now. Removal and change go through the records' own services.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from ..actor import Actor
from ..database import db
from ..errors import Invalid, ServiceError
from ..models import ImportRow, ImportRun, ImportWritten
from ..states import RowOutcome
from .import_rows import Kept, KeptCode, Prospect
from .ledger_import_undo import OF_ROW, STANDING, keep, mark

if TYPE_CHECKING:
    from .record_import import RecordSubject

ROW = (ImportRow.number, ImportRow.outcome, ImportRow.values, ImportRow.record_key, ImportRow.found)


def take_back(subject: RecordSubject, run: ImportRun, actor: Actor, rows: Sequence[Any]) -> int:
    """Undo these rows, the last first; those that stay are noted with the reason."""
    held = [row.values for row in rows] + [{**row.values, **(row.before or {})} for row in rows]
    subject.hold(held, [row.record_key for row in rows])
    stays = {each.number: each for each in _judged(subject, run, rows)}
    done: list[int] = []
    for row in rows:
        if row.number not in stays and (refused := _undo(subject, actor, row)) is not None:
            stays[row.number] = refused
        if row.number not in stays:
            done.append(row.number)
    keep(run, list(stays.values()))
    mark(run, done)
    return len(done)


def _undo(subject: RecordSubject, actor: Actor, row: Any) -> Kept | None:
    """Take one row back; why it stays where the services refuse it, None when it is done."""
    try:
        with db.session.begin_nested():
            if row.outcome is RowOutcome.NEW:
                subject.remove(actor, row.record_key)
            else:
                subject.change(actor, row.record_key, {**row.values, **(row.before or {}), "reason": UNDO_REASON})
    except Invalid as refused:
        problem = next(iter(refused.problems.values()))
        return _refused(subject, row, problem.code, problem.facts)
    except ServiceError as refused:
        code = "import_not_allowed" if refused.status == 404 else refused.code
        return _refused(subject, row, code, refused.facts)
    return None


def _refused(subject: RecordSubject, row: Any, code: str, facts: Mapping[str, Any]) -> Kept:
    plain = json.loads(json.dumps(facts, ensure_ascii=False, default=str))
    if code == "in_use_elsewhere":
        return _kept(subject, row, KeptCode.IN_USE, plain)
    return _kept(subject, row, KeptCode.REFUSED, {"code": code, "facts": plain})


UNDO_REASON = "撤销导入"
"""What the history says of a record that is stopped or started again by an undo."""


def prospect(subject: RecordSubject, run: ImportRun) -> Prospect:
    """What would go and what would stay if the run were undone now."""
    rows = _rows(run)
    stays = {each.number: each.code for each in _judged(subject, run, rows)}
    going = [row.outcome for row in rows if row.number not in stays]
    kept: dict[KeptCode, int] = {}
    for code in stays.values():
        kept[code] = kept.get(code, 0) + 1
    return Prospect(going.count(RowOutcome.NEW), going.count(RowOutcome.UPDATED), kept)


def would_stay(subject: RecordSubject, run: ImportRun, *, after: int, limit: int) -> list[Kept]:
    """A page of the rows that would stay, beyond row `after`."""
    found = _judged(subject, run, _rows(run))
    return sorted((each for each in found if each.number > after), key=lambda each: each.number)[:limit]


def _rows(run: ImportRun) -> Sequence[Any]:
    return db.session.execute(
        sa.select(*ROW)
        .join(ImportWritten, OF_ROW)
        .where(*STANDING, ImportWritten.run_id == run.id)
        .order_by(ImportRow.number)
    ).all()


def _judged(subject: RecordSubject, run: ImportRun, rows: Sequence[Any]) -> list[Kept]:
    """Those of these rows whose record had something happen to it since."""
    current = subject.existing([row.record_key for row in rows])
    created = [row.record_key for row in rows if row.outcome is RowOutcome.NEW]
    used = subject.uses(created) if created else {}
    return [kept for row in rows if (kept := _why(subject, row, current, used)) is not None]


def _why(subject: RecordSubject, row: Any, current: dict[str, Any], used: dict[str, int]) -> Kept | None:
    found = current.get(row.record_key)
    if found is None:
        return _kept(subject, row, KeptCode.REMOVED, {})
    if any(found[name] != row.values.get(name) for name in found if name not in subject.passing):
        return _kept(subject, row, KeptCode.ALTERED, {})
    if row.outcome is RowOutcome.NEW and row.record_key in used:
        return _kept(subject, row, KeptCode.IN_USE, {"count": used[row.record_key]})
    return None


def _kept(subject: RecordSubject, row: Any, code: KeptCode, facts: dict[str, Any]) -> Kept:
    found = row._mapping.get("found") or {}
    first, second = (found.get(name, "") for name in subject.columns.shown[:2])
    return Kept(row.number, code, facts, first, second)
