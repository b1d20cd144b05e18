"""Where the instruments of an import would go, by the very function that matches. Asked for one page only."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from ..database import db
from ..matching import Decision
from ..models import Enterprise, ImportRow, ImportRun, MeasuringInstrument
from ..states import DeliveryMode, RowOutcome
from . import matching_runs

BOOKABLE = (RowOutcome.NEW, RowOutcome.UPDATED, RowOutcome.SAME)
NUMBERS = ("range_low", "range_high")


def expected_of_rows(run: ImportRun, rows: Sequence[ImportRow]) -> dict[int, tuple[MeasuringInstrument, Decision]]:
    """Instrument as it would stand in the ledger, and its decision, by row number; rows with errors have none."""
    if run.enterprise is None:
        return {}
    enterprise = run.enterprise
    with db.session.no_autoflush:
        instruments = {
            row.number: _instrument(enterprise, row)
            for row in rows
            if row.values is not None and row.outcome in BOOKABLE
        }
        decisions = matching_runs.expected(list(instruments.values()))
    return {number: (instrument, decisions[instrument.id]) for number, instrument in instruments.items()}


def _instrument(enterprise: Enterprise, row: ImportRow) -> MeasuringInstrument:
    """The row as an instrument that is never added to the session; a new one has a number nobody else has."""
    values: dict[str, Any] = dict(row.values or {})
    for name in NUMBERS:
        values[name] = None if values.get(name) is None else Decimal(values[name])
    wanted = ("kind_code", "division_code", "accuracy", "range_unit", *NUMBERS)
    instrument = MeasuringInstrument(**{name: values.get(name) for name in wanted})
    instrument.id = row.instrument_id or -row.number
    instrument.delivery_mode = DeliveryMode(values["delivery_mode"])
    instrument.enterprise = enterprise
    return instrument
