"""A one-time link: GET shows the form and changes nothing, POST sets the password once."""

from __future__ import annotations

from flask import flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import PasswordField
from wtforms.validators import InputRequired

from ..errors import Conflict, Invalid
from ..services import one_time_links
from ..services.one_time_links import Found
from ..unit_of_work import unit_of_work
from ..web.access import public
from .blueprint import portal
from .forms import NEEDED, place

NEVER_THERE, GONE = 404, 410


class LinkForm(FlaskForm):
    password = PasswordField(
        _l("新密码"),
        [InputRequired(NEEDED)],
        description=_l("至少 8 位，含大写字母、小写字母、数字、符号中的三种；不要用代码、手机号或常见词。"),
        render_kw={"autocomplete": "new-password"},
    )
    again = PasswordField(_l("再输入一次新密码"), [InputRequired(NEEDED)], render_kw={"autocomplete": "new-password"})


@portal.route("/link/<token>", methods=("GET", "POST"))
@public
def link(token: str) -> Response:
    """Nothing about this page is stored or told to other pages: its address is the secret."""
    form = LinkForm()
    found = one_time_links.find(token)
    if not found.is_usable:
        return _gone(found)
    if request.method == "GET":
        return _page(form, found)
    if not form.validate() or _differ(form):
        return _page(form, found, 422)
    try:
        with unit_of_work():
            one_time_links.use(token, form.password.data, address=request.remote_addr)
    except Invalid as refused:
        place(form, refused.problems)
        return _page(form, one_time_links.find(token), 422)
    except Conflict:
        return _gone(one_time_links.find(token))
    flash(_("密码已设置，请用新密码登录。其他设备上的登录都已退出。"), "success")
    return _secret(redirect(url_for("portal.login"), 303))


def _differ(form: LinkForm) -> bool:
    if form.password.data == form.again.data:
        return False
    form.again.errors = [_("两次输入的密码不一样，请重新输入。")]
    return True


def _page(form: LinkForm, found: Found, status: int = 200) -> Response:
    return _secret(make_response(render_template("portal/link.html", form=form, link=found.link), status))


def _gone(found: Found) -> Response:
    status = NEVER_THERE if found.link is None else GONE
    return _secret(make_response(render_template("portal/link_gone.html"), status))


def _secret(answer: Response) -> Response:
    answer.headers["Cache-Control"] = "no-store"
    # Not "no-referrer": behind TLS the form's token is only accepted together with this site's origin.
    answer.headers["Referrer-Policy"] = "strict-origin"
    return answer
