"""Why a slip could not be printed."""

from __future__ import annotations


class SlipRenderError(Exception):
    """The PDF would be wrong or incomplete, so there is none; the message is for the log."""


class MissingGlyphsError(SlipRenderError):
    """The slip has characters that none of its fonts can draw."""

    def __init__(self, characters: frozenset[str]) -> None:
        self.characters = characters
        super().__init__("no glyph for " + ", ".join(f"U+{ord(char):04X}" for char in sorted(characters)))


class TooManyRowsError(SlipRenderError):
    """The slip is too long to be rendered while a person waits: a job has to do it."""

    def __init__(self, rows: int, limit: int) -> None:
        self.rows = rows
        self.limit = limit
        super().__init__(f"{rows} rows, at most {limit} in a request")
