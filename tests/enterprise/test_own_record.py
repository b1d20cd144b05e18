"""单位信息: one's own row, contact at once, the rest as 变更申请."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from backoffice.database import db
from backoffice.models import ChangeRequest, Enterprise, User
from backoffice.services import change_requests
from backoffice.states import EnterpriseType, ProposalState
from tests.enterprise.own_pages import as_person, fill, press
from tests.factories import EnterpriseFactory, UserFactory, actor_of
from tests.portal.conftest import Browser

OWN, REQUESTS = "/enterprise/own-record/", "/enterprise/change-requests/"


@pytest.fixture
def user(app: Flask) -> User:
    UserFactory(regulator=True, phone="0533-2180001")
    found: User = UserFactory(of_enterprise=True)
    return found


@pytest.fixture
def clerk(app: Flask, user: User) -> Browser:
    return as_person(app, user)


def the_request() -> ChangeRequest:
    db.session.expire_all()
    return db.session.scalars(db.select(ChangeRequest)).one()


def test_the_menu_leads_to_the_one_row_and_nobody_elses(clerk: Browser, user: User) -> None:
    other = EnterpriseFactory()
    db.session.commit()
    assert clerk.get(OWN) == 302
    assert clerk.follow() == 200
    for words in (user.enterprise.uscc, "张店区柳泉路 88 号", "修改联系方式", "申请变更", "法定代表人"):
        assert words in clerk.page
    assert clerk.get(f"{OWN}{other.id}") == 404
    assert clerk.get(f"{OWN}{other.id}/edit") == 404


def test_the_contact_is_changed_at_once_and_stands_in_the_history(clerk: Browser, user: User) -> None:
    url = f"{OWN}{user.enterprise_id}"
    assert fill(clerk, f"{url}/edit", contact="李梅", mobile="13905331111", email="") == 303
    assert clerk.get(url) == 200
    assert "李梅" in clerk.page and "联系人 王建国 → 李梅" in clerk.page
    db.session.expire_all()
    assert user.enterprise.mobile == "13905331111"


def test_a_wrong_number_is_said_beside_its_field_and_nothing_typed_is_lost(clerk: Browser, user: User) -> None:
    assert fill(clerk, f"{OWN}{user.enterprise_id}/edit", contact="李梅", mobile="12") == 422
    assert 'id="mobile-error"' in clerk.page and 'value="李梅"' in clerk.page


def test_no_other_column_is_taken_from_the_contact_form(clerk: Browser, user: User) -> None:
    name = user.enterprise.name
    fill(clerk, f"{OWN}{user.enterprise_id}/edit", contact="李梅", name="另一个名称", status="approved")
    db.session.expire_all()
    assert (user.enterprise.name, user.enterprise.contact) == (name, "李梅")


def test_a_request_is_filled_with_what_is_registered_and_shows_old_beside_new(clerk: Browser, user: User) -> None:
    assert clerk.get(f"{REQUESTS}new") == 200
    assert f'value="{user.enterprise.name}"' in clerk.page and "370303 张店区" in clerk.page
    assert fill(clerk, f"{REQUESTS}new", name="淄博新名机械有限公司", words="换发营业执照") == 303
    made = the_request()
    assert made.after == {"name": "淄博新名机械有限公司"}
    assert clerk.follow() == 200
    for words in ("<ins>淄博新名机械有限公司</ins>", user.enterprise.name, "张店区市场监督管理局", "0533-2180001"):
        assert words in clerk.page
    assert clerk.get(f"{OWN}{user.enterprise_id}") == 200
    assert "已有一份待答复" in clerk.page


def test_the_request_says_what_is_wrong_beside_its_field(clerk: Browser) -> None:
    assert fill(clerk, f"{REQUESTS}new", name="", division_code="370300", words="") == 422
    for name in ("name", "words"):
        assert f'id="{name}-error"' in clerk.page
    assert fill(clerk, f"{REQUESTS}new", words="换发营业执照") == 422
    assert "没有需要变更的" in clerk.page


def test_a_branch_is_told_that_its_name_must_differ_from_its_parents(app: Flask) -> None:
    parent = EnterpriseFactory()
    branch = EnterpriseFactory(uscc=parent.uscc + "07", parent_uscc=parent.uscc, type=EnterpriseType.BRANCH)
    clerk = as_person(app, UserFactory(enterprise=branch))
    assert fill(clerk, f"{REQUESTS}new", name=parent.name, words="改名") == 422
    assert re.search(r'id="name-error"[^>]*>.*' + parent.name, clerk.page, re.DOTALL)


def test_a_second_request_waits_for_the_first_which_may_be_withdrawn(clerk: Browser) -> None:
    fill(clerk, f"{REQUESTS}new", principal="李建国", words="换发营业执照")
    made = the_request()
    assert fill(clerk, f"{REQUESTS}new", principal="赵建国", words="换发营业执照") == 409
    assert clerk.get(f"{REQUESTS}{made.id}") == 200
    assert press(clerk, f"{REQUESTS}{made.id}/withdraw") == 303
    assert the_request().state is ProposalState.WITHDRAWN
    assert clerk.follow() == 200 and "变更申请已撤回" in clerk.page


def test_the_lookup_offers_divisions_that_may_be_registered(clerk: Browser) -> None:
    assert clerk.get(f"{REQUESTS}lookup/division_code?q=3703") == 200
    assert "370303" in clerk.page and "370300" not in clerk.page


def test_the_answer_and_its_reason_are_read_by_the_enterprise_alone(clerk: Browser, user: User, app: Flask) -> None:
    made = change_requests.submit(actor_of(user), {"principal": "李建国"}, words="换发营业执照")
    change_requests.refuse(actor_of(UserFactory(regulator=True)), made.id, "与执照不符")
    stranger = as_person(app, UserFactory(of_enterprise=True))
    assert clerk.get(f"{REQUESTS}{made.id}") == 200
    assert "与执照不符" in clerk.page and ">撤回申请<" not in clerk.page
    assert clerk.get(f"{REQUESTS}?tab=answered") == 200 and "未同意" in clerk.page
    assert stranger.get(f"{REQUESTS}{made.id}") == 404
    assert db.session.get_one(Enterprise, user.enterprise_id).principal == "王建国"


def test_the_notice_of_an_answer_leads_to_the_request(clerk: Browser, user: User) -> None:
    made = change_requests.submit(actor_of(user), {"principal": "李建国"}, words="换发营业执照")
    change_requests.approve(actor_of(UserFactory(regulator=True)), made.id)
    db.session.commit()
    assert clerk.get("/enterprise/notices/") == 200
    assert "变更申请已同意" in clerk.page
    (opening,) = re.findall(r'action="(/enterprise/notices/\d+/open)"', clerk.page)[:1]
    assert press(clerk, opening) == 303
    assert clerk.answer.headers["Location"] == f"{REQUESTS}{made.id}"
