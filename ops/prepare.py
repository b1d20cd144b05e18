"""Migrate and seed: ``python -m ops.prepare FIRST_STEP TOTAL "db upgrade" "seed reference" …``.

Runs several of the application's own commands in one process, because starting Python and importing the application
takes longer than each of them when there is nothing to do. What the commands print goes to stderr, which is a log.
"""

from __future__ import annotations

import contextlib
import sys

from flask.cli import ScriptInfo

#: The first command of each step that a person sees.
STEPS = {"db upgrade": "更新表结构", "seed reference": "写入基础数据和演示数据（第一次约一分钟）"}


def main(number: int, total: int, commands: list[str]) -> int:
    """Run the commands one after the other; the first that fails ends the program with its exit code."""
    from app import create_app

    app = create_app()
    for command in commands:
        if command in STEPS:
            print(f"{number}/{total} {STEPS[command]}", flush=True)
            number += 1
        with contextlib.redirect_stdout(sys.stderr):
            app.cli.main(
                args=command.split(),
                prog_name="flask",
                obj=ScriptInfo(create_app=lambda: app),
                standalone_mode=False,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]))
