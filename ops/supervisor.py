"""``make run``: database, migrations, seeds, web and jobs; restarts what dies, stops everything at the end.

Reached through ops.bootstrap, whose place (and lock) it takes. One loop, one thread: four times a second it looks at
its children, at the database and at the children's logs.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import signal
import sys
import time
import urllib.error
import urllib.request
from types import FrameType

from ops import accounts, postgres, prepared, preparing, single
from ops.children import Child, LogWatch, rotate
from ops.environment import Databases, application_environment, databases
from ops.places import INSTANCE, LOG, ROOT, RUN
from ops.ports import address_of, url_of
from ops.words import Stop, run_with_words, say, step

STEPS = 6
READY_WITHIN_S = 90.0
STOP_WITHIN_S = 20.0
TICK_S = 0.25
#: A web process that cannot even start: after so many tries before its first answer, the run gives up.
MOST_EARLY_DEATHS = 3


class Interrupted(BaseException):
    """Somebody asked the run to stop, by Ctrl-C, SIGTERM or by closing the terminal."""


class Supervisor:
    """One run: what it started, and whether it has been told to stop."""

    def __init__(self) -> None:
        self.children: list[Child] = []
        self.watches: list[LogWatch] = []
        self.databases: Databases | None = None
        self.stop_requests = 0
        self.made_by_make = "MAKELEVEL" in os.environ
        self.parent = os.getppid()

    def run(self) -> int:
        """Start everything, look after it until told to stop, stop everything; return the exit code."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        try:
            self._start()
            while True:
                self._look_after()
                time.sleep(TICK_S)
        except Interrupted:
            return 0
        finally:
            self.stop_requests = max(self.stop_requests, 1)
            self._stop()

    def _start(self) -> None:
        step(3, STEPS, "启动数据库")
        (RUN / "postgres.stopped").unlink(missing_ok=True)
        self.databases = databases(os.environ)
        self._prepare(self.databases)
        self._refuse_to_outlive_make()
        step(6, STEPS, "启动网站和后台任务" if _with_jobs() else "启动网站（JOBS=0，不启动后台任务）")
        environment = application_environment(os.environ, self.databases)
        self._start_child("web", web_command(), environment)
        if _with_jobs():
            self._start_child("jobs", [sys.executable, "-m", "flask", "--app", "app", "jobs", "run"], environment)
        self._wait_until_ready()
        _say_where_to_start(environment)

    def _prepare(self, found: Databases) -> None:
        """Migrate and seed, unless this very database has had these very files."""
        app_env = os.environ.get("APP_ENV") or "demo"
        if prepared.is_prepared(found, app_env):
            step(4, STEPS, "表结构已是最新")
            step(5, STEPS, "基础数据和演示数据已有")
            return
        preparing.prepare(found, first_step=4, total=STEPS, commands=preparing.commands_for(os.environ))
        prepared.remember(found, app_env)

    def _start_child(self, name: str, command: list[str], environment: dict[str, str]) -> None:
        log = LOG / f"{name}.log"
        self.watches.append(LogWatch(log))
        child = Child(name=name, command=command, environment=environment, log=log, pid_file=RUN / f"{name}.pid")
        self.children.append(child)
        child.start()

    def _wait_until_ready(self) -> None:
        host, port = address_of(os.environ)
        deadline = time.monotonic() + READY_WITHIN_S
        web = self.children[0]
        while not answers(f"{url_of(host, port)}/readyz"):
            self._look_after()
            if time.monotonic() > deadline or web.deaths_in_a_row >= MOST_EARLY_DEATHS:
                raise Stop(
                    f"网站没有启动成功：请查看 {web.log} 末尾的原因，排除后重新运行。",
                    f"The web process did not start: read the end of {web.log}, put it right, then run again.",
                )
            time.sleep(0.1)

    def _look_after(self) -> None:
        self._refuse_to_outlive_make()
        for child in self.children:
            code = child.tend()
            if code is not None:
                say(f"！{_words_for(child.name)}意外退出（{code}），正在重新启动，日志：{child.log}")
            rotate(child.log)
        self._look_after_database()
        for watch in self.watches:
            for line in watch.loud_lines():
                say(f"！[{watch.log.stem}] {line}")

    def _look_after_database(self) -> None:
        """Bring a dead server back, unless ``make db-stop`` stopped it on purpose."""
        if self.databases is None or not self.databases.embedded or (RUN / "postgres.stopped").exists():
            return
        if postgres.running_pid(INSTANCE) is None:
            say("！数据库意外退出，正在重新启动")
            try:
                postgres.ensure_running(INSTANCE)
            except Stop as problem:
                say(f"！{problem.chinese}")
                time.sleep(2)

    def _refuse_to_outlive_make(self) -> None:
        """A ``make`` that was killed without a chance to tell us means the same as Ctrl-C."""
        if self.made_by_make and os.getppid() != self.parent:
            raise Interrupted

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.stop_requests += 1
        if self.stop_requests == 1:
            raise Interrupted

    def _stop(self) -> None:
        """Stop web and jobs together, then the database; a second Ctrl-C does not wait for work in hand."""
        say("正在停止 …")
        for child in self.children:
            child.ask_to_stop()
        deadline = time.monotonic() + STOP_WITHIN_S
        while not all(child.has_stopped() for child in self.children):
            if time.monotonic() > deadline or self.stop_requests > 1:
                break
            time.sleep(0.05)
        for child in self.children:
            child.kill_group()
            child.forget()
        if self.databases is None or self.databases.embedded:
            self._stop_database()
        say("已停止，数据已保留。")

    def _stop_database(self) -> None:
        """Leave a server running that ``make db`` started for others."""
        if "DATABASE_URL" not in os.environ and not (RUN / "postgres.keep").exists():
            with contextlib.suppress(Stop):
                postgres.stop(INSTANCE)


