"""Only where the demo data is: signing in with one click as one of its people, and putting the data back.

In production `init_app` registers nothing, so that none of these addresses exist.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, abort, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from ..actor import Actor
from ..services import accounts
from ..unit_of_work import unit_of_work
from ..web.access import public, safe_path
from ..web.current import actor_of
from .blueprint import frame
from .demo_people import DemoPerson, duties, groups, people
from .demo_reset import Restoring
from .people import admit, dismiss
from .sign_in import leave_earlier_session, start_page

demo = Blueprint("demo", __name__)
demo.context_processor(frame)
OPEN_WHILE_RESTORING = ("/demo/restoring", "/healthz", "/readyz")


@demo.get("/demo")
@public
def switch() -> str:
    """切换角色 and 重置."""
    return render_template("portal/demo.html", groups=groups(), duties=duties())


@demo.post("/demo/sign-in")
@public
def sign_in() -> Response:
    """Sign in as a demo person, whoever was signed in before; leads on as signing in does."""
    person = next((each for each in people() if each.username == request.form.get("username")), None)
    if person is None:
        abort(404)
    entered = enter_as(person)
    if entered is None:
        return redirect(url_for("demo.switch"), 303)
    return redirect(start_page(entered, safe_path(request.form.get("next"))), 303)


def enter_as(person: DemoPerson) -> Actor | None:
    """Sign in as this person, whoever was signed in before; `None`, and words for the next page, where that fails."""
    with unit_of_work():
        leave_earlier_session()
        answer = accounts.sign_in(person.username, person.password, request.remote_addr or "")
    if answer.user is None:
        dismiss()
        flash(_("这个演示账号现在不能登录：密码被改过，或登录失败次数过多。请恢复演示数据后再试。"), "warn")
        return None
    admit(answer.user, answer.token)
    return actor_of(answer.user)


@demo.post("/demo/reset")
@public
def reset() -> Response:
    """Begin putting the demo data back, by the command people would use; this request does not wait for it."""
    with unit_of_work():
        leave_earlier_session()
    dismiss()
    Restoring.of(current_app).start()
    return redirect(url_for("demo.restoring"), 303)


@demo.get("/demo/restoring")
@public
def restoring() -> Any:
    """While the data is being put back: says so, asks again by itself, then says how it ended."""
    state = Restoring.of(current_app).state()
    if state.is_none:
        return redirect(url_for("demo.switch"), 303)
    answer = current_app.make_response(
        render_template(
            "portal/restoring.html",
            state=state,
            groups=[] if state.is_running else groups(),
            duties={} if state.is_running else duties(),
        )
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


@demo.before_app_request
def lead_to_restoring() -> Response | None:
    """While the data is put back no page can tell the truth: all of them lead to the one that says so."""
    if request.path in OPEN_WHILE_RESTORING or request.endpoint == "static":
        return None
    if not Restoring.of(current_app).state().is_running:
        return None
    return redirect(url_for("demo.restoring"), 303)


def init_app(app: Flask) -> None:
    """Register the pages, in demo mode only."""
    if app.config["IS_DEMO"]:
        app.register_blueprint(demo)
