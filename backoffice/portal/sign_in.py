"""Signing in and out."""

from __future__ import annotations

from typing import Any

from flask import current_app, redirect, render_template, request
from flask_babel import gettext as _

from .. import messages
from ..actor import Actor
from ..services import accounts
from ..services.accounts import SignIn
from ..unit_of_work import unit_of_work
from ..web.access import public, safe_path, signed_in
from ..web.current import actor_of, current_actor, signed_in_actor
from ..web.shell import HOME
from .blueprint import portal, work_place
from .demo_people import is_published
from .forms import SignInForm
from .people import admit, dismiss, signed_in_token

PANELS = frozenset(HOME.values())


@portal.route("/login", methods=("GET", "POST"))
@public
def login() -> Any:
    """The one way in. A refusal is the same for known and unknown accounts."""
    form = SignInForm()
    wanted = safe_path(request.values.get("next"))
    if request.method == "GET":
        actor = current_actor()
        return redirect(start_page(actor, wanted), 303) if actor else _page(form, wanted)
    if not form.validate():
        return _page(form, wanted), 422
    with unit_of_work():
        answer = accounts.sign_in(form.username.data, _usable_password(form), request.remote_addr or "")
        leave_earlier_session()
    if answer.user is None:
        return _refusal(form, wanted, answer)
    admit(answer.user, answer.token)
    return redirect(start_page(actor_of(answer.user), wanted), 303)


@portal.post("/logout")
@signed_in
def logout() -> Any:
    """End this session on the server and in this browser."""
    token = signed_in_token()
    with unit_of_work():
        accounts.sign_out(signed_in_actor(), token or "")
    dismiss()
    return redirect("/login", 303)


def _usable_password(form: SignInForm) -> str:
    """The typed password; none in production for a published demo account, which is then refused as any wrong one."""
    is_production = current_app.config["SETTINGS"].is_production
    return "" if is_production and is_published(form.username.data, form.password.data) else form.password.data


def leave_earlier_session() -> None:
    """Whoever was signed in in this browser is signed out by somebody's attempt to sign in."""
    actor, token = current_actor(), signed_in_token()
    if actor is not None and token is not None:
        accounts.sign_out(actor, token)


def start_page(actor: Actor, wanted: str | None) -> str:
    """The wanted page, unless it lies in a panel of other people; without one the own panel."""
    home, _words = work_place(actor)
    if wanted is None or wanted == "/" or not actor.is_approved:
        return home
    foreign = PANELS - {home}
    return home if any(wanted.startswith(panel.rstrip("/")) for panel in foreign) else wanted


def _refusal(form: SignInForm, wanted: str | None, answer: SignIn) -> Any:
    if answer.is_locked:
        said = messages.sentence("sign_in_locked", {"minutes": answer.wait_minutes})
        return _page(form, wanted, said), 429
    return _page(form, wanted, messages.sentence("sign_in_refused")), 422


def _page(form: SignInForm, wanted: str | None, said: str = "") -> str:
    return render_template("portal/login.html", form=form, wanted=wanted, said=said, heading=_("登录"))
