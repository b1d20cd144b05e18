"""What an institution may read because some of it is here: appointments, instruments, enterprises."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask import current_app, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select

from ... import clock, scoping
from ...database import db
from ...models import Appointment, AppointmentItem, Enterprise, InstrumentKind, MeasuringInstrument, Slip
from ...permissions import Permission
from ..base import ScopedModelView
from ..formatting import as_badge, state_badge
from ..lists import ListState
from ..on_behalf_words import with_on_behalf
from ..pagination import Page
from ..records import Card, Fact
from .corrections import ProposesCorrections
from .look_ups import items_of_appointment, page_facts
from .remarks import KeepsRemarks

IN_MENU = _l("资料")


def verification_badge(_view: Any, _context: Any, row: MeasuringInstrument, _name: str) -> Any:
    """检定状态 of an instrument today."""
    soon = current_app.config["SETTINGS"].due_soon_days
    return state_badge(row.verification_status(today=clock.today(), soon_days=soon))


def by_enterprise_name(query: Select[Any], column: Any, word: str, *others: sa.ColumnElement[bool]) -> Select[Any]:
    """Narrow to rows of enterprises whose name contains the word, or that fulfil one of the others."""
    named = sa.select(Enterprise.id).where(Enterprise.name.icontains(word, autoescape=True))
    return query.where(sa.or_(column.in_(named), *others))


class InstitutionAppointments(ScopedModelView):
    """预约申请 with items at this institution; items elsewhere are not shown."""

    model, noun, title = Appointment, "appointments", _l("预约申请")
    permissions = {"view": Permission.MATCHED_SLIPS_READ}
    menu_group = IN_MENU
    details_template = "institution/appointment.html"
    column_list = ("number", "status", "enterprise", "count", "submitted_at")
    column_details_list = (*column_list, "wish_from", "wish_until", "wish_against", "site_contact", "site_phone")
    column_labels = {
        "number": _l("预约号"),
        "status": _l("状态"),
        "enterprise": _l("器具使用单位"),
        "count": _l("在本机构的台（件）"),
        "submitted_at": _l("提交时间"),
        "wish_from": _l("期望日期自"),
        "wish_until": _l("期望日期至"),
        "wish_against": _l("不便时段"),
        "site_contact": _l("现场联系人"),
        "site_phone": _l("现场联系电话"),
    }
    column_sortable_list = ("number", "submitted_at")
    column_formatters = {
        "status": as_badge,
        "enterprise": lambda _view, _context, row, _name: with_on_behalf(row.enterprise.name, row),
        "count": lambda view, _context, row, _name: view.count_here(row),
    }
    load_options = (sa.orm.joinedload(Appointment.enterprise),)
    cell_classes = {"number": "code", "enterprise": "wide", "count": "num"}
    search_label = _l("预约号或单位名称")
    empty_title = _l("还没有预约申请")
    empty_help = _l("有器具匹配到本机构的预约申请会列在这里。")

    def apply_search(self, query: Select[Any], text: str) -> Select[Any]:
        for word in text.split()[:6]:
            query = by_enterprise_name(
                query, Appointment.enterprise_id, word, Appointment.number.icontains(word, autoescape=True)
            )
        return query

    def page_of(self, state: ListState) -> Page:
        page = super().page_of(state)
        page_facts("counts", lambda: self._counts([row.id for row in page.rows]))
        return page

    def count_here(self, row: Appointment) -> int:
        known = page_facts("counts", dict)
        return int(known[row.id] if row.id in known else self._counts([row.id]).get(row.id, 0))

    def _counts(self, ids: Sequence[int]) -> dict[int, int]:
        statement = (
            sa.select(AppointmentItem.appointment_id, sa.func.count())
            .where(AppointmentItem.appointment_id.in_(ids), scoping.criterion(self.actor, AppointmentItem))
            .group_by(AppointmentItem.appointment_id)
        )
        return dict(db.session.execute(statement).tuples().all())

    def record_badge(self, row: Appointment) -> Any:
        return state_badge(row.status)

    def record_context(self, row: Appointment) -> dict[str, Any]:
        statement = scoping.visible(self.actor, Slip).where(Slip.appointment_id == row.id).order_by(Slip.id)
        return {
            "items": items_of_appointment(self.actor, row.id),
            "slips": [
                (slip, url_for("institution_slips.details_view", key=slip.id)) for slip in db.session.scalars(statement)
            ],
            "instrument_url": lambda key: url_for("institution_instruments.details_view", key=key),
        }


INSTRUMENT_FACTS = (
    "name",
    "kind",
    "model",
    "measuring_range",
    "accuracy_class",
    "serial_number",
    "sub_number",
    "manufacturer",
    "enterprise",
    "division",
    "place_of_use",
    "department",
    "purpose",
    "delivery_mode",
    "use_state",
)
"""What an institution reads of an instrument, in this order."""
INSTRUMENT_LABELS = {
    "name": _l("器具名称"),
    "status": _l("检定状态"),
    "serial_number": _l("出厂编号"),
    "sub_number": _l("机号／枪号／分号"),
    "kind": _l("种别"),
    "enterprise": _l("器具使用单位"),
    "model": _l("型号规格"),
    "measuring_range": _l("测量范围"),
    "accuracy_class": _l("准确度等级"),
    "manufacturer": _l("生产厂家"),
    "division": _l("使用地点行政区划"),
    "place_of_use": _l("使用地点"),
    "department": _l("科室／部门"),
    "purpose": _l("器具用途"),
    "delivery_mode": _l("送检方式"),
    "use_state": _l("使用状态"),
}


class InstitutionInstruments(ProposesCorrections, ScopedModelView):
    """计量器具 with an item at this institution."""

    model, noun, title = MeasuringInstrument, "instruments", _l("计量器具")
    permissions = {"view": Permission.MATCHED_INSTRUMENTS_READ}
    menu_group = IN_MENU
    column_list = ("name", "status", "serial_number", "kind.name", "enterprise", "model", "measuring_range", "division")
    column_details_list = (*INSTRUMENT_FACTS, "certificate_number", "verified_on", "valid_until")
    column_labels = {
        **INSTRUMENT_LABELS,
        "kind.name": _l("种别"),
        "certificate_number": _l("检定证书编号"),
        "verified_on": _l("检定日期"),
        "valid_until": _l("有效期至"),
    }
    column_sortable_list = ("name", "serial_number")
    column_formatters = {
        "status": verification_badge,
        "use_state": as_badge,
        "enterprise": lambda _view, _context, row, _name: with_on_behalf(row.enterprise.name, row),
        "division": lambda _view, _context, row, _name: row.division.name,
    }
    column_formatters_detail = {"use_state": as_badge}
    history_columns = (*column_details_list, "kind_code", "division_code")
    load_options = (
        sa.orm.joinedload(MeasuringInstrument.kind),
        sa.orm.joinedload(MeasuringInstrument.enterprise),
        sa.orm.joinedload(MeasuringInstrument.division),
    )
    cell_classes = {"serial_number": "code", "enterprise": "wide", "model": "hide", "certificate_number": "code"}
    search_label = _l("名称、出厂编号、型号、厂家或单位")
    count_unit = _l("台（件）")
    empty_title = _l("还没有计量器具")
    empty_help = _l("匹配到本机构的器具会列在这里。")

    def apply_search(self, query: Select[Any], text: str) -> Select[Any]:
        for word in text.split()[:6]:
            found = MeasuringInstrument.search_text.contains(word.lower(), autoescape=True)
            query = by_enterprise_name(query, MeasuringInstrument.enterprise_id, word, found)
        return query

    def record_badge(self, row: MeasuringInstrument) -> Any:
        return verification_badge(self, None, row, "status")


class InstitutionEnterprises(KeepsRemarks, ScopedModelView):
    """器具使用单位 with items at this institution."""

    model, noun, title = Enterprise, "enterprises", _l("器具使用单位")
    permissions = {"view": Permission.MATCHED_SLIPS_READ}
    menu_group = IN_MENU
    details_template = "institution/enterprise.html"
    shows_history = False
    column_list = ("name", "uscc", "contact", "mobile", "address")
    column_labels = {
        "name": _l("名称"),
        "uscc": _l("统一社会信用代码"),
        "contact": _l("联系人"),
        "mobile": _l("联系电话"),
        "address": _l("地址"),
    }
    column_sortable_list = ("name",)
    cell_classes = {"uscc": "code", "mobile": "nowrap", "address": "wide"}
    column_formatters = {"uscc": lambda _view, _context, row, _name: with_on_behalf(row.uscc, row)}
    column_formatters_detail = column_formatters
    search_columns = (Enterprise.name, Enterprise.uscc)
    search_label = _l("名称或统一社会信用代码")
    count_unit = _l("家")
    empty_title = _l("还没有器具使用单位")
    empty_help = _l("有器具在本机构检定的单位会列在这里。")

    def record_title(self, row: Enterprise) -> str:
        return row.name

    def cards(self, row: Enterprise) -> Sequence[Card]:
        kinds = sa.select(InstrumentKind.name, sa.func.count()).select_from(MeasuringInstrument)
        here = (
            kinds.join(InstrumentKind, InstrumentKind.code == MeasuringInstrument.kind_code)
            .where(MeasuringInstrument.enterprise_id == row.id, scoping.criterion(self.actor, MeasuringInstrument))
            .group_by(InstrumentKind.name)
            .order_by(sa.func.count().desc())
        )
        facts = [Fact(name, _("%(count)s 台（件）", count=count)) for name, count in db.session.execute(here).tuples()]
        return (*super().cards(row), Card(_("在本机构的器具"), facts))

    def record_context(self, row: Enterprise) -> dict[str, Any]:
        statement = (
            scoping.visible(self.actor, Slip).where(Slip.enterprise_id == row.id).order_by(Slip.id.desc()).limit(50)
        )
        return {
            "slips": [
                (slip, url_for("institution_slips.details_view", key=slip.id)) for slip in db.session.scalars(statement)
            ]
        }
