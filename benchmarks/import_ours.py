"""Import a workbook by the product's own services and jobs and say what it took: `… WORKBOOK`, DATABASE_URL set."""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

from app import create_app
from backoffice import collector
from backoffice.actor import Actor
from backoffice.database import db
from backoffice.jobs import imports
from backoffice.models import ImportRun
from backoffice.services import ledger_import
from backoffice.states import ImportMode, ImportState
from backoffice.unit_of_work import unit_of_work
from backoffice.workbooks import reading_processes
from benchmarks import peak
from tests.factories import UserFactory, actor_of


def main(workbook: Path) -> None:
    application = create_app(is_job_process=True)
    with application.app_context():
        with unit_of_work():
            clerk = actor_of(UserFactory(of_enterprise=True))
        _be_ready()
        begin, computed = time.perf_counter(), _computed()
        run_id = _upload(clerk, workbook)
        uploaded = time.perf_counter()
        while _run(run_id).state is ImportState.CHECKING:
            imports.check_imports()
        checked = time.perf_counter()
        with unit_of_work():
            ledger_import.commit(clerk, run_id, ImportMode.ALL)
        while _run(run_id).state is ImportState.APPLYING:
            imports.apply_imports()
        end, computed = time.perf_counter(), _computed() - computed
        spent = {"read": uploaded - begin, "check": checked - uploaded, "write": end - checked}
        applied = _run(run_id).applied
    print(json.dumps({"rows": applied, "seconds": end - begin, "cpu": computed, **spent, "mb": peak.megabytes()}))


def _be_ready() -> None:
    """As in the product: the process has settled; one reading process waits for an upload, one for the jobs."""
    collector.settle()
    reading_processes.expect(files=2)
    time.sleep(1)


def _computed() -> float:
    """Seconds of computing so far, of this process and of the reading ones."""
    used = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _upload(clerk: Actor, workbook: Path) -> int:
    with unit_of_work(), workbook.open("rb") as stream:
        return ledger_import.receive(clerk, workbook.name, stream).id


def _run(run_id: int) -> ImportRun:
    db.session.rollback()
    return db.session.get_one(ImportRun, run_id, populate_existing=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
