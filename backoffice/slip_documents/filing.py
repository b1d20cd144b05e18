"""强制检定工作计量器具备案表: what stands on it, and its PDF in the manner of the slip's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from backoffice.slip_documents.content import SHANGHAI, PrintableFields
from backoffice.slip_documents.errors import MissingGlyphsError, TooManyRowsError
from backoffice.slip_documents.fonts import FONT_CHAIN, missing_glyphs
from backoffice.slip_documents.render import pdf_from_html, slip_environment, texts_of

MAX_FILING_ROWS = 500
"""On one table, on the page and as PDF."""

SHORT = 150

ROWS_IN_ONE_TABLE = 10
"""xhtml2pdf lays out many short tables much faster than one long one; the column heads stand in the page's frame."""


@dataclass(frozen=True, kw_only=True)
class FilingUnit(PrintableFields):
    """器具使用单位. `uscc` has 18 or, for a branch, 20 characters."""

    name: str
    uscc: str
    address: str = ""
    contact: str = ""
    phone: str = ""


@dataclass(frozen=True, kw_only=True)
class FilingRow(PrintableFields):
    """One instrument, in words people read; `filed` is the day of the filing, `office` the authority 备案机关."""

    position: int
    instrument_name: str
    kind_name: str
    serial_number: str
    filed: str
    office: str
    model: str = ""
    measuring_range: str = ""
    accuracy_class: str = ""
    manufacturer: str = ""
    place: str = ""
    division: str = ""
    purpose: str = ""
    on_behalf: str = ""
    """由××代办, where somebody else entered the row."""


@dataclass(frozen=True, kw_only=True)
class FilingContent(PrintableFields):
    """The whole table; `printed_at` is aware."""

    unit: FilingUnit
    rows: tuple[FilingRow, ...]
    printed_at: datetime

    @property
    def total(self) -> int:
        return len(self.rows)

    @property
    def is_short(self) -> bool:
        """Whether laying it out twice, for the number of all pages, is worth a person's waiting."""
        return self.total <= SHORT

    @property
    def offices(self) -> tuple[str, ...]:
        """The authorities the rows are filed with, each once, in the order of the rows."""
        return tuple(dict.fromkeys(row.office for row in self.rows))

    @property
    def printed_at_text(self) -> str:
        return self.printed_at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")

    @property
    def tables(self) -> tuple[tuple[FilingRow, ...], ...]:
        """The rows in runs of `ROWS_IN_ONE_TABLE`."""
        starts = range(0, self.total, ROWS_IN_ONE_TABLE)
        return tuple(self.rows[start : start + ROWS_IN_ONE_TABLE] for start in starts)


def filing_html(content: FilingContent) -> str:
    """The HTML that xhtml2pdf lays out."""
    template = slip_environment().get_template("filing_pdf.html")
    return template.render(filing=content, font_families=", ".join(family.name for family in FONT_CHAIN))


def render_filing_pdf(content: FilingContent) -> bytes:
    """The table as PDF; equal content gives equal bytes.

    Raises TooManyRowsError above MAX_FILING_ROWS rows, MissingGlyphsError where a character cannot be drawn,
    SlipRenderError for anything else that would make the paper differ from the content.
    """
    if content.total > MAX_FILING_ROWS:
        raise TooManyRowsError(content.total, MAX_FILING_ROWS)
    if missing := missing_glyphs("".join(texts_of(content))):
        raise MissingGlyphsError(frozenset(missing))
    return pdf_from_html(filing_html(content), updated_at=content.printed_at)
