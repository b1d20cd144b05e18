"""First step of every make target: the right Python, an environment with the right packages, then the target itself.

Runs with the system's ``python3`` and the standard library only. The syntax is kept to what Python 3.8 can parse, so
that somebody with an old Python reads a sentence and not a SyntaxError.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from ops import ports, single
from ops.places import INSTANCE, LOG, ROOT, RUN, VENV, make_instance_folders, venv_python
from ops.words import Stop, console, disk_full, run_with_words, say, step, unwritable

OLDEST_PYTHON = (3, 11)
#: Room for the packages, pip's own temporary files and a new database; checked before anything is downloaded.
ROOM_BYTES = {"run": 700_000_000, "dev": 1_000_000_000}

#: target -> (requirements, arguments of the program that does it, all steps of the target).
TARGETS = {
    "run": ("run", ["ops.supervisor"], 6),
    "db": ("run", ["ops.tasks", "db"], 4),
    "db-stop": ("run", ["ops.tasks", "db-stop"], 2),
    "seed": ("run", ["ops.tasks", "seed"], 5),
    "test": ("dev", ["ops.test_run"], 9),
    "lint": ("dev", ["ops.test_run", "lint"], 6),
    "screens": ("dev", ["ops.tasks", "screens"], 5),
    "bench": ("dev", ["ops.tasks", "bench"], 4),
    "drills": ("dev", ["ops.drills"], 7),
}
#: Targets whose stdout is their result and nothing else.
QUIET_TARGETS = {"db", "db-stop"}

NETWORK_SIGNS = (
    "name resolution",
    "NewConnectionError",
    "ConnectTimeout",
    "ReadTimeout",
    "Read timed out",
    "Max retries exceeded",
    "Network is unreachable",
    "Connection refused",
    "Connection reset",
    "ProxyError",
    "SSLError",
    "No matching distribution found",
    "Could not fetch URL",
)


def main(target: str) -> int:
    """Prepare the environment for ``target`` and become its program; returns only where that failed."""
    requirements, arguments, steps = TARGETS[target]
    console.to_stderr = target in QUIET_TARGETS
    require_python(sys.version_info[:2])
    step(1, steps, "检查 Python 和运行目录")
    prepare_folders()
    if target == "run":
        single.become_the_only_run()
        ports.require_free_port(os.environ)
    step(2, steps, "准备依赖包")
    with single.lock(RUN / "install.lock"):
        prepare_environment(requirements)
    python = str(venv_python())
    os.chdir(ROOT)
    environment = {**os.environ, "PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1"}
    os.execve(python, [python, "-m", *arguments], environment)  # noqa: S606 - the target takes this place


def require_python(version: tuple[int, int]) -> None:
    """Refuse a Python that is too old."""
    if version < OLDEST_PYTHON:
        found = ".".join(map(str, version))
        raise Stop(
            f"Python 版本是 {found}，需要 3.11 或更新：请安装新版本，然后运行例如 make run PYTHON=python3.11。",
            f"This is Python {found}, 3.11 or newer is needed: install one, then run e.g. make run PYTHON=python3.11.",
        )


def prepare_folders() -> None:
    """Make the instance folders, and find out now rather than later whether the clone can be written to."""
    make_instance_folders()
    for folder in (ROOT, INSTANCE, RUN, LOG):
        if not os.access(folder, os.W_OK | os.X_OK):
            raise unwritable(folder)


def require_venv_modules() -> None:
    """Refuse a Python without what ``python -m venv`` needs; Debian and Ubuntu ship it as a package of its own."""
    if any(importlib.util.find_spec(name) is None for name in ("venv", "ensurepip")):
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        raise Stop(
            f"这个 Python 缺少 venv 模块：请运行 sudo apt install python3-venv（或 python{version}-venv），然后重试。",
            "This Python lacks the venv module: "
            f"run sudo apt install python3-venv (or python{version}-venv), then run again.",
        )


def prepare_environment(requirements: str) -> None:
    """Bring ``.venv`` to the pinned packages; does nothing when its stamp says that it has them."""
    version = _working_version()
    if version is not None and _stamps().get(requirements) == stamp_of(requirements, version):
        return
    _require_room(requirements)
    if version is None or version < OLDEST_PYTHON or _made_elsewhere():
        require_venv_modules()
        _make_venv()
        version = sys.version_info[:2]
    _install(requirements)
    stamps = {**_stamps(), requirements: stamp_of(requirements, version)}
    if requirements == "dev":
        stamps["run"] = stamp_of("run", version)
    fresh = _stamp_file().with_name("qjt-stamp.new")
    fresh.write_text(json.dumps(stamps))
    fresh.replace(_stamp_file())


def stamp_of(requirements: str, version: tuple[int, int]) -> str:
    """Return what identifies an environment: the requirement files' text, the Python and the place."""
    digest = hashlib.sha256()
    names = ["requirements.txt"] if requirements == "run" else ["requirements.txt", "requirements-dev.txt"]
    for name in names:
        digest.update((ROOT / name).read_bytes())
    digest.update(repr((tuple(version), os.fsencode(VENV))).encode())
    return digest.hexdigest()


