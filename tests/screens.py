"""Take the pictures of docs/screens: `python -m tests.screens`, called by `make screens`.

Each page as its people see it, at 1366 × 768 and 375 × 812, over fresh demo data and with the committed fonts, so that
pictures look the same on every machine. A picture is written only where it differs; dates do, for the demo's story is
told from today.
"""

from __future__ import annotations

import io
import os
import re
import sys
import tempfile
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from fontTools.ttLib import TTFont
from PIL import Image, ImageChops
from playwright.sync_api import Browser, sync_playwright
from playwright.sync_api import Page as BrowserPage

from ops import postgres
from ops.words import Stop, run_with_words, say
from tests import screens_import, screens_tour
from tests.databases import drop_database
from tests.journeys.support import (
    CONTEXT_ARGUMENTS,
    FONTS,
    PHONE,
    ROOT,
    WIDE,
    Stack,
    launch_arguments,
    prepare,
    sign_in,
    write_font_configuration,
)
from tests.journeys.watching import Watch

TARGET = ROOT / "docs" / "screens"
LARGEST = 150 * 1024
COLOURS = (128, 64, 32, 16)
SIZES = {"wide": WIDE, "phone": PHONE}
INVISIBLE = re.compile(r"[\s\u200b-\u200f\ufeff]")


@dataclass(frozen=True)
class Role:
    """Whose pictures: a folder, who signs in, and pages by name. `first:` opens the first record of a list."""

    folder: str
    username: str
    pages: tuple[tuple[str, str], ...]


ROLES = (
    Role(
        "portal",
        "",
        (
            ("home", "/"),
            ("tour", "/tour"),
            ("register", "/register"),
            ("login", "/login"),
            ("lookup", "/lookup"),
            ("guide", "/guide"),
            ("contacts", "/contacts"),
        ),
    ),
    Role(
        "enterprise",
        "91370303MA3D01010Y",
        (
            ("home", "/enterprise/"),
            ("instruments", "/enterprise/instruments/"),
            ("instrument", "first:/enterprise/instruments/"),
            ("instrument-new", "/enterprise/instruments/new"),
            ("import-new", "/enterprise/imports/new"),
            ("appointments", "/enterprise/appointments/"),
            ("appointment", "first:/enterprise/appointments/"),
            ("slips", "/enterprise/slips/"),
            ("slip", "first:/enterprise/slips/"),
            ("notices", "/enterprise/notices/"),
            ("verifications", "/enterprise/verifications/"),
            ("imports", "/enterprise/imports/"),
            ("own-record", "/enterprise/own-record/"),
        ),
    ),
    Role(
        "institution",
        "shijiliangyuan",
        (
            ("home", "/institution/"),
            ("slips", "/institution/slips/"),
            ("slip", "first:/institution/slips/"),
            ("capabilities", "/institution/capabilities/"),
            ("results-to-enter", "/institution/results-to-enter/"),
            ("walk-ins", "/institution/walk_ins/"),
        ),
    ),
    Role(
        "regulator",
        "zibo-jlk",
        (
            ("home", "/regulator/"),
            ("registrations", "/regulator/registrations/"),
            ("registration", "first:/regulator/registrations/"),
            ("unmatched", "/regulator/unmatched/"),
            ("why", "first:/regulator/unmatched/"),
            ("instruments", "/regulator/instruments/"),
            ("enterprises", "/regulator/enterprises/"),
            ("institutions", "/regulator/institutions/"),
            ("institution", "first:/regulator/institutions/"),
            ("kinds", "/regulator/kinds/"),
            ("job-runs", "/regulator/job-runs/"),
        ),
    ),
    Role("auditor", "shenji", (("audit-events", "/regulator/audit-events/"),)),
    Role("admin", "xitong", (("users", "/regulator/users/"), ("mails", "/regulator/mails/"))),
)

IN_THE_GUIDE = {
    "portal": ("register",),
    "enterprise": ("instruments", "instrument-new", "import-new", "appointments", "appointment", "slip"),
}
"""Pages that 《使用指南》 shows, from `static/guide`: there without the ribbon, which only a demo has."""
GUIDE = ROOT / "static" / "guide"
HIDE_RIBBON = "hidden => { const ribbon = document.querySelector('aside.demo'); if (ribbon) ribbon.hidden = hidden; }"


@cache
def drawable() -> frozenset[int]:
    """Every character the committed fonts can draw."""
    found: set[int] = set()
    for path in FONTS.glob("*.ttf"):
        with TTFont(path, lazy=True) as font:
            found |= set(font.getBestCmap())
    return frozenset(found)


def missing_glyphs(text: str) -> str:
    """Characters of a page that would be drawn as empty boxes."""
    return "".join(sorted({each for each in INVISIBLE.sub("", text) if ord(each) not in drawable()}))


