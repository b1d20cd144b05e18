"""Import a workbook and say what it took: `python -m benchmarks.rival WORKBOOK documented|fast [previewed]`.

Previewed is the documented way, and that of its admin pages: a trial import that is rolled back, then the import.
"""

from __future__ import annotations

import csv
import json
import os
import sys
import time
from pathlib import Path

import django
import tablib

from benchmarks import peak

SEEDS = Path(__file__).resolve().parents[2] / "seeds"


def main(workbook: Path, way: str, *, is_previewed: bool) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.rival.settings"
    django.setup()
    from django.db import connection

    from benchmarks.rival.ledger.models import Division, Instrument, Kind
    from benchmarks.rival.resources import RESOURCES

    with connection.schema_editor() as editor:
        for model in (Kind, Division, Instrument):
            editor.create_model(model)
    Kind.objects.bulk_create(Kind(code=row["kind_code"], name=row["kind_name"]) for row in _rows("kinds.csv"))
    Division.objects.bulk_create(Division(code=row["code"], name=row["name"]) for row in _rows("divisions.csv"))

    begin, computed = time.perf_counter(), time.process_time()
    dataset = tablib.Dataset().load(workbook.read_bytes(), format="xlsx")
    read = time.perf_counter()
    for is_trial in (True, False) if is_previewed else (False,):
        result = RESOURCES[way]().import_data(dataset, dry_run=is_trial)
        if result.has_errors() or result.has_validation_errors():
            raise SystemExit(f"the import refused rows: {result.row_errors()[:1]} {result.invalid_rows[:1]}")
    end, computed = time.perf_counter(), time.process_time() - computed
    taken = {"seconds": end - begin, "cpu": computed, "read": read - begin, "mb": peak.megabytes()}
    print(json.dumps({"rows": Instrument.objects.count(), **taken}))


def _rows(name: str) -> list[dict[str, str]]:
    with (SEEDS / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], is_previewed=sys.argv[3:] == ["previewed"])
