"""Running numbers by Shanghai day: appointments `YY-yyyymmdd-nnnn`, slips `YD-yyyymmdd-nnnn`."""

from __future__ import annotations

from sqlalchemy.dialects.postgresql import insert

from .. import clock
from ..database import db
from ..models import NumberSequence

APPOINTMENT = "YY"
SLIP = "YD"


def next_number(prefix: str) -> str:
    """The next number of today. The counter's row stays locked until the transaction ends: numbers have no gaps."""
    today = clock.today()
    statement = insert(NumberSequence).values(prefix=prefix, day=today, last=1)
    last = db.session.scalar(
        statement.on_conflict_do_update(
            index_elements=["prefix", "day"], set_={"last": NumberSequence.last + 1}
        ).returning(NumberSequence.last)
    )
    return f"{prefix}-{today:%Y%m%d}-{last:04d}"
