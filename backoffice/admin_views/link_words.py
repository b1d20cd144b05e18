"""The words in which a one-time link is handed over: shown once on the next page, never again."""

from __future__ import annotations

from flask_babel import gettext as _
from markupsafe import Markup

from ..messages.wording import moment
from ..models import OneTimeLink
from ..services import one_time_links
from ..web.form_keys import Done


def handed_over(location: str, token: str, *, public_url: str, said: str = "") -> Done:
    """Leads on, and shows the link, until when it works and whether it was mailed; the link on first arrival only."""
    once = _("一次性链接只显示这一次，请复制后交给本人；没有看到的话请重新签发。")
    link = one_time_links.find(token).link
    return Done(location, f"{said}{once}", secret=_words(link, token, public_url) if link is not None else "")


def _words(link: OneTimeLink, token: str, public_url: str) -> Markup:
    until = _("%(until)s 前有效，只能用一次。", until=moment(link.expires_at))
    is_mailed = one_time_links.goes_by_mail(link.user, link.purpose)
    mailed = _("已同时发往 %(email)s。", email=link.user.email) if is_mailed else ""
    address = one_time_links.url_of(token, public_url=public_url)
    return Markup('{} {}<br><b class="code wrap-anywhere">{}</b>').format(until, mailed, address)
