"""``make drills``: real failures on real copies of this clone, each measured against what was promised.

Two copies are made in a temporary folder whose path is long and has spaces and Chinese. They share this clone's
packages; data, ports and processes are their own, and everything is removed at the end.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ops import postgres, processes
from ops.places import ROOT
from ops.ports import url_of
from ops.supervisor import answers
from ops.test_server import private_server
from ops.words import Stop, run_with_words, say, step

NOT_COPIED = (".git", ".venv", "instance", "__pycache__", ".*_cache", "test-results")
PATH_BYTES = 200
IMPORT_KILLS = 200
FULL_IMPORT_ROWS = 50_000
STEPS = 7
START = """
import sys
from ops import single, supervisor, words


def main():
    single.become_the_only_run()
    return supervisor.main()


sys.exit(words.run_with_words(main))
"""


@dataclass
class Copy:
    """One copy of the clone and its current run."""

    root: Path
    port: int
    run: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def instance(self) -> Path:
        """Where the copy's data and pids lie."""
        return self.root / "instance"

    def start(self) -> None:
        """Start a run in the background, its console kept in a file."""
        unwanted = {"DATABASE_URL", "MIGRATION_DATABASE_URL", "APP_ENV", "JOBS", "HOST", "MAKELEVEL", "CLOCK_OFFSET"}
        environment = {name: value for name, value in os.environ.items() if name not in unwanted}
        with (self.root / "console.log").open("ab") as console:
            self.run = subprocess.Popen(
                [sys.executable, "-c", START],
                cwd=self.root,
                env={**environment, "PORT": str(self.port)},
                stdout=console,
                stderr=console,
                start_new_session=True,
            )

    def current_run(self) -> subprocess.Popen[bytes]:
        """Return the run that was started last."""
        if self.run is None:
            raise RuntimeError("nothing was started in this copy")
        return self.run

    def pid(self, name: str) -> int | None:
        """Return the pid of web, jobs or postgres when it runs."""
        pid = processes.read_pid(self.instance / "run" / f"{name}.pid")
        return pid if pid is not None and processes.is_alive(pid) else None

    def is_up(self) -> bool:
        """Say whether the run is ready: pages are served and the database answers."""
        if self.run is not None and self.run.poll() not in (None, -signal.SIGKILL):
            raise Stop(
                f"演练的运行意外结束：请查看 {self.root / 'console.log'}。",
                f"The drill's run ended by itself: read {self.root / 'console.log'}.",
            )
        return answers(f"{url_of('127.0.0.1', self.port)}/readyz")

    def has_new(self, name: str, former: int | None) -> bool:
        """Say whether the process runs again, with another pid."""
        return self.pid(name) not in (None, former)

    def is_gone(self) -> bool:
        """Say whether nothing of the run is left: web, jobs, database."""
        return not processes.marked_processes(str(self.instance)) and postgres.running_pid(self.instance) is None


@dataclass
class Report:
    """What was measured."""

    failures: int = 0

    def measure(self, what: str, is_done: Callable[[], bool], *, limit_s: float, since: float | None = None) -> None:
        """Wait for something and print how long it took; longer than its limit is a failure."""
        begin = time.monotonic() if since is None else since
        give_up = begin + 3 * limit_s
        done = is_done()
        while not done and time.monotonic() < give_up:
            time.sleep(0.05)
            done = is_done()
        seconds = time.monotonic() - begin
        good = done and seconds <= limit_s
        self.failures += not good
        say(
            f"    {'✓' if good else '✗'} {what}：{f'{seconds:.1f}' if done else '没有恢复，'} s（上限 {limit_s:.0f} s）"
        )

    def check(self, what: str, good: bool) -> None:
        """Print whether something holds."""
        self.failures += not good
        say(f"    {'✓' if good else '✗'} {what}")


def main() -> int:
    """Run every drill; return 1 when one promise was not kept."""
    step(3, STEPS, "故障演练（在临时副本上，不动您的数据）")
    report = Report()
    folder = Path(tempfile.mkdtemp(prefix="qjt-drills-")).resolve()
    folder.chmod(0o755)
    copies = [Copy(root=_copy_to(folder, name), port=_free_port()) for name in ("甲", "乙")]
    try:
        _drill(report, *copies)
    finally:
        for copy in copies:
            _remove(copy)
        shutil.rmtree(folder, ignore_errors=True)
    _import(report)
    say("✓ 演练全部达标" if not report.failures else f"✗ {report.failures} 项未达标")
    return 1 if report.failures else 0


