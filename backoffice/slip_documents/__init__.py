"""The slip 强制检定预约单 on paper: its content, fonts, line breaking and PDF.

Knows neither database nor request: callers bring a SlipContent and get bytes or the values of the web page.
"""

from backoffice.slip_documents.codes import qr_data_uri
from backoffice.slip_documents.content import (
    SlipContent,
    SlipEnterprise,
    SlipInstitution,
    SlipRow,
    SlipVisit,
    printable_text,
)
from backoffice.slip_documents.errors import MissingGlyphsError, SlipRenderError, TooManyRowsError
from backoffice.slip_documents.fonts import missing_glyphs, register_slip_fonts
from backoffice.slip_documents.render import MAX_ROWS_IN_REQUEST, prepare_printing, render_slip_pdf

__all__ = [
    "MAX_ROWS_IN_REQUEST",
    "MissingGlyphsError",
    "SlipContent",
    "SlipEnterprise",
    "SlipInstitution",
    "SlipRenderError",
    "SlipRow",
    "SlipVisit",
    "TooManyRowsError",
    "missing_glyphs",
    "prepare_printing",
    "printable_text",
    "qr_data_uri",
    "register_slip_fonts",
    "render_slip_pdf",
]