def _stamp_file() -> Path:
    return VENV / "qjt-stamp.json"


def _stamps() -> dict[str, str]:
    try:
        found = json.loads(_stamp_file().read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _working_version() -> tuple[int, int] | None:
    """Return the version of the environment's own interpreter, or None when it does not start."""
    try:
        done = subprocess.run(
            [str(venv_python()), "-I", "-S", "-c", "import sys; print(*sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        )
        major, minor = done.stdout.split()
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return int(major), int(minor)


def _made_elsewhere() -> bool:
    """Say whether ``.venv`` came here by a copy or a move: its scripts then still start another place's Python.

    ``venv`` writes its command line, the target folder last, into pyvenv.cfg before it installs pip; an environment
    without pip is one whose making was interrupted.
    """
    try:
        lines = (VENV / "pyvenv.cfg").read_text(errors="surrogateescape").splitlines()
    except OSError:
        return True
    here = any(line.startswith("command") and line.endswith(str(VENV)) for line in lines)
    return not here or not (venv_python().parent / "pip").exists()


def _require_room(requirements: str) -> None:
    if shutil.disk_usage(str(ROOT)).free < ROOM_BYTES[requirements]:
        raise disk_full(ROOT)


def _make_venv() -> None:
    if VENV.is_symlink():
        VENV.unlink()
    elif VENV.exists():
        shutil.rmtree(str(VENV))
    say("    新建 .venv …")
    done = _logged([sys.executable, "-m", "venv", str(VENV)])
    if done != 0:
        raise _install_problem("venv")


def _install(requirements: str) -> None:
    name = "requirements.txt" if requirements == "run" else "requirements-dev.txt"
    say(f"    按 {name} 安装（第一次需要几分钟） …")
    command = [str(venv_python()), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    command += ["--retries", "2", "--progress-bar", "off", "-r", str(ROOT / name)]
    if _logged(command) != 0:
        raise _install_problem("pip")


def _logged(command: list[str]) -> int:
    """Run with everything it says kept in instance/log/install.log; the console hears a line every ten packages."""
    with (LOG / "install.log").open("w", encoding="utf-8", errors="replace") as log:
        child = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            errors="replace",
            cwd=str(ROOT),
            env={**os.environ, "PYTHONUTF8": "1", "PYTHONIOENCODING": "utf-8:replace"},
        )
        collected = 0
        for line in child.stdout or ():
            log.write(line)
            collected += line.startswith("Collecting ")
            if line.startswith("Collecting ") and collected % 10 == 0:
                say(f"    已找到 {collected} 个包 …")
            if line.startswith("Installing collected packages"):
                say(f"    正在安装 {line.count(',') + 1} 个包 …")
        return child.wait()


def _install_problem(what: str) -> Stop:
    """Turn the installer's last words into what the person should do."""
    try:
        output = (LOG / "install.log").read_text(encoding="utf-8", errors="replace")
    except OSError:
        output = ""
    return words_for_install(what, output)


def words_for_install(what: str, output: str) -> Stop:
    """Return the sentences for a failed ``what`` (venv or pip) that printed ``output``."""
    if "No space left on device" in output or "Errno 28" in output or "Disk quota exceeded" in output:
        return disk_full(ROOT)
    if "ensurepip" in output:
        return Stop(
            "这个 Python 建不了虚拟环境：请先运行 sudo apt install python3-venv，再重新运行。",
            "This Python cannot make a virtual environment: run sudo apt install python3-venv, then run again.",
        )
    if any(sign in output for sign in NETWORK_SIGNS):
        return Stop(
            "下载不到依赖包：请检查网络或代理（HTTPS_PROXY），或用 PIP_INDEX_URL 指定能访问的镜像，然后重新运行。",
            "The packages cannot be downloaded: check the network or proxy (HTTPS_PROXY), "
            "or name a mirror you can reach in PIP_INDEX_URL, then run again.",
        )
    if "Permission denied" in output or "Read-only file system" in output:
        return unwritable(ROOT)
    return Stop(
        f"依赖包没有装好（{what}）：请查看 {LOG / 'install.log'} 末尾的原因，排除后重新运行。",
        f"The packages were not installed ({what}): read the end of {LOG / 'install.log'}, "
        "put it right, then run again.",
    )


if __name__ == "__main__":
    sys.exit(run_with_words(main, sys.argv[1]))
