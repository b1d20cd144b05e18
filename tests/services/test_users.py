"""Accounts in the administrator's hands."""

from __future__ import annotations

import pytest
from flask import Flask

from backoffice import clock
from backoffice.database import db
from backoffice.errors import Conflict, Forbidden, Invalid
from backoffice.models import AuditEvent, UserSession
from backoffice.services import users
from tests import factories


def signed_in(user_id: int) -> None:
    now = clock.now()
    db.session.add(UserSession(user_id=user_id, token_hash=f"{user_id:064d}", created_at=now, last_seen_at=now))
    db.session.flush()


def test_a_deactivated_person_is_signed_out_everywhere(app: Flask) -> None:
    admin = factories.actor_of(factories.UserFactory(admin=True))
    clerk = factories.UserFactory(of_enterprise=True)
    signed_in(clerk.id)
    assert users.open_sessions(clerk.id) == 1
    users.deactivate(admin, clerk.id, reason="已离职")
    assert not clerk.is_active and users.open_sessions(clerk.id) == 0
    assert db.session.query(AuditEvent).one().after == {"is_active": False, "reason": "已离职"}
    assert users.reactivate(admin, clerk.id, reason="返聘").is_active


def test_a_reason_is_needed(app: Flask) -> None:
    admin = factories.actor_of(factories.UserFactory(admin=True))
    clerk = factories.UserFactory(of_enterprise=True)
    with pytest.raises(Invalid):
        users.deactivate(admin, clerk.id, reason="")


def test_neither_the_own_account_nor_the_last_administrator_is_deactivated(app: Flask) -> None:
    first, second = factories.UserFactory(admin=True), factories.UserFactory(admin=True)
    with pytest.raises(Conflict) as refused:
        users.deactivate(factories.actor_of(first), first.id, reason="x")
    assert refused.value.code == "own_account"
    users.deactivate(factories.actor_of(first), second.id, reason="调离")
    with pytest.raises(Conflict) as refused:
        users.deactivate(factories.actor_of(second), first.id, reason="x")
    assert refused.value.code == "last_administrator"


@pytest.mark.parametrize("trait", ["regulator", "auditor", "of_enterprise"])
def test_nobody_but_administrators_may(trait: str, app: Flask) -> None:
    actor = factories.actor_of(factories.UserFactory(**{trait: True}))
    with pytest.raises(Forbidden):
        users.deactivate(actor, 1, reason="x")
