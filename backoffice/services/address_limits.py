"""How often one address may do what needs no account, counted beside failed sign-ins, exact across workers.

Each sort is counted under a name of its own, so that nobody is locked out of signing in by anything else.
"""

from __future__ import annotations

import math
from datetime import timedelta

import sqlalchemy as sa

from .. import clock
from ..database import db
from ..errors import TooOften
from ..models import SignInAttempt
from . import accounts

_LOCK = 0x4144_4452

UPLOADS = "upload:"
READINGS = "read:"
READINGS_PER_ADDRESS = 120
"""Look-ups, pages of the directory and downloads in 15 minutes: an office behind one address reads, a robot copies."""


def count_upload(address: str) -> None:
    """Count a file a visitor sends; call it before the file is stored. Raises `TooOften`.

    As often as signing in may fail from one address (20 in 15 minutes): visitors may not fill the database.
    """
    _count(UPLOADS, address, accounts.FAILURES_PER_ADDRESS, "uploads_too_often")


def count_reading(address: str) -> None:
    """Count what a visitor reads out of the database. Raises `TooOften`."""
    _count(READINGS, address, READINGS_PER_ADDRESS, "readings_too_often")


def _count(sort: str, address: str, allowed: int, code: str) -> None:
    place = f"{sort}{address}"[:64]
    db.session.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK, sa.func.hashtext(place))))
    wait = accounts.wait_for(SignInAttempt.address == place, allowed)
    if wait > timedelta():
        raise TooOften(code, minutes=math.ceil(wait / timedelta(minutes=1)))
    db.session.add(SignInAttempt(account=sort, address=place, at=clock.now()))
    db.session.flush()
