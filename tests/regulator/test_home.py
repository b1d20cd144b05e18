"""我的工作 of a regulator: numbers equal the lists they open, by division of use; where a new office begins."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from backoffice import clock
from backoffice.database import db
from backoffice.models import Registration, User
from backoffice.services import acceptance
from backoffice.states import RegistrationState
from tests import factories, tiles
from tests.factories import PASSWORD
from tests.regulator.conftest import Browser
from tests.services import flow

HOME = "/regulator/"
HERE, ELSEWHERE = "370303", "370305"


@pytest.fixture
def text_of(app: Flask) -> Callable[[User], Callable[[str], str]]:
    """Signs a person in to the whole application and reads its pages."""

    def make(user: User) -> Callable[[str], str]:
        db.session.commit()
        browser = Browser(app)
        answer = browser.post("/login", {"username": user.username, "password": PASSWORD}, page="/login")
        assert answer.status_code == 303
        return browser.text

    return make


@pytest.fixture
def office(app: Flask) -> User:
    return factories.UserFactory(regulator=True)


@pytest.fixture
def neighbours(app: Flask) -> User:
    return factories.UserFactory(
        regulator=True, division_code=ELSEWHERE, name="钱芳", organisation="临淄区市场监督管理局"
    )


def registration(division: str, *, late: bool, state: RegistrationState = RegistrationState.PENDING) -> Registration:
    now = clock.now()
    row = Registration(
        enterprise=factories.EnterpriseFactory(division_code=division),
        reviewer_division_code=division,
        state=state,
        submitted={},
        submitted_at=now - timedelta(days=5),
        due_at=now + timedelta(days=-1 if late else 1),
    )
    db.session.add(row)
    return row


def late_slip(place: flow.World, **values: Any) -> Any:
    slip = flow.only_slip(flow.matched(place, flow.instruments(place, **values)))
    slip.due_at = clock.now() - timedelta(hours=1)
    db.session.flush()
    return slip


def test_every_number_opens_a_list_of_as_many_rows(office: User, text_of: Any) -> None:
    place = flow.world()
    flow.matched(place, flow.instruments(place, 3, kind_code="1801"))
    flow.matched(place, flow.instruments(place, 2, kind_code="1801", division_code=ELSEWHERE))
    for _each in range(2):
        late_slip(place)
    flow.matched(place, flow.instruments(place))
    registration(HERE, late=True)
    registration(HERE, late=False)
    registration(HERE, late=True, state=RegistrationState.APPROVED)
    registration(ELSEWHERE, late=True)
    today = clock.today()
    factories.CapabilityFactory(areas=[HERE], valid_until=today + timedelta(days=20))
    factories.CapabilityFactory(areas=[ELSEWHERE], valid_until=today + timedelta(days=20))
    factories.CapabilityFactory(areas=[HERE], valid_until=today - timedelta(days=1))
    found = tiles.check(text_of(office), HOME)
    assert found["注册审核已超 2 个工作日"] == 1
    assert found["待审核注册"] == 2
    assert found["未匹配，台（件）"] == 3
    assert found["机构超时限未受理，份"] == 2
    assert found["60 天内到期的授权"] == 1


def test_late_is_counted_where_the_instrument_is_used_not_where_its_owner_sits(
    office: User, neighbours: User, text_of: Any
) -> None:
    """The enterprise sits here and uses an instrument in the other county: only the other county's office is late."""
    place = flow.world()
    slip = late_slip(place, division_code=ELSEWHERE)
    late = "机构超时限未受理，份"
    assert tiles.check(text_of(office), HOME)[late] == 0
    theirs = text_of(neighbours)
    assert tiles.check(theirs, HOME)[late] == 1
    assert slip.number in theirs("/regulator/slips/?tab=late")
    # The seat's office still reads the slip, but it is not its work.
    here = text_of(office)
    assert slip.number in here("/regulator/slips/")
    assert slip.number not in here("/regulator/slips/?tab=late")


def test_a_slip_is_late_only_where_something_still_waits(office: User, neighbours: User, text_of: Any) -> None:
    place = flow.world()
    rows = flow.instruments(place) + flow.instruments(place, division_code=ELSEWHERE)
    slip = flow.only_slip(flow.matched(place, rows))
    here, elsewhere = sorted(slip.items, key=lambda item: item.instrument.division_code)
    acceptance.accept(place.counter, slip.id, item_ids=[here.id])
    slip.due_at = clock.now() - timedelta(hours=1)
    late = "机构超时限未受理，份"
    assert tiles.check(text_of(office), HOME)[late] == 0
    assert tiles.check(text_of(neighbours), HOME)[late] == 1
    assert elsewhere.instrument.division_code == ELSEWHERE


def test_what_needs_the_office_is_named_with_its_number_and_leads_to_as_many_rows(office: User, text_of: Any) -> None:
    place = flow.world()
    for _each in range(2):
        late_slip(place)
    flow.matched(place, flow.instruments(place, 3, kind_code="1801"))
    review = registration(HERE, late=True)
    text = text_of(office)
    page = text(HOME)
    assert f"{place.institution.name} 有 2 份预约单超时未受理" in page
    assert tiles.rows_behind(text, f"/regulator/slips/?tab=late&institution={place.institution.id}") == 2
    assert re.search(r"未匹配：[^<]* 3 台（件）", page)
    assert tiles.rows_behind(text, "/regulator/unmatched/?kind=1801") == 3
    assert f'href="/regulator/registrations/{review.id}"' in page


def test_a_new_office_gets_three_steps_with_buttons_instead_of_zeros(office: User, text_of: Any) -> None:
    page = text_of(office)(HOME)
    assert 'class="tile' not in page
    for step in ("核对机构的授权和指定", "审核注册", "处理未匹配"):
        assert step in page
    for noun in ("capabilities", "designations", "registrations", "unmatched"):
        assert f'href="/regulator/{noun}/">' in page.split("从这里开始")[1]


def test_an_office_with_nothing_to_do_is_told_so(office: User, text_of: Any) -> None:
    factories.EnterpriseFactory()
    assert "现在没有等您处理的事" in text_of(office)(HOME)


def test_what_is_unmatched_past_its_answer_is_red_and_a_number(office: User, text_of: Any) -> None:
    place = flow.world()
    with clock.at(clock.now() - timedelta(days=20)):
        flow.matched(place, flow.instruments(place, 2, kind_code="1801"))
        answered = flow.matched(place, flow.instruments(place, 1, kind_code="0101"))
    flow.matched(place, flow.instruments(place, 1, kind_code="1801"))
    for item in answered.items:
        item.office_answered_at = clock.now()
    text = text_of(office)
    assert tiles.check(text, HOME)["未匹配已超 2 个工作日，台（件）"] == 2
    rows = text(HOME).split("需要您处理")[1].split("</table>")[0].split("<tr>")
    late, *others = [row for row in rows if "未匹配：" in row]
    assert "badge bad" in late and "2 台（件）已超时，最早的应于" in late and "3 台（件）" in late
    assert not any("badge bad" in row for row in others) and "已答复" in "".join(others)


def test_what_is_unmatched_in_time_says_until_when_it_is_answered(office: User, text_of: Any) -> None:
    place = flow.world()
    flow.matched(place, flow.instruments(place, 1, kind_code="1801"))
    todo = text_of(office)(HOME).split("需要您处理")[1]
    assert re.search(r'<span class="muted">最迟 [^<]* 答复', todo) and "badge bad" not in todo
