"""The fonts of the PDF: registered once per process, asked for coverage and widths.

They stand under static/fonts (docs/fonts.md says where they come from). Registering per document with
`@font-face` would read and hash 3 MB files again for every slip.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from reportlab.lib.fonts import addMapping
from reportlab.pdfbase import pdfmetrics, ttfonts
from reportlab.pdfbase.ttfonts import TTFont
from xhtml2pdf.default import DEFAULT_FONT

from backoffice.slip_documents.content import printable_text

FONT_FOLDER = Path(__file__).resolve().parents[2] / "static" / "fonts"


@dataclass(frozen=True)
class FontFamily:
    """A family as the template's CSS names it, with its two font files."""

    name: str
    regular: str
    bold: str

    @property
    def bold_name(self) -> str:
        return f"{self.name}-Bold"


FONT_CHAIN = (
    FontFamily("SlipSans", "NotoSansSC-Regular.ttf", "NotoSansSC-Bold.ttf"),
    FontFamily("SlipExtra", "NotoSans-Regular.ttf", "NotoSans-Bold.ttf"),
    FontFamily("SlipSymbols", "NotoSansSymbols2-Regular.ttf", "NotoSansSymbols2-Regular.ttf"),
)
"""Asked in this order for each single character; the template's `font-family` names the same."""

_registration = threading.Lock()


def register_slip_fonts() -> None:
    """Make the families known to ReportLab and xhtml2pdf; a second call does nothing.

    Costs about 0.1 s and 15 MB, so call it before a web server forks its workers.
    """
    with _registration:
        _register_once()


@cache
def _register_once() -> None:
    ttfonts.makeToUnicodeCMap = to_unicode_map
    for family in FONT_CHAIN:
        pdfmetrics.registerFont(TTFont(family.name, str(FONT_FOLDER / family.regular)))
        pdfmetrics.registerFont(TTFont(family.bold_name, str(FONT_FOLDER / family.bold)))
        for italic in (0, 1):  # no slanted Han: italics print upright
            addMapping(family.name, 0, italic, family.name)
            addMapping(family.name, 1, italic, family.bold_name)
        DEFAULT_FONT[family.name.lower()] = family.name


_reportlab_to_unicode_map = ttfonts.makeToUnicodeCMap


def to_unicode_map(font_name: str, subset: list[int]) -> str:
    """ReportLab's map from glyphs to text, mended for characters beyond U+FFFF.

    ReportLab 5.1.0 writes their plain number where PDF 32000-1 §9.10.3 wants UTF-16BE, so that 𬭸 prints well but is
    copied and searched as another character.
    """
    lines = _reportlab_to_unicode_map(font_name, subset).split("\n")
    first = lines.index(f"{len(subset)} beginbfchar") + 1
    for position, code in enumerate(subset):
        if code > 0xFFFF:
            lines[first + position] = f"<{position:02X}> <{chr(code).encode('utf-16-be').hex().upper()}>"
    return "\n".join(lines)


def missing_glyphs(text: str) -> set[str]:
    """Characters of the text that the slip cannot print, for a check when the text is saved."""
    register_slip_fonts()
    return {char for char in set(printable_text(text)) if not char.isspace() and not _is_covered(char)}


def text_width(text: str, *, size: float, bold: bool = False) -> float:
    """Width of the text in points, each character in the first font of the chain that has it."""
    register_slip_fonts()
    return size * sum(_unit_width(char, bold) for char in text)


@cache
def _is_covered(char: str) -> bool:
    return _font_with(char, bold=False) is not None and _font_with(char, bold=True) is not None


@cache
def _unit_width(char: str, bold: bool) -> float:
    """Width at a size of one point; a character no font has counts as a Han character, one em."""
    font = _font_with(char, bold=bold)
    return 1.0 if font is None else float(pdfmetrics.stringWidth(char, font, 1))


def _font_with(char: str, *, bold: bool) -> str | None:
    names = (family.bold_name if bold else family.name for family in FONT_CHAIN)
    return next((name for name in names if ord(char) in pdfmetrics.getFont(name).face.charToGlyph), None)
