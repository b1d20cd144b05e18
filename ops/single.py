"""One ``make run`` for one clone, and what a killed one left behind. Standard library only."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from ops import processes
from ops.places import INSTANCE, RUN
from ops.words import Stop, say

#: Carries the number of the locked file from bootstrap to the supervisor it becomes.
LOCK_NUMBER = "QJT_LOCK_FD"
#: A run that was just told to stop still has batches to finish; that long its successor waits.
PATIENCE_S = 6.0
LEFTOVER_GRACE_S = 4.0


def become_the_only_run() -> None:
    """Take the clone's lock, kept over exec, and end web and job processes of a run that was killed.

    Raises Stop when another run holds the lock and does not give it up.
    """
    descriptor = os.open(RUN / "supervisor.lock", os.O_RDWR | os.O_CREAT, 0o644)
    if not _locked_within(descriptor, PATIENCE_S):
        pid = os.read(descriptor, 32).decode(errors="replace").strip()
        raise Stop(
            f"这个项目目录里已经有一个 make run 在运行（进程 {pid}）：请使用它，或先在它的窗口按 Ctrl-C 停止。",
            f"A make run of this folder is already running (process {pid}): use it, or stop it with Ctrl-C first.",
        )
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    os.set_inheritable(descriptor, True)
    os.environ[LOCK_NUMBER] = str(descriptor)
    end_leftovers()


def keep_lock_to_yourself() -> None:
    """Called by the supervisor: from now on no child inherits the lock, so it dies with the supervisor."""
    number = os.environ.pop(LOCK_NUMBER, None)
    if number is not None:
        os.set_inheritable(int(number), False)


def end_leftovers() -> None:
    """End web and job processes of this clone whose supervisor is gone, once sure whose they are."""
    files = [RUN / "web.pid", RUN / "jobs.pid"]
    noted = [pid for pid in map(processes.read_pid, files) if pid is not None]
    left = processes.marked_processes(str(INSTANCE), noted)
    if left:
        say("    清理上次运行留下的进程 …")
        processes.end(left, grace_s=LEFTOVER_GRACE_S)
    for path in files:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()


@contextlib.contextmanager
def lock(path: Path) -> Iterator[IO[str]]:
    """Let one process of this clone at a time do something; the lock dies with its holder."""
    with path.open("a") as file:
        _lock_now(file.fileno(), wait=True)
        yield file


def _locked_within(descriptor: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    told = False
    while not _lock_now(descriptor, wait=False):
        if time.monotonic() > deadline:
            return False
        if not told:
            say("    等待上一个 make run 退出 …")
            told = True
        time.sleep(0.1)
    return True


def _lock_now(descriptor: int, *, wait: bool) -> bool:
    if os.name == "nt":  # no flock there; two runs then meet at the port
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
