"""《五分钟导览》: leads through the real screens, signed in by one click as whom each step needs; with demo data only.

Which step a browser is at stands in its session. In production `init_app` registers nothing.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from urllib.parse import quote

from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    flash,
    redirect,
    render_template,
    request,
    send_file,
    session,
    url_for,
)
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Answer

from ..actor import Role
from ..services import ledger_import, ledger_reference
from ..web.access import public
from ..web.current import current_actor
from . import example_ledger
from .blueprint import frame
from .demo import enter_as
from .tour_steps import STEPS, Step, newest_decided_later, organisation, step_of

tour = Blueprint("tour", __name__)
tour.context_processor(frame)
KEY = "tour"


@dataclass(frozen=True, slots=True)
class Ribbon:
    """Where in the tour this browser is, what to do on this page, and the ways on."""

    step: Step
    words: str
    is_here: bool
    is_last: bool

    @property
    def following(self) -> Step | None:
        return step_of(self.step.number + 1)


@tour.get("/tour")
@public
def index() -> str:
    """The five steps, each with the way into its screen."""
    return render_template("portal/tour.html", steps=[(each, each.who()) for each in STEPS], at=_at())


@tour.post("/tour/step")
@public
def go() -> Answer:
    """Open a step: sign in as whom it needs and lead to its screen."""
    step = step_of(request.form.get("step", type=int) or 0)
    if step is None:
        abort(404)
    person = step.who()
    if person is None:
        flash(_("这里没有演示账号：请先恢复演示数据。"), "warn")
        return redirect(url_for("demo.switch"), 303)
    where = step.where()
    if enter_as(person) is None:
        return redirect(url_for("demo.switch"), 303)
    session[KEY] = step.number
    return redirect(where, 303)


@tour.post("/tour/end")
@public
def end() -> Answer:
    """Leave the tour; who is signed in stays signed in."""
    session.pop(KEY, None)
    flash(_("五步都走完了。想再走一遍，先点本页最下面的“重置”恢复演示数据；想自己试试，点“切换角色”。"), "success")
    return redirect(url_for("tour.index"), 303)


@tour.get("/tour/outcome")
@public
def outcome() -> Answer:
    """To what became of the item that had matched nowhere."""
    actor = current_actor()
    is_there = actor is not None and actor.role is Role.REGULATOR
    return redirect(newest_decided_later() if is_there else url_for("tour.index"), 303)


@tour.get("/tour/example-ledger.xlsx")
@public
def example() -> Response:
    """示例台账 to upload in the second step."""
    content = example_ledger.content(ledger_reference.load())
    answer = send_file(io.BytesIO(content), mimetype=ledger_import.WORKBOOK)
    name = quote(_("示例台账") + ".xlsx")
    answer.headers["Content-Disposition"] = f"attachment; filename=\"example.xlsx\"; filename*=UTF-8''{name}"
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _at() -> Step | None:
    return step_of(session.get(KEY, 0))


def ribbon() -> Ribbon | None:
    """The line over the pages of who is on the tour; `None` for everybody else."""
    step = _at()
    if step is None or request.path == "/tour":
        return None
    words = str(step.words_on(request.path)) % {"enterprise": organisation()}
    return Ribbon(step, words, step.is_here(request.path), step.number == len(STEPS))


def init_app(app: Flask) -> None:
    """Register the pages and the ribbon, in demo mode only."""
    if app.config["IS_DEMO"]:
        app.register_blueprint(tour)
        app.jinja_env.globals["tour_ribbon"] = ribbon
