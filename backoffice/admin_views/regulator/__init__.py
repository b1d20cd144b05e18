"""The regulator's panel: review, rules, and what the system did. The auditor and the administrator see their part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...web import access
from ..panel import Panel
from .audit_events import AuditEvents
from .capabilities import Capabilities
from .catalogue_items import CatalogueItems
from .designations import Designations
from .divisions import Divisions
from .enterprises import Enterprises
from .home import RegulatorHome, office_name
from .imports import Imports
from .institutions import Institutions, Laboratories, Suspensions
from .instruments import Instruments
from .job_runs import JobRuns
from .kinds import Kinds
from .mails import Mails
from .notices import Notices
from .options import Options
from .record_imports import CapabilityImports, CatalogueImports
from .users import Users
from .working_days import WorkingDays

__all__ = ["RegulatorHome", "add_views", "office_name"]

RECORDS = (Enterprises, Instruments, Imports)
INSTITUTIONS = (Institutions, Laboratories, Suspensions)
RULES = (
    Designations,
    Capabilities,
    CapabilityImports,
    CatalogueItems,
    Kinds,
    CatalogueImports,
    Divisions,
    Options,
    WorkingDays,
)
SYSTEM = (Notices, JobRuns, AuditEvents, Users, Mails)


def add_views(panel: Panel, *, queues: Sequence[Any] = (), bookings: Sequence[Any] = ()) -> None:
    """Mount the regulator's views in the order of the menu.

    `queues` (registrations, unmatched) come first, `bookings` (appointments, slips) before the institutions.
    """
    # The home carries a regulator's permission, so that only regulators have it in their menu; it leads everybody
    # else of the panel on to their own first page.
    access.declare(panel.app, f"{panel.name}.index", allowed=panel.roles)
    for view in (*queues, *RECORDS, *bookings, *INSTITUTIONS, *RULES, *SYSTEM):
        panel.add(view)
