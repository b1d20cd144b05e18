"""Institutions, their laboratories and suspensions."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask

from backoffice import clock
from backoffice.actor import Actor
from backoffice.database import db
from backoffice.errors import Conflict, Forbidden, Invalid, NotFound
from backoffice.models import AuditEvent, Institution, InstitutionSuspension
from backoffice.services import institutions
from tests import factories


def regulator_of(code: str, **values: Any) -> Actor:
    return factories.actor_of(factories.UserFactory(regulator=True, division_code=code, **values))


def values(**changes: Any) -> dict[str, Any]:
    return {
        "name": "张店区计量检定测试所",
        "type": "statutory",
        "level": "county",
        "seat_division_code": "370303",
        "address": "柳泉路 20 号",
        "phone": "0533-2180001",
    } | changes


def problems_of(refused: pytest.ExceptionInfo[Invalid]) -> dict[str, str]:
    return {field: problem.code for field, problem in refused.value.problems.items()}


def test_a_new_institution_is_in_force_and_audited(app: Flask) -> None:
    made = institutions.create(regulator_of("370303"), **values())
    assert made.is_active
    event = db.session.query(AuditEvent).filter_by(subject_type="institution").one()
    assert event.action == "reference.created"
    assert event.after["phone"] == "053****0001", "no whole telephone number is ever stored in the audit"


def test_name_and_telephone_are_required_and_every_problem_is_named_at_once(app: Flask) -> None:
    with pytest.raises(Invalid) as refused:
        institutions.create(regulator_of("370303"), **values(name=" ", phone="", level="village"))
    assert problems_of(refused) == {"name": "required", "phone": "required", "level": "not_a_choice"}


def test_a_name_is_used_once(app: Flask) -> None:
    institutions.create(regulator_of("370303"), **values())
    with pytest.raises(Invalid) as refused:
        institutions.create(regulator_of("370300"), **values())
    assert problems_of(refused) == {"name": "already_exists"}


def test_the_seat_lies_in_the_regulators_area(app: Flask) -> None:
    with pytest.raises(Invalid) as refused:
        institutions.create(regulator_of("370305"), **values())
    assert problems_of(refused) == {"seat_division_code": "outside_your_area"}


def test_only_the_regulator_of_the_seat_changes_an_institution(app: Flask) -> None:
    made = institutions.create(regulator_of("370303"), **values())
    with pytest.raises(Forbidden):
        institutions.update(regulator_of("370305"), made.id, **values(name="别的名称"))
    with pytest.raises(NotFound):
        institutions.update(regulator_of("110100"), made.id, **values(name="别的名称"))
    assert institutions.update(regulator_of("370300"), made.id, **values(name="新名称")).name == "新名称"


def test_a_change_records_only_what_changed(app: Flask) -> None:
    actor = regulator_of("370303")
    made = institutions.create(actor, **values())
    institutions.update(actor, made.id, **values(address="新村路 1 号"))
    event = db.session.query(AuditEvent).filter_by(action="reference.changed").one()
    assert (event.before, event.after) == ({"address": "柳泉路 20 号"}, {"address": "新村路 1 号"})


def test_stopping_needs_a_reason_and_keeps_it(app: Flask) -> None:
    actor = regulator_of("370303")
    made = institutions.create(actor, **values())
    with pytest.raises(Invalid):
        institutions.stop(actor, made.id, reason=" ")
    institutions.stop(actor, made.id, reason="机构撤并")
    assert not made.is_active
    event = db.session.query(AuditEvent).filter_by(action="reference.changed").one()
    assert event.after == {"is_active": False, "reason": "机构撤并"}
    with pytest.raises(Conflict):
        institutions.stop(actor, made.id, reason="再来一次")


def test_only_what_nothing_refers_to_is_deleted(app: Flask) -> None:
    actor = regulator_of("370300")
    used = factories.CapabilityFactory().institution
    with pytest.raises(Conflict) as refused:
        institutions.remove(actor, used.id)
    assert refused.value.code == "in_use_elsewhere"
    made = institutions.create(actor, **values())
    institutions.remove(actor, made.id)
    assert db.session.get(Institution, made.id) is None


def test_suspensions_do_not_overlap_and_end_after_they_begin(app: Flask) -> None:
    actor = regulator_of("370303")
    made = institutions.create(actor, **values())
    first, last = date(2026, 11, 1), date(2026, 12, 31)
    with pytest.raises(Invalid) as refused:
        institutions.suspend(actor, institution_id=made.id, starts_on=last, ends_on=first, reason="送检")
    assert problems_of(refused) == {"ends_on": "dates_reversed"}
    institutions.suspend(actor, institution_id=made.id, starts_on=first, ends_on=last, reason="送检")
    with pytest.raises(Invalid) as refused:
        institutions.suspend(actor, institution_id=made.id, starts_on=last, reason="搬迁")
    assert problems_of(refused) == {"starts_on": "suspension_overlaps"}


def test_taking_up_again_ends_a_suspension_yesterday(app: Flask) -> None:
    actor = regulator_of("370303")
    made = institutions.create(actor, **values())
    today = clock.today()
    running = institutions.suspend(
        actor, institution_id=made.id, starts_on=today - timedelta(days=3), reason="标准器送检"
    )
    assert institutions.suspension_on(made, today) is running
    institutions.end_suspension(actor, running.id)
    assert running.ends_on == today - timedelta(days=1)
    assert institutions.suspension_on(made, today) is None
    with pytest.raises(Conflict):
        institutions.end_suspension(actor, running.id)


def test_a_suspension_that_has_not_begun_is_taken_away(app: Flask) -> None:
    actor = regulator_of("370303")
    made = institutions.create(actor, **values())
    planned = institutions.suspend(
        actor, institution_id=made.id, starts_on=clock.today() + timedelta(days=3), reason="搬迁"
    )
    institutions.end_suspension(actor, planned.id)
    assert db.session.query(InstitutionSuspension).count() == 0


def test_a_laboratorys_name_is_used_once_and_one_in_use_stays(app: Flask) -> None:
    actor = regulator_of("370300")
    capability = factories.CapabilityFactory()
    laboratory = institutions.add_laboratory(actor, institution_id=capability.institution_id, name="压力室")
    with pytest.raises(Invalid):
        institutions.add_laboratory(actor, institution_id=capability.institution_id, name="压力室")
    capability.laboratory = laboratory
    db.session.flush()
    with pytest.raises(Conflict):
        institutions.remove_laboratory(actor, laboratory.id)
    capability.laboratory = None
    db.session.flush()
    institutions.remove_laboratory(actor, laboratory.id)


@pytest.mark.parametrize("trait", ["of_institution", "of_enterprise", "auditor", "admin"])
def test_nobody_but_regulators_may(trait: str, app: Flask) -> None:
    actor = factories.actor_of(factories.UserFactory(**{trait: True}))
    with pytest.raises(Forbidden):
        institutions.create(actor, **values())
