"""The short make targets: db, db-stop, seed, bench, screens."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys

from ops import postgres, preparing
from ops.environment import databases
from ops.places import INSTANCE, ROOT, RUN
from ops.test_server import private_server
from ops.words import Stop, console, run_with_words, say, step


def database() -> int:
    """Start the embedded server for others, migrate it, and print nothing but its URL on stdout."""
    console.to_stderr = True
    step(3, 4, "启动数据库")
    found = databases(os.environ)
    if found.embedded:
        (RUN / "postgres.stopped").unlink(missing_ok=True)
        (RUN / "postgres.keep").touch()
    preparing.prepare(found, first_step=4, total=4, commands=["db upgrade"])
    print(found.app, flush=True)
    return 0


def stop_database() -> int:
    """Stop the embedded server; a run that uses it is told not to bring it back."""
    console.to_stderr = True
    (RUN / "postgres.keep").unlink(missing_ok=True)
    (RUN / "postgres.stopped").touch()
    say("数据库已停止，数据已保留。" if postgres.stop(INSTANCE) else "数据库没有在运行。")
    return 0


def seed() -> int:
    """Put the demo data back to its beginning; leaves the server as it was found, running or not."""
    step(3, 5, "启动数据库")
    own = bool(os.environ.get("DATABASE_URL"))
    was_running = own or postgres.running_pid(INSTANCE) is not None
    found = databases(os.environ)
    try:
        commands = ["db upgrade", "seed reference", "seed demo --reset"]
        preparing.prepare(found, first_step=4, total=5, commands=commands)
    finally:
        if not was_running:
            postgres.stop(INSTANCE)
    say("演示数据已恢复到初始状态。")
    return 0


def bench() -> int:
    """Measure on a server of its own, set up to keep data as in a run."""
    return _run_module("benchmarks", "性能测量", "the benchmarks", for_pictures=False)


def screens() -> int:
    """Take the pictures of docs/screens."""
    return _run_module("tests.screens", "截图", "the screens", for_pictures=True)


def _run_module(module: str, chinese: str, english: str, *, for_pictures: bool) -> int:
    sys.path.insert(0, str(ROOT))
    if importlib.util.find_spec(module) is None:
        raise Stop(
            f"这个版本还没有{chinese}（{module}）：请更新到包含它的版本。",
            f"This version does not have {english} ({module}) yet: update to one that has.",
        )
    total = 5 if for_pictures else 4
    with private_server(durable=not for_pictures, first_step=3, total=total, with_browser=for_pictures) as environment:
        step(total, total, f"运行{chinese}")
        command = [sys.executable, "-m", module, *sys.argv[2:]]
        return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


TASKS = {"db": database, "db-stop": stop_database, "seed": seed, "bench": bench, "screens": screens}


if __name__ == "__main__":
    sys.exit(run_with_words(TASKS[sys.argv[1]]))
