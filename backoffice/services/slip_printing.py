"""The slip as paper: its content, the PDF, and the address its QR code opens.

What a version says is written down when the version comes about: somebody may hold it in hands. Records that change
afterwards (a ledger after the verification, a telephone, a name) show on the next version, never silently on this one.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext

from .. import clock, scoping
from ..actor import Actor
from ..database import db
from ..errors import Conflict
from ..messages import label
from ..messages.wording import day_with_weekday
from ..models import AppointmentItem, MeasuringInstrument, Slip
from ..slip_documents import (
    MAX_ROWS_IN_REQUEST,
    MissingGlyphsError,
    SlipContent,
    SlipEnterprise,
    SlipInstitution,
    SlipRenderError,
    SlipRow,
    SlipVisit,
    TooManyRowsError,
    render_slip_pdf,
)
from ..states import DeliveryMode, SlipStatus
from . import slips

CHECK_LENGTH = 8


def check_code(number: str, *, secret: str) -> str:
    """Short keyed digest beside the number in the QR code: stops guessing, decides nothing."""
    return hmac.new(secret.encode(), number.encode(), hashlib.sha256).hexdigest()[:CHECK_LENGTH]


def acceptance_url(slip: Slip, *, public_url: str, secret: str) -> str:
    """What the QR code opens: the acceptance screen, after signing in; opening it changes nothing."""
    return f"{public_url}/a/{slip.number}?c={check_code(slip.number, secret=secret)}"


def keep(slip: Slip) -> None:
    """Write down what the first version says, when the slip is accepted."""
    _write_down(slip, ())


def next_version(slip: Slip, *, changed: Collection[int] = ()) -> None:
    """The slip says something else from now on: `changed` are items of which the instrument was described anew."""
    slip.version += 1
    _write_down(slip, changed)


def _write_down(slip: Slip, changed: Collection[int]) -> None:
    """Names and telephones as they are now; an instrument as it was when it was accepted, unless it is `changed`."""
    db.session.flush()
    db.session.expire(slip, ["items"])
    held = _instruments_of(slip)  # In one query; the rows below find them in the session.
    so_far = (slip.printed or {}).get("rows", {})
    rows = {
        str(item.id): so_far[str(item.id)] if str(item.id) in so_far and item.id not in changed else _row_facts(item)
        for item in slips.printable_items(slip)
    }
    del held
    slip.printed = {
        "at": clock.now().isoformat(),
        "institution": _institution_facts(slip),
        "enterprise": _enterprise_facts(slip),
        "rows": rows,
    }
    db.session.flush()


def _instruments_of(slip: Slip) -> Sequence[MeasuringInstrument]:
    statement = (
        sa.select(MeasuringInstrument)
        .join(AppointmentItem, AppointmentItem.instrument_id == MeasuringInstrument.id)
        .where(AppointmentItem.slip_id == slip.id)
        .options(sa.orm.joinedload(MeasuringInstrument.kind))
    )
    return db.session.scalars(statement).all()


def content(actor: Actor, slip_id: int, *, public_url: str, secret: str) -> SlipContent:
    """The accepted slip's content for page and paper. Raises `NotFound`; `Conflict` before acceptance."""
    slip: Slip = scoping.find(actor, Slip, slip_id)
    if not slips.is_printable(slip):
        raise Conflict("slip_not_accepted", number=slip.number)
    said = slip.printed or {}  # Slips accepted before versions were written down have nothing here.
    rows = said.get("rows", {})
    shown = tuple(
        SlipRow(position=place, **(rows.get(str(item.id)) or _row_facts(item)))
        for place, item in enumerate(slips.printable_items(slip), start=1)
    )
    return SlipContent(
        number=slip.number,
        version=slip.version,
        appointment_number=slip.appointment.number,
        cancelled_text=label(slip.status) if slip.status is SlipStatus.WITHDRAWN else "",
        institution=SlipInstitution(**(said.get("institution") or _institution_facts(slip))),
        enterprise=SlipEnterprise(**(said.get("enterprise") or _enterprise_facts(slip))),
        visit=_visit(slip),
        rows=shown,
        on_site=sum(row.delivery_mode == label(DeliveryMode.ON_SITE) for row in shown),
        printed_at=clock.local(datetime.fromisoformat(said["at"]) if said else slip.updated_at),
        acceptance_url=acceptance_url(slip, public_url=public_url, secret=secret),
    )


def pdf(actor: Actor, slip_id: int, *, public_url: str, secret: str) -> bytes:
    """The slip as PDF; the same slip in the same version gives the same bytes.

    Raises `Conflict` for one too long for a request, or with a character no font of ours has: the page prints then.
    """
    made = content(actor, slip_id, public_url=public_url, secret=secret)
    try:
        return render_slip_pdf(made, updated_at=made.printed_at)
    except TooManyRowsError as refused:
        raise Conflict("slip_too_long", number=made.number, limit=MAX_ROWS_IN_REQUEST) from refused
    except MissingGlyphsError as refused:
        characters = "".join(sorted(refused.characters))
        raise Conflict("slip_without_glyph", number=made.number, characters=characters) from refused
    except SlipRenderError as refused:
        raise Conflict("slip_not_drawn", number=made.number) from refused


def _institution_facts(slip: Slip) -> dict[str, str]:
    institution = slip.institution
    return {"name": institution.name, "address": institution.address, "phone": institution.phone}


def _enterprise_facts(slip: Slip) -> dict[str, str]:
    enterprise, appointment = slip.enterprise, slip.appointment
    return {
        "name": enterprise.name,
        "uscc": enterprise.uscc,
        "contact": appointment.site_contact or enterprise.contact,
        "phone": appointment.site_phone or enterprise.mobile,
        "address": enterprise.address,
    }


def _visit(slip: Slip) -> SlipVisit:
    if slip.appointed_on is None:  # 随到随检 and its hours stand in the time; without any, they telephone.
        return SlipVisit(day=slip.appointed_time or gettext("待电话约定"), time="", place=slip.place, words=slip.words)
    day = day_with_weekday(slip.appointed_on)
    return SlipVisit(day=day, time=slip.appointed_time, place=slip.place, words=slip.words)


def _row_facts(item: AppointmentItem) -> dict[str, Any]:
    """An instrument in the words of the slip, by the fields of `SlipRow`."""
    instrument = item.instrument
    return {
        "instrument_name": instrument.name,
        "kind_name": instrument.kind.name,
        "serial_number": instrument.serial_key if instrument.serial_number == "无" else instrument.serial_number,
        "sub_number": instrument.sub_number,
        "model": instrument.model,
        "measuring_range": instrument.measuring_range,
        "accuracy_class": instrument.accuracy_class,
        "manufacturer": instrument.manufacturer,
        "place": instrument.place_of_use,
        "department": instrument.department,
        "delivery_mode": label(instrument.delivery_mode),
        "application_type": label(item.application_type),
    }
