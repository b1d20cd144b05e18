"""消息: the institution's in-app inbox. Opening one marks it read and leads to the record it is about."""

from __future__ import annotations

from typing import Any

from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ... import messages
from ...actor import Actor
from ...models import Notice
from ...permissions import Permission
from ...services import notices
from ...web.form_keys import Done, once
from ..actions import record_action
from ..base import ScopedModelView
from ..formatting import badge
from ..lists import Tab
from ..records import Button, NextStep
from ..subjects import subject_url


def sentence_of(_view: Any, _context: Any, row: Notice, _name: str) -> str:
    return messages.notice_sentence(row.code, row.facts)


class InstitutionNotices(ScopedModelView):
    """Newest first; unread ones are marked in words."""

    model, noun, title = Notice, "notices", _l("消息")
    permissions = {"view": Permission.OWN_NOTICES_READ}
    in_dock = True
    column_list = ("sentence", "state", "created_at")
    column_labels = {"sentence": _l("内容"), "state": _l("状态"), "created_at": _l("时间"), "read_at": _l("已读时间")}
    column_details_list = ("sentence", "created_at", "read_at")
    column_sortable_list = ("created_at",)
    column_formatters = {
        "sentence": sentence_of,
        "state": lambda _view, _context, row, _name: (
            badge(_("已读"), "end") if row.read_at else badge(_("未读"), "now")
        ),
    }
    cell_classes = {"sentence": "wrap"}
    count_unit = _l("条")
    empty_title = _l("还没有消息")
    empty_help = _l("预约单到达、使用单位撤回、受理超期时，会在这里告诉您。")
    tabs = (Tab("all", _l("全部")), Tab("unread", _l("未读"), Notice.read_at.is_(None)))

    @property
    def panel_name(self) -> str:
        return str(self.endpoint).split("_", 1)[0]

    def menu_count(self, actor: Actor) -> int | None:
        return notices.unread_count(actor)

    def record_title(self, row: Notice) -> str:
        return str(self.title)

    def next_step(self, row: Notice) -> NextStep:
        if not subject_url(self, row):
            gone = _("这条消息所指的记录已不由本机构办理（已撤回或转出），不需要您再办理。")
            return NextStep(what=sentence_of(self, None, row, ""), who=gone)
        url = self.url_of("do_open", key=row.id)
        return NextStep(what=sentence_of(self, None, row, ""), primary=Button(_("打开"), url, post=True, primary=True))

    def is_offered(self, code: str, row: Notice) -> bool:
        """The strip has the button."""
        return False

    def list_buttons(self) -> list[Button]:
        return [Button(_("全部标为已读"), self.url_of("read_all_view"), post=True)]

    @record_action("open", label=_l("打开"), permission=Permission.OWN_NOTICES_READ, direct=True)
    def open(self, actor: Actor, row: Notice, values: dict[str, Any]) -> Done:
        notice = notices.open_notice(actor, row.id)
        return Done(subject_url(self, notice) or self.record_url(notice))

    @expose("/read-all", methods=("POST",))
    def read_all_view(self) -> Any:
        def work() -> Done:
            count = notices.mark_all_read(self.actor)
            return Done(self.url_of("index_view"), _("已将 %(count)s 条消息标为已读。", count=count))

        return once(work)
