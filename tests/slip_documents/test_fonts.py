"""What the fonts can print, and how it is copied out of the PDF again."""

from __future__ import annotations

import hashlib
import re

from reportlab.pdfbase import pdfmetrics
from xhtml2pdf.default import DEFAULT_FONT

from backoffice.slip_documents import missing_glyphs, printable_text, register_slip_fonts
from backoffice.slip_documents.fonts import FONT_CHAIN, FONT_FOLDER, to_unicode_map


def test_every_character_of_an_instrument_is_printable() -> None:
    assert (
        missing_glyphs("E₂等级 F₁级 ℃ m³ ±0.1% Ω μ ≤ ≥ √ ∅ № ① Ⅱ ㎡ ㈱ （～）“”‘’…—— Mettler-Toledo Łódź Эталон")
        == set()
    )


def test_rare_characters_of_the_national_table_are_printable() -> None:
    assert missing_glyphs("㛃䶮𬭸𬬭堃喆") == set()


def test_every_gb2312_character_is_printable() -> None:
    rows = [bytes((high, low)) for high in range(0xB0, 0xF8) for low in range(0xA1, 0xFF)]
    assert missing_glyphs("".join(pair.decode("gb2312", "ignore") for pair in rows)) == set()


def test_the_glyphs_of_state_badges_are_there_for_screenshots() -> None:
    assert missing_glyphs("○◔✓▲✕■") == set()


def test_a_character_without_a_glyph_is_named() -> None:
    assert missing_glyphs("𠮷野家计量😀") == {"𠮷", "😀"}


def test_invisible_characters_are_dropped_and_blanks_folded() -> None:
    assert printable_text(" 表\u202e计\u200b\x00　 A\n\tB\u00adC ") == "表计 A BC"


def test_registering_twice_keeps_the_first_fonts() -> None:
    register_slip_fonts()
    font = pdfmetrics.getFont("SlipSans")
    register_slip_fonts()
    assert pdfmetrics.getFont("SlipSans") is font


def test_every_family_is_known_to_xhtml2pdf() -> None:
    register_slip_fonts()
    assert all(DEFAULT_FONT[family.name.lower()] == family.name for family in FONT_CHAIN)


def test_characters_beyond_the_first_plane_are_mapped_as_utf16() -> None:
    mapped = to_unicode_map("F", [0x20, 0x2CB78, 0x41])
    assert "<00> <0020>\n<01> <D872DF78>\n<02> <0041>" in mapped


def test_the_committed_fonts_are_the_documented_ones() -> None:
    documented = (FONT_FOLDER.parents[1] / "docs" / "fonts.md").read_text(encoding="utf-8")
    sums = dict(re.findall(r"`(\S+\.ttf)` \|[^|]*\|[^|]*\| `([0-9a-f]{64})`", documented))
    actual = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in FONT_FOLDER.glob("*.ttf")}
    assert sums == actual
