"""Every page of every person answers well, in Chinese, and opening it changes nothing."""

from __future__ import annotations

import re

import pytest

from .crawl import Page
from .people import WALKERS

NOT_NOW = (404, 409)
ALLOWED_WORDS = frozenset(
    word
    for line in (
        "PDF Excel xlsx csv CSV GBK UTF-8 WPS Office MB JPG JPEG PNG WebP JSON Ctrl IP",
        "X III L/min g/L",
        "MPa kPa Pa kN N kg g mg t L mL m mm cm km V kV A mA W kW Hz MHz dB h s min C K lx mmHg kWh Ah Bq Gy cd rpm r",
        "GB GB/T JJG JJF CMA CNAS YY",
        "LPG LNG CNG CT LEL",  # fuels, tomography and gas detection, as the catalogue itself writes them
    )
    for word in line.split()
)
"""Units, standards and file types: they have no Chinese form on a form or a name plate."""
_word = re.compile(r"[A-Za-z][A-Za-z0-9./-]*")
_code = re.compile(
    r"""
    [0-9A-Z]{18,20}                      # a social credit code
    | [A-Z]{1,4}-?\d[\w./-]*             # a model, a serial number, the number of a slip
    | \d[\w.-]*                          # anything that begins with a digit
    | [\w.+-]+@[\w.-]+                   # an e-mail address
    | [\w-]+\.(?:xlsx|csv|png|jpg|pdf)   # the name of somebody's file
    | [A-Z]{1,3}\ 列                     # a column of somebody's spreadsheet
    | https?://\S+
    """,
    re.VERBOSE,
)


def latin_words(texts: list[str]) -> set[str]:
    """Latin words a person would read, without codes, units and what ALLOWED_WORDS names."""
    found: set[str] = set()
    for text in texts:
        found |= {word.strip(".-/") for word in _word.findall(_code.sub(" ", text))}
    return {word for word in found if word and word not in ALLOWED_WORDS}


@pytest.mark.parametrize("name", WALKERS)
def test_every_page_answers(crawled: dict[str, list[Page]], name: str) -> None:
    bad = [f"{page.status} {page.url}" for page in crawled[name] if not _is_well(page)]
    assert not bad, "\n".join(bad)
    assert len(crawled[name]) > 5


def _is_well(page: Page) -> bool:
    # A button's page answers as missing where the record's state does not offer the button.
    is_button = page.endpoint.rsplit(".", 1)[-1] not in ("index_view", "details_view", "index")
    return page.status < 400 or (is_button and page.status in NOT_NOW)


@pytest.mark.parametrize("name", WALKERS)
def test_every_page_is_chinese(crawled: dict[str, list[Page]], name: str) -> None:
    found: dict[str, str] = {}
    for page in crawled[name]:
        if page.is_html and not 300 <= page.status < 400:  # The body of a redirect is nobody's to read.
            assert page.text.lang == "zh-CN", page.url
            for word in latin_words(page.text.texts):
                found.setdefault(word, page.url)
    assert not found, "\n".join(f"{word}: {url}" for word, url in sorted(found.items()))


def test_the_search_for_latin_words_finds_them() -> None:
    assert latin_words(["保存 Save changes", "Y-100 (0～1.6) MPa 91370303MA3D01010Y"]) == {"Save", "changes"}


def test_links_lead_somewhere(crawled: dict[str, list[Page]]) -> None:
    """No page links to an address nobody answers; what was followed is checked above."""
    empty = [f"{page.url} → {link}" for pages in crawled.values() for page in pages for link in page.text.links
             if link in ("", "#") or link.startswith("javascript:")]  # fmt: skip
    assert not empty, "\n".join(sorted(set(empty)))


def test_get_leaves_the_database_as_it_was(crawl_of_all: tuple[dict[str, list[Page]], list[str]]) -> None:
    _, changed = crawl_of_all
    assert changed == []
