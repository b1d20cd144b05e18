"""Job processes to be killed: for each line read, one forked process that matches as the runner does; prints its pid.

The application is imported once, so that ten of them cost as much as one.
"""

from __future__ import annotations

import os
import signal
import sys

from app import create_app
from backoffice.database import db
from backoffice.jobs import matching
from backoffice.jobs.runner import Runner
from backoffice.jobs.schedule import Job, every
from backoffice.services import matching_runs, rules


def main() -> None:
    matching_runs.APPOINTMENTS_A_BATCH = 5  # Several transactions a process, so that kills meet all their moments.
    application = create_app(is_job_process=True)
    with application.app_context():  # Read once; a fork must not share its mother's connections.
        rules.current()
        db.session.remove()
        db.engine.dispose()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for _ in sys.stdin:
        pid = os.fork()
        if pid == 0:
            Runner(application, [Job("matching", matching.match_waiting, every(1))]).run()
            os._exit(0)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
