"""Who acts: plain facts about a signed-in person (or the system itself), passed to every service."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    ENTERPRISE = "enterprise"
    INSTITUTION = "institution"
    REGULATOR = "regulator"
    AUDITOR = "auditor"
    ADMIN = "admin"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """`division_code` is a regulator's area: that division and everything below it."""

    role: Role
    name: str
    user_id: int | None = None
    enterprise_id: int | None = None
    institution_id: int | None = None
    division_code: str | None = None
    may_edit_reference: bool = False
    is_approved: bool = True
    """False for an enterprise whose registration is not approved: it sees its registration and nothing else."""
    address: str | None = None
    """The network address the request came from, for the audit."""


SYSTEM = Actor(role=Role.SYSTEM, name="系统")
