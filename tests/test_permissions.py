"""May this role do this at all?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from backoffice.actor import Actor, Role
from backoffice.errors import Forbidden, NotFound
from backoffice.permissions import ROLE_PERMISSIONS, Permission, may, require

SCOPES = {
    Role.ENTERPRISE: {"own"},
    Role.INSTITUTION: {"matched", "own"},
    Role.REGULATOR: {"area", "all", "own"},
    Role.AUDITOR: {"all"},
    Role.ADMIN: {"all"},
    Role.SYSTEM: {"all"},
}


def test_every_role_has_permissions_of_its_own_reach_only() -> None:
    assert set(ROLE_PERMISSIONS) == set(Role)
    for role, permissions in ROLE_PERMISSIONS.items():
        assert {permission.split(":")[0] for permission in permissions} <= SCOPES[role], role


def test_duties_are_separate() -> None:
    """Who decides does not submit, who audits changes nothing, who administers has no business rows."""
    assert ROLE_PERMISSIONS[Role.AUDITOR] == {Permission.ALL_AUDIT_READ}
    assert not any(":edit" in p for p in ROLE_PERMISSIONS[Role.ADMIN] - {Permission.ALL_USERS_EDIT})
    for permission in (Permission.OWN_APPOINTMENTS_SUBMIT, Permission.OWN_LEDGER_EDIT):
        assert [role for role in Role if permission in ROLE_PERMISSIONS[role]] == [Role.ENTERPRISE]
    for permission in (Permission.MATCHED_SLIPS_ACCEPT, Permission.MATCHED_SLIPS_RETURN):
        assert [role for role in Role if permission in ROLE_PERMISSIONS[role]] == [Role.INSTITUTION]
    assert [role for role in Role if Permission.ALL_AUDIT_READ in ROLE_PERMISSIONS[role]] == [Role.AUDITOR]


def test_every_permission_but_a_persons_own_belongs_to_some_role() -> None:
    given = frozenset().union(*ROLE_PERMISSIONS.values())
    assert set(Permission) - given == {Permission.ALL_REFERENCE_EDIT}


def test_reference_data_is_edited_by_named_regulators_only() -> None:
    for role in Role:
        for named in (False, True):
            actor = Actor(role=role, name="赵慧", may_edit_reference=named)
            assert may(actor, Permission.ALL_REFERENCE_EDIT) == (role is Role.REGULATOR and named)


def test_an_enterprise_not_yet_approved_may_only_correct_its_registration() -> None:
    waiting = Actor(role=Role.ENTERPRISE, name="王建国", enterprise_id=1, is_approved=False)
    assert [permission for permission in Permission if may(waiting, permission)] == [
        Permission.OWN_REGISTRATION_CORRECT
    ]
    assert may(replace(waiting, is_approved=True), Permission.OWN_LEDGER_EDIT)


def test_what_one_may_not_looks_like_a_missing_page() -> None:
    with pytest.raises(Forbidden) as refused:
        require(Actor(role=Role.AUDITOR, name="孙正"), Permission.OWN_LEDGER_EDIT)
    assert isinstance(refused.value, NotFound)
    assert refused.value.status == 404
