"""A reading process that waits for its file reads it as one that is started for it, and is never in the way."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from backoffice.workbooks import reading_processes
from backoffice.workbooks.reader import open_upload
from backoffice.workbooks.reading_processes import Process
from tests.workbooks.conftest import row_of

Make = Callable[..., Path]


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The processes that wait, none at first and none left behind."""
    fresh = reading_processes._Waiting()
    monkeypatch.setattr(reading_processes, "_waiting", fresh)
    yield fresh
    while (process := fresh.take()) is not None:
        end(process)


def end(process: Process) -> None:
    process.kill()
    reading_processes._bury(process)


def rows_of(path: Path) -> tuple[int, int]:
    """The process that read the file, and how many rows it found."""
    with open_upload(path) as upload:
        return upload._lines._process.pid, sum(1 for _row in upload.rows())


def test_one_that_waits_reads_the_next_file_and_that_one_alone(waiting: Any, workbook_of: Make) -> None:
    path = workbook_of(row_of(), row_of(serial_number="2"))
    reading_processes.expect()
    reading_processes.expect()
    (ready,) = [process.pid for process in waiting._processes]
    assert rows_of(path) == (ready, 2)
    other, rows = rows_of(path)
    assert other != ready and rows == 2


def test_one_that_was_killed_is_replaced(waiting: Any, workbook_of: Make) -> None:
    path = workbook_of(row_of())
    reading_processes.expect()
    killed = waiting._processes[0]
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    assert rows_of(path)[1] == 1
    reading_processes.expect()
    os.kill(waiting._processes[0].pid, signal.SIGKILL)
    waiting._processes[0].wait()
    reading_processes.expect()
    assert [process.poll() for process in waiting._processes] == [None]


def test_one_that_dies_as_it_is_told_is_replaced(
    waiting: Any, workbook_of: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = reading_processes._started()
    os.kill(dead.pid, signal.SIGKILL)
    os.waitid(os.P_PID, dead.pid, os.WEXITED | os.WNOWAIT)  # Dead, and the one who started it has not noticed.
    monkeypatch.setattr(waiting, "take", lambda: dead)
    assert rows_of(workbook_of(row_of()))[1] == 1
    monkeypatch.undo()


def test_a_fork_does_not_take_what_waits_for_its_mother(waiting: Any) -> None:
    reading_processes.expect()
    process = waiting._processes[0]
    waiting._owner = os.getpid() + 1
    assert waiting.take() is None and process.poll() is None
    end(process)


def test_it_ends_when_nobody_can_tell_it_anything_any_more() -> None:
    process = reading_processes._started()
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(20) == 0
    end(process)


def test_it_knows_no_secret_while_it_waits(waiting: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://somebody:secret@nowhere/")
    reading_processes.expect()
    environment = Path(f"/proc/{waiting._processes[0].pid}/environ")
    if environment.exists():
        assert b"secret" not in environment.read_bytes()
