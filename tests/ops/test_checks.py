"""The checks of ``make test`` cannot pass by not looking, and the console says what matters."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ops import accounts, browser, children
from ops.words import Stop
from tests.ops.clones import REPOSITORY, clean_environment


def run_pytest(folder: Path, test: str) -> subprocess.CompletedProcess[str]:
    """Run one test file with the plugin, away from this project's settings."""
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "test_it.py").write_text(test)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "ops.no_skips", "-p", "no:cacheprovider", str(folder)],
        cwd=REPOSITORY,
        env={**clean_environment(), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_skipped_test_fails_the_run_and_is_named(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, "import pytest\n\ndef test_a():\n    pytest.skip('no browser')\n")
    assert done.returncode == 1
    assert "test_it.py::test_a" in done.stdout


def test_a_skipped_module_fails_the_run(tmp_path: Path) -> None:
    module = "import pytest\npytest.skip('not here', allow_module_level=True)\n"
    assert run_pytest(tmp_path, module).returncode != 0


def test_a_run_without_skips_passes(tmp_path: Path) -> None:
    assert run_pytest(tmp_path, "def test_a():\n    pass\n").returncode == 0


def test_a_browser_that_does_not_start_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, code in (("chromium", 1), ("google-chrome", 0)):
        (tmp_path / name).write_text(f"#!/bin/sh\nexit {code}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert browser.find_chromium() == str(tmp_path / "google-chrome")


def test_a_browser_asked_for_must_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROMIUM", "/nowhere/chromium")
    with pytest.raises(Stop, match="does not start"):
        browser.chromium()


def test_accounts_stand_in_straight_columns_whatever_the_script(tmp_path: Path) -> None:
    path = tmp_path / "demo_accounts.csv"
    path.write_text(
        "username,password,role,organisation,division,marker\n"
        "q1,pass-1,enterprise,淄博一厂,370303,甲\n"
        "shi,pass-22,regulator,ABC,370300,乙\n",
        encoding="utf-8",
    )
    lines = accounts.account_lines(path)
    columns = [
        accounts.width(line[: line.index(word)]) for line, word in zip(lines, ("区划", "370303", "370300"), strict=True)
    ]
    assert len(set(columns)) == 1
    assert "监管部门" in lines[2]
    assert "甲" not in lines[1]


def test_the_console_hears_warnings_of_a_log_once_and_nothing_else(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    log.write_text('{"level": "error", "message": "from an earlier run"}\n')
    watch = children.LogWatch(log)
    with log.open("a") as file:
        for level in ("info", "warning"):
            file.write(json.dumps({"level": level, "message": f"a {level}"}) + "\n")
        file.write("not json\n")
        file.write('{"level": "error", "mess')
    assert watch.loud_lines() == ["warning a warning"]
    with log.open("a") as file:
        file.write('age": "whole"}\n')
    assert watch.loud_lines() == ["error whole"]
    assert watch.loud_lines() == []


def test_a_large_log_keeps_one_former_part_and_its_writer_writes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "LOG_LIMIT_BYTES", 10)
    log = tmp_path / "web.log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"a long line\n")
        children.rotate(log)
        writer.write(b"next\n")
    assert log.read_bytes() == b"next\n"
    assert log.with_name("web.log.1").read_bytes() == b"a long line\n"
