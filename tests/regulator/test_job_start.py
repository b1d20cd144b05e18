"""启动任务: the page asks, the job process runs, the row says who started it."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa
from flask import Flask

from backoffice.database import db
from backoffice.jobs.runner import Runner
from backoffice.models import AuditEvent, JobRun, User
from backoffice.services import job_runs
from backoffice.states import RunOutcome
from tests.regulator.conftest import Browser

RUNS = "/regulator/job-runs/"


def test_a_regulator_starts_a_job_and_reads_what_it_did(
    panel_app: Flask, district: User, browser_of: Callable[[User], Browser]
) -> None:
    job_runs.beat("matching")
    browser = browser_of(district)
    assert "启动任务" in browser.text(RUNS)
    offered = browser.text(f"{RUNS}new")
    assert 'value="matching"' in offered and 'value="mails"' not in offered and 'value="tidying"' not in offered
    answer = browser.post(f"{RUNS}new", {"job": "late_slips"})
    assert answer.status_code == 303
    page = browser.text(answer.location)
    for said in ("任务进程几秒钟内开始", "等待开始", district.name):
        assert said in page
    run = db.session.scalars(sa.select(JobRun)).one()
    assert run.outcome is RunOutcome.REQUESTED
    Runner(panel_app).work_off_requests()
    db.session.rollback()
    page = browser.text(answer.location)
    assert "完成" in page and "等待开始" not in page
    event = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "job.started_by_hand")).one()
    assert event.actor_name == district.name


def test_the_same_job_is_not_started_twice_and_an_unknown_one_not_at_all(
    district: User, browser_of: Callable[[User], Browser]
) -> None:
    browser = browser_of(district)
    assert browser.post(f"{RUNS}new", {"job": "matching"}).status_code == 303
    again = browser.post(f"{RUNS}new", {"job": "matching"})
    assert again.status_code == 409
    assert "已经有人启动" in again.get_data(as_text=True)
    assert browser.post(f"{RUNS}new", {"job": "nothing"}).status_code == 422
    assert db.session.scalar(sa.select(sa.func.count()).select_from(JobRun)) == 1


def test_a_request_waits_while_no_job_process_runs_and_says_so(
    district: User, browser_of: Callable[[User], Browser]
) -> None:
    browser = browser_of(district)
    page = browser.text(browser.post(f"{RUNS}new", {"job": "late_slips"}).location)
    assert "恢复后自动开始" in page


def test_the_auditor_cannot_start_jobs(auditor: User, browser_of: Callable[[User], Browser]) -> None:
    assert browser_of(auditor).get(f"{RUNS}new").status_code == 404
