"""The rows of an import as the preview shows them: bad cells marked in place, old and new for updates, page by page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl

import sqlalchemy as sa
from flask_babel import gettext as _

from ... import scoping
from ...database import db
from ...messages.ledger import is_warning, stored_sentence
from ...models import ImportRow, ImportRun
from ...services.import_subjects import columns_of
from ...services.import_subjects import of as subject_of
from ...states import ImportState, RowOutcome
from ...web.current import signed_in_actor
from ...workbooks.column_sets import ColumnSet
from ...workbooks.problems import WARNINGS
from .import_expected import Expected, expected_words
from .import_fields import Fields, Lists, MendField, columns_to_mend, is_open
from .import_summary import Summary, alike_filter, summaries_of

PAGE = 50
HAS_WARNING = sa.and_(
    ImportRow.problems != sa.text("'[]'::jsonb"),  # As the index says it.
    sa.or_(
        *(ImportRow.problems.contains([{"code": code.value}]) for code in sorted(WARNINGS, key=lambda code: code.value))
    ),
)


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: what was found; old and new where the row changes the ledger; what is wrong with it."""

    code: str
    header: str
    text: str
    before: str | None = None
    problems: Sequence[str] = ()
    tone: str = ""
    field: MendField | None = None


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """One row of the file."""

    number: int
    outcome: RowOutcome
    cells: Sequence[Cell]
    expected: Expected | None = None

    @property
    def is_dropped(self) -> bool:
        return self.outcome is RowOutcome.DROPPED

    @property
    def has_fields(self) -> bool:
        return any(cell.field for cell in self.cells)

    @property
    def wrong(self) -> list[tuple[str, str]]:
        """What is wrong with the row, each with its column: said at its beginning, however wide the table is."""
        return [(cell.header, sentence) for cell in self.cells for sentence in cell.problems]


@dataclass(frozen=True, slots=True)
class PreviewTab:
    """A count that is a filter."""

    label: str
    count: int
    url: str
    active: bool


@dataclass(frozen=True, slots=True)
class Worded:
    """The columns of the run's workbook, and earlier values in words by row and column."""

    columns: ColumnSet
    before: Mapping[tuple[int, str], str]


@dataclass(frozen=True, slots=True)
class Preview:
    """A page of rows, the filters with their counts, and the sentences about the whole file."""

    headers: Sequence[str]
    rows: Sequence[PreviewRow]
    tabs: Sequence[PreviewTab]
    about_file: Sequence[str]
    next_url: str
    is_first: bool
    summaries: Sequence[Summary] = ()
    lead: Sequence[str] = ()
    """Columns that say which record a row is."""
    is_open: bool = False
    place: Mapping[str, str] = field(default_factory=dict)
    lists: Lists = field(default_factory=Lists)

    @property
    def has_expected(self) -> bool:
        return any(row.expected for row in self.rows)

    @classmethod
    def of(cls, run: ImportRun, *, show: str, after: str, args: Mapping[str, str]) -> Preview:
        """The page of this run that a URL asks for; a filter or place it does not know shows the beginning."""
        show = show or ("errors" if run.errors else "new" if run.new else "updated" if run.updated else "same")
        start = int(after) if after.isascii() and after.isdigit() and len(after) < 8 else 0
        only, asked = alike_filter(args)
        rows = _rows(run, show, start, only) if run.state is not ImportState.REFUSED else []
        page = rows[:PAGE]
        expected = expected_words(run, page)
        columns = columns_of(run)
        codes = _codes(page, columns)
        fields = Fields(run)
        worded = Worded(columns, _old_words(run, page))
        shown = [_row(row, codes, worded, expected.get(row.number), fields if is_open(run) else None) for row in page]
        summaries = summaries_of(run, fields) if run.errors or run.warnings else ()
        on_page = [cell.field for row in shown for cell in row.cells if cell.field]
        return cls(
            headers=[_header(code, page, columns) for code in codes],
            rows=shown,
            lead=columns.shown[:2],
            tabs=_tabs(run, show),
            about_file=[stored_sentence(problem) for problem in run.problems],
            next_url=f"?show={show}{asked}&after={page[-1].number}#rows" if len(rows) > PAGE else "",
            is_first=start == 0,
            summaries=summaries,
            is_open=is_open(run),
            place={name: value for name, value in (("show", show), ("after", after), *parse_qsl(asked)) if value},
            lists=fields.lists([*on_page, *(each.field for each in summaries if each.field)]),
        )


