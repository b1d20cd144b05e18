"""The three panels, put together: which views stand on each, in the order of the menu."""

from __future__ import annotations

from flask import Flask

from .. import scoping
from ..actor import Actor, Role
from ..models import Enterprise
from ..services import notices
from . import institution, regulator
from .enterprise.appointments import Appointments
from .enterprise.corrections import Corrections
from .enterprise.home import EnterpriseHome, ReturnedItems
from .enterprise.imports import Imports
from .enterprise.instruments import Instruments
from .enterprise.notices import Notices
from .enterprise.own_record import ChangeRequests, OwnRecord
from .enterprise.slips import Slips
from .enterprise.verifications import Verifications
from .panel import Panel
from .regulator.appointments import RegulatorAppointments
from .regulator.change_requests import ChangeRequests as ReviewedChanges
from .regulator.change_requests import UnassignedChangeRequests
from .regulator.registrations import Registrations, UnassignedRegistrations
from .regulator.slips import RegulatorSlips
from .regulator.unmatched import RegulatorUnmatched
from .regulator.verifications import RegulatorVerifications


def init_app(app: Flask) -> None:
    """Add the panels of enterprise, institution and regulator."""
    _add_enterprise(app)
    _add_institution(app)
    _add_regulator(app)


def _add_enterprise(app: Flask) -> None:
    panel = Panel(
        app,
        name="enterprise",
        title="企业",
        roles={Role.ENTERPRISE},
        home=EnterpriseHome,
        organisation=_name_and_code,
        unread=notices.unread_count,
    )
    for view in (
        Instruments,
        Appointments,
        Slips,
        Verifications,
        ReturnedItems,
        Corrections,
        Notices,
        Imports,
        OwnRecord,
        ChangeRequests,
    ):
        panel.add(view)


def _name_and_code(actor: Actor) -> str:
    enterprise: Enterprise = scoping.find(actor, Enterprise, actor.enterprise_id)
    return f"{enterprise.name} · {enterprise.uscc}"


def _add_institution(app: Flask) -> None:
    panel = Panel(
        app,
        name="institution",
        title="技术机构",
        roles={Role.INSTITUTION},
        home=institution.InstitutionHome,
        organisation=institution.organisation,
        unread=notices.unread_count,
    )
    for view in institution.VIEWS:
        panel.add(view)


def _add_regulator(app: Flask) -> None:
    panel = Panel(
        app,
        name="regulator",
        title="监管部门",
        roles={Role.REGULATOR, Role.AUDITOR, Role.ADMIN},
        home=regulator.RegulatorHome,
        organisation=regulator.office_name,
        unread=notices.unread_count,
    )
    regulator.add_views(
        panel,
        queues=(
            Registrations,
            UnassignedRegistrations,
            ReviewedChanges,
            UnassignedChangeRequests,
            RegulatorUnmatched,
        ),
        bookings=(RegulatorAppointments, RegulatorSlips, RegulatorVerifications),
    )
