"""Capabilities: who edits which, what is read out of texts, how one ends."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from backoffice import clock
from backoffice.database import db
from backoffice.errors import Conflict, Forbidden, Invalid
from backoffice.models import AuditEvent, Capability, InstrumentKind
from backoffice.services import capabilities, institutions
from tests import factories
from tests.services import flow
from tests.services.test_institutions import problems_of, regulator_of


def values(**changes: Any) -> dict[str, Any]:
    institution = changes.pop("institution", None) or factories.InstitutionFactory()
    return {
        "institution_id": institution.id,
        "kind_code": "1401",
        "areas": ["370303"],
        "delivery_modes": ["on_site", "send_in"],
        "valid_from": date(2024, 1, 1),
    } | changes


def test_a_district_names_the_city_institute_for_itself(app: Flask) -> None:
    made = capabilities.create(regulator_of("370303"), **values())
    assert made.areas == ["370303"] and made.delivery_modes == ["send_in", "on_site"]
    assert made.internal_units is None


@pytest.mark.parametrize("areas", [["370300"], ["370303", "370305"], ["000000"], ["no-such"]])
def test_every_area_lies_in_the_regulators_area(areas: list[str], app: Flask) -> None:
    with pytest.raises(Invalid) as refused:
        capabilities.create(regulator_of("370303"), **values(areas=areas))
    assert problems_of(refused) == {"areas": "outside_your_area"}


def test_a_capability_with_an_area_elsewhere_is_not_theirs_to_change(app: Flask) -> None:
    made = factories.CapabilityFactory(areas=["370303", "370305"])
    with pytest.raises(Forbidden):
        capabilities.update(regulator_of("370303"), made.id, **values(institution=made.institution))
    assert capabilities.may_edit(regulator_of("370300"), made)


def test_an_institution_of_another_province_is_no_choice(app: Flask) -> None:
    elsewhere = factories.InstitutionFactory(seat_division_code="110101")
    with pytest.raises(Invalid) as refused:
        capabilities.create(regulator_of("370303"), **values(institution=elsewhere))
    assert problems_of(refused) == {"institution_id": "not_a_choice"}


def test_range_and_accuracies_are_read_out_of_what_people_write(app: Flask) -> None:
    made = capabilities.create(
        regulator_of("370303"), **values(measuring_range="0-60000kPa", accuracies=["1.6级", "Ⅲ级", "1.60级"])
    )
    assert (made.range_low, made.range_high, made.range_unit) == (Decimal(0), Decimal(60), "MPa")
    assert made.accuracies == ["1.6", "III"]
    assert capabilities.range_of(made) == "0～60 MPa"


def test_what_cannot_be_read_is_refused_beside_its_field(app: Flask) -> None:
    with pytest.raises(Invalid) as refused:
        capabilities.create(
            regulator_of("370303"), **values(measuring_range="大约六十兆帕", accuracies=["很准"], areas=[])
        )
    assert problems_of(refused) == {
        "measuring_range": "range_unreadable",
        "accuracies": "accuracy_unreadable",
        "areas": "required",
    }


def test_a_range_left_as_it_was_shown_stays_exactly_as_stored(app: Flask) -> None:
    made = factories.CapabilityFactory(areas=["370303"], range_low=None, range_high=Decimal(60), range_unit="MPa")
    text = capabilities.range_of(made)
    capabilities.update(regulator_of("370303"), made.id, **values(institution=made.institution, measuring_range=text))
    assert made.range_low is None and made.range_high == 60


def test_internal_units_are_folded_and_must_look_like_codes(app: Flask) -> None:
    actor = regulator_of("370303")
    made = capabilities.create(actor, **values(internal_units=["９１３７０３００ma0000001x"]))
    assert made.internal_units == ["91370300MA0000001X"]
    with pytest.raises(Invalid) as refused:
        capabilities.create(actor, **values(internal_units=["12345"]))
    assert problems_of(refused) == {"internal_units": "units_unlikely"}
    with pytest.raises(Invalid) as refused:
        capabilities.create(actor, **values(internal_units=[]))
    assert problems_of(refused) == {"internal_units": "units_missing"}


def test_the_laboratory_belongs_to_the_institution(app: Flask) -> None:
    actor = regulator_of("370300")
    mine, other = factories.InstitutionFactory(), factories.InstitutionFactory()
    laboratory = institutions.add_laboratory(actor, institution_id=other.id, name="压力室")
    with pytest.raises(Invalid) as refused:
        capabilities.create(actor, **values(institution=mine, laboratory_id=laboratory.id))
    assert problems_of(refused) == {"laboratory_id": "laboratory_of_another"}


def test_days_run_forward_and_a_retired_kind_is_not_authorised(app: Flask) -> None:
    kind = db.session.get(InstrumentKind, "1401")
    assert kind is not None
    kind.is_retired = True
    db.session.flush()
    with pytest.raises(Invalid) as refused:
        capabilities.create(regulator_of("370303"), **values(valid_until=date(2023, 1, 1)))
    assert problems_of(refused) == {"kind_code": "kind_retired", "valid_until": "dates_reversed"}


def test_ending_sets_the_last_day_with_a_reason(app: Flask) -> None:
    actor = regulator_of("370300")
    made = factories.CapabilityFactory()
    with pytest.raises(Invalid):
        capabilities.end(actor, made.id, last_day=None, reason="")
    yesterday = clock.today() - timedelta(days=1)
    capabilities.end(actor, made.id, last_day=yesterday, reason="证书收回")
    assert made.valid_until == yesterday
    event = db.session.query(AuditEvent).filter_by(subject_type="capability").one()
    assert event.before == {"valid_until": "2029-12-31"} and event.after["reason"] == "证书收回"
    with pytest.raises(Conflict):
        capabilities.end(actor, made.id, last_day=yesterday, reason="再来一次")


def test_a_capability_that_decided_something_is_ended_and_not_deleted(app: Flask) -> None:
    place = flow.world()
    flow.matched(place, flow.instruments(place))
    decided = db.session.query(Capability).one()
    actor = regulator_of("370300")
    with pytest.raises(Conflict) as refused:
        capabilities.remove(actor, decided.id)
    assert refused.value.code == "in_use_elsewhere"
    fresh = capabilities.create(actor, **values())
    capabilities.remove(actor, fresh.id)
    assert db.session.get(Capability, fresh.id) is None
