"""The same pages in a browser, on a phone and on a desk: nothing sideways, inaccessible or in the console."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext
from playwright.sync_api import Page as BrowserPage

from ops import postgres
from tests.journeys.support import PHONE, WIDE, Stack, sign_in
from tests.journeys.watching import Watch

from .crawl import Page
from .people import CAST

PEOPLE = ("anonymous", "enterprise", "institution", "regulator", "auditor", "admin")
SEE_PUBLIC_PAGES = ("anonymous", "enterprise")
LEAST_ROWS = 14
LEAST_TARGET = 44
AXE_OPTIONS = {"resultTypes": ["violations"], "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}

SIDEWAYS = """() => {
  const width = document.documentElement.clientWidth, root = document.scrollingElement;
  if (root.scrollWidth <= width) return null;
  const wide = [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > width + 1);
  return wide.slice(0, 3).map(e => e.tagName + '.' + e.className).join(' ') || String(root.scrollWidth);
}"""
SMALL_TARGETS = """least => [...document.querySelectorAll(
    'button, .btn, .dock a, .nav-tabs a, summary, select, textarea, input')]
  .filter(e => !['hidden', 'checkbox', 'radio'].includes(e.type))
  .filter(e => e.checkVisibility({checkVisibilityCSS: true}) && !e.closest('.skip, [aria-hidden=true]'))
  .map(e => [e, e.getBoundingClientRect()])
  .filter(([e, box]) => box.width > 0 && (box.height < least - 0.5 || box.width < least - 0.5))
  .map(([e, box]) => `${e.tagName}.${e.className} "${(e.innerText || e.name || '').trim().slice(0, 20)}" `
    + `${Math.round(box.width)}×${Math.round(box.height)}`)"""
SMALL_TEXT = """() => [...document.querySelectorAll('select, textarea, input')]
  .filter(e => !['hidden', 'checkbox', 'radio', 'file', 'submit', 'button'].includes(e.type))
  .filter(e => e.checkVisibility() && parseFloat(getComputedStyle(e).fontSize) < 16).map(e => e.name || e.id)"""
VISIBLE_ROWS = """() => {
  const table = document.querySelector('main table');
  if (!table) return null;
  const rows = [...table.querySelectorAll('tbody tr')], head = table.querySelector('thead th');
  return {rows: rows.length, visible: rows.filter(r => r.getBoundingClientRect().bottom <= innerHeight).length,
          sticky: head ? getComputedStyle(head).position === 'sticky' : false};
}"""


@pytest.fixture(scope="module")
def served(
    demo_database: postgres.Urls, crawled: dict[str, list[Page]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """The crawled database, served, with jobs: pages look as they do on an ordinary day."""
    stack = Stack(database=demo_database, folder=tmp_path_factory.mktemp("served"))
    stack.start_web()
    stack.start_jobs()
    yield stack
    stack.stop()


@cache
def axe() -> Axe:
    return Axe()


def chosen(pages: list[Page], *, with_public: bool) -> list[str]:
    """One page of every endpoint that shows one; public ones look the same to everybody but for the top bar."""
    found: dict[str, str] = {}
    for page in pages:
        if page.is_html and page.status == 200 and (with_public or not page.endpoint.startswith("portal.")):
            found.setdefault(page.endpoint, page.url)
    return list(found.values())


@pytest.fixture
def person(request: pytest.FixtureRequest, served: Stack, new_context: Callable[..., BrowserContext]) -> BrowserPage:
    """A browser page in which this person is signed in."""
    page = new_context().new_page()
    username = CAST[request.param]
    return sign_in(page, served, username) if username else page


@pytest.mark.parametrize(("person", "name"), [(name, name) for name in PEOPLE], indirect=["person"], ids=PEOPLE)
def test_pages_fit_a_phone_and_a_desk_and_are_accessible(
    person: BrowserPage, name: str, served: Stack, crawled: dict[str, list[Page]], watch: Watch
) -> None:
    pages, wrong = crawled[name], []
    for url in chosen(pages, with_public=name in SEE_PUBLIC_PAGES):
        person.set_viewport_size(PHONE)
        person.goto(served.url + url)
        found = [*_phone_faults(person), *_axe_faults(person)]
        person.set_viewport_size(WIDE)
        found += _desk_faults(person, is_list=_is_list(pages, url))
        wrong += [f"{url}: {fault}" for fault in found]
    assert not wrong, "\n".join(wrong)
    assert watch.faults == []


def _phone_faults(page: BrowserPage) -> list[str]:
    faults = []
    if sideways := page.evaluate(SIDEWAYS):
        faults.append(f"scrolls sideways: {sideways}")
    faults += [f"small target {each}" for each in page.evaluate(SMALL_TARGETS, LEAST_TARGET)]
    faults += [f"text under 16 px in {each}" for each in page.evaluate(SMALL_TEXT)]
    return faults


def _axe_faults(page: BrowserPage) -> list[str]:
    violations: list[dict[str, Any]] = axe().run(page, options=AXE_OPTIONS).response["violations"]
    return [
        f"axe {each['impact']} {each['id']}: {each['nodes'][0]['html'][:160]}"
        for each in violations
        if each["impact"] in ("serious", "critical")
    ]


def _desk_faults(page: BrowserPage, *, is_list: bool) -> list[str]:
    """Sideways scrolling; of a list also fewer than fourteen rows on the screen and a header that scrolls away."""
    faults = []
    if sideways := page.evaluate(SIDEWAYS):
        faults.append(f"scrolls sideways at 1366: {sideways}")
    rows = page.evaluate(VISIBLE_ROWS) if is_list else None
    if rows and rows["rows"] >= LEAST_ROWS and rows["visible"] < LEAST_ROWS:
        faults.append(f"{rows['visible']} of {rows['rows']} rows visible")
    if rows and rows["rows"] and not rows["sticky"]:
        faults.append("header not sticky")
    return faults


def _is_list(pages: list[Page], url: str) -> bool:
    return any(page.url == url and page.endpoint.endswith(".index_view") for page in pages)
