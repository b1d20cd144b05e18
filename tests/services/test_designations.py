"""Designations: kind or item, document, area, end."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask

from backoffice import clock
from backoffice.database import db
from backoffice.errors import Conflict, Forbidden, Invalid
from backoffice.models import Designation
from backoffice.services import designations
from tests import factories
from tests.services.test_institutions import problems_of, regulator_of


def values(**changes: Any) -> dict[str, Any]:
    return {
        "division_code": "370303",
        "institution_id": changes.pop("institution", None) or factories.InstitutionFactory().id,
        "document_number": "张市监计〔2026〕7 号",
        "kind_code": "1401",
    } | changes


def test_a_county_names_the_city_institute(app: Flask) -> None:
    made = designations.create(regulator_of("370303"), **values())
    assert made.kind_code == "1401" and made.item_code is None


@pytest.mark.parametrize(("kind", "item"), [(None, None), ("1401", "14")])
def test_exactly_one_of_kind_and_item(kind: str | None, item: str | None, app: Flask) -> None:
    with pytest.raises(Invalid) as refused:
        designations.create(regulator_of("370303"), **values(kind_code=kind, item_code=item))
    assert problems_of(refused) == {"kind_code": "kind_or_item"}


def test_document_and_area_are_checked(app: Flask) -> None:
    with pytest.raises(Invalid) as refused:
        designations.create(regulator_of("370305"), **values(document_number=""))
    assert problems_of(refused) == {"document_number": "required", "division_code": "outside_your_area"}


def test_the_same_designation_for_the_same_days_is_refused(app: Flask) -> None:
    actor = regulator_of("370303")
    first = designations.create(actor, **values(valid_until=date(2026, 6, 30)))
    same = values(institution=first.institution_id)
    with pytest.raises(Invalid) as refused:
        designations.create(actor, **same)
    assert problems_of(refused) == {"institution_id": "already_exists"}
    designations.create(actor, **same, valid_from=date(2026, 7, 1))


def test_a_foreign_designation_is_not_theirs_to_change(app: Flask) -> None:
    made = factories.DesignationFactory()
    with pytest.raises(Forbidden):
        designations.end(regulator_of("370305"), made.id, last_day=clock.today(), reason="x")


def test_one_in_force_is_ended_and_one_to_come_may_be_deleted(app: Flask) -> None:
    actor = regulator_of("370303")
    made = factories.DesignationFactory()
    with pytest.raises(Conflict):
        designations.remove(actor, made.id)
    designations.end(actor, made.id, last_day=clock.today(), reason="改由市院承担")
    assert made.valid_until == clock.today()
    future = designations.create(actor, **values(valid_from=clock.today() + timedelta(days=9)))
    designations.remove(actor, future.id)
    assert db.session.get(Designation, future.id) is None
