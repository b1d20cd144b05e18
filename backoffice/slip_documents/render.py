"""From the content of a slip to the bytes of its PDF."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from datetime import datetime
from functools import cache, partial
from io import BytesIO
from pathlib import Path

from flask_babel import gettext, ngettext
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from reportlab.lib.units import mm

from backoffice.slip_documents.codes import qr_data_uri
from backoffice.slip_documents.content import SlipContent
from backoffice.slip_documents.errors import MissingGlyphsError, SlipRenderError, TooManyRowsError
from backoffice.slip_documents.fonts import FONT_CHAIN, missing_glyphs, register_slip_fonts, text_width
from backoffice.slip_documents.lines import break_lines

TEMPLATE_FOLDER = Path(__file__).resolve().parents[2] / "templates" / "slips"

MAX_ROWS_IN_REQUEST = 200
"""Some 3 s of CPU; xhtml2pdf renders one document at a time, so the next person waits that long too."""

CELL_SIZE = 8.0
"""Type size of a table cell in points, as in the template's CSS."""

_dated_render = threading.Lock()


def render_slip_pdf(content: SlipContent, *, updated_at: datetime, allow_long: bool = False) -> bytes:
    """The slip as PDF. Equal content and `updated_at` (aware; the document's date) give equal bytes.

    Raises TooManyRowsError above MAX_ROWS_IN_REQUEST rows unless `allow_long`, MissingGlyphsError where a character
    cannot be drawn, SlipRenderError for anything else that would make the paper differ from the content.
    """
    if content.total > MAX_ROWS_IN_REQUEST and not allow_long:
        raise TooManyRowsError(content.total, MAX_ROWS_IN_REQUEST)
    if missing := missing_glyphs("".join(texts_of(content))):
        raise MissingGlyphsError(frozenset(missing))
    return pdf_from_html(slip_html(content), updated_at=updated_at)


def slip_html(content: SlipContent) -> str:
    """The HTML that xhtml2pdf lays out; its CSS is xhtml2pdf's own subset."""
    template = slip_environment().get_template("slip_pdf.html")
    return template.render(
        slip=content,
        acceptance_qr=qr_data_uri(content.acceptance_url),
        number_qr=qr_data_uri(content.number),
        font_families=", ".join(family.name for family in FONT_CHAIN),
    )


def pdf_from_html(html: str, *, updated_at: datetime) -> bytes:
    """Lay the document out with every resource closed; a warning is a failure."""
    # Importing it costs a third of a second, which no command and no job need pay that prints nothing.
    from reportlab.platypus.doctemplate import LayoutError
    from xhtml2pdf import pisa
    from xhtml2pdf.config.resources import RenderLimitError, ResourceAccessPolicy

    # No file and no address is read, whatever the document says; only `data:` images are drawn.
    closed = ResourceAccessPolicy.server(None, allow_remote=False, max_resources=0)
    register_slip_fonts()
    target = BytesIO()
    with document_date(updated_at):
        try:
            status = pisa.CreatePDF(html, dest=target, encoding="utf-8", resource_policy=closed)
        except (RenderLimitError, LayoutError) as error:
            raise SlipRenderError(type(error).__name__) from error
    if status.err or status.warn:
        # The messages quote the document; its texts are people's names and do not belong in a log.
        raise SlipRenderError(f"{status.err} errors and {status.warn} warnings")
    return target.getvalue()


def prepare_printing() -> None:
    """Bring in all that printing needs, before a web server forks its workers."""
    import xhtml2pdf.pisa  # noqa: F401

    register_slip_fonts()


@contextmanager
def document_date(moment: datetime) -> Iterator[None]:
    """Date the documents made meanwhile: ReportLab reads the moment from the environment, which threads share."""
    variable = "SOURCE_DATE_EPOCH"
    with _dated_render:
        before = os.environ.get(variable)
        os.environ[variable] = str(int(moment.timestamp()))
        try:
            yield
        finally:
            if before is None:
                del os.environ[variable]
            else:
                os.environ[variable] = before


@cache
def slip_environment() -> Environment:
    """An environment of its own: a slip is printed in jobs too, where Flask has no request."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATE_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]
    environment.filters["lines"] = lines_of_cell
    return environment


def lines_of_cell(text: str, width_mm: float, *, size: float = CELL_SIZE, bold: bool = False) -> Markup:
    """The text broken for a cell whose text area is that wide."""
    measure = partial(text_width, size=size, bold=bold)
    lines = break_lines(text, max_width=width_mm * mm, measure=measure)
    return Markup("<br/>").join(escape(line) for line in lines)


def texts_of(value: object) -> Iterator[str]:
    """Every text in a dataclass and the dataclasses and tuples it holds."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from texts_of(part)
    elif is_dataclass(value):
        for field in fields(value):
            yield from texts_of(getattr(value, field.name))
