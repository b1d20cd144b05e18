"""What an enterprise changes of itself: contact at once, the licence's words by a request somebody answers once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from backoffice import clock
from backoffice.actor import Actor
from backoffice.audit import AuditAction
from backoffice.database import db
from backoffice.errors import Conflict, Forbidden, Invalid, NotFound
from backoffice.models import AuditEvent, ChangeRequest, Enterprise, Notice, User
from backoffice.services import change_requests
from backoffice.states import EnterpriseType, ProposalState
from tests.factories import EnterpriseFactory, UserFactory, actor_of, valid_uscc
from tests.services.test_institutions import problems_of

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def user(app: Flask) -> User:
    found: User = UserFactory(of_enterprise=True)
    return found


@pytest.fixture
def clerk(user: User) -> Actor:
    return actor_of(user)


@pytest.fixture
def reviewer(app: Flask) -> Actor:
    return actor_of(UserFactory(regulator=True))


def asked(clerk: Actor, **changes: Any) -> ChangeRequest:
    own = db.session.get_one(Enterprise, clerk.enterprise_id)
    values = {name: getattr(own, name) for name in change_requests.REQUESTED_COLUMNS}
    return change_requests.submit(clerk, {**values, **changes}, words="换发营业执照")


def told(column: Any, value: Any) -> list[str]:
    return list(db.session.scalars(sa.select(Notice.code).where(column == value).order_by(Notice.id)))


def test_contact_and_mobile_change_at_once_and_the_first_account_follows(user: User, clerk: Actor) -> None:
    user.username = user.enterprise.uscc
    change_requests.change_contact(clerk, contact="李梅", mobile="139 0533 1111", email="li@example.com")
    assert (user.enterprise.contact, user.enterprise.mobile) == ("李梅", "13905331111")
    assert (user.name, user.phone, user.email) == ("李梅", "13905331111", "li@example.com")
    event = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.action == AuditAction.ENTERPRISE_CHANGED)).one()
    assert event.before is not None and event.before["contact"] == "王建国"


def test_a_contact_is_held_to_the_rules_of_a_registration(clerk: Actor) -> None:
    with pytest.raises(Invalid) as refused:
        change_requests.change_contact(clerk, contact="", mobile="12", email="x")
    assert problems_of(refused) == {"contact": "required", "mobile": "mobile_wrong", "email": "email_wrong"}


def test_a_request_keeps_only_what_differs_and_changes_nothing_yet(clerk: Actor, reviewer: Actor) -> None:
    with clock.at(datetime(2026, 11, 20, 2, 0, tzinfo=UTC)):  # a Friday
        made = asked(clerk, name=" 淄博新名机械有限公司 ")
    assert made.after == {"name": "淄博新名机械有限公司"}
    assert made.before == {"name": made.enterprise.name}
    assert made.due_at == datetime(2026, 11, 24, 16, 0, tzinfo=UTC)
    assert made.reviewer_division_code == reviewer.division_code
    assert told(Notice.division_code, reviewer.division_code) == ["notice_change_arrived"]


def test_when_the_division_changes_the_regulator_of_the_old_one_decides(clerk: Actor, reviewer: Actor) -> None:
    newer = actor_of(UserFactory(regulator=True, division_code="370305"))
    made = asked(clerk, division_code="370305")
    assert made.reviewer_division_code == "370303"
    with pytest.raises(NotFound):
        change_requests.approve(newer, made.id)
    change_requests.approve(reviewer, made.id)
    assert made.enterprise.division_code == "370305"


def test_nothing_changed_and_no_reason_are_refused(clerk: Actor) -> None:
    with pytest.raises(Invalid) as refused:
        asked(clerk)
    assert problems_of(refused) == {"": "change_nothing"}
    with pytest.raises(Invalid) as refused:
        change_requests.submit(clerk, {"name": "淄博新名机械有限公司"}, words=" ")
    assert problems_of(refused) == {"words": "reason_required"}


def test_a_wide_division_and_empty_fields_are_refused_beside_their_fields(clerk: Actor) -> None:
    with pytest.raises(Invalid) as refused:
        asked(clerk, division_code="370300", principal="")
    assert problems_of(refused) == {"division_code": "division_too_wide", "principal": "required"}


def test_name_and_address_of_a_branch_differ_from_its_parents(app: Flask) -> None:
    parent = EnterpriseFactory(uscc=valid_uscc(900_001), address="总部路 1 号")
    branch = EnterpriseFactory(uscc=parent.uscc + "07", parent_uscc=parent.uscc, type=EnterpriseType.BRANCH)
    with pytest.raises(Invalid) as refused:
        asked(actor_of(UserFactory(enterprise=branch)), name=parent.name, address="总部路１号")
    assert problems_of(refused) == {"name": "branch_name_same", "address": "branch_address_same"}


def test_only_one_request_waits_and_a_withdrawn_one_makes_room(clerk: Actor) -> None:
    first = asked(clerk, principal="李建国")
    with pytest.raises(Conflict) as refused:
        asked(clerk, principal="赵建国")
    assert refused.value.code == "change_waits_already"
    change_requests.withdraw(clerk, first.id)
    assert first.state is ProposalState.WITHDRAWN
    assert asked(clerk, principal="赵建国").state is ProposalState.PENDING


def test_approval_writes_exactly_the_requested_columns_and_tells_the_enterprise(clerk: Actor, reviewer: Actor) -> None:
    made = asked(clerk, principal="李建国")
    made.enterprise.address = "别处 9 号"
    made.enterprise.principal = "赵建国"
    db.session.flush()
    assert change_requests.changed_since(made) == {"principal": "赵建国"}
    change_requests.approve(reviewer, made.id)
    assert (made.enterprise.principal, made.enterprise.address) == ("李建国", "别处 9 号")
    assert (made.state, made.decided_by_id) == (ProposalState.APPROVED, reviewer.user_id)
    assert told(Notice.enterprise_id, clerk.enterprise_id) == ["notice_change_approved"]
    actions = {event.action: event for event in db.session.scalars(sa.select(AuditEvent))}
    approved, changed = actions["change.approved"], actions["enterprise.changed"]
    assert (approved.before or {})["principal"] == "王建国" and (approved.after or {})["principal"] == "李建国"
    assert changed.before == {"principal": "赵建国"} and changed.after == {"principal": "李建国"}


def test_a_refusal_needs_a_reason_which_the_enterprise_reads(clerk: Actor, reviewer: Actor) -> None:
    made = asked(clerk, name="淄博新名机械有限公司")
    before = made.enterprise.name
    with pytest.raises(Invalid):
        change_requests.refuse(reviewer, made.id, " ")
    change_requests.refuse(reviewer, made.id, "与执照不符。")
    assert (made.state, made.reason, made.enterprise.name) == (ProposalState.REFUSED, "与执照不符。", before)
    notice = db.session.scalars(sa.select(Notice).where(Notice.enterprise_id == clerk.enterprise_id)).one()
    assert (notice.code, notice.facts["reason"]) == ("notice_change_refused", "与执照不符")


@pytest.mark.parametrize("second", ["approve", "refuse", "withdraw"])
def test_the_second_to_answer_is_told_who_was_first(clerk: Actor, reviewer: Actor, second: str) -> None:
    made = asked(clerk, principal="李建国")
    change_requests.approve(reviewer, made.id)
    answers = {
        "approve": lambda: change_requests.approve(reviewer, made.id),
        "refuse": lambda: change_requests.refuse(reviewer, made.id, "x"),
        "withdraw": lambda: change_requests.withdraw(clerk, made.id),
    }
    with pytest.raises(Conflict) as refused:
        answers[second]()
    assert (refused.value.code, refused.value.facts["by"]) == ("proposal_settled_by", "赵慧")


def test_without_any_regulator_the_administrator_answers(clerk: Actor) -> None:
    made = asked(clerk, principal="李建国")
    assert made.reviewer_division_code is None
    admin = actor_of(UserFactory(admin=True))
    assert change_requests.pending_count(admin) == 1
    change_requests.approve(admin, made.id)
    assert made.enterprise.principal == "李建国"


def test_strangers_neither_see_nor_answer_a_request(clerk: Actor, reviewer: Actor) -> None:
    made = asked(clerk, principal="李建国")
    stranger = actor_of(UserFactory(of_enterprise=True))
    with pytest.raises(NotFound):
        change_requests.withdraw(stranger, made.id)
    with pytest.raises(Forbidden):
        change_requests.approve(clerk, made.id)
    with pytest.raises(NotFound):
        change_requests.refuse(actor_of(UserFactory(regulator=True, division_code="370305")), made.id, "x")
    assert [change_requests.pending_count(each) for each in (clerk, reviewer, stranger)] == [1, 1, 0]
