"""Throw-away clones for tests of the commands: this tree's ``ops`` beside a stand-in application."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from ops import processes

T = TypeVar("T")
REPOSITORY = Path(__file__).resolve().parents[2]
#: As long and awkward as a person's folder may be: 200 bytes, spaces, Chinese.
AWKWARD = "强检通 项目 副本"
START = """
from ops import single, supervisor, words

single.PATIENCE_S = 1.0


def main():
    single.become_the_only_run()
    return supervisor.main()


raise SystemExit(words.run_with_words(main))
"""


def awkward_folder(parent: Path, *, length: int = 200) -> Path:
    """Return a folder below ``parent`` whose whole path has ``length`` bytes at least, made and empty."""
    folder = parent
    while len(os.fsencode(folder)) < length:
        folder = folder / AWKWARD
    folder.mkdir(parents=True)
    return folder


def free_port() -> int:
    """Return a port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(what: Callable[[], T], *, seconds: float) -> T:
    """Return the first true answer of ``what``; fails when there is none in time."""
    deadline = time.monotonic() + seconds
    while not (answer := what()):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.05)
    return answer


@dataclass
class Clone:
    """One clone and the runs started in it."""

    root: Path
    port: int = field(default_factory=free_port)
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    @classmethod
    def make(cls, root: Path) -> "Clone":
        """Copy what the commands need into ``root``."""
        shutil.copytree(REPOSITORY / "ops", root / "ops", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(Path(__file__).parent / "standin_app.py", root / "app.py")
        (root / "seeds").mkdir()
        (root / "seeds" / "demo_accounts.csv").write_text(
            "username,password,role,organisation,division,marker\nqiye01,Mima-2026,enterprise,淄博一厂,370303,甲\n",
            encoding="utf-8",
        )
        for name in ("run", "log"):
            (root / "instance" / name).mkdir(parents=True)
        return cls(root)

    @property
    def instance(self) -> Path:
        """The clone's instance folder."""
        return self.root / "instance"

    def pid(self, name: str) -> int | None:
        """Return the noted pid of web, jobs or postgres when that process runs."""
        pid = processes.read_pid(self.instance / "run" / f"{name}.pid")
        return pid if pid is not None and processes.is_alive(pid) else None

    def has_new(self, name: str, former: int | None) -> bool:
        """Say whether web, jobs or postgres runs with another pid than it had."""
        return self.pid(name) not in (None, former)

    def rows(self) -> int:
        """Return how many rows the stand-in's table has: seeds and finished batches."""
        return (self.ready() or {"rows": 0})["rows"]

    def prepared_times(self) -> int:
        """Return how often the application's commands were run to migrate and seed."""
        return (self.instance / "log" / "prepare.log").read_text().count("reference data")

    def start(self, *, through_make: bool = False, **environment: str) -> subprocess.Popen[str]:
        """Start a run as bootstrap does after its checks, without making an environment."""
        (self.root / "start.py").write_text(START)
        (self.root / "Makefile").write_text(f"run:\n\t@{sys.executable} start.py\n")
        run = subprocess.Popen(
            ["make", "run"] if through_make else [sys.executable, "start.py"],
            cwd=self.root,
            env={**clean_environment(), "PORT": str(self.port), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.started.append(run)
        return run

    def start_ready(self, *, through_make: bool = False, **environment: str) -> subprocess.Popen[str]:
        """Start a run and wait for its first page."""
        run = self.start(through_make=through_make, **environment)
        wait_for(lambda: self.ready() or run.poll() is not None, seconds=20)
        assert run.poll() is None, run.communicate()[0]
        return run

    def task(self, name: str) -> str:
        """Run a short target's program and return its stdout."""
        command = [sys.executable, "-m", "ops.tasks", name]
        done = subprocess.run(
            command, cwd=self.root, env=clean_environment(), capture_output=True, text=True, check=True
        )
        return done.stdout

    def ready(self) -> dict[str, int] | None:
        """Return what /readyz says when it says 200."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=2) as response:
                answer: dict[str, int] = json.load(response)
                return answer
        except (urllib.error.URLError, OSError):
            return None

    def clean_up(self) -> None:
        """Leave no process and no data behind."""
        from ops import postgres

        for run in self.started:
            if run.poll() is None:
                run.send_signal(signal.SIGTERM)
                run.wait(20)
            if run.stdout is not None:
                run.stdout.close()
        processes.end(processes.marked_processes(str(self.instance)), grace_s=1)
        postgres.destroy(self.instance, name="postgres")


def clean_environment() -> dict[str, str]:
    """Return this process's environment without what would change how a run behaves."""
    unwanted = {"DATABASE_URL", "MIGRATION_DATABASE_URL", "APP_ENV", "JOBS", "HOST", "MAKELEVEL", "SECRET_KEY"}
    return {name: value for name, value in os.environ.items() if name not in unwanted}
