"""One-time form keys: a double click, or Back and send again, has one effect and shows the same result.

A form carries a random key. The first request to claim the key does the work and stores where it led, in the same
transaction; every later one waits for that transaction and is led to the same place with the same words. A refused
request rolls its claim back, so the corrected form may be sent again under the same key.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from flask import flash, redirect, request
from markupsafe import Markup
from sqlalchemy.exc import IntegrityError
from werkzeug.wrappers import Response

from .. import clock
from ..database import db
from ..models import FormKey
from ..unit_of_work import unit_of_work
from .current import current_actor

FIELD = "form_key"
_acceptable = re.compile(r"[A-Za-z0-9_-]{16,64}")


@dataclass(frozen=True, slots=True)
class Done:
    """What a finished form leads to: a path on this site, and the sentence shown there.

    `secret` follows the sentence on the first arrival only and is stored nowhere.
    """

    location: str
    said: str = ""
    kind: str = "success"
    secret: str = ""


def new_form_key() -> str:
    """A fresh key, or the one just sent, so that a form shown again with its mistakes keeps its key."""
    return sent_key() or secrets.token_urlsafe(18)


def sent_key() -> str | None:
    """The key of the form being sent, `None` when absent or malformed."""
    sent = request.form.get(FIELD, "") if request.method == "POST" else ""
    return sent if _acceptable.fullmatch(sent) else None


def once(work: Callable[[], Done]) -> Response:
    """Run `work` in one unit of work, at most once for the form's key, and lead on with 303.

    Whatever `work` raises passes through after a rollback. A form without a key (another program's) is simply run.
    """
    key = sent_key()
    with unit_of_work():
        claim, earlier = _claim(key) if key else (None, None)
        done = earlier or work()
        if claim is not None:
            claim.location, claim.said, claim.kind = done.location, str(done.said), done.kind
    if done.said or done.secret:
        flash(Markup("{} {}").format(done.said, done.secret) if done.secret else done.said, done.kind)
    return redirect(done.location, 303)


def _claim(key: str) -> tuple[FormKey | None, Done | None]:
    """Take the key for this transaction; else what its earlier use led to.

    A second sender waits here at the primary key until the first has committed or rolled back.
    """
    actor = current_actor()
    user_id = actor.user_id if actor else None
    stored = hashlib.sha256(f"{user_id}:{request.path}:{key}".encode()).hexdigest()
    claim = FormKey(key=stored, user_id=user_id, location="", created_at=clock.now())
    try:
        with db.session.begin_nested():
            db.session.add(claim)
    except IntegrityError:
        earlier = db.session.get(FormKey, stored, populate_existing=True)
        return None, Done(earlier.location, earlier.said, earlier.kind) if earlier and earlier.location else None
    return claim, None
