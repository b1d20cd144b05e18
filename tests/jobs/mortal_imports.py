"""Import jobs to be killed: for each line read, one forked process that checks, writes and takes back; prints its pid.

The application is imported once, and batches are small, so that kills meet all moments of the work.
"""

from __future__ import annotations

import os
import signal
import sys

from app import create_app
from backoffice.database import db
from backoffice.jobs import imports
from backoffice.jobs.runner import Runner
from backoffice.jobs.schedule import Job, every
from backoffice.services import ledger_import_apply, ledger_import_check, ledger_import_undo, ledger_reference, rules

BATCH = 25


def main() -> None:
    for module in (ledger_import_check, ledger_import_apply, ledger_import_undo):
        module.BATCH = BATCH  # type: ignore[attr-defined]
    ledger_import_check.LEASE_SECONDS = 0  # The next process goes on at once, not when the dead one's lease is over.
    application = create_app(is_job_process=True)
    with application.app_context():  # Read once; a fork must not share its mother's connections.
        rules.current()
        ledger_reference.load()
        db.session.remove()
        db.engine.dispose()
    schedule = [
        Job("import_check", imports.check_imports, every(1)),
        Job("import_apply", imports.apply_imports, every(1)),
        Job("import_undo", imports.undo_imports, every(1)),
    ]
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for _ in sys.stdin:
        pid = os.fork()
        if pid == 0:
            Runner(application, schedule).run()
            os._exit(0)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
