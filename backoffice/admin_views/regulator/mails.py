"""外发邮件: what was written to whom and whether it went out. Bodies carry links, so only the demo shows them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import current_app
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup, escape

from ...config import Settings
from ...models import OutgoingMail
from ...services import mails
from ...services.mails import MailState
from ..base import Card, Fact, ScopedModelView, Tab
from ..formatting import badge, moment
from .common import SYSTEM, P

WORDS = {
    MailState.WAITING: (_l("待发出"), "now"),
    MailState.RETRYING: (_l("未发出，将重试"), "warn"),
    MailState.SENT: (_l("已发出"), "ok"),
    MailState.GIVEN_UP: (_l("未能发出"), "bad"),
    MailState.STALE: (_l("已过期，不再发出"), "end"),
}
KEPT = _l("已保存（未设置邮件服务器）")


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings


def state_badge(mail: OutgoingMail) -> Any:
    state = mails.state_of(mail)
    words, tone = WORDS[state]
    is_kept = state is MailState.WAITING and _settings().mail is None
    return badge(str(KEPT if is_kept else words), tone, state.value)


def body_words(mail: OutgoingMail) -> Markup:
    """The letter line by line, its link to be clicked; an address of another site stays words."""
    lines = (mails.LINK.sub(lambda found: _anchor(found[0]), str(escape(line))) for line in mail.body.splitlines())
    return Markup("<br>").join(Markup(line) for line in lines)  # noqa: S704 - every line was escaped above


def _anchor(url: str) -> str:
    """A link on this site, whatever address people typed to come here."""
    if not url.startswith(f"{_settings().public_url}/link/"):
        return url
    return f'<a class="wrap-anywhere" href="{urlsplit(url).path}">{url}</a>'


class Mails(ScopedModelView):
    """外发邮件."""

    model, noun, title, menu_group = OutgoingMail, "mails", _l("外发邮件"), SYSTEM
    permissions = {"view": P.ALL_MAILS_READ}
    in_dock, shows_history = True, False
    count_unit = _l("封")
    empty_title = _l("还没有外发邮件")
    empty_help = _l("通过、不通过注册，以及签发一次性链接时，会给登记了邮箱的人写信。")

    column_list = ("subject", "sent_at", "recipient", "created_at", "attempts")
    column_labels = {
        "subject": _l("主题"),
        "sent_at": _l("状态"),
        "recipient": _l("收件人"),
        "created_at": _l("写信时间"),
        "attempts": _l("已试次数"),
    }
    column_formatters = {"sent_at": lambda _view, _context, row, _name: state_badge(row)}
    cell_classes = {"recipient": "wide", "attempts": "num hide"}
    column_sortable_list = ("created_at",)
    search_columns = (OutgoingMail.recipient, OutgoingMail.subject)
    search_label = _l("收件人、主题")
    tabs = (
        Tab("all", _l("全部")),
        Tab("unsent", _l("未发出"), OutgoingMail.sent_at.is_(None)),
        Tab("problem", _l("有问题"), OutgoingMail.problem != ""),
        Tab("sent", _l("已发出"), OutgoingMail.sent_at.is_not(None)),
    )

    def record_badge(self, row: OutgoingMail) -> Any:
        return state_badge(row)

    def cards(self, row: OutgoingMail) -> tuple[Card, ...]:
        facts = [
            Fact(_("收件人"), row.recipient),
            Fact(_("写信时间"), moment(row.created_at)),
            Fact(_("发出时间"), moment(row.sent_at) if row.sent_at else None),
            Fact(_("已试次数"), str(row.attempts)),
            Fact(_("下次尝试"), moment(row.next_attempt_at) if row.next_attempt_at else None),
            Fact(_("问题"), row.problem, wide=True),
        ]
        if _settings().is_production:
            facts.append(Fact(_("正文"), _("正式环境不显示正文：里面可能有一次性链接。"), wide=True))
            return (Card(_("发送情况"), facts),)
        return Card(_("正文"), (Fact(row.subject, body_words(row), wide=True),)), Card(_("发送情况"), facts)
