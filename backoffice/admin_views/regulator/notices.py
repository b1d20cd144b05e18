"""The inbox of notices. Opening one marks it read (a POST) and leads to its record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import current_app, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.routing import BuildError

from ... import messages
from ...actor import Actor
from ...messages.reference import job_words
from ...models import Notice
from ...services import notices
from ...web.form_keys import once
from ..actions import record_action
from ..base import Button, Card, Done, Fact, ScopedModelView, Tab, needs
from ..formatting import badge, moment, plain
from .common import SYSTEM, P

NOUNS = {
    "registration": "registrations",
    "enterprise": "enterprises",
    "appointment": "appointments",
    "appointment_item": "unmatched",
    "slip": "slips",
    "measuring_instrument": "instruments",
    "job_run": "job_runs",
    "institution": "institutions",
    "capability": "capabilities",
}
"""Where the record of a notice's subject stands on this panel."""


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

    def cards(self, row: Notice) -> tuple[Card, ...]:
        facts = (
            Fact(_("内容"), notice_words(row), wide=True),
            Fact(_("时间"), moment(row.created_at)),
            Fact(_("首次打开"), plain(row.read_at)),
        )
        return (Card(_("消息"), facts),)

    @record_action("open", label=_l("打开记录"), permission=P.OWN_NOTICES_READ, direct=True)
    def open(self, actor: Actor, row: Notice, values: dict[str, Any]) -> Done:
        notices.open_notice(actor, row.id)
        return Done(self.subject_url(row))

    @expose("/read-all", methods=("POST",))
    @needs(P.OWN_NOTICES_READ)
    def read_all(self) -> Any:
        return once(lambda: self._read_all())

    def _read_all(self) -> Done:
        count = notices.mark_all_read(self.actor)
        return Done(self.url_of("index_view"), _("已将 %(count)s 条消息标为已读。", count=count))

    def subject_url(self, row: Notice) -> str:
        """The record a notice is about; the inbox where this panel has no page for it."""
        endpoint = f"regulator_{NOUNS.get(row.subject_type, '')}.details_view"
        if endpoint not in current_app.view_functions:
            return self.url_of("index_view")
        try:
            return url_for(endpoint, key=row.subject_id)
        except BuildError:
            return self.url_of("index_view")
