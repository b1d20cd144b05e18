"""``make run`` keeps web, jobs and database up, and leaves nothing behind."""

import os
import signal
from functools import partial

from ops import postgres, processes
from tests.ops.clones import Clone, wait_for

#: gunicorn's master and its two workers.
WEB_PROCESSES = 3


def kill(pid: int | None) -> int:
    """Kill -9 a process that must be there."""
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    return pid


def test_a_run_brings_back_whatever_is_killed_and_stops_cleanly(clone: Clone) -> None:
    run = clone.start_ready()
    for name in ("jobs", "web", "postgres"):
        killed = kill(clone.pid(name))
        wait_for(partial(clone.has_new, name, killed), seconds=10)
        wait_for(clone.ready, seconds=10)
    run.send_signal(signal.SIGINT)
    output, _ = run.communicate(timeout=20)
    assert run.returncode == 0
    for line in ("3/6 ", "4/6 ", "5/6 ", "6/6 ", f"http://127.0.0.1:{clone.port}", "qiye01", "Mima-2026", "企业"):
        assert line in output
    assert "Traceback" not in output
    assert not processes.marked_processes(str(clone.instance))
    assert postgres.running_pid(clone.instance) is None
    assert not list((clone.instance / "run").glob("*.pid"))


def test_after_a_killed_supervisor_the_next_run_starts_with_its_data_and_one_server(clone: Clone) -> None:
    first = clone.start_ready()
    wait_for((clone.instance / "run" / "jobs.listening").exists, seconds=20)
    server, web, jobs = clone.pid("postgres"), clone.pid("web"), clone.pid("jobs")
    kill(first.pid)
    first.wait()
    wait_for(lambda: not processes.is_alive(jobs), seconds=10)  # It finishes its batch and follows its supervisor.
    seeded_so_far = clone.prepared_times()
    make = clone.start(through_make=True)
    wait_for(lambda: clone.has_new("jobs", jobs) and clone.has_new("web", web), seconds=10)
    wait_for(clone.ready, seconds=10)
    wait_for(lambda: clone.rows() >= 2, seconds=10)  # The seeded row, and the batch jobs finished as it died.
    assert seeded_so_far == clone.prepared_times() == 1, "a database that is up to date is not prepared again"
    assert clone.pid("postgres") == server
    wait_for(lambda: len(processes.marked_processes(str(clone.instance))) == WEB_PROCESSES + 1, seconds=5)
    kill(make.pid)  # a make that dies without passing the word on means the same as Ctrl-C
    make.wait()
    wait_for(lambda: not processes.marked_processes(str(clone.instance)), seconds=10)
    wait_for(lambda: postgres.running_pid(clone.instance) is None, seconds=10)


def test_two_clones_run_side_by_side_and_one_clone_runs_once(clone: Clone, second_clone: Clone) -> None:
    clone.start()
    run = second_clone.start_ready(JOBS="0")
    wait_for(clone.ready, seconds=20)
    assert clone.pid("postgres") != second_clone.pid("postgres")
    assert second_clone.pid("jobs") is None
    again = clone.start()
    output, _ = again.communicate(timeout=20)
    assert again.returncode == 1
    assert "already running" in output
    assert clone.ready()

    second_clone.task("db-stop")
    wait_for(lambda: second_clone.ready() is None, seconds=5)
    assert second_clone.pid("postgres") is None, "a server stopped on purpose is not brought back"
    url = second_clone.task("db").strip()
    assert url.startswith("postgresql://qjt_app@/qjt?host=")
    wait_for(second_clone.ready, seconds=5)
    run.send_signal(signal.SIGTERM)
    assert run.wait(20) == 0
    assert second_clone.pid("postgres") is not None, "a server started for others outlives a run"
    second_clone.task("db-stop")
    assert postgres.running_pid(second_clone.instance) is None
