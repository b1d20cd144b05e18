"""Child processes of the supervisor: started so that they cannot outlive it, restarted with growing pauses."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ops import processes
from ops.places import ROOT

#: Seconds before the first, second … restart in a row; a child that lived long enough starts again at the first.
PAUSES_S = (0.2, 1.0, 2.0, 4.0)
LIVED_LONG_ENOUGH_S = 30.0
LOG_LIMIT_BYTES = 20_000_000
PR_SET_PDEATHSIG = 1


def dying_with_parent() -> Callable[[], None] | None:
    """Return what a child runs before its program: on Linux it asks for SIGTERM at the death of its parent."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def ask() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # the parent died between fork and prctl
            os._exit(1)

    return ask


@dataclass
class Child:
    """One supervised process with its log and pid file."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    log: Path
    pid_file: Path
    process: subprocess.Popen[bytes] | None = None
    deaths_in_a_row: int = 0
    started_at: float = 0.0
    restart_at: float | None = field(default=None)

    def start(self) -> None:
        """Start in a session of its own, so that Ctrl-C reaches the supervisor alone and it decides the order."""
        rotate(self.log)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
                env=dict(self.environment),
                start_new_session=True,
                preexec_fn=dying_with_parent(),
            )
        self.started_at = time.monotonic()
        self.restart_at = None
        processes.write_pid(self.pid_file, self.process.pid)

    def tend(self) -> int | None:
        """Look after the child once: return its exit code when it just died, restart it after its pause."""
        if self.restart_at is not None:
            if time.monotonic() >= self.restart_at:
                self.start()
            return None
        if self.process is None or (code := self.process.poll()) is None:
            return None
        self.kill_group()
        lived = time.monotonic() - self.started_at
        self.deaths_in_a_row = 1 if lived > LIVED_LONG_ENOUGH_S else self.deaths_in_a_row + 1
        self.restart_at = time.monotonic() + PAUSES_S[min(self.deaths_in_a_row, len(PAUSES_S)) - 1]
        return code

    def ask_to_stop(self) -> None:
        """Let the process finish what it has in hand."""
        self.restart_at = None
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                self.process.terminate()

    def has_stopped(self) -> bool:
        """Say whether the process is gone."""
        return self.process is None or self.process.poll() is not None

    def kill_group(self) -> None:
        """Kill what the process left behind, e.g. web workers whose master is gone and who still hold the port."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def forget(self) -> None:
        """Remove the pid file of a process that is gone."""
        self.pid_file.unlink(missing_ok=True)


def rotate(log: Path) -> None:
    """Keep one former log beside a log that has grown too large.

    The text is copied and the file emptied, because its writer keeps the file open (in append mode).
    """
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > LOG_LIMIT_BYTES:
            log.with_name(f"{log.name}.1").write_bytes(log.read_bytes())
            os.truncate(log, 0)


class LogWatch:
    """Reads on in a JSON log and returns its warnings and errors, a few at a time, as lines for the console."""

    MOST_AT_ONCE = 5
    LOUD = frozenset({"warning", "warn", "error", "critical", "fatal"})

    def __init__(self, log: Path) -> None:
        self.log = log
        self.position = log.stat().st_size if log.exists() else 0

    def loud_lines(self) -> list[str]:
        """Return what was logged since the last call at level warning or above."""
        try:
            size = self.log.stat().st_size
        except FileNotFoundError:
            return []
        if size <= self.position:
            self.position = min(self.position, size)
            return []
        with self.log.open("rb") as file:
            file.seek(self.position)
            new = file.read(1_000_000)
        whole, newline, _rest = new.rpartition(b"\n")
        self.position += len(whole) + len(newline)
        found = [line for raw in whole.splitlines() if (line := self._loud(raw))]
        more = len(found) - self.MOST_AT_ONCE
        return found if more <= 0 else [*found[: self.MOST_AT_ONCE], f"… 另有 {more} 条，见 {self.log.name}"]

    def _loud(self, raw: bytes) -> str | None:
        try:
            entry = json.loads(raw)
        except ValueError:
            return None
        if not isinstance(entry, dict):
            return None
        level = str(entry.get("level") or entry.get("levelname") or "").lower()
        message = entry.get("message") or entry.get("msg") or entry.get("event") or ""
        return f"{level} {message}" if level in self.LOUD else None
