"""备案: with whom a ledger row is filed, who entered it on behalf, and the table 备案表 to print."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext

from .. import clock
from ..actor import Actor
from ..database import db
from ..errors import Conflict, Invalid, NotFound
from ..messages import label
from ..messages.on_behalf import ON_BEHALF
from ..models import Enterprise, MeasuringInstrument
from ..permissions import Permission, require
from ..slip_documents.errors import SlipRenderError
from ..slip_documents.filing import MAX_FILING_ROWS, FilingContent, FilingRow, FilingUnit, render_filing_pdf
from . import areas, on_behalf


class FilingWords:
    """备案机关 and 代办 of rows, each place and each agent asked for once."""

    def __init__(self) -> None:
        self._offices: dict[str, str] = {}
        self._agents: dict[tuple[int | None, str | None], str] = {}

    def office(self, division_code: str) -> str:
        """The competent regulator of a division of use; where nobody has an account yet, who it would be."""
        if division_code not in self._offices:
            user = areas.regulator_office(areas.competent_division(division_code))
            named = user.organisation or user.name if user is not None else ""
            self._offices[division_code] = named or gettext("使用地市场监督管理部门")
        return self._offices[division_code]

    def on_behalf(self, row: MeasuringInstrument) -> str:
        """由××代办, or nothing where the unit entered the row itself."""
        key = (row.added_by_institution_id, row.added_by_division_code)
        if key == (None, None):
            return ""
        if key not in self._agents:
            self._agents[key] = gettext(ON_BEHALF) % {"name": on_behalf.agent_name(*key)}
        return self._agents[key]


def content(actor: Actor, rows: Sequence[MeasuringInstrument]) -> FilingContent:
    """The table of these rows of one's own ledger; dated by the latest change of a row.

    Raises `NotFound` for none, `Invalid` for more than `MAX_FILING_ROWS`, `Forbidden`.
    """
    require(actor, Permission.OWN_LEDGER_READ)
    if not rows:
        raise NotFound
    if len(rows) > MAX_FILING_ROWS:
        raise Invalid.one("", "filing_too_long", limit=MAX_FILING_ROWS)
    enterprise = db.session.get_one(Enterprise, rows[0].enterprise_id)
    words = FilingWords()
    return FilingContent(
        unit=FilingUnit(
            name=enterprise.name,
            uscc=enterprise.uscc,
            address=enterprise.address,
            contact=enterprise.contact,
            phone=enterprise.mobile,
        ),
        rows=tuple(_row(place, row, words) for place, row in enumerate(rows, start=1)),
        printed_at=clock.local(max(row.updated_at for row in rows)),
    )


def pdf(made: FilingContent) -> bytes:
    """The table as PDF; raises `Conflict` where a character has no glyph: the page prints then."""
    try:
        return render_filing_pdf(made)
    except SlipRenderError as refused:
        raise Conflict("filing_not_drawn") from refused


def _row(position: int, row: MeasuringInstrument, words: FilingWords) -> FilingRow:
    place = f"{row.place_of_use} {row.department}".strip()
    return FilingRow(
        position=position,
        instrument_name=row.name,
        kind_name=row.kind.name,
        serial_number=row.full_serial,
        model=row.model,
        measuring_range=row.measuring_range,
        accuracy_class=row.accuracy_class,
        manufacturer=row.manufacturer,
        place=place,
        division=row.division.name,
        purpose=label(row.purpose),
        filed=clock.local(row.filed_at).date().isoformat(),
        office=words.office(row.division_code),
        on_behalf=words.on_behalf(row),
    )
