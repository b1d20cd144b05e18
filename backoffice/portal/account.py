"""One's own account: who am I here, and a new password."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from ..errors import Invalid
from ..services import accounts, passwords
from ..unit_of_work import unit_of_work
from ..web.access import signed_in
from ..web.current import signed_in_actor
from .blueprint import portal
from .forms import PasswordForm, place
from .people import admit


@portal.route("/account", methods=("GET", "POST"))
@signed_in
def account() -> Any:
    """Shows the account; a new password signs out every other browser."""
    form = PasswordForm()
    if request.method == "GET":
        return _page(form)
    if not form.validate() or _differ(form):
        return _page(form), 422
    try:
        with unit_of_work():
            token = accounts.change_password(
                signed_in_actor(), current=form.current.data, new=form.new.data, address=request.remote_addr or ""
            )
    except Invalid as refused:
        place(form, refused.problems)
        return _page(form), 422
    admit(current_user.user, token)
    flash(_("密码已更改，其他设备上的登录都已退出。"), "success")
    return redirect(url_for("portal.account"), 303)


def _differ(form: PasswordForm) -> bool:
    if form.new.data == form.again.data:
        return False
    form.again.errors = [_("两次输入的密码不一样，请重新输入。")]
    return True


def _page(form: PasswordForm) -> str:
    user = current_user.user
    is_old = passwords.is_expired(user.password_changed_at)
    return render_template("portal/account.html", form=form, user=user, is_old=is_old)
