"""What a run imports, declared once for each subject; everything else about a run is the same for all of them.

A declaration says which columns its workbook has, who may import it, what a row means for the records there are, how a
batch of rows is written and taken back. The machinery (reading, checking, writing in batches, resuming, undoing, the
pages) asks `of(run)` and knows no subject by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Protocol

from ..actor import Actor
from ..models import ImportRun
from ..permissions import Permission
from ..states import ImportSubject
from ..workbooks.checks import RawRow
from ..workbooks.column_sets import ColumnSet
from . import notices
from .import_rows import JudgedRow, Kept, Prospect


class Begun(Protocol):
    """A check under way: what it needs to know of the records and of the rows already met."""

    def judge(self, letters: Mapping[str, str], rows: Sequence[RawRow]) -> list[JudgedRow]:
        """What these rows mean, said against the earlier ones."""


class Subject(Protocol):
    """A declaration."""

    columns: ColumnSet
    permission: Permission
    batch: int
    """Most rows written or taken back in one transaction."""
    check_batch: int
    """Most rows checked in one."""

    def open_check(self, run: ImportRun) -> Begun:
        """Prepare to judge a run's rows, those that are stored already being met."""

    def worded(self, actor: Actor) -> Callable[[str, Any], str]:
        """How a value of a column is shown to people."""

    def write(self, run: ImportRun, actor: Actor, rows: Sequence[Any]) -> int:
        """Write new and updated rows in the current transaction, each marked in it; returns how many were."""

    def take_back(self, run: ImportRun, actor: Actor, rows: Sequence[Any]) -> int:
        """Undo written rows, noting on the others why they stay; returns how many were."""

    def prospect(self, run: ImportRun) -> Prospect:
        """What an undo would do now."""

    def would_stay(self, run: ImportRun, *, after: int, limit: int) -> list[Kept]:
        """A page of the rows it would leave, beyond row `after`."""

    @property
    def is_undone_backwards(self) -> bool:
        """Whether later rows stand on earlier ones, so that an undo begins at the end."""


@cache
def declared() -> Mapping[ImportSubject, Subject]:
    """The declarations. They are made of the machinery that asks here, so they are looked up and not imported."""
    from .capability_import import Capabilities
    from .catalogue_import import Catalogue
    from .ledger_import_subject import Ledger

    return {
        ImportSubject.LEDGER: Ledger(),
        ImportSubject.CATALOGUE: Catalogue(),
        ImportSubject.CAPABILITIES: Capabilities(),
    }


def of(run: ImportRun) -> Subject:
    """The declaration of a run's subject."""
    return declared()[run.subject]


def columns_of(run: ImportRun) -> ColumnSet:
    """The columns of a run's workbook."""
    return of(run).columns


def tell(run: ImportRun, code: str, **facts: Any) -> None:
    """Tell whoever uploaded it: the enterprise, or the regulator's office."""
    if run.enterprise_id is not None:
        notices.tell_enterprise(run.enterprise_id, code, run, **facts)
    elif run.division_code is not None:
        notices.tell_regulator(run.division_code, code, run, **facts)
