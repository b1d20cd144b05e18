"""Home pages as a person uses them: read the numbers, open each, count the rows."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

TILE = re.compile(r'class="tile[^"]*" href="([^"]+)"><b>([\d,]+)</b><span>([^<]*)</span>')
ROW = re.compile(r'<tr>\s*(?:<td class="pick">.*?</td>)?<td class="(?:[a-z]+ )*lead', re.S)
NEXT = re.compile(r'rel="next" href="([^"]+)"')


def numbers(page: str) -> dict[str, int]:
    """The tiles of a home page: words and number."""
    return {label: int(number.replace(",", "")) for _url, number, label in TILE.findall(page)}


def rows_behind(text: Callable[[str], str], url: str) -> int:
    """How many rows a list has, page after page."""
    count = 0
    while url:
        page = text(url)
        count += len(ROW.findall(page))
        older = NEXT.search(page)
        url = html.unescape(older[1]) if older else ""
    return count


def check(text: Callable[[str], str], home: str) -> dict[str, int]:
    """Every number of a home page opens a list of exactly as many rows; returns the numbers by their words."""
    page = text(home)
    tiles = TILE.findall(page)
    for url, number, label in tiles:
        assert rows_behind(text, html.unescape(url)) == int(number.replace(",", "")), label
    return numbers(page)
