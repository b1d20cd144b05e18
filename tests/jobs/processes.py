"""Job processes as they really run, on the test's database."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from backoffice.config import DEMO_SECRET
from ops.postgres import Urls

ROOT = Path(__file__).parents[2]
NOT_OURS = ("DATABASE_URL", "MIGRATION_DATABASE_URL", "APP_ENV", "CLOCK_OFFSET", "JOBS", "PORT", "SECRET_KEY")


def environment(database: Urls | None, **more: str) -> dict[str, str]:
    """The environment of a process of the product; without a database it knows of none."""
    kept = {name: value for name, value in os.environ.items() if name not in NOT_OURS}
    urls = {"DATABASE_URL": database.app} if database else {}
    return {**kept, **urls, "APP_ENV": "demo", "SECRET_KEY": DEMO_SECRET, "PYTHONUTF8": "1", **more}


def flask(*words: str) -> list[str]:
    return [sys.executable, "-m", "flask", "--app", "app", *words]


def start(database: Urls, *command: str, **pipes: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(command, cwd=ROOT, env=environment(database), text=True, **pipes)


def wait_for(is_so: Callable[[], object], *, seconds: float) -> float:
    """Wait until something is so; returns after how many seconds, fails when it is not in time."""
    begun = time.monotonic()
    while not is_so():
        assert time.monotonic() - begun < seconds, f"not within {seconds} s"
        time.sleep(0.05)
    return time.monotonic() - begun
