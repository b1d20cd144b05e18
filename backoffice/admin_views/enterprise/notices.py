"""消息: the organisation's inbox. Reading the list changes nothing; opening a notice (POST) marks it read.

Nothing here is the enterprise's alone: the other panels mount the same class.
"""

from __future__ import annotations

from typing import Any

from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from ... import messages
from ...actor import Actor
from ...models import Notice
from ...permissions import P
from ...services import notices
from ...web.form_keys import Done, once
from ..base import Button, Card, Fact, NextStep, ScopedModelView, Tab
from ..formatting import badge
from ..subjects import subject_url


class Notices(ScopedModelView):
    """Newest first, unread ones bold; a notice leads to the record it is about."""

    model, noun, title = Notice, "notices", _l("消息")
    permissions = {"view": P.OWN_NOTICES_READ}
    in_dock = True
    column_list = ("text", "read_at", "created_at")
    column_labels = {"text": _l("消息"), "read_at": _l("状态"), "created_at": _l("时间")}
    column_formatters = {
        "text": lambda view, _context, row, _name: view.words(row),
        "read_at": lambda _view, _context, row, _name: read_badge(row),
    }
    list_template = "enterprise/notices/list.html"
    tabs = (Tab("all", _l("全部")), Tab("unread", _l("未读"), Notice.read_at.is_(None)))
    count_unit = _l("条")
    empty_title = _l("还没有消息")
    empty_help = _l("审核、匹配、受理和退回的结果都会在这里告诉您。")

    @property
    def panel_name(self) -> str:
        return str(self.endpoint).split("_", 1)[0]

    def menu_count(self, actor: Actor) -> int | None:
        return notices.unread_count(actor)

    def words(self, row: Notice) -> str:
        """The sentence of a notice."""
        return messages.notice_sentence(row.code, row.facts)

    def open_url(self, row: Notice) -> str:
        return self.url_of("open_notice", key=row.id)

    def list_buttons(self) -> list[Button]:
        if not notices.unread_count(self.actor):
            return []
        return [Button(label=_("全部标为已读"), url=self.url_of("mark_all_read"), post=True)]

    def cells(self, row: Notice) -> list[Any]:
        """The template needs the row itself beside its cells."""
        return [row, *super().cells(row)]

    def record_title(self, row: Notice) -> str:
        return _("消息")

    def record_badge(self, row: Notice) -> Any:
        return read_badge(row)

    def next_step(self, row: Notice) -> NextStep:
        if not subject_url(self, row):
            return NextStep(what=self.words(row), who=_("这条消息没有可以打开的记录，知道就可以了。"))
        button = Button(label=_("查看相关记录"), url=self.open_url(row), post=True, primary=True)
        return NextStep(what=self.words(row), primary=button)

    def cards(self, row: Notice) -> list[Card]:
        facts = [Fact(_("收到时间"), messages.readable(row.created_at))]
        if row.read_at is not None:
            facts.append(Fact(_("阅读时间"), messages.readable(row.read_at)))
        return [Card(_("基本信息"), facts)]

    @expose("/<key>/open", methods=("POST",))
    def open_notice(self, key: str) -> Response:
        """Mark it read and lead to what it is about."""
        row = self.row_or_404(key)

        def work() -> Done:
            notice = notices.open_notice(self.actor, row.id)
            return Done(subject_url(self, notice) or self.record_url(notice))

        return once(work)

    @expose("/read-all", methods=("POST",))
    def mark_all_read(self) -> Response:
        def work() -> Done:
            count = notices.mark_all_read(self.actor)
            return Done(self.url_of("index_view"), _("已将 %(count)s 条消息标为已读。", count=count))

        return once(work)


def read_badge(row: Notice) -> Any:
    return badge(_("未读"), "now") if row.read_at is None else badge(_("已读"), "end")
