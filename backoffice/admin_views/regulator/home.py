"""My work of a regulator: numbers that open their lists, and what needs an answer now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import redirect
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ... import clock
from ...actor import Actor
from ...database import db
from ...models import Division, Registration, User
from ...permissions import may
from ...services import areas, job_runs, regulator_work
from ...services.regulator_work import Group, Work
from ..base import PanelView
from ..formatting import day_with_weekday, moment
from ..tiles import TileOf, tiles
from .common import P

FIRST_PAGES = ((P.ALL_USERS_READ, "/regulator/users/"), (P.ALL_AUDIT_READ, "/regulator/audit-events/"))
"""Where the panel begins for those who have no work of a regulator."""
TILES = (
    TileOf("registrations", "late", _l("注册审核已超 2 个工作日"), "bad"),
    TileOf("registrations", "pending", _l("待审核注册"), "warn"),
    TileOf("change-requests", "pending", _l("待审核变更"), "warn"),
    TileOf("unmatched", "all", _l("未匹配，台（件）"), "warn"),
    TileOf("unmatched", "late", _l("未匹配已超 2 个工作日，台（件）"), "bad"),
    TileOf("slips", "late", _l("机构超时限未受理，份"), "bad"),
    TileOf("capabilities", "lapsing", _l("60 天内到期的授权"), "warn"),
)


@dataclass(frozen=True, slots=True)
class Task:
    """One line of 需要您处理: what, since or until when, and the one button that leads on."""

    what: str
    when: str
    label: str
    url: str
    is_late: bool = False


class RegulatorHome(PanelView):
    """我的工作. The auditor and the administrator are led to the first page of their own menu."""

    noun, title, permission, in_dock = "", _l("我的工作"), P.OWN_NOTICES_READ, True

    def _handle_view(self, name: str, /, **_kwargs: Any) -> None:
        """Everybody of the panel comes in here (`add_views` declares it so)."""

    @expose("/")
    def index(self) -> Any:
        for permission, url in FIRST_PAGES:
            if may(self.actor, permission):
                return redirect(url)
        work = regulator_work.of(self.actor)
        since = job_runs.not_running_since()
        return self.render(
            "regulator/home.html",
            is_new=regulator_work.is_new(self.actor),
            tiles=tiles(self, TILES),
            tasks=tasks_of(work),
            area=area_name(self.actor),
            now=moment(clock.now()),
            not_running_since=moment(since) if since else "",
        )


def area_name(actor: Actor) -> str:
    """The name of the regulator's own area."""
    division = db.session.get(Division, actor.division_code) if actor.division_code else None
    return division.name if division else ""


def tasks_of(work: Work) -> list[Task]:
    """What to do, the latest first: reviews by their day, institutions that let time pass, instruments nobody takes."""
    reviews = [_review(each) for each in work.waiting_reviews]
    late = [_late(each) for each in work.late_by_institution]
    unmatched = [_unmatched(each) for each in work.unmatched_by_kind]
    return sorted([*reviews, *late, *unmatched], key=lambda task: not task.is_late)


def _review(row: Registration) -> Task:
    is_late = row.due_at < clock.now()
    last_day = areas.last_day(row.due_at)
    late, waiting = _("已超时，最迟应于 %(day)s 答复"), _("最迟 %(day)s 答复")
    when = (late if is_late else waiting) % {"day": day_with_weekday(last_day)}
    return Task(
        what=_("注册审核：%(name)s", name=row.enterprise.name),
        when=when,
        label=_("审核"),
        url=f"/regulator/registrations/{row.id}",
        is_late=is_late,
    )


def _late(group: Group) -> Task:
    return Task(
        what=_("%(name)s 有 %(count)s 份预约单超时未受理", name=group.name, count=group.count),
        when=_("最早的应于 %(day)s 24:00 前受理", day=day_with_weekday(areas.last_day(group.oldest))),
        label=_("查看"),
        url=f"/regulator/slips/?tab=late&institution={group.key}",
        is_late=True,
    )


def _unmatched(group: Group) -> Task:
    return Task(
        what=_("未匹配：%(kind)s %(count)s 台（件）", kind=group.name, count=group.count),
        when=_answer_words(group),
        label=_("处理"),
        url=f"/regulator/unmatched/?kind={group.key}",
        is_late=group.late > 0,
    )


def _answer_words(group: Group) -> str:
    """Until when the office promised to answer; of what is answered already, since when it waits."""
    if group.due is None:
        return _("已答复，最早的自 %(since)s 起", since=moment(group.oldest))
    due = day_with_weekday(areas.last_day(group.due))
    if group.late:
        return _("%(count)s 台（件）已超时，最早的应于 %(day)s 前答复", count=group.late, day=due)
    return _("最迟 %(day)s 答复", day=due)


def office_name(actor: Actor) -> str:
    """The office's name for the top bar: of the regulator, or of the auditor's or administrator's own row."""
    user = db.session.get(User, actor.user_id) if actor.user_id else None
    return user.organisation_name if user else ""
