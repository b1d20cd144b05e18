"""The product as people meet it: real processes on a database of their own, and the demo's people."""

from __future__ import annotations

import csv
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from backoffice.config import DEMO_SECRET
from ops.browser import find_chromium
from ops.postgres import Urls

ROOT = Path(__file__).parents[2]
FONTS = ROOT / "static" / "fonts"
ACCOUNTS = ROOT / "seeds" / "demo_accounts.csv"

WIDE = {"width": 1366, "height": 768}
PHONE = {"width": 375, "height": 812}
START_SECONDS = 60
STOP_SECONDS = 15
SETTINGS_OF_OTHERS = (
    "MIGRATION_DATABASE_URL",
    "CLOCK_OFFSET",
    "JOBS",
    "PORT",
    "HOST",
    "PUBLIC_URL",
    "TEST_DATABASE_URL",
)

LAUNCH_ARGS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--disable-gpu",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-proxy-server",
    "--lang=zh-CN",
    "--font-render-hinting=none",
    "--force-color-profile=srgb",
)


@dataclass(frozen=True, slots=True)
class Account:
    """One line of the published demo accounts."""

    username: str
    password: str
    role: str
    organisation: str
    division: str
    marker: str

    @property
    def panel(self) -> str:
        """The panel this person enters at."""
        return self.role if self.role in ("enterprise", "institution") else "regulator"


@cache
def accounts() -> dict[str, Account]:
    """The demo accounts by user name, in the order of the file."""
    with ACCOUNTS.open(encoding="utf-8", newline="") as file:
        return {row["username"]: Account(**row) for row in csv.DictReader(file)}


def account_of(role: str) -> Account:
    """The first demo account of a role."""
    return next(account for account in accounts().values() if account.role == role)


