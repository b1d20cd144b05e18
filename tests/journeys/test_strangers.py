"""Nobody else's business: every address of a journey is a 404 to an unrelated enterprise and institution."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from playwright.sync_api import Page, Request, expect

from tests.journeys.fixtures import AsPerson
from tests.journeys.steps import accept_all, add_instrument, book, expect_state, open_slip, press, slip_of
from tests.journeys.support import Stack, accounts

CLERK, COUNTER = "91370303MA3D01010Y", "zhangdian-jls"
STRANGERS = ("92370306MA3D080801", "linzi-jls")
SERIAL, DEPARTMENT = "MS-2026-01", "秘不外传车间"
MADE_FOR_ONE = re.compile(r"/\d+(/|$)")
"""An address with the key of a row."""
TOKENS = frozenset({"csrf_token", "form_key"})


@dataclass
class Trail:
    """What two people's browsers asked for on the way: pages and files by address, forms with what they sent."""

    pages: dict[str, None] = field(default_factory=dict)
    forms: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    def follow(self, page: Page) -> None:
        page.on("request", self._note)

    def _note(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.path.startswith("/static/") or parts.path in ("/login", "/"):
            return
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        if request.method == "GET":
            self.pages[path] = None
        else:
            self.forms[path] = [each for each in parse_qsl(request.post_data or "") if each[0] not in TOKENS]

    def is_foreign_to(self, path: str, panel: str) -> bool:
        """A row of somebody else, or a whole panel of other people."""
        return bool(MADE_FOR_ONE.search(urlsplit(path).path)) or not path.startswith(f"/{panel}/")

    def rows(self) -> list[str]:
        return [path for path in self.pages if MADE_FOR_ONE.search(path)]


def walk(stack: Stack, clerk: Page, counter: Page, trail: Trail) -> str:
    """From the ledger to the printed slip, with a look at everything on the way; returns the slip's number."""
    for page in (clerk, counter):
        trail.follow(page)
    instrument = add_instrument(clerk, stack, serial_number=SERIAL, department=DEPARTMENT)
    for page in ("", "/edit"):
        clerk.goto(instrument + page)
    press(clerk, "保存修改")
    appointment = book(clerk, stack, SERIAL)
    expect_state(clerk, SERIAL, "awaiting_acceptance")
    press(clerk, "为什么")
    clerk.goto(f"{appointment}/withdraw")
    number = slip_of(clerk, appointment, accounts()[COUNTER].organisation)
    open_slip(counter, stack, number)
    slip = counter.url
    accept_all(counter, 1)
    for page in ("/print", "/arrange"):
        counter.goto(slip + page)
    clerk.goto(appointment)
    press(clerk, "打印预约单")
    document = clerk.locator("main").get_by_role("link", name="下载 PDF").first.get_attribute("href")
    trail.pages |= dict.fromkeys((str(document), f"{urlsplit(slip).path}/slip.pdf"))
    return number


def test_every_address_of_a_journey_is_a_404_to_an_unrelated_enterprise_and_institution(
    stack: Stack, as_person: AsPerson
) -> None:
    trail = Trail()
    clerk = as_person(CLERK)
    number = walk(stack, clerk, as_person(COUNTER), trail)
    assert len(trail.rows()) >= 12, sorted(trail.pages)
    assert len(trail.forms) >= 5, sorted(trail.forms)

    for username in STRANGERS:
        stranger = as_person(username)
        panel = accounts()[username].panel
        for path in trail.pages:
            answer = stranger.request.get(stack.url + path, max_redirects=0)
            if trail.is_foreign_to(path, panel):
                assert answer.status == 404, f"{username} GET {path}: {answer.status}"
            # The serial and slip numbers stand in addresses, which pages may repeat; these stand in rows only.
            for secret in (DEPARTMENT, accounts()[CLERK].organisation):
                assert secret not in answer.text(), f"{username} GET {path}"
        stranger.goto(f"{stack.url}/account")
        token = stranger.locator("input[name=csrf_token]").first.input_value()
        for path, sent in trail.forms.items():
            if trail.is_foreign_to(path, panel):
                answer = stranger.request.post(
                    stack.url + path, form={**dict(sent), "csrf_token": token}, max_redirects=0
                )
                assert answer.status == 404, f"{username} POST {path}: {answer.status}"

    # What they sent had no effect.
    clerk.goto(f"{stack.url}/enterprise/slips/?q={number}")
    clerk.get_by_role("link", name=number).first.click()
    expect_state(clerk, SERIAL, "accepted")
    clerk.goto(f"{stack.url}/enterprise/instruments/?q={SERIAL}")
    expect(clerk.locator("main tbody tr")).to_have_count(1)
