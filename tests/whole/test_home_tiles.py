"""Over demo data: every number of every home page opens a list of exactly as many rows."""

from __future__ import annotations

import pytest

from backoffice.admin_views.enterprise import home as enterprise
from backoffice.admin_views.institution import home as institution
from backoffice.admin_views.regulator import home as regulator
from backoffice.admin_views.tiles import TileOf
from tests import tiles

from .people import CAST, Visitor

HOMES = {
    "enterprise": "/enterprise/",
    "other enterprise": "/enterprise/",
    "institution": "/institution/",
    "other institution": "/institution/",
    "regulator": "/regulator/",
    "district regulator": "/regulator/",
    "regulator of another area": "/regulator/",
}


@pytest.mark.parametrize("name", HOMES)
def test_a_number_equals_the_length_of_the_list_it_opens(visitors: dict[str, Visitor], name: str) -> None:
    visitor = visitors[name]

    def text(url: str) -> str:
        answer = visitor.get(url)
        assert answer.status_code == 200, (url, answer.status_code)
        return answer.get_data(as_text=True)

    found = tiles.check(text, HOMES[name])
    if name in ("enterprise", "institution", "regulator"):
        assert any(found.values()), found


@pytest.mark.parametrize(
    ("name", "declared"),
    [("enterprise", enterprise.TILES), ("institution", institution.TILES), ("regulator", regulator.TILES)],
)
def test_every_declared_tile_is_shown(visitors: dict[str, Visitor], name: str, declared: tuple[TileOf, ...]) -> None:
    """None is left out because its list, or its tab, has another name."""
    page = visitors[name].get(HOMES[name]).get_data(as_text=True)
    assert list(tiles.numbers(page)) == [str(each.label) for each in declared]


def test_every_person_with_work_has_a_home_here() -> None:
    assert set(HOMES) == set(CAST) - {"anonymous", "auditor", "admin"}
