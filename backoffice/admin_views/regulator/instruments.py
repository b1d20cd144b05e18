"""All ledgers of the area: by division of use, and the area's own enterprises elsewhere.

A regulator may enter and change rows on behalf (代办) and scrap them with a reason.
"""

from __future__ import annotations

from typing import Any

from flask import current_app, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload
from wtforms import TextAreaField
from wtforms.validators import InputRequired

from ... import clock, messages, scoping
from ...actor import Actor
from ...models import Enterprise, InstrumentKind, MeasuringInstrument
from ...services import ledger, on_behalf
from ...states import EnterpriseStatus, UseState, VerificationStatus
from ..actions import record_action
from ..base import Card, Done, Fact, Tab
from ..enterprise.instrument_form import InstrumentForm, version_of
from ..formatting import as_badge, code, day, moment, state_badge
from ..lists import ChoiceFilter, TextFilter
from ..on_behalf_pages import FORM_COLUMNS, FORM_SECTIONS, InstrumentsOnBehalf
from ..on_behalf_words import on_behalf_facts, with_on_behalf
from ..reference_forms import ReasonForm, options_of
from .capabilities import kind_options
from .common import BUSINESS, P, RecordView
from .enterprises import division_options


def _of_enterprise(words: str) -> Any:
    """Instruments of enterprises with this code or these words in the name."""
    found = select(Enterprise.id).where(
        or_(Enterprise.uscc == words.upper(), Enterprise.name.icontains(words, autoescape=True))
    )
    return MeasuringInstrument.enterprise_id.in_(found)


def status_of(row: MeasuringInstrument) -> VerificationStatus:
    soon = current_app.config["SETTINGS"].due_soon_days
    return row.verification_status(today=clock.today(), soon_days=soon)


def status_badge(row: MeasuringInstrument) -> Any:
    return state_badge(status_of(row))


def valid_until_words(row: MeasuringInstrument) -> str:
    """有效期至, marked where only the enterprise says so."""
    until = day(row.effective_valid_until())
    return _("%(day)s（企业自报）", day=until) if row.is_declared_only else until


def use_words(row: MeasuringInstrument) -> str:
    """使用状态, with the day and the reason of what is not in use."""
    since = f"（{day(row.use_state_on)} {row.use_state_reason}）" if row.use_state_on else ""
    return f"{messages.label(row.use_state)}{since}"


