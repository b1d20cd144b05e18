"""``make test`` and ``make lint``: every check in order, each shown, none skipped, an honest exit code."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping

from ops.places import ROOT
from ops.test_server import private_server
from ops.words import run_with_words, say, step

PYTHON = sys.executable
LINT = {
    "代码检查（ruff check）": [PYTHON, "-m", "ruff", "check", "."],
    "代码格式（ruff format --check）": [PYTHON, "-m", "ruff", "format", "--check", "."],
    "类型检查（mypy）": [PYTHON, "-m", "mypy"],
    "分层约定（lint-imports）": [
        *(PYTHON, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"),
        "--no-cache",
    ],
}
TESTS = [
    *(PYTHON, "-m", "pytest", "-p", "ops.no_skips", "-p", "no:cacheprovider", "--durations=10"),
    *("-n", "2", "--dist", "loadscope", "--no-loadscope-reorder"),
]


def lint() -> int:
    """Run the checks that need no database."""
    return _all_of(LINT, dict(os.environ), first_step=3, total=6)


def test() -> int:
    """Run all checks and all tests; a failed check does not hide what the later ones would say."""
    with private_server(durable=False, first_step=3, total=9) as environment:
        tests = [*TESTS, *shlex.split(os.environ.get("PYTEST_ARGS", ""))]
        return _all_of({**LINT, "全部测试（pytest）": tests}, environment, first_step=5, total=9)


def _all_of(checks: Mapping[str, list[str]], environment: dict[str, str], *, first_step: int, total: int) -> int:
    failed = []
    for number, (name, command) in enumerate(checks.items(), start=first_step):
        step(number, total, name)
        begin = time.monotonic()
        code = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
        say(f"    {'✓' if code == 0 else '✗'} {time.monotonic() - begin:.1f} s")
        if code != 0:
            failed.append(name)
    if failed:
        say(f"✗ 未通过：{'、'.join(failed)} / failed: {len(failed)} of {len(checks)} checks")
        return 1
    say("✓ 全部通过 / all checks passed")
    return 0


if __name__ == "__main__":
    sys.exit(run_with_words(lint if sys.argv[1:] == ["lint"] else test))
