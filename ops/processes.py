"""Asking the system about processes: alive, whose, and how to end them. Standard library only.

A pid alone proves nothing: numbers are used again. So a process counts as ours only when its environment carries
this clone's mark (Linux) or its command line names this clone's interpreter (elsewhere).
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from ops.places import MARK

PROC = Path("/proc")
HAS_PROC = (PROC / "self" / "stat").exists()


def read_pid(path: Path) -> int | None:
    """Return the number in a pid file, or None when there is no file or no number in it."""
    try:
        return int(path.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return None


def write_pid(path: Path, pid: int) -> None:
    """Write a pid file in one step, so that nobody reads half a number."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    fresh.write_text(f"{pid}\n")
    fresh.replace(path)


def is_alive(pid: int) -> bool:
    """Say whether the process runs; a zombie, which only waits to be collected, does not."""
    if HAS_PROC:
        return _state(pid) not in (None, "Z", "X")
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def carries_mark(pid: int, mark: str) -> bool:
    """Say whether the process was started by this clone's supervisor."""
    if HAS_PROC:
        try:
            environment = (PROC / str(pid) / "environ").read_bytes()
        except OSError:
            return False
        return f"{MARK}={mark}".encode("utf-8", "surrogateescape") in environment.split(b"\0")
    return str(Path(mark).parent / ".venv") in _command_line(pid)


def marked_processes(mark: str, candidates: Iterable[int] = ()) -> list[int]:
    """Return the live processes of this clone: every one the system lists (Linux), else those among the candidates."""
    pids = _all_pids() if HAS_PROC else iter(candidates)
    return sorted({pid for pid in pids if pid != os.getpid() and is_alive(pid) and carries_mark(pid, mark)})


def end(pids: Iterable[int], *, grace_s: float) -> None:
    """Ask the processes to stop, wait at most ``grace_s`` seconds, then kill what is left."""
    waiting = list(pids)
    _signal(waiting, signal.SIGTERM)
    if not wait_gone(waiting, timeout_s=grace_s):
        _signal(waiting, signal.SIGKILL)
        wait_gone(waiting, timeout_s=3)


def wait_gone(pids: Iterable[int], *, timeout_s: float) -> bool:
    """Wait until none of the processes runs; return False when some still do after ``timeout_s`` seconds."""
    waiting = list(pids)
    deadline = time.monotonic() + timeout_s
    while waiting := [pid for pid in waiting if is_alive(pid)]:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def runs_program(pid: int, program: str) -> bool:
    """Say whether the process's command line names the program."""
    return program in _command_line(pid)


def working_in(folder: Path) -> list[int]:
    """Return the processes whose working directory is ``folder`` (Linux only; elsewhere none)."""
    if not HAS_PROC:
        return []
    wanted = os.path.realpath(folder)
    return [pid for pid in _all_pids() if is_alive(pid) and working_directory(pid) == wanted]


def working_directory(pid: int) -> str | None:
    """Return the working directory of a process, or None when the system does not tell."""
    try:
        return os.readlink(str(PROC / str(pid) / "cwd"))  # noqa: PTH115 - Path.readlink came after Python 3.8
    except OSError:
        return None


def _signal(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def _all_pids() -> Iterator[int]:
    return (int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit())


def _state(pid: int) -> str | None:
    """Return the state letter of /proc/<pid>/stat; the name before it may hold spaces and brackets."""
    try:
        return (PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return None


def _command_line(pid: int) -> str:
    done = subprocess.run(["ps", "-ww", "-p", str(pid), "-o", "command="], capture_output=True, text=True, check=False)
    return done.stdout
