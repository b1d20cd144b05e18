"""When and where an accepted slip is done, as facts: what a receipt told stays what it told."""

from __future__ import annotations

from typing import Any

from ..models import Slip
from ..states import DeliveryMode
from . import slips

LONGEST_PLACE = 200


def of(slip: Slip) -> dict[str, Any]:
    """The arrangement in force; `send_in` and `on_site` count what comes and where somebody comes to."""
    accepted = slips.printable_items(slip)
    on_site = sum(item.instrument.delivery_mode is DeliveryMode.ON_SITE for item in accepted)
    return {
        "day": slip.appointed_on.isoformat() if slip.appointed_on else None,
        "time": slip.appointed_time,
        "place": slip.place or slip.institution.address,
        "send_in": len(accepted) - on_site,
        "on_site": on_site,
    }


def usual_place(slip: Slip) -> str:
    """Where it is done unless somebody says otherwise: the reception, or where the instruments stand."""
    if slip.items and all(item.instrument.delivery_mode is DeliveryMode.ON_SITE for item in slip.items):
        places = dict.fromkeys(item.instrument.place_of_use for item in slip.items)
        return "、".join(places)[:LONGEST_PLACE]
    return slip.institution.reception_place or slip.institution.address
