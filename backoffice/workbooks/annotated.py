"""The clerk's own workbook with its problems marked, made in a process of its own.

A workbook of moderate size keeps everything it has; a larger one, and delimited text, come back as a marked copy of the
table. Either way the process may use as much memory as any other of the product, and no more.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import zipfile
from dataclasses import asdict, replace
from pathlib import Path

from backoffice.workbooks.intake import MEGABYTE, Limits, check_file
from backoffice.workbooks.problems import FileProblemError
from backoffice.workbooks.reading_processes import ROOT, bare_environment

WHOLE_UNPACKED = 20 * MEGABYTE
"""Unpacked size up to which a workbook is held whole: some 20,000 rows, for which openpyxl takes 12 times as much."""
LIMITS = replace(Limits(), cpu_seconds=180, wait_seconds=300)


def annotate(source: Path, marks: Path, target: Path, limits: Limits = LIMITS) -> bool:
    """Write the marked workbook to `target`; False where the file can be marked in neither way."""
    ways = ["whole", "copy"] if _can_be_held_whole(source, limits) else ["copy"]
    return any(_written(way, source, marks, target, limits) for way in ways)


def _can_be_held_whole(source: Path, limits: Limits) -> bool:
    try:
        check_file(source, limits)
        with zipfile.ZipFile(source) as archive:
            return sum(part.file_size for part in archive.infolist()) <= WHOLE_UNPACKED
    except (FileProblemError, zipfile.BadZipFile):
        return False


def _written(way: str, source: Path, marks: Path, target: Path, limits: Limits) -> bool:
    """One attempt. What it leaves behind when it fails is in the caller's folder and goes with it."""
    target.unlink(missing_ok=True)
    arguments = [way, *(str(path.resolve()) for path in (source, marks, target)), json.dumps(asdict(limits))]
    with contextlib.suppress(subprocess.TimeoutExpired):
        done = subprocess.run(  # noqa: S603 - this interpreter, a module of ours, no shell
            [sys.executable, "-W", "ignore", "-m", "backoffice.workbooks.marking_child", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            # Parts are put together in files; they belong into the folder that is removed afterwards.
            env={**bare_environment(), "TMPDIR": str(target.parent.resolve())},
            timeout=limits.wait_seconds,
            check=False,
        )
        return done.returncode == 0 and target.exists()
    return False
