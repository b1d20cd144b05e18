"""Putting the demo data back in a process of its own, and knowing how far that is.

The state is one small file, for the web processes are several and the database is emptied meanwhile. A process that
died with the machine leaves a file that counts as over after `LONGEST_SECONDS`.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask

from ..config import Settings

COMMAND = (sys.executable, "-m", "flask", "--app", "app", "seed", "demo", "--reset")
LONGEST_SECONDS = 300
"""The demo data is there within a minute; what takes five has died."""


@dataclass(frozen=True, slots=True)
class RestoreState:
    """`begun_at` is seconds since 1970, 0 when nobody asked; `code` the command's exit code once it ended."""

    begun_at: float = 0
    code: int | None = None

    @property
    def is_none(self) -> bool:
        return not self.begun_at

    @property
    def is_running(self) -> bool:
        return bool(self.begun_at) and self.code is None and time.time() - self.begun_at < LONGEST_SECONDS

    @property
    def is_done(self) -> bool:
        return self.code == 0

    @property
    def seconds(self) -> int:
        """How long it has been going on."""
        return max(0, int(time.time() - self.begun_at))


class Restoring:
    """The restoring of one database; every process of the same clone that uses it sees the same."""

    def __init__(self, folder: Path, settings: Settings, root: Path) -> None:
        name = hashlib.sha256(settings.database_url.encode()).hexdigest()[:12]
        self.path = folder / f"demo-reset-{name}.json"
        self.log = folder / f"demo-reset-{name}.log"
        self.settings, self.root = settings, root

    @classmethod
    def of(cls, app: Flask) -> Restoring:
        return cls(Path(app.instance_path) / "run", app.config["SETTINGS"], Path(app.root_path))

    def state(self) -> RestoreState:
        try:
            told: dict[str, Any] = json.loads(self.path.read_text(encoding="utf-8"))
            return RestoreState(float(told["begun_at"]), told["code"])
        except (OSError, ValueError, KeyError, TypeError):
            return RestoreState()

    def start(self) -> bool:
        """Start the command unless it runs already; says whether it was started."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if not self._claim():
            return False
        begun_at = self.state().begun_at
        try:
            process = self._process()
        except OSError:
            self._end(begun_at, 1)
            raise
        threading.Thread(target=lambda: self._end(begun_at, process.wait()), daemon=True).start()
        return True

    def _process(self) -> subprocess.Popen[bytes]:
        with self.log.open("wb") as log:
            return subprocess.Popen(  # noqa: S603 - a constant command, nothing of the request is in it
                COMMAND,
                cwd=self.root,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _claim(self) -> bool:
        """Exactly one request of several at once gets to start: they look and write one after the other."""
        with self._alone():
            if self.state().is_running:
                return False
            self._write(time.time(), None)
            return True

    def _end(self, begun_at: float, code: int) -> None:
        """Note how the command begun then ended, unless another was begun since."""
        with self._alone():
            if self.state().begun_at == begun_at:
                self._write(begun_at, code)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        with self.path.with_suffix(".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _write(self, begun_at: float, code: int | None) -> None:
        """Put the new state in place at once, so that no reader meets half of it."""
        fresh = self.path.with_suffix(".new")
        fresh.write_text(json.dumps({"begun_at": begun_at, "code": code}), encoding="utf-8")
        fresh.replace(self.path)

    def _environment(self) -> dict[str, str]:
        """What this application runs with, so that the command meets the same database and the same seals."""
        return {
            **os.environ,
            "APP_ENV": self.settings.environment,
            "DATABASE_URL": self.settings.database_url,
            "SECRET_KEY": self.settings.secret_key,
        }
