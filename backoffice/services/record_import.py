"""Reference records as subjects of the import: rows judged against the records there are, written by their services.

What a kind of record is, and which of its services check, write and remove it, stands in its declaration
(`catalogue_import`, `capability_import`); the rules of a record have their home in those services, for the form and for
the import alike. A row is written by one call inside a savepoint and marked in the same transaction.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from .. import clock
from ..actor import Actor
from ..database import db, execute_counted
from ..errors import Invalid, ServiceError
from ..messages.ledger import RULE
from ..models import ImportRow, ImportRun, ImportWritten
from ..permissions import Permission
from ..states import RowOutcome
from ..workbooks.checks import RawRow, check_row
from ..workbooks.column_sets import ColumnSet
from ..workbooks.problems import Problem, ProblemCode
from ..workbooks.reference import Reference
from ..workbooks.template import text_for
from . import accounts, record_import_undo
from .import_rows import JudgedRow, Kept, Prospect
from .ledger_import_apply import in_full, leave_out

Values = Mapping[str, Any]
"""A record as plain values by column code, as a row of a workbook has them once it is read."""
BATCH = 100
"""Few enough that whoever saves a form meanwhile does not wait long."""


@dataclass(slots=True)
class Draft:
    """A row on its way: the values its file states, and what is wrong with it."""

    row: JudgedRow
    columns: ColumnSet
    letters: Mapping[str, str]
    values: dict[str, Any]

    @property
    def is_wrong(self) -> bool:
        return self.row.outcome is RowOutcome.ERROR

    def refuse(self, name: str, code: str, *, suggestion: str | None = None, **facts: Any) -> None:
        """An error that only the records themselves can have; `code` is one of `messages`, or a `ProblemCode`."""
        self.row.outcome = RowOutcome.ERROR
        self._note(name, code, suggestion, facts)

    def warn(self, name: str, code: ProblemCode, **facts: Any) -> None:
        self.row.has_warning = True
        self._note(name, code.value, None, facts)

    def _note(self, name: str, code: str, suggestion: str | None, facts: dict[str, Any]) -> None:
        problem = Problem(
            row=self.row.number,
            field=name,
            column_letter=self.letters.get(name),
            header=self.columns.by_code[name].name,
            found=self.row.found.get(name, ""),
            code=ProblemCode.REQUIRED,
            facts=facts,
            suggestion=suggestion,
        )
        self.row.problems.append({**problem.stored(), "code": code})


@dataclass(slots=True)
class Known:
    """The records there are, and what rows of the file were met so far."""

    actor: Actor
    reference: Reference
    existing: dict[str, Values]
    facts: Any = None
    """What else the declaration wants to know, asked once."""
    seen: dict[str, int] = field(default_factory=dict)
    """The first row of each record of the file, by its identity."""
    met: dict[str, list[tuple[int, Values]]] = field(default_factory=dict)
    """Good rows of the file as the records they would be, by their groups."""


class RecordSubject(ABC):
    """A declaration of reference records; the rest of what a subject is follows from it."""

    columns: ColumnSet
    permission: Permission
    batch = check_batch = BATCH
    is_undone_backwards = True
    blank: Values
    """What a new record is where its row says nothing."""
    passing: Sequence[str] = ()
    """Columns that say something about the change and are no part of the record."""

    # What a declaration says

    @abstractmethod
    def reference(self, actor: Actor) -> Reference:
        """The lists its cells are read against."""

    @abstractmethod
    def example(self, reference: Reference) -> Mapping[str, str]:
        """One believable row of the data in force, marked so that nobody takes it for a record."""

    @abstractmethod
    def all_of(self, actor: Actor) -> dict[str, Values]:
        """The records this person knows of, by key."""

    @abstractmethod
    def existing(self, keys: Iterable[str]) -> dict[str, Values]:
        """Those of these records that there are, as they stand now."""

    @abstractmethod
    def prepare(self, draft: Draft, known: Known) -> None:
        """Make stated values those of a record; notes what cannot be."""

    @abstractmethod
    def key_of(self, draft: Draft, known: Known) -> str | None:
        """The key of the record a row is about, None for a new one; notes where that cannot be told."""

    @abstractmethod
    def identity(self, key: str | None, values: Values) -> str:
        """Equal for two rows that are the same record."""

    @abstractmethod
    def groups(self, values: Values) -> Sequence[str]:
        """Under which a row of the file is looked for by the ones that follow."""

    @abstractmethod
    def check(self, known: Known, key: str | None, values: Values) -> None:
        """Raise what the services would refuse; writes nothing."""

    @abstractmethod
    def create(self, actor: Actor, values: Values) -> str:
        """Add a record; returns its key."""

    @abstractmethod
    def change(self, actor: Actor, key: str, values: Values) -> None:
        """Change a record to these values."""

    @abstractmethod
    def remove(self, actor: Actor, key: str) -> None:
        """Delete a record nothing refers to."""

    @abstractmethod
    def uses(self, keys: Sequence[str]) -> dict[str, int]:
        """How many rows refer to each of these records, not counting one another; those without are left out."""

    @abstractmethod
    def hold(self, rows: Sequence[Values], keys: Sequence[str]) -> None:
        """Lock what the rows will touch, in one order, before the first is written: forms wait, nobody deadlocks."""

    @abstractmethod
    def compare(self, draft: Draft, key: str | None, values: Values, known: Known) -> None:
        """Notes about a good row and the others of the file."""

    def rows(self, actor: Actor) -> Iterable[Values]:
        """The records this person may change, as rows of the template."""
        return [values for _key, values in sorted(self.all_of(actor).items())]

    # What follows

    def merged(self, current: Values | None, stated: Values) -> dict[str, Any]:
        """The record as it would be: a column the file does not have says nothing."""
        return {**(self.blank if current is None else current), **stated}

    def changed(self, current: Values, values: Values) -> list[str]:
        return [name for name in current if name not in self.passing and values[name] != current[name]]

    def worded(self, actor: Actor) -> Callable[[str, Any], str]:
        """How a value of a column is shown to people."""
        reference = self.reference(actor)
        return lambda code, value: text_for(self.columns.by_code[code], value, reference)

    def open_check(self, run: ImportRun) -> RecordCheck:
        actor = accounts.person(run.uploaded_by)
        known = Known(actor, self.reference(actor), self.all_of(actor), self.more_facts(actor))
        check = RecordCheck(self, known)
        stored = sa.select(ImportRow.number, ImportRow.record_key, ImportRow.values).where(
            ImportRow.run_id == run.id, ImportRow.values.is_not(None)
        )
        for number, key, values in db.session.execute(stored.order_by(ImportRow.number)):
            check.remember(number, key, self.merged(known.existing.get(key or ""), values))
        return check

    def more_facts(self, actor: Actor) -> Any:
        """What else is to be known of the records; nothing by default."""
        return None

    def write(self, run: ImportRun, actor: Actor, rows: Sequence[Any]) -> int:
        rows = in_full(run, rows)
        self.hold([row.values for row in rows], [row.record_key for row in rows if row.record_key])
        return sum(self._write(run, actor, row) for row in rows)

    def _write(self, run: ImportRun, actor: Actor, row: Any) -> bool:
        """One row, whole or not at all; what the services refuse by now is left out and said on the row."""
        try:
            with db.session.begin_nested():
                is_new = row.outcome is RowOutcome.NEW
                current = None if is_new else self.existing([row.record_key]).get(row.record_key)
                if not is_new and (why := _why_not(current, row)):
                    leave_out(run, row, self.columns.shown[0], why)
                    return False
                values = self.merged(current, row.values if is_new else self._shown_as_changed(row))
                key = self.create(actor, values) if is_new else row.record_key
                if current is not None:
                    self.change(actor, key, values)
                written = self.existing([key])[key]
                before = None if current is None else {name: current[name] for name in self.changed(current, written)}
                _mark(run, row.number, key, before, written)
                return True
        except Invalid as refused:
            name, problem = next(iter(refused.problems.items()))
            leave_out(run, row, self.column(name), RULE + problem.code, **_plain(problem.facts))
        except ServiceError as refused:
            code = "import_not_allowed" if refused.status == 404 else RULE + refused.code
            leave_out(run, row, self.columns.shown[0], code, **_plain(refused.facts))
        return False

    def _shown_as_changed(self, row: Any) -> dict[str, Any]:
        """What the preview showed as a change: whatever else somebody has changed since stays as it is now."""
        return {name: row.values[name] for name in (*row.before, *self.passing) if name in row.values}

    def column(self, name: str) -> str:
        """The column a problem of a service's field stands at."""
        return name if name in self.columns.by_code else self.columns.shown[0]

    def take_back(self, run: ImportRun, actor: Actor, rows: Sequence[Any]) -> int:
        return record_import_undo.take_back(self, run, actor, rows)

    def prospect(self, run: ImportRun) -> Prospect:
        return record_import_undo.prospect(self, run)

    def would_stay(self, run: ImportRun, *, after: int, limit: int) -> list[Kept]:
        return record_import_undo.would_stay(self, run, after=after, limit=limit)