def as_palette(picture: bytes) -> Image.Image:
    """The picture with few colours, as many as fit the size; raises `Stop` when even the fewest do not."""
    whole = Image.open(io.BytesIO(picture)).convert("RGB")
    for colours in COLOURS:
        small = whole.quantize(colours, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        if len(encoded(small)) < LARGEST:
            return small
    raise Stop("截图超过 150 KB。", "A picture is larger than 150 KB.")


def encoded(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()


def write_if_different(path: Path, picture: Image.Image) -> bool:
    """Write the picture unless the file shows the same pixels; says whether it was written."""
    if path.exists():
        with Image.open(path) as former:
            same_size = former.size == picture.size
            if same_size and not ImageChops.difference(former.convert("RGB"), picture.convert("RGB")).getbbox():
                return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encoded(picture))
    return True


def open_page(page: BrowserPage, stack: Stack, address: str) -> None:
    """Open an address; of a list with `first:` the first record."""
    page.goto(stack.url + address.removeprefix("first:"))
    if address.startswith("first:"):
        link = page.locator("main table tbody a").first
        if link.count() == 0:
            raise Stop(f"{address} 没有可以打开的记录。", f"{address} has no record to open.")
        page.goto(stack.url + str(link.get_attribute("href")))
    page.evaluate("document.fonts.ready.then(() => true)")


class Album:
    """The pictures: how many were written, and the files there should be."""

    def __init__(self) -> None:
        self.written = 0
        self.expected: set[Path] = set()

    def add(self, page: BrowserPage, folder: str, name: str, size: str) -> None:
        """Keep what the page shows now; raises `Stop` where a character would be an empty box."""
        if missing := missing_glyphs(page.inner_text("body")):
            raise Stop(f"{page.url} 有字体里没有的字：{missing}", f"{page.url} has characters without a glyph.")
        path = TARGET / folder / f"{name}-{size}.png"
        self.expected.add(path)
        self.written += write_if_different(path, as_palette(page.screenshot()))
        if name in IN_THE_GUIDE.get(folder, ()):
            page.evaluate(HIDE_RIBBON, True)
            self.written += write_if_different(GUIDE / path.name, as_palette(page.screenshot()))
            page.evaluate(HIDE_RIBBON, False)


def take(browser: Browser, stack: Stack, watch: Watch) -> Album:
    """Take every picture; those that change the data last."""
    album = Album()
    for role in ROLES:
        context = watch.over(browser.new_context(**CONTEXT_ARGUMENTS))
        page = context.new_page()
        if role.username:
            sign_in(page, stack, role.username)
        for name, address in role.pages:
            for size, viewport in SIZES.items():
                page.set_viewport_size(viewport)  # type: ignore[arg-type]
                open_page(page, stack, address)
                album.add(page, role.folder, name, size)
        context.close()
    for folder, username, walk in WALKS:
        context = watch.over(browser.new_context(**CONTEXT_ARGUMENTS))
        page = context.new_page()
        if username:
            sign_in(page, stack, username)
        walk(page, stack, partial(_in_both_sizes, album, folder))
        context.close()
    return album


AT_ITS_PLACE = """document.fonts.ready.then(() => {
  const place = location.hash && document.querySelector(location.hash);
  if (place) place.scrollIntoView(); else scrollTo(0, 0);
})"""
"""A page that was left for a row of it shows that row."""
WALKS = (("import", screens_import.CLERK, screens_import.walk), ("tour", "", screens_tour.walk))
"""A folder, who signs in, and the way that is shown there."""


def _in_both_sizes(album: Album, folder: str, page: BrowserPage, name: str) -> None:
    """A moment of a walk, on a phone and then on the desk it goes on at."""
    for size in ("phone", "wide"):
        page.set_viewport_size(SIZES[size])  # type: ignore[arg-type]
        page.evaluate(AT_ITS_PLACE)
        album.add(page, folder, name, size)


def remove_others(expected: set[Path]) -> None:
    """A page that is gone takes its picture with it."""
    for path in TARGET.rglob("*.png"):
        if path not in expected:
            path.unlink()


def main() -> int:
    """Make demo data on the given server, serve it, take the pictures, leave nothing behind."""
    server, name = os.environ["TEST_DATABASE_URL"], f"qjt_screens_{os.getpid()}"
    drop_database(server, name)
    database = postgres.create_database(server, name)
    try:
        prepare(database, "db upgrade", "seed reference", "seed demo")
        with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
            stack, watch = Stack(database=database, folder=Path(folder)), Watch()
            try:
                stack.start_web()
                stack.start_jobs()
                browser = playwright.chromium.launch(**launch_arguments(write_font_configuration(Path(folder))))
                album = take(browser, stack, watch)
                browser.close()
            finally:
                stack.stop()
        remove_others(album.expected)
    finally:
        drop_database(server, name)
    if watch.faults:
        raise Stop("页面有错误：" + "；".join(watch.faults[:3]), "; ".join(watch.faults[:3]))
    count, written = len(album.expected), album.written
    say(f"截图 {count} 张，更新 {written} 张：docs/screens / {written} of {count} pictures written")
    return 0


if __name__ == "__main__":
    sys.exit(run_with_words(main))
