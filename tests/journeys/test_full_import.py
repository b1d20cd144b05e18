"""As large an import as is allowed, in a browser: refused rows marked, all of them written, and all taken back.

A small one here; `make drills` does it with 50,000 rows (`FULL_IMPORT_ROWS`), saved by LibreOffice where it is
installed, and holds memory and answers against what was promised.
"""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import Error, Page, expect

from tests.journeys.fixtures import AsPerson
from tests.journeys.measures import SHOWN, Answers, Memory
from tests.journeys.steps import open_until, press
from tests.journeys.support import Stack
from tests.journeys.workbooks import full_ledger

ROWS = int(os.environ.get("FULL_IMPORT_ROWS", "1200"))
IS_DRILL = "FULL_IMPORT_ROWS" in os.environ
WRONG_EVERY = 10
CLERK = "91370304MA3D07070Y"
PATIENCE_S = 900
MOST_MB = 400
MOST_MS = 1_000
UPLOAD = "POST /enterprise/imports/new"


@pytest.fixture(scope="module")
def workbooks(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """One with a mistake in every tenth row, and one without."""
    folder = tmp_path_factory.mktemp("workbooks")
    wrong, right = folder / "有错的台账.xlsx", folder / "全部台账.xlsx"
    full_ledger.write(wrong, ROWS, wrong_every=WRONG_EVERY, may_ask_office=False)
    made_by = full_ledger.write(right, ROWS, may_ask_office=IS_DRILL)
    say(f"{ROWS} rows, {right.stat().st_size / 2**20:.1f} MB, saved by {made_by}")
    return wrong, right


def test_a_full_file_is_previewed_written_and_taken_back(
    stack: Stack, as_person: AsPerson, workbooks: tuple[Path, Path]
) -> None:
    wrong, right = workbooks
    clerk = as_person(CLERK)
    answers = Answers(stack)
    with Memory(stack) as memory:
        _look_at_mistakes(clerk, stack, wrong)
        record = _write(clerk, stack, right)
        assert in_ledger(clerk, stack) == [1, 1, 1]
        clerk.goto(record)
        _take_back(clerk)
        assert in_ledger(clerk, stack) == [0, 0, 0]
    _report(memory, answers)


def _look_at_mistakes(clerk: Page, stack: Stack, file: Path) -> None:
    """Every page of errors opens, the marked workbook comes, all are mended at once, and nothing of it is written."""
    record = upload(clerk, stack, file)
    wait_for(clerk, re.compile(f"{ROWS} 行里 {ROWS // WRONG_EVERY} 行有错"), r"已查 (\d+) 行")
    for _ in range(2):
        clerk.get_by_role("link", name="下一页").click()
        clerk.wait_for_load_state()
    link = clerk.get_by_role("link", name="下载标注了错误的工作簿")
    open_until(clerk, record, link, timeout=PATIENCE_S * 1000)
    with clerk.expect_download() as download:
        link.click()
    assert Path(download.value.path()).stat().st_size > 10_000
    _mend_all(clerk, record)
    clerk.once("dialog", lambda dialog: dialog.accept())
    press(clerk, "取消导入")
    expect(clerk.locator("main")).to_contain_text("已取消，已写入 0 行")


def _mend_all(clerk: Page, record: str) -> None:
    clerk.goto(record)
    form = clerk.locator("form.mend-all")
    form.get_by_role("textbox").fill("1")
    begin = time.monotonic()
    form.get_by_role("button", name=f"改这 {ROWS // WRONG_EVERY} 行").click()
    seen = wait_for(clerk, re.compile(f"{ROWS} 行都可以导入"), r"已修改 ([\d,]+) 行，共")
    assert not IS_DRILL or seen, "no progress was to be seen"
    say(f"mending {ROWS // WRONG_EVERY} equal cells {time.monotonic() - begin:.1f} s")


def _write(clerk: Page, stack: Stack, file: Path) -> str:
    begin = time.monotonic()
    record = upload(clerk, stack, file)
    seen = wait_for(clerk, re.compile(f"{ROWS} 行都可以导入：新增 {ROWS}，更新 0"), r"已查 (\d+) 行")
    checked = time.monotonic()
    press(clerk, "全部导入")
    committed = time.monotonic()
    seen |= wait_for(clerk, re.compile(f"已完成，写入 {ROWS} 行"), r"已写入 ([\d,]+) 行，共")
    done = time.monotonic()
    assert not IS_DRILL or len(seen) > 2, "no progress was to be seen"
    say(
        f"upload to preview {checked - begin:.1f} s, writing {done - committed:.1f} s,"
        f" {ROWS / (checked - begin + done - committed):.0f} rows a second; {len(seen)} counts of progress seen"
    )
    return record


def _take_back(clerk: Page) -> None:
    press(clerk, "撤销导入")
    expect(clerk.locator("main")).to_contain_text(re.compile(rf"撤销会删除新增的 {ROWS} 台（件）"))
    clerk.once("dialog", lambda dialog: dialog.accept())
    begin = time.monotonic()
    press(clerk, "撤销这次导入")
    seen = wait_for(clerk, re.compile(f"已撤销 {ROWS} 行"), r"已撤销 ([\d,]+) 行，共")
    assert not IS_DRILL or len(seen) > 1, "no progress was to be seen"
    say(f"taking back {time.monotonic() - begin:.1f} s")


def _report(memory: Memory, answers: Answers) -> None:
    for name, peak in sorted(memory.peaks.items()):
        say(f"{peak:4d} MB  {name}")
    slowest = answers.slowest()
    for milliseconds, asked in slowest[:SHOWN]:
        say(f"{milliseconds:6.0f} ms  {asked}")
    assert max(memory.peaks.values(), default=0) < MOST_MB
    if IS_DRILL:
        assert [(ms, asked) for ms, asked in slowest if ms > MOST_MS and asked != UPLOAD] == []


def upload(clerk: Page, stack: Stack, file: Path) -> str:
    """Upload a file; the address of its run."""
    clerk.goto(f"{stack.url}/enterprise/imports/new")
    clerk.locator("main input[type=file]").set_input_files(file)
    clerk.get_by_role("button", name="上传并检查", exact=True).click(timeout=60_000)
    clerk.wait_for_url(re.compile(r"/imports/\d+"), timeout=60_000)
    return clerk.url.split("?")[0].split("#")[0]


def wait_for(page: Page, end: re.Pattern[str], progress: str) -> set[str]:
    """Watch the page, which follows the job by itself, until it says the end; the counts it showed on the way."""
    seen: set[str] = set()
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            text = page.locator("main").inner_text(timeout=5_000)
        except Error:  # It is being loaded again.
            continue
        if end.search(text):
            return seen
        seen.update(re.findall(progress, text))
        page.wait_for_timeout(200)
    raise AssertionError(f"not within {PATIENCE_S} s: {end.pattern}")


def in_ledger(clerk: Page, stack: Stack) -> list[int]:
    """How many instruments the ledger finds for the first, a middle and the last serial number of the workbook."""
    found = []
    for number in (1, ROWS // 2, ROWS):
        clerk.goto(f"{stack.url}/enterprise/instruments/?q={full_ledger.PREFIX}{number:06d}")
        found.append(clerk.locator("main tbody td.lead a").count())
    return found


def say(words: str) -> None:
    print(f"    {words}", flush=True)  # noqa: T201
