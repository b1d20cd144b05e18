"""What the job process did, and since when it has not run."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ...actor import Actor
from ...messages.records import JOBS, count_words, job_words
from ...models import JobRun
from ...services import job_runs
from ...states import RunOutcome
from ...web.current import signed_in_actor
from ..base import Card, Done, Fact, NextStep, ScopedModelView, Tab
from ..formatting import as_badge, moment, plain, state_badge
from ..lists import ChoiceFilter, DayFilter
from .common import SYSTEM, P


def duration_words(row: JobRun) -> str:
    """1.2 秒, 3 分 20 秒; — while it runs."""
    if row.finished_at is None:
        return "—"
    seconds = (row.finished_at - row.started_at).total_seconds()
    if seconds < 60:
        return _("%(seconds)s 秒", seconds=f"{seconds:.1f}")
    return _("%(minutes)s 分 %(seconds)s 秒", minutes=int(seconds // 60), seconds=int(seconds % 60))


def problem_words(row: JobRun) -> str:
    """What went wrong, as far as it is written for people; the rest stands in the server's log."""
    if not row.problem:
        return ""
    is_for_people = any("\u4e00" <= character <= "\u9fff" for character in row.problem)
    return row.problem if is_for_people else _("程序出错，详情见服务器日志。")


def job_options(_actor: Actor | None = None) -> list[tuple[str, str]]:
    """Every name once, even where several codes share it."""
    return [(code, job_words(code)) for code in JOBS]


def startable_options() -> list[tuple[str, str]]:
    return [(code, job_words(code)) for code in job_runs.startable(signed_in_actor())]


class JobRuns(ScopedModelView):
    """任务运行."""

    model, noun, title, menu_group = JobRun, "job-runs", _l("任务运行"), SYSTEM
    permissions = {"view": P.ALL_JOBS_READ, "create": P.ALL_JOBS_START}
    create_label = _l("启动任务")
    create_template = "regulator/job_start.html"
    form_columns = ("job",)
    form_choices = {"job": startable_options}
    column_descriptions = {
        "job": _l("后台任务按计划自动运行，一般不用手动启动。启动后几秒钟内开始，可能要运行几分钟。")
    }
    list_template = "regulator/job_runs.html"
    count_unit = _l("次")
    empty_title = _l("还没有运行记录")
    empty_help = _l("后台任务每几秒检查一次，有事可做时才留下记录。")

    column_list = ("job", "outcome", "started_at", "finished_at", "counts", "started_by")
    column_labels = {
        "job": _l("任务"),
        "outcome": _l("结果"),
        "started_at": _l("开始时间"),
        "finished_at": _l("用时"),
        "counts": _l("做了什么"),
        "started_by": _l("启动方式"),
    }
    column_formatters = {
        "job": lambda _view, _context, row, _name: job_words(row.job),
        "outcome": as_badge,
        "finished_at": lambda _view, _context, row, _name: duration_words(row),
        "counts": lambda _view, _context, row, _name: problem_words(row) or count_words(row.counts) or "—",
        "started_by": lambda _view, _context, row, _name: row.started_by or _("按计划"),
    }
    cell_classes = {"counts": "wide", "started_by": "hide"}
    column_sortable_list = ("started_at",)
    default_order = ("started_at", True)
    tabs = (
        Tab("all", _l("全部")),
        Tab("failed", _l("失败"), JobRun.outcome == RunOutcome.FAILED),
        Tab("running", _l("运行中"), JobRun.outcome.in_((RunOutcome.REQUESTED, RunOutcome.RUNNING))),
    )
    filters = (
        ChoiceFilter("job", _l("任务"), options=job_options, column=JobRun.job),
        DayFilter("since", _l("从"), JobRun.started_at),
        DayFilter("until", _l("到"), JobRun.started_at, until=True),
    )

    def create(self, actor: Actor, values: dict[str, Any]) -> JobRun:
        return job_runs.request(actor, values["job"])

    def after_create(self, row: JobRun) -> Done:
        return Done(self.record_url(row), _("已要求运行“%(job)s”，任务进程几秒钟内开始。", job=job_words(row.job)))

    def next_step(self, row: JobRun) -> NextStep | None:
        if row.outcome is not RunOutcome.REQUESTED:
            return None
        since = job_runs.not_running_since()
        if since:
            who = _("后台任务自 %(since)s 起没有运行，恢复后自动开始。", since=moment(since))
            return NextStep(what=_("等待任务进程开始"), who=who, warn=True)
        return NextStep(what=_("等待任务进程开始"), who=_("一般几秒钟；请刷新本页查看结果。"))

    def not_running_since(self) -> str:
        """Since when matching has not run, in words; "" while all is well."""
        since = job_runs.not_running_since()
        return moment(since) if since else ""

    def last_tick(self) -> str:
        return str(plain(job_runs.last_tick()))

    def record_title(self, row: JobRun) -> str:
        return job_words(row.job)

    def record_badge(self, row: JobRun) -> Any:
        return state_badge(row.outcome)

    def cards(self, row: JobRun) -> tuple[Card, ...]:
        facts = [
            Fact(_("计划时间"), moment(row.scheduled_for)),
            Fact(_("开始时间"), moment(row.started_at)),
            Fact(_("结束时间"), plain(row.finished_at)),
            Fact(_("用时"), duration_words(row)),
            Fact(_("启动方式"), row.started_by or _("按计划")),
            Fact(_("做了什么"), count_words(row.counts), wide=True),
        ]
        if row.problem:
            facts.append(Fact(_("问题"), problem_words(row), wide=True))
        return (Card(_("运行"), facts),)
