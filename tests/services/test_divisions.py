"""Divisions: added in their place, renamed, retired, never deleted."""

from __future__ import annotations

import pytest
from flask import Flask

from backoffice.actor import Actor
from backoffice.database import db
from backoffice.errors import Conflict, Forbidden, Invalid
from backoffice.models import Division
from backoffice.scoping import area_codes
from backoffice.services import divisions
from tests.services.test_institutions import problems_of, regulator_of


def keeper() -> Actor:
    return regulator_of("370300", may_edit_reference=True)


def test_only_who_may_edit_reference_data_does(app: Flask) -> None:
    with pytest.raises(Forbidden):
        divisions.rename(regulator_of("370300"), "370303", name="张店")


def test_a_new_zone_lies_in_the_area_of_its_ancestors(app: Flask) -> None:
    made = divisions.add(keeper(), code="370393", name="新材料园区", parent_code="370300", level="county")
    assert made.path == "/370000/370300/370393/"
    assert "370393" in set(db.session.scalars(area_codes("370000")))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"code": "37039"}, {"code": "division_code_malformed"}),
        ({"code": "370303"}, {"code": "already_exists"}),
        ({"name": ""}, {"name": "required"}),
        ({"name": "张店区"}, {"name": "already_exists"}),
        ({"parent_code": "999999"}, {"parent_code": "not_a_choice"}),
        ({"parent_code": "370303"}, {"parent_code": "division_too_low"}),
        ({"level": "province"}, {"level": "level_not_below"}),
    ],
)
def test_what_cannot_be_added_is_named_beside_its_field(
    changes: dict[str, str], problem: dict[str, str], app: Flask
) -> None:
    typed = {"code": "370394", "name": "临港园区", "parent_code": "370300", "level": "county"} | changes
    with pytest.raises(Invalid) as refused:
        divisions.add(keeper(), **typed)
    assert problems_of(refused) == problem


def test_a_division_with_active_ones_below_is_not_retired(app: Flask) -> None:
    with pytest.raises(Conflict) as refused:
        divisions.retire(keeper(), "370300", reason="撤市")
    assert refused.value.code == "division_has_children" and refused.value.facts["count"] == 11


def test_retiring_and_restoring_keep_the_place(app: Flask) -> None:
    actor = keeper()
    divisions.retire(actor, "370392", reason="并入张店区")
    row = db.session.get(Division, "370392")
    assert row is not None and row.is_retired and row.path == "/370000/370300/370392/"
    divisions.restore(actor, "370392", reason="恢复建制")
    assert not row.is_retired


def test_a_renamed_division_keeps_its_code(app: Flask) -> None:
    assert divisions.rename(keeper(), "370391", name="文昌湖旅游度假区").code == "370391"
