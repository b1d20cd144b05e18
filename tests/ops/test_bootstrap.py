"""What goes wrong on a fresh machine ends in one sentence in Chinese and one in English, never in a traceback."""

import errno
import importlib.util
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ops import bootstrap, places, ports, processes, single, words
from ops.words import Stop
from tests.ops.clones import REPOSITORY, clean_environment

CHINESE = re.compile(r"[一-鿿]")


def returning_0(check: Callable[..., None]) -> Callable[..., int]:
    """Make a command of a check."""

    def command(*args: object) -> int:
        check(*args)
        return 0

    return command


def sentences(capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    """Return the Chinese and the English sentence a command ended with."""
    chinese, english = capsys.readouterr().err.strip().splitlines()
    assert CHINESE.search(chinese)
    assert english.isascii() or not CHINESE.search(english.replace(str(places.ROOT), ""))
    return chinese, english


def test_an_old_python_is_told_which_one_is_needed(capsys: pytest.CaptureFixture[str]) -> None:
    assert words.run_with_words(returning_0(bootstrap.require_python), (3, 10)) == 1
    chinese, english = sentences(capsys)
    assert "3.10" in chinese
    assert "3.11" in english
    bootstrap.require_python((3, 11))


def test_everything_before_the_version_check_parses_and_imports_on_python_3_8() -> None:
    for name in ("bootstrap", "words", "places", "ports", "single", "processes"):
        source = (REPOSITORY / "ops" / f"{name}.py").read_text(encoding="utf-8")
        compile_as_38(source, name)
        assert "from __future__ import annotations" in source


def compile_as_38(source: str, name: str) -> None:
    """Parse as Python 3.8 would."""
    import ast

    ast.parse(source, filename=name, feature_version=(3, 8))


def test_a_python_without_ensurepip_is_told_the_package(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "ensurepip" else find(name))
    assert words.run_with_words(returning_0(bootstrap.require_venv_modules)) == 1
    chinese, english = sentences(capsys)
    assert "apt install python3-venv" in chinese
    assert "apt install python3-venv" in english


def test_a_busy_port_is_found_before_anything_is_installed(tmp_path: Path) -> None:
    shutil.copytree(REPOSITORY / "ops", tmp_path / "ops", ignore=shutil.ignore_patterns("__pycache__"))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "ops.bootstrap", "run"],
            cwd=tmp_path,
            env={**clean_environment(), "PORT": str(port)},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert f"端口 {port} 已被" in done.stderr
    assert f"Port {port} is in use" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / ".venv").exists()


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1", "５０００"])
def test_a_port_that_is_none_is_refused(port: str) -> None:
    with pytest.raises(Stop, match="not a port number"):
        ports.address_of({"PORT": port})


@pytest.mark.parametrize(
    ("output", "advice"),
    [
        ("Failed to establish a new connection: [Errno -3] Temporary failure in name resolution", "PIP_INDEX_URL"),
        ("ERROR: No matching distribution found for Flask==3.1.3", "network"),
        ("OSError: [Errno 28] No space left on device", "disk is full"),
        ("The virtual environment was not created because ensurepip is not available", "python3-venv"),
        ("ERROR: Could not install packages due to an OSError: [Errno 13] Permission denied", "No permission"),
        ("error: subprocess-exited-with-error", "install.log"),
    ],
)
def test_what_the_installer_said_becomes_advice(output: str, advice: str) -> None:
    stop = bootstrap.words_for_install("pip", output)
    assert advice in stop.english
    assert CHINESE.search(stop.chinese)


@pytest.mark.parametrize(
    ("number", "advice"),
    [(errno.ENOSPC, "disk is full"), (errno.EROFS, "No permission to write"), (errno.EACCES, "No permission to write")],
)
def test_a_refusing_system_becomes_two_sentences(number: int, advice: str, capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> int:
        raise OSError(number, os.strerror(number), "/some/where")

    assert words.run_with_words(fail) == 1
    _chinese, english = sentences(capsys)
    assert advice in english


def test_a_disk_without_room_is_found_before_downloading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: shutil._ntuple_diskusage(10**9, 10**9 - 5, 5))
    with pytest.raises(Stop, match="disk is full"):
        bootstrap._require_room("run")


def test_an_environment_is_kept_while_its_stamp_fits_and_installed_again_when_it_does_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    installed: list[str] = []
    made: list[Path] = []
    venv = tmp_path / ".venv"
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "VENV", venv)
    monkeypatch.setattr(bootstrap, "venv_python", lambda: venv / "bin" / "python")
    monkeypatch.setattr(bootstrap, "_install", installed.append)

    def make() -> None:
        shutil.rmtree(venv, ignore_errors=True)
        (venv / "bin").mkdir(parents=True)
        (venv / "bin" / "python").symlink_to(sys.executable)
        (venv / "bin" / "pip").touch()
        (venv / "pyvenv.cfg").write_text(f"command = python3 -m venv {venv}\n")
        made.append(venv)

    monkeypatch.setattr(bootstrap, "_make_venv", make)
    (tmp_path / "requirements.txt").write_text("Flask==1\n")
    (tmp_path / "requirements-dev.txt").write_text("-r requirements.txt\n")

    bootstrap.prepare_environment("run")
    bootstrap.prepare_environment("run")
    assert (len(made), installed) == (1, ["run"])
    bootstrap.prepare_environment("dev")
    bootstrap.prepare_environment("run")
    assert installed == ["run", "dev"]
    (tmp_path / "requirements.txt").write_text("Flask==2\n")
    bootstrap.prepare_environment("run")
    assert (len(made), installed) == (1, ["run", "dev", "run"])

    moved = tmp_path / "moved" / ".venv"
    moved.parent.mkdir()
    venv.rename(moved)
    venv.parent.joinpath(".venv").symlink_to(moved)
    venv = moved
    monkeypatch.setattr(bootstrap, "VENV", venv)
    bootstrap.prepare_environment("run")
    assert (len(made), len(installed)) == (2, 4), "a moved environment's scripts start the old place's Python"


def test_a_pid_is_ours_only_when_its_process_carries_the_clones_mark(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"]
    mine = subprocess.Popen(command, env={**os.environ, places.MARK: str(tmp_path)}, stdout=subprocess.PIPE)
    other = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        for child in (mine, other):
            assert child.stdout is not None
            child.stdout.readline()
        assert processes.marked_processes(str(tmp_path), [mine.pid, other.pid]) == [mine.pid]
        processes.end([mine.pid], grace_s=3)
        assert not processes.is_alive(mine.pid)
        assert processes.is_alive(other.pid)
    finally:
        for child in (mine, other):
            child.kill()
            child.communicate()


def test_leftovers_end_only_when_they_are_this_clones(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    monkeypatch.setattr(single, "RUN", run)
    monkeypatch.setattr(single, "INSTANCE", tmp_path)
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        processes.write_pid(run / "web.pid", stranger.pid)
        single.end_leftovers()
        assert stranger.poll() is None
        assert not (run / "web.pid").exists()
    finally:
        stranger.kill()
        stranger.wait()