def _why_not(current: Values | None, row: Any) -> str:
    """Why a record can no longer be changed as the preview showed it; "" where it can."""
    if current is None:
        return "import_record_vanished"
    is_as_shown = all(current[name] == value for name, value in row.before.items())
    return "" if is_as_shown else "import_record_changed"


def _plain(facts: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(facts, ensure_ascii=False, default=str))
    return found


def _mark(run: ImportRun, number: int, key: str, before: Values | None, written: Values) -> None:
    execute_counted(
        sa.update(ImportRow)
        .where(ImportRow.run_id == run.id, ImportRow.number == number)
        .values(record_key=key, before=before, values=written)
    )
    db.session.execute(sa.insert(ImportWritten).values(run_id=run.id, number=number, applied_at=clock.now()))


class RecordCheck:
    """Rows of one file against the records there are, by the rules of their services."""

    def __init__(self, subject: RecordSubject, known: Known) -> None:
        self._subject, self._known = subject, known

    def judge(self, letters: Mapping[str, str], rows: Sequence[RawRow]) -> list[JudgedRow]:
        return [self._judged(letters, raw) for raw in rows]

    def _judged(self, letters: Mapping[str, str], raw: RawRow) -> JudgedRow:
        columns = self._subject.columns
        checked = check_row(raw, self._known.reference, letters=letters, columns=columns)
        row = JudgedRow(raw.number, checked.found)
        row.problems = [problem.stored() for problem in checked.problems]
        row.has_warning = any(not problem.is_error for problem in checked.problems)
        if checked.values is None:
            row.outcome = RowOutcome.ERROR
            return row
        stated = {code: value for code, value in checked.values.items() if code in letters}
        draft = Draft(row, columns, letters, stated)
        self._subject.prepare(draft, self._known)
        key = None if draft.is_wrong else self._subject.key_of(draft, self._known)
        if not draft.is_wrong:
            self._compare(draft, key)
        return row

    def _compare(self, draft: Draft, key: str | None) -> None:
        current = self._known.existing[key] if key is not None else None
        values = self._subject.merged(current, draft.values)
        row = draft.row
        if self._is_repeated(draft, key, values):
            return
        changed = self._subject.changed(current, values) if current is not None else []
        if current is None or changed:
            self._ask_services(draft, key, values)
        if draft.is_wrong:
            return
        row.columns, row.record_key = draft.values, key
        row.outcome = RowOutcome.NEW if current is None else RowOutcome.UPDATED if changed else RowOutcome.SAME
        row.before = {name: current[name] for name in changed} if current is not None and changed else None
        if row.outcome is not RowOutcome.SAME:
            self._subject.compare(draft, key, values, self._known)
        self.remember(row.number, key, values)

    def _is_repeated(self, draft: Draft, key: str | None, values: Values) -> bool:
        number = draft.row.number
        earlier = self._known.seen.setdefault(self._subject.identity(key, values), number)
        if earlier != number:
            draft.refuse(self._subject.columns.shown[-1], ProblemCode.RECORD_TWICE.value, earlier_row=earlier)
        return earlier != number

    def _ask_services(self, draft: Draft, key: str | None, values: Values) -> None:
        try:
            self._subject.check(self._known, key, values)
        except Invalid as refused:
            order = list(draft.columns.by_code)
            found = {self._subject.column(name): problem for name, problem in refused.problems.items()}
            for name in sorted(found, key=order.index):
                draft.refuse(name, RULE + found[name].code, **_plain(found[name].facts))
        except ServiceError as refused:
            draft.refuse(draft.columns.shown[0], RULE + refused.code, **_plain(refused.facts))

    def remember(self, number: int, key: str | None, values: Values) -> None:
        """A good row of the file, for the ones that follow."""
        self._known.seen.setdefault(self._subject.identity(key, values), number)
        for group in self._subject.groups(values):
            self._known.met.setdefault(group, []).append((number, values))
