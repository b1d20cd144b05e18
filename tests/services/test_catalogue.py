"""The catalogue: who changes it, and what a change may say."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from backoffice.database import db
from backoffice.errors import Conflict, Forbidden, Invalid
from backoffice.models import AuditEvent, InstrumentKind, RuleRevision
from backoffice.services import catalogue
from tests.services.test_institutions import problems_of, regulator_of


def values(code: str, **changes: Any) -> dict[str, Any]:
    kind = db.session.get(InstrumentKind, code)
    assert kind is not None
    names = ("name", "aliases", "supervision", "verification_scheme", "purposes", "scope_note")
    known = {name: getattr(kind, name) for name in (*names, "default_period_months", "external_code")}
    return known | changes


def test_only_who_may_edit_reference_data_changes_a_kind(app: Flask) -> None:
    with pytest.raises(Forbidden):
        catalogue.change_kind(regulator_of("370300"), "1401", **values("1401"))


def test_a_change_is_audited_with_old_and_new_and_moves_the_rules_on(app: Flask) -> None:
    actor = regulator_of("370300", may_edit_reference=True)
    before = db.session.query(RuleRevision.revision).scalar()
    catalogue.change_kind(actor, "1401", **values("1401", aliases=["压力表", " 压力表 ", "氧压表"], external_code="J1"))
    kind = db.session.get(InstrumentKind, "1401")
    assert kind is not None and kind.aliases == ["压力表", "氧压表"] and kind.external_code == "J1"
    event = db.session.query(AuditEvent).one()
    assert set(event.after) == {"aliases", "external_code"}
    assert db.session.query(RuleRevision.revision).scalar() > before


def test_periods_purposes_and_names_are_checked(app: Flask) -> None:
    actor = regulator_of("370300", may_edit_reference=True)
    wrong = values("1401", default_period_months=0, purposes=["fun"], name="")
    with pytest.raises(Invalid) as refused:
        catalogue.change_kind(actor, "1401", **wrong)
    assert problems_of(refused) == {
        "default_period_months": "period_out_of_bounds",
        "purposes": "not_a_choice",
        "name": "required",
    }


def test_a_new_kind_has_four_digits_and_a_new_name(app: Flask) -> None:
    actor = regulator_of("370300", may_edit_reference=True)
    with pytest.raises(Invalid) as refused:
        catalogue.add_kind(actor, code="14x", item_code="14", name="精密压力表二")
    assert problems_of(refused) == {"code": "kind_code_malformed"}
    with pytest.raises(Invalid) as refused:
        catalogue.add_kind(actor, code="1401", item_code="99", name="精密压力表二")
    assert problems_of(refused) == {"code": "already_exists", "item_code": "not_a_choice"}
    made = catalogue.add_kind(actor, code="1499", item_code="14", name="精密压力表二")
    assert made.confidence == "unconfirmed" and made.is_to_be_confirmed


def test_retiring_needs_a_reason_and_can_be_taken_back(app: Flask) -> None:
    actor = regulator_of("370300", may_edit_reference=True)
    with pytest.raises(Invalid):
        catalogue.retire_kind(actor, "1401", reason="")
    assert catalogue.retire_kind(actor, "1401", reason="公告取消").is_retired
    with pytest.raises(Conflict):
        catalogue.retire_kind(actor, "1401", reason="公告取消")
    assert not catalogue.restore_kind(actor, "1401", reason="公告恢复").is_retired