def web_command() -> list[str]:
    """Return the command of the web process: gunicorn, or waitress where there is none (Windows)."""
    host, port = address_of(os.environ)
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    if importlib.util.find_spec("gunicorn") is None or os.name == "nt":
        return [sys.executable, "-m", "waitress", f"--listen={address}", "--threads=8", "--call", "app:create_app"]
    return [
        *(sys.executable, "-m", "gunicorn", "app:create_app()", "--bind", address),
        *("--workers", "2", "--worker-class", "gthread", "--threads", "4", "--preload"),
        *("--timeout", "60", "--graceful-timeout", "8", "--keep-alive", "5", "--log-level", "warning"),
        "--no-control-socket",
    ]


def answers(url: str) -> bool:
    """Say whether the address answers 200 within two seconds; proxies of the person's shell are not asked."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=2) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError, ValueError):
        return False


def _with_jobs() -> bool:
    return os.environ.get("JOBS") != "0"


def _words_for(name: str) -> str:
    return {"web": "网站进程", "jobs": "后台任务进程"}[name]


def _say_where_to_start(environment: dict[str, str]) -> None:
    host, port = address_of(os.environ)
    say("")
    say(f"强检通已启动：{url_of(host, port)}")
    path = ROOT / "seeds" / "demo_accounts.csv"
    if environment["APP_ENV"] == "demo" and path.exists():
        say("演示账号：")
        for line in accounts.account_lines(path):
            say(f"  {line}")
        say("从这里开始：打开上面的地址，点“五分钟导览”，照页面上方的提示走；也可以用上面的账号登录。")
    else:
        say("从这里开始：打开上面的地址，点“注册”或“登录”。")
    say("按 Ctrl-C 停止，数据会保留。")


def main() -> int:
    """Run until told to stop."""
    single.keep_lock_to_yourself()
    return Supervisor().run()


if __name__ == "__main__":
    sys.exit(run_with_words(main))