class Instruments(InstrumentsOnBehalf, RecordView):
    """计量器具."""

    model, noun, title, menu_group = MeasuringInstrument, "instruments", _l("计量器具"), BUSINESS
    permissions = {
        "view": P.AREA_LEDGERS_READ,
        "create": P.AREA_LEDGERS_EDIT,
        "edit": P.AREA_LEDGERS_EDIT,
        "export": P.AREA_LEDGERS_READ,
    }
    create_label = _l("代办新增")
    count_unit = _l("台（件）")
    empty_title = _l("辖区内还没有登记器具")
    empty_help = _l("使用单位建立台账后，器具会按使用地点出现在这里；也可以替单位代办新增。")
    load_options = (
        joinedload(MeasuringInstrument.enterprise),
        joinedload(MeasuringInstrument.kind).joinedload(InstrumentKind.item),
        joinedload(MeasuringInstrument.division),
    )

    column_list = (
        "name",
        "certificate_number",
        "serial_number",
        "kind_code",
        "enterprise_id",
        "division_code",
        "place_of_use",
        "valid_until",
        "use_state",
    )
    column_labels = {
        "name": _l("器具名称"),
        "certificate_number": _l("检定状态"),
        "serial_number": _l("出厂编号"),
        "kind_code": _l("种别"),
        "enterprise_id": _l("使用单位"),
        "division_code": _l("使用地点行政区划"),
        "place_of_use": _l("使用地点"),
        "valid_until": _l("有效期至"),
        "use_state": _l("使用状态"),
    }
    column_formatters = {
        "certificate_number": lambda _view, _context, row, _name: status_badge(row),
        "serial_number": lambda _view, _context, row, _name: code(row.full_serial),
        "kind_code": lambda _view, _context, row, _name: row.kind.name,
        "enterprise_id": lambda _view, _context, row, _name: with_on_behalf(row.enterprise.name, row),
        "division_code": lambda _view, _context, row, _name: row.division.name,
        "valid_until": lambda _view, _context, row, _name: valid_until_words(row),
        "use_state": as_badge,
    }
    column_formatters_export = {
        **column_formatters,
        "enterprise_id": lambda _view, _context, row, _name: row.enterprise.name,
    }
    cell_classes = {"place_of_use": "hide", "kind_code": "hide", "enterprise_id": "wide"}
    column_sortable_list = ("name", "valid_until", "serial_number")
    search_label = _l("名称、编号、型号、厂家、地点")
    tabs = (
        Tab(
            "area",
            _l("在本辖区使用"),
            lambda actor: MeasuringInstrument.division_code.in_(scoping.area_codes(actor.division_code or "")),
        ),
        Tab(
            "elsewhere",
            _l("本辖区单位在外地使用"),
            lambda actor: MeasuringInstrument.division_code.not_in(scoping.area_codes(actor.division_code or "")),
        ),
        Tab("all", _l("全部")),
    )
    filters = (
        ChoiceFilter("division", _l("行政区划"), options=division_options, column=MeasuringInstrument.division_code),
        ChoiceFilter("kind", _l("种别"), options=kind_options, column=MeasuringInstrument.kind_code),
        ChoiceFilter("use", _l("使用状态"), options=options_of(UseState), column=MeasuringInstrument.use_state),
        TextFilter("enterprise", _l("使用单位"), where=_of_enterprise),
    )

    def apply_search(self, query: Any, text: str) -> Any:
        for word in text.lower().split()[:6]:
            if len(word) > 1:
                grams = func.bigrams(MeasuringInstrument.search_text)
                query = query.where(grams.op("@>")(func.bigrams(word)))
            query = query.where(MeasuringInstrument.search_text.contains(word, autoescape=True))
        return query

    # 代办

    form_columns = (*FORM_COLUMNS, "reason")
    edit_only = ("reason",)
    sections = (*FORM_SECTIONS, (_l("修改原因"), ("reason",)))

    @property
    def create_heading(self) -> str:
        return _("代办新增器具")

    def enterprises_offered(self, query: Any) -> Any:
        return query.where(Enterprise.status == EnterpriseStatus.APPROVED)

    def get_form(self) -> type[InstrumentForm]:
        class FormOfAnOffice(super().get_form()):  # type: ignore[misc]
            reason = TextAreaField(
                _l("修改原因"),
                [InputRequired(_l("请写明原因，单位会看到这段话。"))],
                description=_l("台账是单位自己的：单位会收到通知，看到改了什么、为什么改。"),
            )

        return FormOfAnOffice

    def update(self, actor: Actor, row: MeasuringInstrument, values: dict[str, Any]) -> None:
        version = version_of(values.pop("version"))
        ledger.update(actor, row.id, values, version, reason=values.pop("reason") or "")

    def can_edit_row(self, row: MeasuringInstrument) -> bool:
        return row.use_state is not UseState.SCRAPPED and on_behalf.may_edit_instrument(self.actor, row)

    def after_create(self, row: MeasuringInstrument) -> Done:
        said = _("已为“%(enterprise)s”代办新增 %(title)s。", enterprise=row.enterprise.name, title=row)
        return Done(self.record_url(row), said)

    def is_offered(self, code: str, row: MeasuringInstrument) -> bool:
        return self.can_edit_row(row)

    def why_not(self, code: str, row: MeasuringInstrument) -> str:
        return _("正在预约检定，请先取消预约") if ledger.open_item(row.id) is not None else ""

    @record_action(
        "scrap",
        label=_l("报废"),
        permission=P.AREA_LEDGERS_EDIT,
        form=ReasonForm,
        confirm=_l("报废后不再预约检定，也不计入应检台件；原因会写进台账，使用单位可以看到。"),
        danger=True,
    )
    def scrap(self, actor: Actor, row: MeasuringInstrument, values: dict[str, Any]) -> Done:
        ledger.change_use(actor, [row.id], UseState.SCRAPPED, values["reason"] or "")
        return Done("", _("已将 %(title)s 办理为“报废”。", title=row))

    # Record

    def record_badge(self, row: MeasuringInstrument) -> Any:
        return status_badge(row)

    def cards(self, row: MeasuringInstrument) -> tuple[Card, ...]:
        enterprise = url_for("regulator_enterprises.details_view", key=row.enterprise_id)
        identity = (
            Fact(_("器具名称"), row.name),
            Fact(_("出厂编号"), row.full_serial, code=True),
            Fact(_("种别"), str(row.kind)),
            Fact(_("型号规格"), row.model),
            Fact(_("测量范围"), row.measuring_range),
            Fact(_("准确度等级"), row.accuracy_class),
            Fact(_("生产厂家"), row.manufacturer),
            Fact(_("管理编号"), row.management_number, code=True),
        )
        use = (
            Fact(_("使用单位"), row.enterprise.name, url=enterprise),
            Fact(_("使用地点"), row.place_of_use),
            Fact(_("使用地点行政区划"), str(row.division)),
            Fact(_("科室／部门"), row.department),
            Fact(_("用途"), messages.label(row.purpose)),
            Fact(_("送检方式"), messages.label(row.delivery_mode)),
            Fact(_("使用状态"), use_words(row)),
            Fact(_("备案时间"), moment(row.filed_at)),
            *on_behalf_facts(row),
        )
        verified = (
            Fact(_("检定日期"), day(row.verified_on)),
            Fact(_("有效期至"), valid_until_words(row)),
            Fact(_("检定证书编号"), row.certificate_number, code=True),
            Fact(_("检定机构"), row.verified_by.name if row.verified_by else None),
            Fact(_("上次检定日期（企业自报，未核实）"), day(row.declared_verified_on)),
            Fact(_("上次检定机构（企业自报，未核实）"), row.declared_institution),
        )
        return Card(_("器具"), identity), Card(_("使用"), use), Card(_("检定"), verified)
