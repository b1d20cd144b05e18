"""Rows a second from upload to committed, against django-import-export on the same workbook and the same server.

Ours: the first look at the upload, every row checked and stored for the preview, then written with audit rows and what
an undo needs. Theirs: the workbook loaded by tablib and imported, as documented (a trial that is rolled back, which is
its preview, then the import), and with every option for speed and no trial at all. Each import has a new database and
a new process; they take turns, and medians count.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backoffice.config import DEMO_SECRET
from benchmarks import rival_environment
from ops import postgres
from ops.places import ROOT
from tests.databases import drop_database, fresh_copy
from tests.journeys.support import prepare
from tests.journeys.workbooks import full_ledger

SIZES = (5_000, 50_000)
ROUNDS = {5_000: 3, 50_000: 1}
"""The documented way takes many minutes for a full file."""
GOALS = {"documented": 12, "fast": 8}
DATABASE = "qjt_import"


@dataclass(frozen=True, slots=True)
class Way:
    """One way to import; `run` returns what it took."""

    name: str
    words: str
    run: Callable[[str, Path], dict[str, Any]]


def _ours(server: str, workbook: Path) -> dict[str, Any]:
    urls = fresh_copy(
        server, DATABASE, of="qjt_bench", build=lambda urls: prepare(urls, "db upgrade", "seed reference")
    )
    environment = {"DATABASE_URL": urls.app, "SECRET_KEY": DEMO_SECRET}
    return _measured([sys.executable, "-m", "benchmarks.import_ours", str(workbook)], environment)


def _theirs(*arguments: str) -> Callable[[str, Path], dict[str, Any]]:
    def run(server: str, workbook: Path) -> dict[str, Any]:
        drop_database(server, DATABASE)
        urls = postgres.create_database(server, DATABASE)
        command = [str(rival_environment.python()), "-m", "benchmarks.rival", str(workbook), *arguments]
        return _measured(command, {"DATABASE_URL": urls.superuser})

    return run


WAYS = (
    Way("ours", "this product: checks, preview, undo and audit included", _ours),
    Way("documented", "django-import-export as documented: trial, then import", _theirs("documented", "previewed")),
    Way("fast", "django-import-export, every speed option, no trial", _theirs("fast")),
)


def _measured(command: list[str], settings: Mapping[str, str]) -> dict[str, Any]:
    environment = {**os.environ, **settings, "PYTHONUTF8": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    taken: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return taken


def main(sizes: tuple[int, ...] = SIZES) -> None:
    server = os.environ["TEST_DATABASE_URL"]
    rival_environment.python()
    with tempfile.TemporaryDirectory() as folder:
        for rows in sizes:
            workbook = Path(folder) / f"{rows}.xlsx"
            made_by = full_ledger.write(workbook, rows, may_ask_office=False)
            print(f"{rows:,} rows, {workbook.stat().st_size / 2**20:.1f} MB, saved by {made_by}", flush=True)
            _compare(server, workbook, rows)
    drop_database(server, DATABASE)


def _compare(server: str, workbook: Path, rows: int) -> None:
    taken: dict[str, list[dict[str, Any]]] = {way.name: [] for way in WAYS}
    for _ in range(ROUNDS.get(rows, 1)):
        for way in WAYS:
            found = way.run(server, workbook)
            if found["rows"] != rows:
                raise SystemExit(f"{way.words}: {found['rows']} rows instead of {rows}")
            taken[way.name].append(found)
    ours = _median(taken["ours"])
    for way in WAYS:
        seconds = [found["seconds"] for found in taken[way.name]]
        middle = statistics.median(seconds)
        spread = f"{min(seconds):.1f}–{max(seconds):.1f} s"
        goal = GOALS.get(way.name)
        told = f"  ours is {middle / ours:.1f} × as fast (goal {goal} ×)" if goal else ""
        peak = max(found["mb"] for found in taken[way.name])
        computed = statistics.median(found["cpu"] for found in taken[way.name])
        cost = f"{computed:6.1f} s of computing  {peak:4d} MB"
        print(f"  {rows / middle:7,.0f} rows/s  {spread:>15}  {cost}  {way.words}{told}", flush=True)
    parts = {part: statistics.median(found[part] for found in taken["ours"]) for part in ("read", "check", "write")}
    print(
        f"  ours: first look {parts['read']:.1f} s, check {parts['check']:.1f} s, write {parts['write']:.1f} s",
        flush=True,
    )


def _median(taken: list[dict[str, Any]]) -> float:
    return statistics.median(found["seconds"] for found in taken)


if __name__ == "__main__":
    main(tuple(map(int, sys.argv[1:])) or SIZES)
