"""Starting reading processes, and having one at hand: it takes longer to load its libraries than to read most files.

Each process reads one file and ends. One that waits has loaded its libraries and nothing else; it is told its file by a
line, and ends when the process that started it is gone and no line can come any more.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO, cast

ROOT = Path(__file__).resolve().parents[2]

Process = subprocess.Popen[bytes]


class _Waiting:
    """The processes that wait for a file of this process. After a fork they are still its mother's."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owner = 0
        self._processes: list[Process] = []

    def expect(self, files: int) -> None:
        with self._lock:
            self._forget_strange_and_dead()
            while len(self._processes) < files:
                self._processes.append(_started())

    def take(self) -> Process | None:
        with self._lock:
            self._forget_strange_and_dead()
            return self._processes.pop(0) if self._processes else None

    def _forget_strange_and_dead(self) -> None:
        if self._owner != os.getpid():
            self._owner, self._processes = os.getpid(), []
        for process in [process for process in self._processes if process.poll() is not None]:
            self._processes.remove(process)
            _bury(process)


_waiting = _Waiting()


def expect(files: int = 1) -> None:
    """Have so many reading processes wait, for files that will come to this process."""
    _waiting.expect(files)


def start(arguments: Sequence[str]) -> Process:
    """A process that reads a file as these arguments say; one that was waiting, if there is one."""
    waiting = _waiting.take()
    if waiting is not None:
        if _is_told(waiting, arguments):
            return waiting
        _bury(waiting)
    process = _started()
    _is_told(process, arguments)  # Where it died at once, whoever reads from it will find that out.
    return process


def _is_told(process: Process, arguments: Sequence[str]) -> bool:
    """Whether the process took its arguments; it may have died meanwhile."""
    line = cast(IO[bytes], process.stdin)
    try:
        line.write(json.dumps(arguments).encode() + b"\n")
        line.close()
    except OSError:
        return False
    return True


def _bury(process: Process) -> None:
    """Leave nothing behind of a process that has died."""
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()


def _started() -> Process:
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "backoffice.workbooks.reading_process"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
        env=bare_environment(),
        close_fds=True,
    )


def bare_environment() -> dict[str, str]:
    """No secrets and no database address for a process that reads strangers' files.

    openpyxl uses the standard library's parser there; `sheets` has refused every part that could declare an entity.
    """
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "SYSTEMROOT") if name in os.environ}
    return {
        **kept,
        "PYTHONUTF8": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "OPENPYXL_LXML": "False",
        "OPENPYXL_DEFUSEDXML": "False",
    }
