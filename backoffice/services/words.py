"""Words people type for others to read: cleaned, held to a length, ready for a sentence."""

from __future__ import annotations

import unicodedata

from ..errors import Invalid

LONGEST_REASON = 500


def clean_text(text: object) -> str:
    """Typed words without control, direction and zero-width characters, inner spaces single; width is kept."""
    marks = (mark for mark in str(text or "") if unicodedata.category(mark) != "Cf")
    shown = "".join(" " if unicodedata.category(mark)[0] == "C" else mark for mark in marks)
    return " ".join(shown.split())


def reason_words(reason: str | None) -> str:
    """Why somebody says no, cleaned; raises `Invalid` without one."""
    words = clean_text(reason)
    if not words:
        raise Invalid.one("reason", "reason_required")
    if len(words) > LONGEST_REASON:
        raise Invalid.one("reason", "too_long", limit=LONGEST_REASON, length=len(words))
    return words


def free_words(words: str | None) -> str:
    """What somebody adds in their own words, cleaned; may be empty. Raises `Invalid` when too long."""
    text = clean_text(words)
    if len(text) > LONGEST_REASON:
        raise Invalid.one("words", "too_long", limit=LONGEST_REASON, length=len(text))
    return text


def inside_a_sentence(reason: str) -> str:
    """A reason that a notice puts its own full stop behind."""
    return reason.rstrip("。.！!")
