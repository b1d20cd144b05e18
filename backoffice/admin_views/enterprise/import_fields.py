"""The fields in which cells of an import are mended: what they offer, and what one click puts into them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from ...models import ImportRow, ImportRun
from ...services import ledger_reference
from ...services.ledger_import_mend import EDITABLE
from ...states import ImportState, ImportSubject, RowOutcome
from ...workbooks.cells import RawCell, Unreadable, cleaned, shown
from ...workbooks.columns import BY_CODE, Content
from ...workbooks.rawcells import cells_of, editable, fingerprint, restored
from ...workbooks.reference import Reference
from .instrument_form import Offer, kinds_offered

COMPANIONS: Mapping[str, tuple[str, ...]] = {
    "duplicate_in_file": ("sub_number",),
    "ledger_duplicate": ("sub_number",),
    "management_number_required": ("serial_number",),
}
"""By problem: the other columns in which it may have to be put right, as the number of a nozzle."""
ONE_BY_ONE = frozenset(
    {"duplicate_in_file", "ledger_duplicate", "ledger_number_twice", "ledger_locked", "declared_replaced"}
)
"""Problems no single value can mend in all rows."""
AS_WRITTEN = frozenset({"date_cell", "decimal_in_number"})
"""A spreadsheet program may have changed the content; somebody who looks at the plate may say that it is right."""
LONG = 40
"""From here on a text is edited in several lines."""


@dataclass(frozen=True, slots=True)
class Click:
    """A value that one click puts into the cell."""

    words: str
    value: str


@dataclass(frozen=True, slots=True)
class MendField:
    """One field. `name` and `seen_name` are the form's names, `look` says which control it is."""

    id: str
    name: str
    look: str
    value: str
    label: str
    seen_name: str = ""
    seen: str = ""
    column: str = ""
    options: Sequence[str] = ()
    clicks: Sequence[Click] = ()
    was: str = ""


@dataclass(frozen=True, slots=True)
class Lists:
    """Suggestions all fields of a page share."""

    kinds: Sequence[Offer] = ()
    divisions: Sequence[str] = ()


def is_open(run: ImportRun) -> bool:
    """Whether rows of this run may be mended; those of other subjects than the ledger are mended in their file."""
    return run.state is ImportState.READY and run.subject is ImportSubject.LEDGER


def columns_to_mend(row: ImportRow) -> list[str]:
    """The columns of a row that are offered for mending: the wrong ones, what belongs to them, what was mended."""
    if row.outcome is RowOutcome.DROPPED:
        return []
    wanted = set(row.mended or ())
    for problem in row.problems:
        wanted |= {problem["field"], *COMPANIONS.get(problem["code"], ())}
    return [code for code in EDITABLE if code in wanted]


class Fields:
    """Makes the fields of one page; the reference data is asked for once."""

    def __init__(self, run: ImportRun) -> None:
        self._run = run
        self._reference: Reference | None = None

    @property
    def reference(self) -> Reference:
        if self._reference is None:
            self._reference = ledger_reference.load()
        return self._reference

    def of_row(self, row: ImportRow) -> dict[str, MendField]:
        """By column, for a row that may be mended."""
        columns = columns_to_mend(row)
        cells = cells_of(row.found, row.raw, self._run.letters or {}) if columns else {}
        return {code: self._of_cell(row, code, cells.get(code)) for code in columns}

    def _of_cell(self, row: ImportRow, code: str, cell: RawCell | None) -> MendField:
        value, place = editable(cell), f"{row.number}-{code}"
        problems = [problem for problem in row.problems if problem["field"] == code]
        before = (row.mended or {}).get(code)
        return MendField(
            id=f"cell-{place}",
            name=f"cell-{place}",
            look=_look(code, value),
            value=value,
            label=_("第 %(row)s 行 %(column)s", row=row.number, column=BY_CODE[code].name),
            seen_name=f"seen-{place}",
            seen=fingerprint(value),
            column=place,
            options=self._options(code, value, problems),
            clicks=_clicks(problems, cell, value),
            was=(shown(restored(before, None)) if before else _("空")) if row.mended and code in row.mended else "",
        )

    def of_alike(self, problem: Mapping[str, Any], place: int) -> MendField | None:
        """One field for all cells with this problem; none where no single value mends them."""
        code = problem["field"]
        if not is_open(self._run) or code not in EDITABLE or problem["code"] in ONE_BY_ONE:
            return None
        value = problem["suggestion"] or ""
        look = _look(code, "")
        label = _("%(column)s“%(found)s”全部改为", column=BY_CODE[code].name, found=problem["found"] or _("空"))
        options = self._options(code, value, [problem])
        return MendField(f"alike-{place}", "text", look, value, label, options=options)

    def _options(self, code: str, value: str, problems: Iterable[Mapping[str, Any]]) -> list[str]:
        """What a list offers; what stands there is among it, so that it is not changed by being shown."""
        if BY_CODE[code].content is Content.CHOICE:
            offered = list(self.reference.choices(code).values())
            return offered if value in offered else [value, *offered]
        return [each for problem in problems for each in problem["facts"].get("candidates", ())]

    def lists(self, fields: Iterable[MendField]) -> Lists:
        """The shared suggestions these fields need."""
        looks = {each.look for each in fields}
        return Lists(kinds_offered() if "kind" in looks else (), self._near() if "division" in looks else ())

    def _near(self) -> list[str]:
        """The districts around the enterprise; others are found by typing."""
        divisions = self.reference.divisions
        own = divisions.get(self._run.owner.division_code or "")
        near = self.reference.active_children.get(own.parent_code or "", []) if own else []
        return [
            self.reference.label_of_division(code)
            for code in sorted(near)
            if not self.reference.active_children.get(code)
        ]


def _look(code: str, value: str) -> str:
    content = BY_CODE[code].content
    if content in (Content.CHOICE, Content.KIND, Content.DIVISION):
        return content.value
    return "long" if len(value) > LONG else "text"


def _clicks(problems: Sequence[Mapping[str, Any]], cell: RawCell | None, value: str) -> list[Click]:
    """The likely mendings of a cell."""
    clicks = []
    for problem in problems:
        if problem["suggestion"]:
            clicks.append(Click(_("改为“%(value)s”", value=problem["suggestion"]), problem["suggestion"]))
        elif problem["code"] in AS_WRITTEN:
            clicks.append(Click(_("铭牌上就是“%(value)s”", value=value), value))
        elif problem["code"] == "illegal_character" and (readable := _readable(cell)):
            clicks.append(Click(_("去掉这些字符，改为“%(value)s”", value=readable), readable))
    return clicks


def _readable(cell: RawCell | None) -> str:
    """A text without the characters that no column takes."""
    kept = []
    for character in editable(cell):
        try:
            kept.append(cleaned(character) or character)
        except Unreadable:
            continue
    return "".join(kept).strip()
