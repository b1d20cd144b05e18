"""Putting the demo data back in a process of its own, and knowing how far that is.

The state is one small file, for the web processes are several and the database is emptied meanwhile. A process that
died with the machine leaves a file that counts as over after `LONGEST_SECONDS`.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import subprocess
import sys
import threading
import time
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
        with self.log.open("wb") as log:
            process = subprocess.Popen(  # noqa: S603 - a constant command, nothing of the request is in it
                COMMAND,
                cwd=self.root,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        threading.Thread(target=self._wait, args=(process, begun_at), daemon=True).start()
        return True

    def _claim(self) -> bool:
        """Exactly one request of several at once gets to start: the file is made by whoever comes first."""
        if self.state().is_running:
            return False
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()
        try:
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return False
        with os.fdopen(descriptor, "w") as file:
            file.write(json.dumps({"begun_at": time.time(), "code": None}))
        return True

    def _wait(self, process: subprocess.Popen[bytes], begun_at: float) -> None:
        code = process.wait()
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
