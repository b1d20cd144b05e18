"""May this role do this at all? An enum `scope:resource:action`, and the roles' permissions as data.

The scope says whose rows the permission is about (`own`, `matched`, `area`, `all`); which rows those are for an actor
is `scoping.py`'s question, and whether the row's state allows it is `workflow.py`'s.
"""

from __future__ import annotations

from enum import StrEnum

from .actor import Actor, Role
from .errors import Forbidden


class Permission(StrEnum):
    OWN_LEDGER_READ = "own:ledger:read"
    OWN_LEDGER_EDIT = "own:ledger:edit"
    OWN_LEDGER_IMPORT = "own:ledger:import"
    OWN_APPOINTMENTS_READ = "own:appointments:read"
    OWN_APPOINTMENTS_EDIT = "own:appointments:edit"
    OWN_APPOINTMENTS_SUBMIT = "own:appointments:submit"
    OWN_APPOINTMENTS_WITHDRAW = "own:appointments:withdraw"
    OWN_SLIPS_READ = "own:slips:read"
    OWN_REGISTRATION_CORRECT = "own:registration:correct"
    OWN_ENTERPRISE_READ = "own:enterprise:read"
    OWN_ENTERPRISE_EDIT = "own:enterprise:edit"
    OWN_CORRECTIONS_DECIDE = "own:corrections:decide"
    OWN_RESULTS_READ = "own:results:read"

    MATCHED_SLIPS_READ = "matched:slips:read"
    MATCHED_SLIPS_ACCEPT = "matched:slips:accept"
    MATCHED_SLIPS_RETURN = "matched:slips:return"
    MATCHED_INSTRUMENTS_READ = "matched:instruments:read"
    MATCHED_ENTERPRISES_REMARK = "matched:enterprises:remark"
    MATCHED_CORRECTIONS_PROPOSE = "matched:corrections:propose"
    MATCHED_WALK_INS_EDIT = "matched:walk_ins:edit"
    MATCHED_RESULTS_READ = "matched:results:read"
    MATCHED_RESULTS_ENTER = "matched:results:enter"
    MATCHED_RESULTS_PUBLISH = "matched:results:publish"

    AREA_REGISTRATIONS_READ = "area:registrations:read"
    AREA_REGISTRATIONS_DECIDE = "area:registrations:decide"
    AREA_ENTERPRISES_READ = "area:enterprises:read"
    AREA_ENTERPRISES_EDIT = "area:enterprises:edit"
    AREA_CHANGES_READ = "area:changes:read"
    AREA_CHANGES_DECIDE = "area:changes:decide"
    AREA_ACCOUNTS_LINK = "area:accounts:link"
    AREA_LEDGERS_READ = "area:ledgers:read"
    AREA_LEDGERS_EDIT = "area:ledgers:edit"
    AREA_APPOINTMENTS_READ = "area:appointments:read"
    AREA_APPOINTMENTS_EDIT = "area:appointments:edit"
    AREA_APPOINTMENTS_CANCEL = "area:appointments:cancel"
    AREA_RESULTS_READ = "area:results:read"
    AREA_UNMATCHED_READ = "area:unmatched:read"
    AREA_UNMATCHED_ASSIGN = "area:unmatched:assign"
    AREA_INSTITUTIONS_READ = "area:institutions:read"
    AREA_INSTITUTIONS_EDIT = "area:institutions:edit"
    AREA_CAPABILITIES_EDIT = "area:capabilities:edit"
    AREA_DESIGNATIONS_EDIT = "area:designations:edit"

    ALL_REFERENCE_READ = "all:reference:read"
    ALL_REFERENCE_EDIT = "all:reference:edit"
    ALL_JOBS_READ = "all:jobs:read"
    ALL_JOBS_START = "all:jobs:start"
    ALL_SYSTEM_JOBS_START = "all:system_jobs:start"
    ALL_AUDIT_READ = "all:audit:read"
    ALL_USERS_READ = "all:users:read"
    ALL_USERS_EDIT = "all:users:edit"
    ALL_MAILS_READ = "all:mails:read"
    ALL_MATCHING_RUN = "all:matching:run"
    ALL_REGISTRATIONS_DECIDE = "all:registrations:decide"

    OWN_NOTICES_READ = "own:notices:read"


