"""The embedded PostgreSQL: started by the wheel's own ``initdb`` and ``pg_ctl``, one server for one clone.

Only people who can enter the socket's folder (mode 0700) reach the server, so inside ``trust`` is enough. Three roles:
``qjt_superuser`` sets up, ``qjt_owner`` owns the database and migrates it, ``qjt_app`` owns nothing and reads and
writes rows. A started server outlives its starter; whoever comes next finds it by ``postmaster.pid``.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from psycopg import sql

from ops import processes
from ops.postgres_home import PORT, Home, find_home, socket_folder
from ops.words import Stop, disk_full

SUPERUSER, OWNER, APP = "qjt_superuser", "qjt_owner", "qjt_app"
DATABASE = "qjt"
MAJOR = "18"
LOG_LIMIT_BYTES = 10_000_000

#: What the application's role may do to whatever the owner will ever create, in every database made from template1.
DEFAULT_GRANTS = (
    f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {APP}",
    f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} GRANT USAGE, SELECT ON SEQUENCES TO {APP}",
)


@dataclass(frozen=True)
class Urls:
    """How to reach one database as each of its three roles, in the form libpq, psycopg and psql understand."""

    app: str
    owner: str
    superuser: str


def ensure_running(instance_dir: Path, *, name: str = "postgres", durable: bool = True) -> Urls:
    """Return a server that answers, starting or repairing it if need be; calling it again changes nothing.

    ``name`` tells apart servers of one clone (data of runs, data of tests); ``durable=False`` gives up surviving a
    power cut for speed. Raises Stop with words for the person when there can be no server.
    """
    home = find_home(instance_dir, name=name)
    with _only_one_at_a_time(home):
        _make_cluster(home, durable=durable)
        pid = _running_pid(home)
        if pid is not None and not _answers(home):
            _stop(home, pid)
            pid = None
        if pid is None:
            pid = _start(home, durable=durable)
        urls = _urls(_socket_of(home), DATABASE)
        _set_up_roles(home, urls)
        processes.write_pid(_pid_file(instance_dir, name), pid)
        return urls


def stop(instance_dir: Path, *, name: str = "postgres") -> bool:
    """Stop the clone's server and wait until it is gone; return False when none was running."""
    home = find_home(instance_dir, name=name)
    with _only_one_at_a_time(home):
        pid = _running_pid(home)
        if pid is not None:
            _stop(home, pid)
        _pid_file(instance_dir, name).unlink(missing_ok=True)
        return pid is not None


def running_pid(instance_dir: Path, *, name: str = "postgres") -> int | None:
    """Return the pid of the clone's server, or None when it does not run."""
    return _running_pid(find_home(instance_dir, name=name))


def destroy(instance_dir: Path, *, name: str) -> None:
    """Stop the server and delete its data; for servers made for one test run only."""
    stop(instance_dir, name=name)
    home = find_home(instance_dir, name=name)
    shutil.rmtree(socket_folder(home), ignore_errors=True)
    shutil.rmtree(home.folder)
    for left in (f"{name}.location", f"{name}.lock"):
        (instance_dir / left).unlink(missing_ok=True)


def create_database(superuser_url: str, name: str, *, template: str | None = None) -> Urls:
    """Create a database of the owner's, empty or as a copy of ``template``, and return how to reach it."""
    statement = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(
        sql.Identifier(name), sql.Identifier(OWNER), sql.Identifier(template or "template1")
    )
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute(statement)
    return urls_for(superuser_url, name)


def urls_for(superuser_url: str, name: str) -> Urls:
    """Return how to reach another database of the same server."""
    address = urlsplit(superuser_url)

    def url(role: str) -> str:
        return urlunsplit(address._replace(netloc=f"{role}@", path=f"/{quote(name)}"))

    return Urls(app=url(APP), owner=url(OWNER), superuser=url(SUPERUSER))


def _pid_file(instance_dir: Path, name: str) -> Path:
    return instance_dir / "run" / f"{name}.pid"


def _urls(sockets: Path, database: str) -> Urls:
    """Build the URLs; the port is written out so that a PGPORT in the person's shell cannot lead elsewhere."""
    return urls_for(f"postgresql://{SUPERUSER}@/{database}?host={quote(str(sockets))}&port={PORT}", database)


