"""The reference data a ledger row is checked against, read into the plain values of `workbooks`."""

from __future__ import annotations

import uuid
from enum import StrEnum

import sqlalchemy as sa

from ..database import db
from ..messages.labels import LABELS
from ..models import CatalogueItem, Division, InstrumentKind, OptionValue
from ..states import DeliveryMode, Purpose
from ..workbooks.reference import DivisionFact, KindFact, Reference
from . import rules

ORIGINS = "origin"
"""The option list of 器具产地."""


_cached: tuple[uuid.UUID, dict[str, str], Reference] | None = None
"""The last reference read by this process, with the rules' token and the origins it was read under."""


def load() -> Reference:
    """Kinds, divisions and option lists as they stand now; read again only when one of them changed."""
    global _cached
    token, listed = rules.token(), origins()
    if _cached is None or _cached[0] != token or _cached[1] != listed:
        reference = Reference.of(
            kinds=kinds(), divisions=divisions(), origins=listed, purposes=labels(Purpose), delivery_modes=modes()
        )
        _cached = token, listed, reference
    return _cached[2]


def kinds() -> list[KindFact]:
    rows = db.session.execute(
        sa.select(
            InstrumentKind.code,
            InstrumentKind.name,
            InstrumentKind.item_code,
            CatalogueItem.name.label("item_name"),
            InstrumentKind.aliases,
            InstrumentKind.supervision,
            InstrumentKind.verification_scheme,
            InstrumentKind.purposes,
            InstrumentKind.scope_note,
            InstrumentKind.default_period_months,
            InstrumentKind.is_in_force.label("in_force"),
        )
        .join(CatalogueItem, CatalogueItem.code == InstrumentKind.item_code)
        .order_by(InstrumentKind.code)
    )
    return [
        KindFact(
            code=row.code,
            name=row.name,
            item_code=row.item_code,
            item_name=row.item_name,
            aliases=tuple(row.aliases),
            supervision=row.supervision,
            verification_scheme=row.verification_scheme,
            purposes=tuple(row.purposes),
            scope_note=row.scope_note,
            default_period_months=row.default_period_months,
            retired=not row.in_force,
        )
        for row in rows
    ]


def divisions() -> list[DivisionFact]:
    rows = db.session.execute(
        sa.select(Division.code, Division.name, Division.parent_code, Division.is_retired).order_by(Division.code)
    )
    return [
        DivisionFact(code=code, name=name, parent_code=parent, retired=is_retired)
        for code, name, parent, is_retired in rows
    ]


def origins() -> dict[str, str]:
    """Entries of the list in force, code to label, in the order to show."""
    rows = db.session.execute(
        sa.select(OptionValue.code, OptionValue.label)
        .where(OptionValue.list_code == ORIGINS, OptionValue.is_active.is_(True))
        .order_by(OptionValue.position, OptionValue.id)
    )
    return {row.code: row.label for row in rows}


def modes() -> dict[str, str]:
    return labels(DeliveryMode)


def labels(codes: type[StrEnum]) -> dict[str, str]:
    """Code to Chinese word. Untranslated: workbooks are Chinese whatever the reader's screen."""
    return {code.value: LABELS[codes][code] for code in codes}
