"""What a regulator does with enterprises: on behalf, correct, suspend."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from backoffice import clock
from backoffice.database import db
from backoffice.errors import Conflict, Forbidden, Invalid
from backoffice.models import AuditEvent, UserSession
from backoffice.services import enterprise_records
from backoffice.states import EnterpriseStatus
from tests import factories
from tests.services.test_institutions import problems_of, regulator_of


def values(**changes: Any) -> dict[str, Any]:
    return {
        "type": "sole_trader",
        "name": "张店区老王粮油店",
        "division_code": "370303",
        "address": "柳泉路 3 号",
        "principal": "王强",
        "contact": "王强",
        "mobile": "13905330009",
    } | changes


def test_on_behalf_is_in_force_at_once_and_names_who_did_it(app: Flask) -> None:
    actor = regulator_of("370303")
    made = enterprise_records.create(actor, uscc=factories.valid_uscc(7000001), **values())
    assert made.status is EnterpriseStatus.APPROVED and made.approved_at is not None
    event = db.session.query(AuditEvent).one()
    assert event.action == "enterprise.created" and event.after["on_behalf_by"] == "赵慧"
    assert event.after["mobile"] == "139****0009"


def test_codes_are_checked_and_used_once(app: Flask) -> None:
    actor = regulator_of("370303")
    code = factories.valid_uscc(7000002)
    with pytest.raises(Invalid) as refused:
        enterprise_records.create(actor, uscc=code[:-1] + ("0" if code[-1] != "0" else "1"), **values())
    assert problems_of(refused) == {"uscc": "uscc_check"}
    enterprise_records.create(actor, uscc=code.lower(), **values())
    with pytest.raises(Invalid) as refused:
        enterprise_records.create(actor, uscc=code, **values())
    assert problems_of(refused) == {"uscc": "uscc_in_use"}


def test_division_is_the_lowest_in_the_area_and_branches_register_themselves(app: Flask) -> None:
    code = factories.valid_uscc(7000003)
    with pytest.raises(Invalid) as refused:
        enterprise_records.create(regulator_of("370303"), uscc=code, **values(division_code="370305", type="branch"))
    assert problems_of(refused) == {"division_code": "outside_your_area", "type": "branch_type_fixed"}
    with pytest.raises(Invalid) as refused:
        enterprise_records.create(regulator_of("370300"), uscc=code, **values(division_code="370300"))
    assert problems_of(refused) == {"division_code": "division_not_lowest"}


def test_an_enterprise_seen_for_its_instruments_only_is_not_changed(app: Flask) -> None:
    elsewhere = factories.EnterpriseFactory(division_code="370305")
    factories.InstrumentFactory(enterprise=elsewhere, division_code="370303")
    actor = regulator_of("370303")
    with pytest.raises(Forbidden):
        enterprise_records.suspend(actor, elsewhere.id, reason="x")


def test_suspending_signs_its_people_out_and_reinstating_clears_the_reason(app: Flask) -> None:
    user = factories.UserFactory(of_enterprise=True)
    now = clock.now()
    db.session.add(UserSession(user_id=user.id, token_hash="a" * 64, created_at=now, last_seen_at=now))
    db.session.flush()
    actor = regulator_of("370303")
    enterprise = enterprise_records.suspend(actor, user.enterprise.id, reason="执照吊销")
    assert enterprise.status is EnterpriseStatus.SUSPENDED and enterprise.status_reason == "执照吊销"
    db.session.expire_all()
    assert db.session.query(UserSession).one().ended_at is not None
    with pytest.raises(Conflict):
        enterprise_records.suspend(actor, enterprise.id, reason="再来一次")
    enterprise_records.reinstate(actor, enterprise.id, reason="执照恢复")
    assert enterprise.status is EnterpriseStatus.APPROVED and enterprise.status_reason == ""


def test_one_under_review_is_left_to_the_review(app: Flask) -> None:
    pending = factories.EnterpriseFactory(status=EnterpriseStatus.PENDING)
    with pytest.raises(Conflict):
        enterprise_records.update(regulator_of("370303"), pending.id, **values())