def _import(report: Report) -> None:
    with private_server(durable=False, first_step=4, total=STEPS) as environment:
        step(STEPS - 1, STEPS, f"导入中杀掉后台任务 {IMPORT_KILLS} 次")
        killed = {**environment, "IMPORT_KILLS": str(IMPORT_KILLS)}
        report.check("检查、写入、撤销都接着做完，每行正好一次", _passes("tests/jobs/test_killed_imports.py", killed))
        step(STEPS, STEPS, f"{FULL_IMPORT_ROWS:,} 行的导入：预览、写入、撤销")
        full = {**environment, "FULL_IMPORT_ROWS": str(FULL_IMPORT_ROWS)}
        words = "每个进程不到 400 MB；除上传外，每次请求不到 1 秒"
        report.check(words, _passes("tests/journeys/test_full_import.py", full))


def _passes(test: str, environment: dict[str, str]) -> bool:
    """Whether a test passes that does more in this environment than in `make test`; it prints what it measured."""
    command = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", test]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode == 0


def _drill(report: Report, first: Copy, second: Copy) -> None:
    first.start()
    report.measure("第一次启动到第一页（含迁移和演示数据）", first.is_up, limit_s=180)
    for name, words in (("jobs", "后台任务"), ("web", "网站"), ("postgres", "数据库")):
        _kill_and_measure(report, first, name, words)
    second.start()
    report.measure("第二份副本同时启动", second.is_up, limit_s=180)
    report.check("两份副本各有自己的数据库", first.pid("postgres") != second.pid("postgres") and first.is_up())
    _stop_and_measure(report, first, signal.SIGINT, "Ctrl-C")
    report.check("停掉一份，另一份照常", second.is_up())
    first.start()
    report.measure("第二次启动到第一页", first.is_up, limit_s=8)
    _kill_supervisor(report, first)
    _stop_and_measure(report, first, signal.SIGTERM, "SIGTERM")
    _stop_and_measure(report, second, signal.SIGINT, "第二份 Ctrl-C")


def _kill_and_measure(report: Report, copy: Copy, name: str, words: str) -> None:
    former = copy.pid(name)
    if former is None:
        report.check(f"{words}在运行", False)
        return
    os.kill(former, signal.SIGKILL)
    begin = time.monotonic()
    report.measure(
        f"kill -9 {words}后恢复", lambda: copy.has_new(name, former) and copy.is_up(), limit_s=10, since=begin
    )


def _kill_supervisor(report: Report, copy: Copy) -> None:
    web, server = copy.pid("web"), copy.pid("postgres")
    copy.current_run().kill()
    copy.current_run().wait()
    begin = time.monotonic()
    copy.start()
    up = "kill -9 主进程后，下一次启动到第一页"
    report.measure(up, lambda: copy.has_new("web", web) and copy.is_up(), limit_s=10, since=begin)
    report.check("仍是同一个数据库，只有一个", copy.pid("postgres") == server)


def _stop_and_measure(report: Report, copy: Copy, number: signal.Signals, words: str) -> None:
    run = copy.current_run()
    run.send_signal(number)
    report.measure(f"{words} 后全部停止", lambda: run.poll() is not None and copy.is_gone(), limit_s=20)
    report.check(f"{words} 正常退出", run.poll() == 0)


def _copy_to(folder: Path, name: str) -> Path:
    """Copy the clone below ``folder`` so that the whole path has PATH_BYTES bytes or a little more."""
    root = folder / f"强检通 副本 {name}"
    while len(os.fsencode(root)) < PATH_BYTES:
        root /= "很长的 文件夹"
    shutil.copytree(ROOT, root, ignore=shutil.ignore_patterns(*NOT_COPIED), symlinks=True)
    for part in ("run", "log"):
        (root / "instance" / part).mkdir(parents=True)
    return root


def _remove(copy: Copy) -> None:
    if copy.run is not None and copy.run.poll() is None:
        copy.run.terminate()
        copy.run.wait(30)
    processes.end(processes.marked_processes(str(copy.instance)), grace_s=2)
    postgres.destroy(copy.instance, name="postgres")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(run_with_words(main))
