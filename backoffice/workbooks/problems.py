"""What can be wrong with a file or a row: closed sets of codes, with the facts that fill their sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from enum import Enum, unique
from typing import Any


def _messages() -> Any:
    """The sentences, loaded when one is read: they need Flask, and the reading process starts faster without it."""
    from backoffice.workbooks import messages

    return messages


class Severity(Enum):
    """An error keeps the row out; a warning lets it in and says what to look at."""

    ERROR = "error"
    WARNING = "warning"


@unique
class ProblemCode(Enum):
    """Every problem a row can have. Each has one sentence in `messages.py`."""

    REQUIRED = "required"
    TOO_LONG = "too_long"
    ILLEGAL_CHARACTER = "illegal_character"
    BOOLEAN_CELL = "boolean_cell"
    ERROR_CELL = "error_cell"
    FORMULA_CELL = "formula_cell"
    DATE_CELL = "date_cell"
    DATE_UNREADABLE = "date_unreadable"
    PRECISION_LOST = "precision_lost"
    LEADING_ZERO_LOST = "leading_zero_lost"
    DECIMAL_IN_NUMBER = "decimal_in_number"
    SERIAL_NUMBER_PLACEHOLDER = "serial_number_placeholder"
    MANAGEMENT_NUMBER_REQUIRED = "management_number_required"
    QUANTITY_NOT_ONE = "quantity_not_one"
    KIND_UNKNOWN = "kind_unknown"
    KIND_AMBIGUOUS = "kind_ambiguous"
    KIND_RETIRED = "kind_retired"
    KIND_NOT_MANDATORY = "kind_not_mandatory"
    DIVISION_UNKNOWN = "division_unknown"
    DIVISION_AMBIGUOUS = "division_ambiguous"
    DIVISION_RETIRED = "division_retired"
    DIVISION_HAS_CHILDREN = "division_has_children"
    NOT_IN_LIST = "not_in_list"
    NAME_UNKNOWN = "name_unknown"
    NOT_A_WHOLE_NUMBER = "not_a_whole_number"
    EXAMPLE_OVERWRITTEN = "example_overwritten"
    DUPLICATE_IN_FILE = "duplicate_in_file"
    LEDGER_NUMBER_TWICE = "ledger_number_twice"
    RECORD_TWICE = "record_twice"
    NAME_TWICE = "name_twice"
    OVERLAPS_ROW = "overlaps_row"
    OVERLAPS_RECORD = "overlaps_record"
    KIND_BY_ALIAS = "kind_by_alias"
    KIND_TO_BE_CONFIRMED = "kind_to_be_confirmed"
    PURPOSE_OUTSIDE_KIND = "purpose_outside_kind"
    CERTIFICATE_NUMBER_IGNORED = "certificate_number_ignored"

    @property
    def severity(self) -> Severity:
        return Severity.WARNING if self in WARNINGS else Severity.ERROR


WARNINGS = frozenset(
    {
        ProblemCode.KIND_BY_ALIAS,
        ProblemCode.KIND_TO_BE_CONFIRMED,
        ProblemCode.PURPOSE_OUTSIDE_KIND,
        ProblemCode.CERTIFICATE_NUMBER_IGNORED,
        ProblemCode.OVERLAPS_ROW,
        ProblemCode.OVERLAPS_RECORD,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One finding. `row` is the row of the spreadsheet (None on a form), `column_letter` None for the whole row.

    `field` is the column's code, `found` what the cell showed, `suggestion` a value that would be accepted there.
    `facts` are plain values, so that a problem can be stored and its sentence made when it is read.
    """

    row: int | None
    field: str | None
    column_letter: str | None
    header: str | None
    found: str
    code: ProblemCode
    facts: Mapping[str, Any] = dataclass_field(default_factory=dict)
    suggestion: str | None = None

    @property
    def severity(self) -> Severity:
        return self.code.severity

    @property
    def is_error(self) -> bool:
        return self.severity is Severity.ERROR

    @property
    def sentence(self) -> str:
        """The finding without its place, for the line below a field or a cell of the preview."""
        return _messages().problem_sentence(self)

    @property
    def message(self) -> str:
        """The finding with its place, as 第 37 行 D 列 种别代码：…; on a form the sentence alone."""
        return _messages().problem_message(self)

    def stored(self) -> dict[str, Any]:
        """Plain values for a JSON column."""
        return {
            "row": self.row,
            "field": self.field,
            "column": self.column_letter,
            "header": self.header,
            "found": self.found,
            "code": self.code.value,
            "facts": dict(self.facts),
            "suggestion": self.suggestion,
        }

    @classmethod
    def restored(cls, stored: Mapping[str, Any]) -> Problem:
        """The problem `stored()` was made from."""
        return cls(
            row=stored["row"],
            field=stored["field"],
            column_letter=stored["column"],
            header=stored["header"],
            found=stored["found"],
            code=ProblemCode(stored["code"]),
            facts=stored["facts"],
            suggestion=stored["suggestion"],
        )


@unique
class FileProblemCode(Enum):
    """Every reason a file as a whole is refused, and what is said about one that is read all the same."""

    EMPTY_FILE = "empty_file"
    TOO_LARGE = "too_large"
    NOT_A_WORKBOOK = "not_a_workbook"
    OTHER_WORKBOOK_FORMAT = "other_workbook_format"
    OLD_XLS = "old_xls"
    ENCRYPTED = "encrypted"
    MACROS = "macros"
    BROKEN = "broken"
    UNPACKED_TOO_LARGE = "unpacked_too_large"
    TOO_COMPLEX = "too_complex"
    TEXT_ENCODING = "text_encoding"
    NO_ROWS = "no_rows"
    TOO_MANY_ROWS = "too_many_rows"
    HEADER_NOT_FOUND = "header_not_found"
    COLUMN_MISSING = "column_missing"
    COLUMN_TWICE = "column_twice"
    UNKNOWN_COLUMN = "unknown_column"
    SHEET_NOT_READ = "sheet_not_read"


STRUCTURE_PROBLEMS = frozenset(
    {
        FileProblemCode.NO_ROWS,
        FileProblemCode.TOO_MANY_ROWS,
        FileProblemCode.HEADER_NOT_FOUND,
        FileProblemCode.COLUMN_MISSING,
        FileProblemCode.COLUMN_TWICE,
    }
)
"""The file can be read, but its table is not one of instruments: the run is refused, not the upload."""


@dataclass(frozen=True, slots=True)
class FileProblem:
    """One finding about the file as a whole; `facts` are plain values."""

    code: FileProblemCode
    facts: Mapping[str, Any] = dataclass_field(default_factory=dict)

    @property
    def is_about_structure(self) -> bool:
        return self.code in STRUCTURE_PROBLEMS

    @property
    def message(self) -> str:
        return _messages().file_sentence(self)


class FileProblemError(Exception):
    """The file is refused; `problem` says why, `beginning` what its table begins with where it looks like one.

    `properties` are the document's, where it could be opened.
    """

    def __init__(self, code: FileProblemCode, **facts: Any) -> None:
        self.problem = FileProblem(code, facts)
        self.beginning: dict[str, Any] | None = None
        self.properties: dict[str, str] = {}
        super().__init__(code.value, facts)
