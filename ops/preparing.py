"""Starting ``ops.prepare`` and saying what to do where it fails."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping

from ops.children import dying_with_parent, rotate
from ops.environment import Databases, preparing_environment
from ops.places import LOG, ROOT
from ops.words import Stop, console, disk_full

#: How the application refuses its environment: already a sentence in Chinese and one in English.
REFUSED_SETTINGS = re.compile(r"ConfigurationError: (.+。) ?(.+)$")


def commands_for(environment: Mapping[str, str]) -> list[str]:
    """Return what a start has to bring up to date: the schema, the reference data and, for a demo, its data."""
    demo = (environment.get("APP_ENV") or "demo") == "demo"
    return ["db upgrade", "seed reference", *(["seed demo"] if demo else [])]


def prepare(found: Databases, *, first_step: int, total: int, commands: list[str]) -> None:
    """Run the application's commands in one process; raises Stop where one of them fails."""
    log = LOG / "prepare.log"
    rotate(log)
    with log.open("ab") as errors:
        begin = errors.tell()
        done = subprocess.run(
            [sys.executable, "-m", "ops.prepare", str(first_step), str(total), *commands],
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr if console.to_stderr else None,
            stderr=errors,
            cwd=ROOT,
            env=preparing_environment(os.environ, found),
            start_new_session=True,
            preexec_fn=dying_with_parent(),
            check=False,
        )
    if done.returncode == 0:
        return
    with log.open("rb") as written:
        written.seek(begin)
        output = written.read().decode(errors="replace").strip()
    if "No space left on device" in output or "DiskFull" in output:
        raise disk_full(ROOT)
    reason = output.splitlines()[-1][:300] if output else f"exit {done.returncode}"
    if settings := REFUSED_SETTINGS.search(reason):
        raise Stop(settings[1], settings[2])
    raise Stop(
        f"数据库没有准备好（{reason}）：请查看 {log} 末尾的原因，排除后重新运行。",
        f"The database was not prepared ({reason}): read the end of {log}, put it right, then run again.",
    )
