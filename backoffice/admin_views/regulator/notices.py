"""The inbox of notices. Opening one marks it read (a POST) and leads to its record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ... import messages
from ...actor import Actor
from ...messages.records import job_words
from ...models import Notice
from ...services import notices
from ...web.form_keys import once
from ..actions import record_action
from ..base import Button, Card, Done, Fact, NextStep, ScopedModelView, Tab, needs
from ..formatting import badge, moment, plain
from ..subjects import subject_url
from .common import SYSTEM, P


def notice_words(row: Notice) -> str:
    """The sentence of a notice, its job by name."""
    job = {"job": job_words(row.facts["job"])} if "job" in row.facts else {}
    return messages.notice_sentence(row.code, {**row.facts, **job})


def read_badge(row: Notice) -> Any:
    return badge(_("已读"), "end") if row.read_at else badge(_("未读"), "now")


class Notices(ScopedModelView):
    """消息."""

    model, noun, title, menu_group = Notice, "notices", _l("消息"), SYSTEM
    permissions = {"view": P.OWN_NOTICES_READ}
    in_dock = True
    count_unit = _l("条")
    empty_title = _l("还没有消息")
    empty_help = _l("有新的注册申请、未匹配的器具或超时未受理的预约单时，会在这里通知您。")

    column_list = ("code", "read_at", "created_at")
    column_labels = {"code": _l("消息"), "read_at": _l("状态"), "created_at": _l("时间")}
    column_formatters = {
        "code": lambda _view, _context, row, _name: notice_words(row),
        "read_at": lambda _view, _context, row, _name: (
            badge(_("已读"), "end") if row.read_at else badge(_("未读"), "now")
        ),
    }
    cell_classes = {"code": "wrap", "created_at": "nowrap"}
    tabs = (Tab("all", _l("全部")), Tab("unread", _l("未读"), Notice.read_at.is_(None)))

    @property
    def panel_name(self) -> str:
        return str(self.endpoint).split("_", 1)[0]

    def menu_count(self, actor: Actor) -> int | None:
        return notices.unread_count(actor)

    def list_buttons(self) -> list[Button]:
        if not notices.unread_count(self.actor):
            return []
        return [Button(_("全部标为已读"), self.url_of("read_all"), post=True)]

    def row_buttons(self, row: Notice) -> Sequence[Button]:
        return (Button(_("打开"), self.url_of("do_open", key=row.id), post=True),)

    def record_title(self, row: Notice) -> str:
        return _("消息")

    def next_step(self, row: Notice) -> NextStep | None:
        if subject_url(self, row):
            return None
        return NextStep(what=notice_words(row), who=_("这条消息所指的记录已不在本辖区，不需要您再办理。"))

    def is_offered(self, code: str, row: Notice) -> bool:
        return row.read_at is None or bool(subject_url(self, row))

    def cards(self, row: Notice) -> tuple[Card, ...]:
        facts = (
            Fact(_("内容"), notice_words(row), wide=True),
            Fact(_("时间"), moment(row.created_at)),
            Fact(_("首次打开"), plain(row.read_at)),
        )
        return (Card(_("消息"), facts),)

    @record_action("open", label=_l("打开记录"), permission=P.OWN_NOTICES_READ, direct=True)
    def open(self, actor: Actor, row: Notice, values: dict[str, Any]) -> Done:
        notice = notices.open_notice(actor, row.id)
        return Done(subject_url(self, notice) or self.record_url(notice))

    @expose("/read-all", methods=("POST",))
    @needs(P.OWN_NOTICES_READ)
    def read_all(self) -> Any:
        return once(lambda: self._read_all())

    def _read_all(self) -> Done:
        count = notices.mark_all_read(self.actor)
        return Done(self.url_of("index_view"), _("已将 %(count)s 条消息标为已读。", count=count))
