"""Templates of reference records from live data, empty or with the records there are to be changed and sent back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, BinaryIO

from ..actor import Actor
from ..permissions import require
from ..states import ImportSubject
from ..workbooks import capability_columns, catalogue_columns
from ..workbooks.reference import KindFact, Reference
from ..workbooks.template import write_records
from . import import_subjects
from .catalogue_import import Catalogue
from .record_import import RecordSubject


def write(stream: BinaryIO, actor: Actor, subject: ImportSubject, *, with_records: bool) -> None:
    """Write the template of a subject; raises `Forbidden` for whoever may not import it."""
    declared = import_subjects.declared()[subject]
    require(actor, declared.permission)
    if not isinstance(declared, RecordSubject):
        raise LookupError(f"{subject} has a template of its own")
    reference = declared.reference(actor)
    rows: Iterable[Mapping[str, Any]] = declared.rows(actor) if with_records else ()
    write_records(stream, declared.columns, reference, example=_example(declared, reference), rows=rows)


def _example(declared: RecordSubject, reference: Reference) -> Mapping[str, str]:
    """One believable row of the data in force, marked so that nobody takes it for a record."""
    if isinstance(declared, Catalogue):
        return {
            "code": catalogue_columns.EXAMPLE_CODE,
            "name": "压力表（精密）",
            "item_code": next(iter(reference.choices("item_code").values()), ""),
            "aliases": "精密表、标准压力表",
            "supervision": next(iter(reference.choices("supervision"))),
            "verification_scheme": next(iter(reference.choices("verification_scheme"))),
            "default_period_months": "12",
            "purposes": "、".join(list(reference.choices("purposes").values())[:2]),
            "status": catalogue_columns.STATUSES[catalogue_columns.ACTIVE],
        }
    kind = _first_in_force(reference)
    division = next((each for each in reference.divisions.values() if not each.retired), None)
    return {
        "number": capability_columns.EXAMPLE_NUMBER,
        "institution_id": next(iter(reference.choices("institution_id").values()), ""),
        "kind_code": kind.label if kind else "",
        "areas": reference.label_of_division(division.code) if division else "",
        "valid_from": "2026-01-01",
        "valid_until": "2030-12-31",
        "document_number": "鲁法计〔2026〕1 号",
        "delivery_modes": "、".join(reference.delivery_modes.values()),
        "unit_scope": capability_columns.SCOPES[capability_columns.PUBLIC],
        "measuring_range": "(0～60) MPa",
        "accuracies": "1.6级、2.5级",
    }


def _first_in_force(reference: Reference) -> KindFact | None:
    return next((kind for kind in reference.kinds.values() if not kind.retired), None)
