"""`/a/<number>?c=…`: what a slip's QR code opens. It only leads on to the reader's own page; nothing changes."""

from __future__ import annotations

import hmac

from flask import Flask, abort, current_app, redirect, request
from werkzeug.wrappers import Response

from .. import scoping
from ..actor import Role
from ..database import db
from ..models import Slip
from ..services import slip_printing
from ..web.access import roles
from ..web.current import signed_in_actor

LONGEST_NUMBER = 20


@roles(Role.INSTITUTION, Role.ENTERPRISE, Role.REGULATOR)
def open_scanned(number: str) -> Response:
    """The slip's page in the reader's panel; 404 for a wrong check code, an unknown and a foreign slip alike."""
    secret = current_app.config["SETTINGS"].secret_key
    expected = slip_printing.check_code(number[:LONGEST_NUMBER], secret=secret)
    if not hmac.compare_digest(expected.encode(), request.args.get("c", "").encode()):
        abort(404)
    actor = signed_in_actor()
    found = scoping.visible(actor, Slip).with_only_columns(Slip.id).where(Slip.number == number)
    slip_id = db.session.scalar(found)
    if slip_id is None:
        abort(404)
    return redirect(f"/{actor.role.value}/slips/{slip_id}")


def init_app(app: Flask) -> None:
    app.add_url_rule("/a/<number>", "scan", open_scanned)
