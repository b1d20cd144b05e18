"""Putting the demo data back in a process of its own, and knowing how far that is.

The state is one small file, for the web processes are several and the database is emptied meanwhile. Whether the
command lives is told by a lock that it and whoever waits for it hold: however long it takes it is running, and what
died with the machine holds nothing.
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
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from flask import Flask

from ..config import Settings

COMMAND = (sys.executable, "-m", "flask", "--app", "app", "seed", "demo", "--reset")


@dataclass(frozen=True, slots=True)
class RestoreState:
    """`begun_at` is seconds since 1970, 0 when nobody asked; `code` the command's exit code once it ended."""

    begun_at: float = 0
    code: int | None = None
    is_running: bool = False

    @property
    def is_none(self) -> bool:
        return not self.begun_at

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
        told = self._told()
        if told.is_none or told.code is not None:
            return told
        with self._alone():
            running = self._lock()
            if running is None:
                return replace(told, is_running=True)
            running.close()
        return self._told()  # It may have ended since; else it died without a word.

    def _told(self) -> RestoreState:
        try:
            told: dict[str, Any] = json.loads(self.path.read_text(encoding="utf-8"))
            return RestoreState(float(told["begun_at"]), told["code"])
        except (OSError, ValueError, KeyError, TypeError):
            return RestoreState()

    def start(self) -> bool:
        """Start the command unless it runs already; says whether it was started."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        claimed = self._claim()
        if claimed is None:
            return False
        begun_at, running = claimed
        try:
            process = self._process(running)
        except OSError:
            self._end(begun_at, 1)
            running.close()
            raise
        threading.Thread(target=self._wait, args=(process, begun_at, running), daemon=True).start()
        return True

    def _wait(self, process: subprocess.Popen[bytes], begun_at: float, running: IO[str]) -> None:
        """Note how it ended before the lock goes, so that nobody takes an end for a death."""
        with running:
            self._end(begun_at, process.wait())

    def _process(self, running: IO[str]) -> subprocess.Popen[bytes]:
        with self.log.open("wb") as log:
            return subprocess.Popen(  # noqa: S603 - a constant command, nothing of the request is in it
                COMMAND,
                cwd=self.root,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(running.fileno(),),
            )

    def _claim(self) -> tuple[float, IO[str]] | None:
        """Exactly one request of several at once gets to start: they look and write one after the other."""
        with self._alone():
            running = self._lock()
            if running is None:
                return None
            begun_at = time.time()
            self._write(begun_at, None)
            return begun_at, running

    def _lock(self) -> IO[str] | None:
        """The lock of a running command, taken; `None` while somebody has it. Only asked for under `_alone`."""
        file = self.path.with_suffix(".running").open("a")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return None
        return file

    def _end(self, begun_at: float, code: int) -> None:
        """Note how the command begun then ended, unless another was begun since."""
        with self._alone():
            if self._told().begun_at == begun_at:
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
