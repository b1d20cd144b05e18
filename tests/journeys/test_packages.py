"""Each of the seven packages does real work: with its results spoiled (not its import) a browser journey fails.

One short journey through all rooms is walked over a product whose processes load `sabotage/sitecustomize.py`.
"""

from __future__ import annotations

import io
import os
import re
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import openpyxl
import pypdf
import pytest
from playwright.sync_api import Browser, Error, Page, expect

from ops.postgres import Urls
from tests.golden.fill_template import HEADERS
from tests.journeys import steps
from tests.journeys.fixtures import LOGS
from tests.journeys.support import CONTEXT_ARGUMENTS, STOP_SECONDS, Stack, accounts, sign_in

SABOTAGE = Path(__file__).parent / "sabotage"
CLERK, COUNTER = "91370303MA3D01010Y", "zhangdian-jls"
ROW = (
    *("弹簧管压力表", "1401", "Y-100", "(0～1.6) MPa", "1.6级"),
    *("{serial}", "", "青岛海川仪表厂", "国产", "短途空压站", "370303", "动力车间", 1, "安全防护", "送检", ""),
)

BREAKS_AT = {
    "flask": "sign in",
    "flask_sqlalchemy": "sign in",
    "flask_login": "sign in",
    "flask_admin": "ledger",
    "openpyxl": "import",
    "apscheduler": "import",
    "xhtml2pdf": "print",
}
"""The step at which people would notice, by what is spoiled."""
NEEDS_JOBS = ("", "openpyxl", "apscheduler", "xhtml2pdf")
"""The others break before a job has anything to do."""
IMPATIENT_MS = 4_000


@dataclass
class SpoiledStack(Stack):
    """A product of which one package hands back nothing of worth."""

    sabotage: str = ""

    def environment(self) -> dict[str, str]:
        return {**super().environment(), "SABOTAGE": self.sabotage, "PYTHONPATH": str(SABOTAGE)}

    def stop(self) -> None:
        """At once: nothing of it is needed any more."""
        for process in self.processes.values():
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(STOP_SECONDS)
        self.processes.clear()


@dataclass
class Journey:
    """A short way through every room; `step` is where it got to. Where it is to break nobody waits long."""

    stack: Stack
    clerk: Page
    counter: Page
    serial: str
    breaks_at: str = ""
    step: str = "start"
    done: list[str] = field(default_factory=list)

    def walk(self, workbook: Path) -> None:
        """Sign in, see the ledger, import a row, book it, let the job match it, accept it, print it."""
        for name, work in (
            ("sign in", self.sign_in),
            ("ledger", self.see_ledger),
            ("import", lambda: self.import_workbook(workbook)),
            ("booking", self.book),
            ("acceptance", self.accept),
            ("print", self.print_slip),
        ):
            self.step = name
            for page in (self.clerk, self.counter):
                page.set_default_timeout(self.wait_ms)
            work()
            self.done.append(name)

    @property
    def wait_ms(self) -> float:
        return IMPATIENT_MS if self.step == self.breaks_at else steps.WITHIN_MS

    def sign_in(self) -> None:
        for page, username in ((self.clerk, CLERK), (self.counter, COUNTER)):
            sign_in(page, self.stack, username)
            expect(page.get_by_role("heading", name="我的工作")).to_be_visible(timeout=self.wait_ms)

    def see_ledger(self) -> None:
        self.clerk.goto(f"{self.stack.url}/enterprise/instruments/?q={accounts()[CLERK].marker}")
        link = self.clerk.locator("main tbody").get_by_role("link", name="弹簧管压力表").first
        expect(link).to_be_visible(timeout=self.wait_ms)

    def import_workbook(self, workbook: Path) -> None:
        self.clerk.goto(f"{self.stack.url}/enterprise/imports/new")
        self.clerk.locator("input[type=file]").set_input_files(workbook)
        steps.press(self.clerk, "上传并检查")
        self.clerk.get_by_role("button", name="全部导入").click(timeout=self.wait_ms)
        expect(self.clerk.locator("main")).to_contain_text("已完成", timeout=self.wait_ms)

    def book(self) -> None:
        self.appointment = steps.book(self.clerk, self.stack, self.serial)
        steps.expect_state(self.clerk, self.serial, "awaiting_acceptance", timeout=self.wait_ms)

    def accept(self) -> None:
        number = steps.slip_of(self.clerk, self.appointment, accounts()[COUNTER].organisation)
        steps.open_slip(self.counter, self.stack, number)
        steps.accept_all(self.counter, 1)

    def print_slip(self) -> None:
        self.clerk.goto(self.appointment)
        link = self.clerk.locator("main").get_by_role("link", name="下载 PDF").first
        answer = self.clerk.request.get(self.stack.url + str(link.get_attribute("href")))
        text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(answer.body())).pages)
        assert re.search(r"YD-\d{8}-\d{4}", text), text
        assert self.serial in text


@pytest.fixture(scope="module")
def shared_database(copy_of_demo: Callable[[], Urls]) -> Urls:
    """One for all: every journey brings an instrument of its own."""
    return copy_of_demo()


@pytest.fixture
def journey(
    request: pytest.FixtureRequest, browser: Browser, shared_database: Urls, tmp_path: Path
) -> Iterator[Callable[[str], Journey]]:
    """Starts a product with this package spoiled (none, where no name is given) and two people in front of it."""
    stacks: list[SpoiledStack] = []
    contexts = [browser.new_context(**CONTEXT_ARGUMENTS) for _ in range(2)]

    def start(name: str = "") -> Journey:
        stack = SpoiledStack(shared_database, tmp_path, sabotage=name)
        stacks.append(stack)
        request.session.stash.setdefault(LOGS, []).append(stack)
        if name in NEEDS_JOBS:
            stack.start_jobs()
        stack.start_web()
        clerk, counter = (context.new_page() for context in contexts)
        return Journey(stack, clerk, counter, serial=f"DT-{name or 'sound'}", breaks_at=BREAKS_AT.get(name, ""))

    yield start
    for context in contexts:
        context.close()
    for stack in stacks:
        stack.stop()


def workbook_with(folder: Path, serial: str) -> Path:
    """A ledger of one instrument, as a person might type it."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(HEADERS)
    sheet.append([serial if cell == "{serial}" else cell for cell in ROW])
    path = folder / "台账.xlsx"
    book.save(path)
    return path


def test_the_short_journey_succeeds_when_nothing_is_spoiled(journey: Callable[..., Journey], tmp_path: Path) -> None:
    walked = journey()
    walked.walk(workbook_with(tmp_path, walked.serial))
    assert walked.done[-1] == "print"


@pytest.mark.parametrize("package", sorted(BREAKS_AT))
def test_the_short_journey_breaks_where_a_packages_results_are_spoiled(
    package: str, journey: Callable[..., Journey], tmp_path: Path
) -> None:
    walked = journey(package)
    with pytest.raises((Error, AssertionError)):
        walked.walk(workbook_with(tmp_path, walked.serial))
    assert walked.step == BREAKS_AT[package]