FILTERS: dict[str, Any] = {
    "errors": ImportRow.outcome == RowOutcome.ERROR,
    "warnings": HAS_WARNING,
    "new": ImportRow.outcome == RowOutcome.NEW,
    "updated": ImportRow.outcome == RowOutcome.UPDATED,
    "same": ImportRow.outcome == RowOutcome.SAME,
    "dropped": ImportRow.outcome == RowOutcome.DROPPED,
}


def read_filter(args: Mapping[str, str]) -> str:
    """The filter of a URL, "" for none or an unknown one."""
    show = args.get("show", "")
    return show if show in FILTERS else ""


def _rows(run: ImportRun, show: str, after: int, only: sa.ColumnElement[bool] | None) -> list[ImportRow]:
    statement = scoping.visible(signed_in_actor(), ImportRow).where(
        ImportRow.run_id == run.id, ImportRow.number > after
    )
    if only is not None:
        statement = statement.where(only)
    return list(db.session.scalars(statement.where(FILTERS[show]).order_by(ImportRow.number).limit(PAGE + 1)))


def _tabs(run: ImportRun, show: str) -> list[PreviewTab]:
    labels = {
        "errors": (_("错误"), run.errors),
        "warnings": (_("警告"), run.warnings),
        "new": (_("新增"), run.new),
        "updated": (_("更新"), run.updated),
        "same": (_("不变"), run.same),
    }
    if run.dropped or show == "dropped":
        labels["dropped"] = (_("不导入"), run.dropped)
    return [PreviewTab(label, count, f"?show={code}#rows", code == show) for code, (label, count) in labels.items()]


def _old_words(run: ImportRun, rows: Sequence[ImportRow]) -> dict[tuple[int, str], str]:
    """Earlier values in words, by row and column."""
    if not any(row.before for row in rows):
        return {}
    worded = subject_of(run).worded(signed_in_actor())
    return {
        (row.number, code): worded(code, value)
        for row in rows
        for code, value in (row.before or {}).items()
        if value is not None
    }


def _codes(rows: Sequence[ImportRow], columns: ColumnSet) -> list[str]:
    """The columns this page needs, in the order of the template: a problem or a change adds to those always shown."""
    needed = set(columns.shown)
    for row in rows:
        needed.update(problem["field"] for problem in row.problems if problem["field"])
        needed.update(row.before or (), columns_to_mend(row))
    return [code for code in columns.by_code if code in needed]


def _header(code: str, rows: Sequence[ImportRow], columns: ColumnSet) -> str:
    """The column's name, with its letter in the sheet where a problem tells it."""
    letters = (problem["column"] for row in rows for problem in row.problems if problem["field"] == code)
    letter = next((letter for letter in letters if letter), "")
    return f"{letter} {columns.by_code[code].name}".strip()


def _row(
    row: ImportRow, codes: Sequence[str], worded: Worded, expected: Expected | None, fields: Fields | None
) -> PreviewRow:
    to_mend = fields.of_row(row) if fields else {}
    cells = [replace(_cell(row, code, worded), field=to_mend.get(code)) for code in codes]
    return PreviewRow(row.number, row.outcome, cells, expected)


def _cell(row: ImportRow, code: str, worded: Worded) -> Cell:
    problems = [problem for problem in row.problems if problem["field"] == code]
    header, before = _header(code, [row], worded.columns), worded.before.get((row.number, code))
    text = row.found.get(code, "")
    if not problems:
        return Cell(code, header, text, before=before)
    tone = "warn" if all(is_warning(problem) for problem in problems) else "bad"
    return Cell(code, header, text, before, [stored_sentence(problem) for problem in problems], tone)
