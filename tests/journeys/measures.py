"""What a running product costs: the peak memory of each of its processes, and how long its answers took."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType

from .support import Stack

PROCESSES = Path("/proc")
EVERY_S = 0.1
PARTS = {
    "backoffice.workbooks.marking_child": "marking process",
    "backoffice.workbooks.reading_process": "reading process",
}
"""Processes that web and jobs start, by what stands on their command line."""
SHOWN = 5


class Memory:
    """Looks at every process of a product while work goes on; `peaks` in MB by what the process is.

    The peak is the kernel's own, so a process has to be met only once before it ends. Where there is no /proc nothing
    is measured.
    """

    def __init__(self, stack: Stack) -> None:
        self._names = {process.pid: name for name, process in stack.processes.items()}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self.peaks: dict[str, int] = {}

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(self, _kind: type | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(EVERY_S):
            for name, peak in self._now():
                self.peaks[name] = max(peak, self.peaks.get(name, 0))

    def _now(self) -> Iterator[tuple[str, int]]:
        for folder in PROCESSES.glob("[0-9]*"):
            try:
                session = int((folder / "stat").read_text().rpartition(")")[2].split()[3])
                if session not in self._names:
                    continue
                command = (folder / "cmdline").read_text().split("\0")
                status = (folder / "status").read_text()
            except (OSError, ValueError, IndexError):  # It has ended in between.
                continue
            part = next((part for module, part in PARTS.items() if module in command), "")
            peak = next((line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")), "0")
            yield f"{self._names[session]}: {part}" if part else self._names[session], int(peak) // 1024


class Answers:
    """The answers of the web processes since this was made, from their own log."""

    def __init__(self, stack: Stack) -> None:
        self._log = stack.folder / "web.log"
        self._begin = self._log.stat().st_size

    def slowest(self) -> list[tuple[float, str]]:
        """Milliseconds and what was asked for, the slowest first."""
        with self._log.open("rb") as log:
            log.seek(self._begin)
            lines = log.read().decode(errors="replace").splitlines()
        requests = [found for line in lines if line.startswith("{") and "ms" in (found := json.loads(line))]
        return sorted(((each["ms"], _asked(each)) for each in requests), reverse=True)


def _asked(request: Mapping[str, str]) -> str:
    return f"{request['method']} {request['path']}"
