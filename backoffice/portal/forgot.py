"""忘记密码: ask for a link. The answer is the same, and takes as long, whether the account exists or not."""

from __future__ import annotations

import time
from typing import Any

from flask import current_app, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import InputRequired

from .. import messages
from ..config import Settings
from ..errors import TooOften
from ..services import forgotten_passwords
from ..unit_of_work import unit_of_work
from ..web.access import public
from .blueprint import portal
from .forms import NEEDED

ANSWER_SECONDS = 0.4
"""Longer than issuing a link takes, so that the time of the answer tells nothing."""


class ForgotForm(FlaskForm):
    username = StringField(
        _l("账号"),
        [InputRequired(NEEDED)],
        description=_l("企业的账号是统一社会信用代码（非法人企业为 20 位）。"),
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false", "maxlength": "64"},
    )
    contact = StringField(
        _l("登记的电子邮箱或手机号码"),
        [InputRequired(NEEDED)],
        description=_l("注册时填写的那一个。"),
        render_kw={"autocomplete": "email", "maxlength": "100"},
    )


@portal.route("/forgot", methods=("GET", "POST"))
@public
def forgot() -> Any:
    """The form; a POST answers everybody alike."""
    form = ForgotForm()
    if request.method == "GET":
        return _page(form)
    if not form.validate():
        return _page(form), 422
    until = time.monotonic() + ANSWER_SECONDS
    try:
        with unit_of_work():
            forgotten_passwords.ask(
                form.username.data,
                form.contact.data,
                address=request.remote_addr or "",
                public_url=_settings().public_url,
            )
    except TooOften as refused:
        return _page(form, messages.sentence(refused.code, refused.facts)), 429
    time.sleep(max(0.0, until - time.monotonic()))
    return redirect(url_for("portal.forgot_sent"), 303)


@portal.get("/forgot/sent")
@public
def forgot_sent() -> str:
    """What was done if account and contact belong together, and what to do if no mail comes."""
    settings = _settings()
    return render_template("portal/forgot_sent.html", sends_mail=settings.mail is not None)


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings


def _page(form: ForgotForm, said: str = "") -> str:
    return render_template("portal/forgot.html", form=form, said=said)
