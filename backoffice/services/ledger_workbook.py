"""One's own ledger as rows of the import's template: downloaded, changed in a spreadsheet, uploaded again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .. import scoping
from ..actor import Actor
from ..database import db
from ..models import MeasuringInstrument
from ..permissions import Permission, require
from ..states import UseState
from .ledger_values import FURTHER_COLUMNS, TYPED_COLUMNS

ENDED = (UseState.SCRAPPED, UseState.LOST, UseState.TRANSFERRED)
"""What is no longer there needs no new entry: an import neither changes nor removes what its file does not name."""
BATCH = 1000


def rows(actor: Actor) -> Iterator[Mapping[str, Any]]:
    """Every instrument of the own ledger that is still there, by column code, a batch at a time.

    Certificate columns are the institutions' and stay empty; the ledger number is what an upload is known by.
    """
    require(actor, Permission.OWN_LEDGER_IMPORT)
    columns = [getattr(MeasuringInstrument, name) for name in (*TYPED_COLUMNS, *FURTHER_COLUMNS)]
    found = db.session.execute(
        scoping.visible(actor, MeasuringInstrument)
        .where(MeasuringInstrument.use_state.not_in(ENDED))
        .with_only_columns(MeasuringInstrument.id.label("ledger_number"), *columns)
        .order_by(MeasuringInstrument.id)
        .execution_options(yield_per=BATCH)
    )
    for row in found.mappings():
        yield {**row, "quantity": "1"}
