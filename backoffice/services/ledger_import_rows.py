"""What writing an import and taking it back share: values out of stored rows, held instruments, their audit rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from .. import audit
from ..actor import Actor
from ..audit import AuditAction
from ..database import db
from ..models import AppointmentItem, ImportRun, MeasuringInstrument
from ..states import OPEN_ITEMS
from . import slips
from .ledger_further import plain_further
from .ledger_values import FURTHER_COLUMNS, LEDGER_COLUMNS, TYPED_COLUMNS

WRITTEN = (*LEDGER_COLUMNS, *FURTHER_COLUMNS)
"""The columns of the ledger an import writes."""

_TYPES = {"range_low": "numeric", "range_high": "numeric"} | {
    name: "date" for name in FURTHER_COLUMNS if isinstance(MeasuringInstrument.__table__.columns[name].type, sa.Date)
}


def stored_value(values: str, name: str) -> str:
    """SQL for a column's value out of stored JSON; a further column the file does not have is empty."""
    return typed_value(f"{values}->>'{name}'", name)


def typed_value(text: str, name: str) -> str:
    """SQL for a column's value out of its text."""
    if name in _TYPES:
        return f"nullif({text}, '')::{_TYPES[name]}"
    return f"coalesce({text}, '')" if name in FURTHER_COLUMNS else f"({text})"


def assignments(values: str) -> str:
    """SQL that sets the ledger's row `m` to stored values; a column they do not name stays as it is."""
    return ", ".join(
        f"{name} = CASE WHEN jsonb_exists({values}, '{name}') THEN {stored_value(values, name)} ELSE m.{name} END"
        for name in WRITTEN
    )


def hold_appointments(instrument_ids: Sequence[int]) -> None:
    """Keep what waits from being matched while its facts change; appointments come before instruments everywhere."""
    appointments = db.session.scalars(
        sa.select(AppointmentItem.appointment_id).where(
            AppointmentItem.instrument_id.in_(instrument_ids), AppointmentItem.status.in_(OPEN_ITEMS)
        )
    ).all()
    if appointments:
        slips.lock_appointments(appointments)


def locked_instruments(run: ImportRun, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """The ledger's present values, held for update."""
    is_booked = (
        sa.exists()
        .where(AppointmentItem.instrument_id == MeasuringInstrument.id, AppointmentItem.status.in_(OPEN_ITEMS))
        .label("is_booked")
    )
    names = (*TYPED_COLUMNS, *FURTHER_COLUMNS, "serial_key", "verified_on")
    columns = [getattr(MeasuringInstrument, name) for name in names]
    rows = db.session.execute(
        sa.select(MeasuringInstrument.id, is_booked, *columns)
        .where(MeasuringInstrument.enterprise_id == run.enterprise_id, MeasuringInstrument.id.in_(ids))
        .order_by(MeasuringInstrument.id)
        .with_for_update(of=MeasuringInstrument)
    )
    return {row["id"]: {**row, **plain_further(dict(row))} for row in rows.mappings()}


def record_instruments(
    run: ImportRun,
    actor: Actor,
    action: AuditAction,
    changes: Sequence[tuple[int, str, dict[str, Any] | None, dict[str, Any]]],
) -> None:
    """One audit row an instrument, all of them by one COPY; what the session holds is written before them."""
    if not changes:
        return
    db.session.flush()
    series = audit.Series(actor, action, MeasuringInstrument.__tablename__, run.enterprise_id)
    of_run = {"import_run": run.id}
    statement = f"COPY audit_event ({', '.join(series.COLUMNS)}) FROM STDIN"
    connection: Any = db.session.connection().connection.driver_connection
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for instrument_id, label, before, after in changes:
            copy.write_row(series.row(str(instrument_id), label, before, after | of_run))