P = Permission

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.ENTERPRISE: frozenset(
        {
            P.OWN_LEDGER_READ,
            P.OWN_LEDGER_EDIT,
            P.OWN_LEDGER_IMPORT,
            P.OWN_APPOINTMENTS_READ,
            P.OWN_APPOINTMENTS_EDIT,
            P.OWN_APPOINTMENTS_SUBMIT,
            P.OWN_APPOINTMENTS_WITHDRAW,
            P.OWN_SLIPS_READ,
            P.OWN_REGISTRATION_CORRECT,
            P.OWN_ENTERPRISE_READ,
            P.OWN_ENTERPRISE_EDIT,
            P.OWN_CORRECTIONS_DECIDE,
            P.OWN_RESULTS_READ,
            P.OWN_NOTICES_READ,
        }
    ),
    Role.INSTITUTION: frozenset(
        {
            P.MATCHED_SLIPS_READ,
            P.MATCHED_SLIPS_ACCEPT,
            P.MATCHED_SLIPS_RETURN,
            P.MATCHED_INSTRUMENTS_READ,
            P.MATCHED_ENTERPRISES_REMARK,
            P.MATCHED_CORRECTIONS_PROPOSE,
            P.MATCHED_WALK_INS_EDIT,
            P.MATCHED_RESULTS_READ,
            P.MATCHED_RESULTS_ENTER,
            P.MATCHED_RESULTS_PUBLISH,
            P.OWN_NOTICES_READ,
        }
    ),
    Role.REGULATOR: frozenset(
        {
            P.AREA_REGISTRATIONS_READ,
            P.AREA_REGISTRATIONS_DECIDE,
            P.AREA_ENTERPRISES_READ,
            P.AREA_ENTERPRISES_EDIT,
            P.AREA_CHANGES_READ,
            P.AREA_CHANGES_DECIDE,
            P.AREA_ACCOUNTS_LINK,
            P.AREA_LEDGERS_READ,
            P.AREA_LEDGERS_EDIT,
            P.AREA_APPOINTMENTS_READ,
            P.AREA_APPOINTMENTS_EDIT,
            P.AREA_APPOINTMENTS_CANCEL,
            P.AREA_RESULTS_READ,
            P.AREA_UNMATCHED_READ,
            P.AREA_UNMATCHED_ASSIGN,
            P.AREA_INSTITUTIONS_READ,
            P.AREA_INSTITUTIONS_EDIT,
            P.AREA_CAPABILITIES_EDIT,
            P.AREA_DESIGNATIONS_EDIT,
            P.ALL_REFERENCE_READ,
            P.ALL_JOBS_READ,
            P.ALL_JOBS_START,
            P.OWN_NOTICES_READ,
        }
    ),
    Role.AUDITOR: frozenset({P.ALL_AUDIT_READ}),
    Role.ADMIN: frozenset(
        {
            P.ALL_USERS_READ,
            P.ALL_USERS_EDIT,
            P.ALL_MAILS_READ,
            P.ALL_JOBS_READ,
            P.ALL_JOBS_START,
            P.ALL_SYSTEM_JOBS_START,
            P.ALL_REGISTRATIONS_DECIDE,
        }
    ),
    Role.SYSTEM: frozenset({P.ALL_MATCHING_RUN}),
}
"""`reference:edit` is a person's permission, not a role's: see `may`. The auditor reads audit and changes nothing."""


def may(actor: Actor, permission: Permission) -> bool:
    """Whether the role holds a permission; an enterprise not yet approved may only correct its registration."""
    if not actor.is_approved:
        return permission is P.OWN_REGISTRATION_CORRECT
    if permission is P.ALL_REFERENCE_EDIT:
        return actor.role is Role.REGULATOR and actor.may_edit_reference
    return permission in ROLE_PERMISSIONS[actor.role]


def require(actor: Actor, permission: Permission) -> None:
    """Raise `Forbidden` (it looks like a missing page) unless the actor may."""
    if not may(actor, permission):
        raise Forbidden
