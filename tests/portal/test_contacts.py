"""找谁: institutions and competent offices by division, with telephone; no telephone, no account."""

from __future__ import annotations

import pytest

from backoffice.actor import SYSTEM, Role
from backoffice.database import db
from backoffice.errors import Invalid
from backoffice.services import accounts, contacts, institutions
from backoffice.unit_of_work import unit_of_work
from tests.factories import PASSWORD, InstitutionFactory, UserFactory, actor_of
from tests.portal.conftest import Browser

pytestmark = pytest.mark.usefixtures("app")
CITY = {"division_code": "370300", "organisation": "淄博市市场监督管理局"}


def test_offices_and_institutions_stand_under_their_division_with_telephone(visitor: Browser) -> None:
    with unit_of_work():
        UserFactory(regulator=True, phone="0533-2180001")
        UserFactory(regulator=True, phone="0533-2180001", name="第二人")
        institution = InstitutionFactory(seat_division_code="370300")
    visitor.get("/contacts")
    assert visitor.page.count("<b>张店区市场监督管理局</b>") == 1
    assert "tel:0533-2180001" in visitor.page
    assert institution.name in visitor.page
    assert institution.phone in visitor.page
    assert "第二人" not in visitor.page


def test_a_place_lists_its_own_then_those_above_and_names_the_competent_office(visitor: Browser) -> None:
    with unit_of_work():
        UserFactory(regulator=True, phone="0533-1", **CITY)
        UserFactory(regulator=True, phone="0533-2")
        UserFactory(regulator=True, phone="0533-3", division_code="370302", organisation="淄川区市场监督管理局")
        institution = InstitutionFactory(seat_division_code="370303")
    around = contacts.around("370303")
    assert [each.division.code for each in around] == ["370303", "370300"]
    assert around[0].counters[0].institution.id == institution.id
    visitor.get("/contacts", query_string={"place": "张店区"})
    assert "由 张店区市场监督管理局 负责" in visitor.page
    assert "淄川区市场监督管理局" not in visitor.page


def test_a_place_without_an_office_is_the_next_ones_above() -> None:
    with unit_of_work():
        UserFactory(regulator=True, phone="0533-1", **CITY)
    office = contacts.competent_office("370304")
    assert office is not None
    assert office.name == CITY["organisation"]
    assert contacts.competent_office("110101") is None


def test_empty_and_unknown_places_say_what_to_do(visitor: Browser) -> None:
    visitor.get("/contacts")
    assert "还没有登记" in visitor.page
    assert visitor.get("/contacts", query_string={"place": "没有这个地方"}) == 200
    assert "没有这个行政区划" in visitor.page


def test_a_regulator_without_telephone_is_refused() -> None:
    facts = {"username": "boshan-jlk", "name": "赵慧", "role": Role.REGULATOR, "password": PASSWORD}
    with pytest.raises(Invalid) as refused, unit_of_work():
        accounts.create_user(SYSTEM, **facts, division_code="370304", organisation="博山区市场监督管理局")
    assert refused.value.problems["phone"].code == "required"


def test_an_institution_without_telephone_is_refused() -> None:
    with unit_of_work():
        regulator = UserFactory(regulator=True, phone="0533-1", **CITY)
    with pytest.raises(Invalid) as refused, unit_of_work():
        institutions.create(
            actor_of(db.session.merge(regulator)),
            name="淄博市新设计量所",
            type="statutory",
            level="city",
            seat_division_code="370300",
            address="华光路 1 号",
            phone=" ",
        )
    assert refused.value.problems["phone"].code == "required"
