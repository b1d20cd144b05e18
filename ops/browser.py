"""Finding a Chromium that starts, or installing one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from ops.places import LOG
from ops.words import Stop, say

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
CACHES = ("~/.cache/ms-playwright", "~/Library/Caches/ms-playwright")
PATTERNS = (
    "chromium-*/chrome-linux*/chrome",
    "chromium_headless_shell-*/chrome-*/*headless*shell",
    "chromium-*/chrome-mac*/*.app/Contents/MacOS/*",
)


def chromium() -> str:
    """Return the path of a Chromium that starts, installing one if need be; raises Stop where neither is possible."""
    asked_for = os.environ.get("CHROMIUM")
    if asked_for and not _starts(asked_for):
        raise Stop(
            f"CHROMIUM={asked_for} 不能启动：请给出可用的 Chromium 路径，或去掉这个变量。",
            f"CHROMIUM={asked_for} does not start: give the path of a Chromium that does, or leave the variable out.",
        )
    found = asked_for or find_chromium() or _install()
    if found is None:
        raise Stop(
            "没有可用的 Chromium，也装不上：请运行 sudo apt-get install -y chromium（或 .venv/bin/python -m playwright "
            "install --with-deps chromium），再运行 make test。",
            "No Chromium was found and none could be installed: run sudo apt-get install -y chromium "
            "(or .venv/bin/python -m playwright install --with-deps chromium), then make test again.",
        )
    return found


def find_chromium() -> str | None:
    """Return an installed Chromium that starts, the system's before Playwright's own, or None."""
    installed = [path for name in NAMES if (path := shutil.which(name))]
    for folder in (os.environ.get("PLAYWRIGHT_BROWSERS_PATH"), *CACHES):
        if folder:
            cache = Path(folder).expanduser()
            installed += [str(path) for pattern in PATTERNS for path in sorted(cache.glob(pattern), reverse=True)]
    return next((path for path in installed if _starts(path)), None)


def _starts(path: str) -> bool:
    """Say whether the program runs at all: a distribution's stub or one with a missing library does not."""
    try:
        done = subprocess.run([path, "--version"], capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _install() -> str | None:
    """Try Playwright's download, then the system's packages (as root); return what was installed, or None."""
    attempts = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if os.geteuid() == 0 and shutil.which("apt-get"):
        attempts += [["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", "chromium"]]
    with (LOG / "browser.log").open("w", encoding="utf-8") as log:
        for command in attempts:
            say(f"    没有 Chromium，尝试：{' '.join(command)}")
            try:
                subprocess.run(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    timeout=900,
                    env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
                    check=False,
                )
            except (OSError, subprocess.TimeoutExpired) as error:
                log.write(f"{error}\n")
            if found := find_chromium():
                return found
    return None