@dataclass
class Stack:
    """A running product: `url` is its address, `database` how its tables are reached.

    `flask("slips", "--json")` runs a command against the same database. Logs are shown when a test fails.
    """

    database: Urls
    folder: Path
    clock_offset: str = ""
    port: int = 0
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name not in SETTINGS_OF_OTHERS}
        return {
            **kept,
            "APP_ENV": "demo",
            "DATABASE_URL": self.database.app,
            "MIGRATION_DATABASE_URL": self.database.owner,
            "SECRET_KEY": DEMO_SECRET,
            "PORT": str(self.port),
            "CLOCK_OFFSET": self.clock_offset,
            "PYTHONUNBUFFERED": "1",
            "PYTHONUTF8": "1",
        }

    def start_web(self) -> None:
        """Start two web processes and wait until they are ready; raises `AssertionError` with their log."""
        self.port = self.port or free_port()
        self._start("web", [*gunicorn(self.port)])
        deadline = time.monotonic() + START_SECONDS
        while not self.is_ready():
            if time.monotonic() > deadline or self.processes["web"].poll() is not None:
                raise AssertionError(f"the web process did not start:\n{self.log('web')}")
            time.sleep(0.1)

    def start_jobs(self) -> None:
        self._start("jobs", [sys.executable, "-m", "flask", "--app", "app", "jobs", "run"])

    def stop_jobs(self) -> None:
        self._stop("jobs")

    def kill_jobs(self) -> None:
        """End the job process as a power cut would."""
        process = self.processes.pop("jobs")
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(STOP_SECONDS)

    def stop(self) -> None:
        for name in list(self.processes):
            self._stop(name)

    def is_ready(self) -> bool:
        try:
            return self.readiness()["database"] == "ok"
        except (OSError, urllib.error.URLError, ValueError):
            return False

    def readiness(self) -> dict[str, Any]:
        """What `/readyz` says."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{self.url}/readyz", timeout=5) as answer:
            facts: dict[str, Any] = json.load(answer)
            return facts

    def flask(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command of `flask --app app` on this database."""
        return subprocess.run(
            [sys.executable, "-m", "flask", "--app", "app", *arguments],
            cwd=ROOT,
            env=self.environment(),
            input=stdin,
            text=True,
            encoding="utf-8",
            capture_output=True,
            timeout=120,
            check=False,
        )

    def log(self, name: str, *, lines: int = 40) -> str:
        """The last lines a process wrote."""
        path = self.folder / f"{name}.log"
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:]) if path.exists() else ""

    def logs(self) -> str:
        return "\n".join(f"--- {name} ---\n{self.log(name)}" for name in ("web", "jobs"))

    def _start(self, name: str, command: list[str]) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _stop(self, name: str) -> None:
        process = self.processes.pop(name, None)
        if process is None:
            return
        if process.poll() is None:
            # Gunicorn waits for idle browsers at SIGTERM; SIGINT ends it at once.
            process.send_signal(signal.SIGINT if name == "web" else signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(STOP_SECONDS)


def gunicorn(port: int) -> Iterable[str]:
    """The web process as `make run` starts it."""
    return (
        *(sys.executable, "-m", "gunicorn", "app:create_app()", "--bind", f"127.0.0.1:{port}"),
        *("--workers", "2", "--worker-class", "gthread", "--threads", "4", "--preload"),
        *("--timeout", "60", "--graceful-timeout", "5", "--log-level", "warning", "--no-control-socket"),
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def prepare(database: Urls, *commands: str) -> None:
    """Run commands of the application in one process, as `make run` does; raises `AssertionError` with its output."""
    with tempfile.TemporaryDirectory() as folder:
        environment = Stack(database, Path(folder)).environment()
    done = subprocess.run(
        [sys.executable, "-m", "ops.prepare", "1", "1", *commands],
        cwd=ROOT,
        env=environment,
        text=True,
        capture_output=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-6000:]


def chromium() -> str:
    """The browser: what `make test` found, else one that is installed."""
    path = os.environ.get("QJT_CHROMIUM") or find_chromium()
    assert path, "no Chromium: make test installs one"
    return path


def launch_arguments(fonts: Path) -> dict[str, Any]:
    """How the browser is started: nothing over the network, the committed fonts and no others."""
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return {
        "executable_path": chromium(),
        "args": [*LAUNCH_ARGS, *(["--no-sandbox"] if is_root else [])],
        "env": {**os.environ, "FONTCONFIG_FILE": str(fonts), "LANG": "C.UTF-8"},
    }


CONTEXT_ARGUMENTS: dict[str, Any] = {
    "locale": "zh-CN",
    "timezone_id": "Asia/Shanghai",
    "viewport": WIDE,
    "reduced_motion": "reduce",
    "service_workers": "block",
}


def write_font_configuration(folder: Path) -> Path:
    """A fontconfig that knows the committed fonts only, so that pages look alike on every machine."""
    families = "".join(
        f"<alias binding='same'><family>{family}</family><prefer>{preferred}</prefer></alias>"
        for family, preferred in (
            ("sans-serif", "<family>Noto Sans SC</family><family>Noto Sans</family>"),
            ("system-ui", "<family>Noto Sans SC</family><family>Noto Sans</family>"),
            ("monospace", "<family>Noto Sans</family><family>Noto Sans SC</family>"),
        )
    )
    path = folder / "fonts.conf"
    path.write_text(
        "<?xml version='1.0'?><!DOCTYPE fontconfig SYSTEM 'fonts.dtd'><fontconfig>"
        f"<dir>{FONTS}</dir><cachedir>{folder / 'font-cache'}</cachedir>{families}</fontconfig>",
        encoding="utf-8",
    )
    return path


def sign_in(page: Page, stack: Stack, username: str, password: str = "") -> Page:
    """Sign in as a person would; the password of a demo account need not be given."""
    page.goto(f"{stack.url}/login")
    page.locator("input[name=username]").fill(username)
    page.locator("input[name=password]").fill(password or accounts()[username].password)
    page.locator("main").get_by_role("button", name="登录", exact=True).click()
    page.wait_for_url(lambda url: not url.split("?")[0].endswith("/login"))
    return page