@contextlib.contextmanager
def _only_one_at_a_time(home: Home) -> Iterator[None]:
    """Let only one process of this clone start or stop the server; the lock dies with its holder."""
    with (home.folder / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make_cluster(home: Home, *, durable: bool) -> None:
    """Create the cluster beside its place and rename it, so that an interrupted initdb leaves nothing half made."""
    version = home.data / "PG_VERSION"
    if version.exists():
        _refuse_other_major(version)
        return
    fresh = home.folder / "data.new"
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.rmtree(home.data, ignore_errors=True)
    home.ready.unlink(missing_ok=True)
    fresh.mkdir(mode=0o700)
    home.own(fresh)
    for locale in ("C.UTF-8", "C"):  # the C library's locale is only a fallback here; old systems have no C.UTF-8
        done = home.run(
            [
                home.programs / "initdb",
                *("-D", fresh, "-U", SUPERUSER, "-A", "trust", "-E", "UTF8"),
                *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", f"--locale={locale}"),
                *([] if durable else ["--no-sync"]),
            ]
        )
        if done.returncode == 0:
            break
    else:
        raise _cannot("initdb", done.stdout + done.stderr, home)
    written = home.run(
        ["/bin/sh", "-c", 'cat >> "$1"', "sh", fresh / "postgresql.conf"], text_in="\ninclude '../qjt.conf'\n"
    )
    if written.returncode != 0:
        raise _cannot("initdb", written.stderr, home)
    fresh.rename(home.data)


def _refuse_other_major(version: Path) -> None:
    found = version.read_text().strip()
    if found != MAJOR:
        raise Stop(
            f"数据是 PostgreSQL {found} 写的，本版本使用 {MAJOR}："
            f"请先用旧版本导出（pg_dump），移走 {version.parent}，再导入。",
            f"The data was written by PostgreSQL {found} and this version uses {MAJOR}: "
            f"dump it with the former version, move {version.parent} away, then restore.",
        )


def _start(home: Home, *, durable: bool) -> int:
    """Start the server and return its pid; what is left of a killed one goes first."""
    _clear_leftovers(home)
    _write_settings(home, durable=durable)
    log = home.data / "server.log"
    if log.exists() and log.stat().st_size > LOG_LIMIT_BYTES:
        log.replace(home.data / "server.log.1")
    done = home.run([home.programs / "pg_ctl", "-D", home.data, "-l", log, "-w", "-t", "60", "start"])
    pid = _running_pid(home)
    if done.returncode != 0 or pid is None:
        raise _cannot("pg_ctl start", done.stdout + done.stderr + _tail(log), home)
    return pid


def _clear_leftovers(home: Home) -> None:
    """After a kill -9 wait until every process of the old server is gone; then its pid file means nothing.

    A backend notices its dead postmaster only between two pieces of work, and a zombie can stand in the process table
    for ever where nobody collects it: the first is killed after two seconds, the second counts as gone.
    """
    left = processes.working_in(home.data)
    noted = processes.read_pid(home.data / "postmaster.pid")
    if noted is not None and processes.working_directory(noted) is None:  # on its way out: it has no folder any more
        processes.wait_gone([noted], timeout_s=2)
    if left and not processes.wait_gone(left, timeout_s=2):
        processes.end(left, grace_s=0)
    (home.data / "postmaster.pid").unlink(missing_ok=True)
    for name in (f".s.PGSQL.{PORT}", f".s.PGSQL.{PORT}.lock"):  # the folder is this server's alone
        (socket_folder(home) / name).unlink(missing_ok=True)


def _write_settings(home: Home, *, durable: bool) -> None:
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(socket_folder(home)),
        "unix_socket_permissions": "0700",
        "port": str(PORT),
        "timezone": "UTC",
        "log_timezone": "UTC",
    }
    if not durable:
        settings |= {"fsync": "off", "full_page_writes": "off"}
    path = home.folder / "qjt.conf"
    path.write_text("".join(f"{name} = '{value}'\n" for name, value in settings.items()))
    path.chmod(0o644)


def _stop(home: Home, pid: int) -> None:
    """Stop fast (open transactions are rolled back), at once if that takes too long, and wait for the pid to go."""
    for mode, seconds in (("fast", "20"), ("immediate", "10")):
        home.run([home.programs / "pg_ctl", "-D", home.data, "-m", mode, "-t", seconds, "-w", "stop"])
        if processes.wait_gone([pid], timeout_s=1):
            return
    processes.end([pid], grace_s=0)


def _running_pid(home: Home) -> int | None:
    """Return the pid in postmaster.pid when that process lives and is this server's, not one that got its number."""
    pid = processes.read_pid(home.data / "postmaster.pid")
    if pid is None or not processes.is_alive(pid):
        return None
    working = processes.working_directory(pid)
    if working is not None:
        return pid if working == os.path.realpath(home.data) else None
    return pid if not processes.HAS_PROC and processes.runs_program(pid, "postgres") else None


def _socket_of(home: Home) -> Path:
    """Return the socket's folder the running server really uses: the fifth line of its pid file."""
    return Path((home.data / "postmaster.pid").read_text().splitlines()[4])


def _answers(home: Home) -> bool:
    """Say whether the running server takes connections, waiting up to ten seconds while it recovers."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            psycopg.connect(_urls(_socket_of(home), "postgres").superuser, connect_timeout=3).close()
            return True
        except (psycopg.OperationalError, OSError, IndexError):
            if _running_pid(home) is None:
                return False
            time.sleep(0.1)
    return False


def _set_up_roles(home: Home, urls: Urls) -> None:
    """Create roles, default grants and the database, once; each step may already have been done."""
    if home.ready.exists():
        return
    with psycopg.connect(urls_for(urls.superuser, "template1").superuser, autocommit=True) as connection:
        existing = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
        for role in (OWNER, APP):
            if role not in existing:
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
        for grant in DEFAULT_GRANTS:
            connection.execute(sql.SQL(grant))
        missing = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone() is None
    if missing:  # only now: a template with a connection to it cannot be copied
        create_database(urls_for(urls.superuser, "postgres").superuser, DATABASE)
    home.ready.touch()


def _cannot(what: str, output: str, home: Home) -> Stop:
    """Put what the server's programs said into words."""
    if "No space left on device" in output:
        return disk_full(home.folder)
    if "could not look up effective user ID" in output:
        return Stop(
            f"当前用户（{os.geteuid()}）在 /etc/passwd 里没有记录，数据库不能启动："
            "请用有记录的用户运行，或设置 DATABASE_URL。",
            f"The current user ({os.geteuid()}) has no entry in /etc/passwd, so the database cannot start: "
            "run as a user that has one, or set DATABASE_URL.",
        )
    reason = output.strip().splitlines()[-1] if output.strip() else what
    return Stop(
        f"内置数据库没有启动（{what}：{reason}）："
        f"请查看 {home.data}/server.log，或设置 DATABASE_URL 使用自己的 PostgreSQL。",
        f"The embedded database did not start ({what}: {reason}): read {home.data}/server.log, "
        "or set DATABASE_URL to use your own PostgreSQL.",
    )


def _tail(log: Path) -> str:
    try:
        return log.read_text(errors="replace")[-2000:]
    except OSError:
        return ""
