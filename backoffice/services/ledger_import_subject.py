"""The ledger as a subject of the import: the declaration that ties its judge, its writing and its undo together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from ..actor import Actor
from ..database import db
from ..models import ImportRow, ImportRun
from ..permissions import Permission
from ..workbooks.checks import RawRow
from ..workbooks.column_sets import LEDGER
from ..workbooks.reference import Reference
from . import ledger_import_apply, ledger_import_kept, ledger_import_undo, ledger_reference
from .import_rows import JudgedRow, Kept, Prospect
from .ledger_import_judge import Judge, Known, Seen
from .ledger_values import key_of


class LedgerCheck:
    """Rows against one enterprise's ledger."""

    def __init__(self, enterprise_id: int, reference: Reference, seen: Seen) -> None:
        self._enterprise_id, self._reference, self._seen = enterprise_id, reference, seen
        self._known = Known()

    def judge(self, letters: Mapping[str, str], rows: Sequence[RawRow]) -> list[JudgedRow]:
        return Judge(self._enterprise_id, self._reference, letters, self._seen, self._known).judge(rows)


class Ledger:
    """台账."""

    columns = LEDGER
    permission = Permission.OWN_LEDGER_IMPORT
    batch = ledger_import_apply.BATCH
    check_batch = 1_000
    is_undone_backwards = False

    def open_check(self, run: ImportRun) -> LedgerCheck:
        return LedgerCheck(run.owner.id, ledger_reference.load(), _seen_of(run.id))

    def worded(self, actor: Actor) -> Callable[[str, Any], str]:
        return lambda _code, value: str(value)

    def write(self, run: ImportRun, actor: Actor, rows: Sequence[Any]) -> int:
        return ledger_import_apply.write_instruments(run, actor, rows)

    def take_back(self, run: ImportRun, actor: Actor, rows: Sequence[Any]) -> int:
        return ledger_import_undo.take_back_instruments(run, actor, rows)

    def prospect(self, run: ImportRun) -> Prospect:
        return ledger_import_kept.prospect(run)

    def would_stay(self, run: ImportRun, *, after: int, limit: int) -> list[Kept]:
        return ledger_import_kept.would_stay(run, after=after, limit=limit)


def _seen_of(run_id: int) -> Seen:
    rows = db.session.execute(
        sa.select(ImportRow.number, ImportRow.values, ImportRow.instrument_id)
        .where(ImportRow.run_id == run_id, ImportRow.values.is_not(None))
        .order_by(ImportRow.number)
    )
    seen = Seen()
    for number, values, instrument_id in rows:
        seen.keys.setdefault(key_of(values), number)
        if instrument_id is not None:
            seen.instruments.setdefault(instrument_id, number)
    return seen
