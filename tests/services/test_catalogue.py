"""The catalogue: who changes it, and what a change may say."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from backoffice.actor import Actor
from backoffice.database import db
from backoffice.errors import Conflict, Forbidden, Invalid
from backoffice.models import AuditEvent, CatalogueItem, InstrumentKind, RuleRevision
from backoffice.services import catalogue, ledger_reference, look_up, matching_runs, reference_rows
from backoffice.states import ItemStatus
from tests.services import flow
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


def stop_item(actor: Actor, code: str, *, is_active: bool = False) -> None:
    reference_rows.switch(actor, CatalogueItem, code, is_active=is_active, reason="公告调整")
    db.session.expire_all()


def test_a_stopped_item_takes_its_kinds_out_of_force(app: Flask) -> None:
    actor = regulator_of("370300", may_edit_reference=True)
    with pytest.raises(Invalid) as refused:
        reference_rows.switch(actor, CatalogueItem, "14", is_active=False, reason=" ")
    assert problems_of(refused) == {"reason": "reason_needed"}
    kind = db.session.get_one(InstrumentKind, "1401")
    in_force = sa.select(InstrumentKind.code).where(InstrumentKind.is_in_force)
    assert kind.is_in_force and "1401" in db.session.scalars(in_force).all()

    stop_item(actor, "14")
    assert not kind.is_in_force and not kind.is_retired
    others = db.session.scalars(in_force).all()
    assert others and not any(code.startswith("14") for code in others)
    assert ledger_reference.load().kinds["1401"].retired
    assert look_up.kind_of("1401") is None
    with pytest.raises(Invalid) as refused:
        catalogue.add_kind(actor, code="1498", item_code="14", name="精密压力表三")
    assert problems_of(refused) == {"item_code": "item_stopped"}

    stop_item(actor, "14", is_active=True)
    assert kind.is_in_force


def test_a_kind_is_not_taken_back_while_its_item_is_stopped(app: Flask) -> None:
    actor = regulator_of("370300", may_edit_reference=True)
    catalogue.retire_kind(actor, "1401", reason="公告取消")
    stop_item(actor, "14")
    with pytest.raises(Conflict) as refused:
        catalogue.restore_kind(actor, "1401", reason="公告恢复")
    assert refused.value.code == "kind_of_stopped_item"


def test_what_waits_of_a_stopped_item_is_bad_data_and_matches_when_it_is_back(app: Flask) -> None:
    place = flow.world()
    actor = regulator_of("370300", may_edit_reference=True)
    appointment = flow.submitted(place, flow.instruments(place))
    stop_item(actor, "14")
    with pytest.raises(Invalid) as refused:
        flow.draft(place, flow.instruments(place))
    assert problems_of(refused) == {"instruments": "kind_not_in_force"}
    matching_runs.match_batch()
    (item,) = appointment.items
    db.session.refresh(item)
    assert item.status is ItemStatus.UNMATCHED
    assert item.decision is not None and item.decision.outcome == "bad_data"

    stop_item(actor, "14", is_active=True)
    matching_runs.match_batch()
    db.session.refresh(item)
    assert item.status is ItemStatus.AWAITING_ACCEPTANCE
