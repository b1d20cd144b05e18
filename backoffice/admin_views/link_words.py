"""The words in which a one-time link is handed over: shown once on the next page, never again."""

from __future__ import annotations

from flask_babel import gettext as _
from markupsafe import Markup

from ..messages.wording import moment
from ..models import User
from ..services import one_time_links


def handed_over(said: str, token: str, user: User | None, *, public_url: str) -> str:
    """`said`, the link, until when it works and whether it was mailed; safe to show as it is."""
    found = one_time_links.find(token)
    until = moment(found.link.expires_at) if found.link else ""
    mailed = _("已同时发往 %(email)s。", email=user.email) if user is not None and user.email else ""
    told = _("一次性链接只显示这一次，请复制后交给本人；%(until)s 前有效，只能用一次。", until=until)
    return Markup('{} {} {}<br><b class="code wrap-anywhere">{}</b>').format(
        said, told, mailed, one_time_links.url_of(token, public_url=public_url)
    )
