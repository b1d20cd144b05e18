"""What a result may say: the rules of its fields, each problem beside its field.

Belongs here: cleaning and checking of what was typed. Does not belong here: rows, states, who may do what.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa

from .. import clock
from ..errors import FieldProblem, Invalid
from ..models import MeasuringInstrument, Verification
from ..states import DocumentType, Outcome
from ..workbooks.cells import folded
from . import ledger_schemes, validity
from .words import clean_text

FIELDS = (
    "verified_on",
    "outcome",
    "document_type",
    "document_number",
    "valid_until",
    "verifier",
    "approver",
    "regulation",
    "seal_number",
)
"""What an institution types. 核验员 is not among them: it is whoever publishes."""
TEXTS = ("document_number", "verifier", "approver", "regulation", "seal_number")
CODES = ("document_number", "seal_number")
"""Numbers on paper and lead: full-width digits and letters are folded."""
NUMBERED = (DocumentType.CERTIFICATE, DocumentType.REJECTION_NOTICE)
"""凭证类型 that always carry a number; the others may."""
DOCUMENTS_OF: dict[Outcome, tuple[DocumentType, ...]] = {
    Outcome.PASSED: (DocumentType.CERTIFICATE, DocumentType.QUALIFIED_SLIP, DocumentType.QUALIFIED_MARK),
    Outcome.NOT_PASSED: (DocumentType.REJECTION_NOTICE,),
}
"""A pass is a certificate, 合格证 or 合格印; a fail is a 检定结果通知书."""
EARLIEST = date(1950, 1, 1)
LATEST = date(2100, 12, 31)


def proposed_valid_until(instrument: MeasuringInstrument, verified_on: date) -> date | None:
    """有效期至 as it follows from the kind's period; `None` where it must be typed, or where there is none."""
    if not ledger_schemes.has_validity(instrument.kind):
        return None
    return validity.last_valid_day(verified_on, instrument.kind.default_period_months)


def checked(instrument: MeasuringInstrument, values: Mapping[str, Any]) -> dict[str, Any]:
    """The columns to store; raises `Invalid` with every problem.

    A fail has no validity, nor has a pass of a kind without a cycle (失准报废): what stands in the field is dropped.
    """
    columns: dict[str, Any] = {name: values.get(name) for name in FIELDS}
    for name in TEXTS:
        columns[name] = clean_text(columns[name])
    for name in CODES:
        columns[name] = folded(columns[name])
    problems: dict[str, FieldProblem] = {}
    for name, problem in (
        *((name, _too_long(name, columns[name])) for name in TEXTS),
        ("verified_on", _day_problem(instrument, columns["verified_on"])),
        ("outcome", None if columns["outcome"] in DOCUMENTS_OF else FieldProblem("result_outcome_missing")),
        ("document_type", _document_problem(columns)),
        ("document_number", _number_problem(columns)),
        ("verifier", None if columns["verifier"] else FieldProblem("result_verifier_missing")),
        ("valid_until", _validity_problem(instrument, columns)),
    ):
        if problem is not None:
            problems.setdefault(name, problem)
    if problems:
        raise Invalid(problems)
    if not _has_validity(instrument, columns):
        columns["valid_until"] = None
    columns["document_number"] = columns["document_number"] or None
    return columns


def length_of(name: str) -> int:
    """How many characters the column holds."""
    kind: Any = sa.inspect(Verification).columns[name].type
    return int(kind.length)


def _too_long(name: str, text: str) -> FieldProblem | None:
    limit = length_of(name)
    return FieldProblem("too_long", {"limit": limit, "length": len(text)}) if len(text) > limit else None


def _day_problem(instrument: MeasuringInstrument, day: date | None) -> FieldProblem | None:
    if day is None:
        return FieldProblem("result_day_missing")
    if day > clock.today():
        return FieldProblem("day_in_future", {"day": day})
    if day < EARLIEST:
        return FieldProblem("result_day_too_early", {"day": EARLIEST})
    if instrument.verified_on is not None and day < instrument.verified_on:
        return FieldProblem("result_older_than_last", {"day": instrument.verified_on})
    return None


def _document_problem(columns: Mapping[str, Any]) -> FieldProblem | None:
    document, outcome = columns["document_type"], columns["outcome"]
    if document is None:
        return FieldProblem("result_document_missing")
    if outcome in DOCUMENTS_OF and document not in DOCUMENTS_OF[outcome]:
        code = "result_document_of_pass" if outcome is Outcome.PASSED else "result_document_of_fail"
        return FieldProblem(code, {"document": document})
    return None


def _number_problem(columns: Mapping[str, Any]) -> FieldProblem | None:
    if columns["document_type"] in NUMBERED and not columns["document_number"]:
        return FieldProblem("result_number_missing", {"document": columns["document_type"]})
    return None


def _has_validity(instrument: MeasuringInstrument, columns: Mapping[str, Any]) -> bool:
    return columns["outcome"] is Outcome.PASSED and ledger_schemes.has_validity(instrument.kind)


def _validity_problem(instrument: MeasuringInstrument, columns: Mapping[str, Any]) -> FieldProblem | None:
    until, day = columns["valid_until"], columns["verified_on"]
    if not _has_validity(instrument, columns):
        return None  # What stands in the field is dropped: the form had proposed it before the outcome was known.
    if until is None:
        return FieldProblem("result_validity_missing")
    if day is not None and until < day:
        return FieldProblem("result_validity_reversed", {"day": day})
    return FieldProblem("result_validity_too_late", {"day": LATEST}) if until > LATEST else None
