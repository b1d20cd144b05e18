"""器具台账: the ledger of an enterprise."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from flask import current_app, flash, jsonify, request, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import func
from sqlalchemy.orm import joinedload
from wtforms import SelectField, StringField

from ... import clock, messages
from ...actor import Actor
from ...messages.ledger import history_words
from ...models import InstrumentKind, MeasuringInstrument
from ...permissions import P
from ...services import ledger, ledger_reference
from ...services.ledger_status import has_status
from ...states import DeliveryMode, UseState, VerificationStatus
from ...workbooks.columns import BY_CODE
from ..actions import batch_action, record_action
from ..base import Button, Card, Done, Event, Fact, NextStep, ScopedModelView, Tab
from ..formatting import choices_of, code, day, moment, state_badge
from ..forms import PanelForm
from ..lists import ChoiceFilter
from ..subjects import record_path
from .instrument_form import FIELDS, SECTIONS, InstrumentForm, range_words, say_what_was_read

Instrument = MeasuringInstrument


def _soon_days() -> int:
    return int(current_app.config["SETTINGS"].due_soon_days)


def _status(status: VerificationStatus) -> Any:
    return has_status(status, today=clock.today(), soon_days=_soon_days())


def _in_use_with(status: VerificationStatus, _actor: Actor) -> Any:
    return _status(status) & (Instrument.use_state == UseState.IN_USE)


def status_badge(row: Instrument) -> Any:
    """检定状态, or the use state of what is not in use: nothing is due there."""
    if row.use_state is not UseState.IN_USE:
        return state_badge(row.use_state)
    return state_badge(row.verification_status(today=clock.today(), soon_days=_soon_days()))


def _kinds(_actor: Actor) -> list[tuple[str, str]]:
    return [(kind.code, kind.label) for kind in ledger_reference.kinds()]


def _used_divisions(actor: Actor) -> list[tuple[str, str]]:
    return [(row.code, f"{row.code} {row.name}") for row in ledger.divisions_in_use(actor)]


class ReasonForm(PanelForm):
    reason = StringField(_l("原因"), description=_l("会记入这台器具的经过，如“停产检修”“已更换新表”。"))


class OtherUseForm(ReasonForm):
    state = SelectField(
        _l("办理为"),
        choices=lambda: choices_of(UseState)[2:3] + choices_of(UseState)[4:],
        coerce=lambda value: str(value),
    )


class Instruments(ScopedModelView):
    """One row, one physical instrument."""

    model, noun, title = Instrument, "instruments", _l("器具台账")
    in_dock, dock_label = True, _l("台账")
    permissions = {
        "view": P.OWN_LEDGER_READ,
        "create": P.OWN_LEDGER_EDIT,
        "edit": P.OWN_LEDGER_EDIT,
        "delete": P.OWN_LEDGER_EDIT,
        "export": P.OWN_LEDGER_READ,
    }
    count_unit = _l("台（件）")
    create_label = _l("新增")
    empty_title = _l("台账还是空的")
    empty_help = _l("数量少的可以逐台新增，数量多的请下载模板填好后导入。登记后，检定状态和到期日会显示在这里。")
    edit_template = "enterprise/instruments/edit.html"
    load_options = (
        joinedload(Instrument.kind).joinedload(InstrumentKind.item),
        joinedload(Instrument.division),
        joinedload(Instrument.verified_by),
    )

    column_list = (
        "name",
        "outcome",
        "valid_until",
        "serial_number",
        "kind_code",
        "model",
        "measuring_range",
        "accuracy_class",
        "division_code",
        "purpose",
        "delivery_mode",
    )
    column_export_list = (
        "id",
        "name",
        "kind_code",
        "model",
        "measuring_range",
        "accuracy_class",
        "serial_number",
        "sub_number",
        "manufacturer",
        "place_of_use",
        "division_code",
        "department",
        "management_number",
        "use_state",
        "valid_until",
        "certificate_number",
    )
    column_labels = {
        **{name: _l(column.name) for name, column in BY_CODE.items()},
        "id": _l("台账编号"),
        "outcome": _l("检定状态"),
        "valid_until": _l("有效期至"),
        "serial_number": _l("出厂编号／分号"),
        "kind_code": _l("种别"),
        "division_code": _l("使用地点"),
        "place_of_use": _l("详细地点"),
        "use_state": _l("使用状态"),
        "purpose": _l("用途"),
    }
    column_formatters = {
        "outcome": lambda _view, _context, row, _name: status_badge(row),
        "valid_until": lambda _view, _context, row, _name: day(row.effective_valid_until()),
        "serial_number": lambda _view, _context, row, _name: code(row.full_serial),
        "kind_code": lambda _view, _context, row, _name: row.kind.name,
        "division_code": lambda _view, _context, row, _name: row.division.name,
        "delivery_mode": lambda _view, _context, row, _name: (
            _("现场") if row.delivery_mode is DeliveryMode.ON_SITE else _("送检")
        ),
    }
    column_formatters_export = {
        "serial_number": lambda _view, _context, row, _name: row.serial_number,
        "kind_code": lambda _view, _context, row, _name: f"{row.kind_code} {row.kind.name}",
        "division_code": lambda _view, _context, row, _name: f"{row.division_code} {row.division.name}",
        "valid_until": lambda _view, _context, row, _name: day(row.effective_valid_until()),
    }
    column_sortable_list = ("name", "serial_number", "model")
    cell_classes = {
        "serial_number": "code",
        "model": "hide",
        "accuracy_class": "hide",
        "purpose": "hide",
        "delivery_mode": "hide",
    }
    search_label = _l("名称、编号、型号、厂家、地点")
    tabs = (
        Tab("all", _l("全部")),
        Tab("in_use", _l("在用"), Instrument.use_state == UseState.IN_USE),
        Tab("due_soon", _l("即将到期"), partial(_in_use_with, VerificationStatus.DUE_SOON)),
        Tab("overdue", _l("超期"), partial(_in_use_with, VerificationStatus.OVERDUE)),
        Tab("never", _l("未检定"), partial(_in_use_with, VerificationStatus.NEVER)),
        Tab("stopped", _l("停用"), Instrument.use_state != UseState.IN_USE),
    )
    filters = (
        ChoiceFilter("kind", _l("种别"), options=_kinds, column=Instrument.kind_code),
        ChoiceFilter("division", _l("使用地点"), options=_used_divisions, column=Instrument.division_code),
        ChoiceFilter("use", _l("使用状态"), options=lambda _actor: choices_of(UseState), column=Instrument.use_state),
        ChoiceFilter(
            "status", _l("检定状态"), options=lambda _actor: choices_of(VerificationStatus), where=lambda s: _status(s)
        ),
    )
    form_columns = FIELDS
    form_sections = SECTIONS
    form_lookups = {"division_code": InstrumentForm.division_code.kwargs["lookup"]}

    def apply_search(self, query: Any, text: str) -> Any:
        """By the index over pairs of characters; a single character is looked for row by row."""
        for word in text.lower().split()[:6]:
            if len(word) > 1:
                query = query.where(func.bigrams(Instrument.search_text).op("@>")(func.bigrams(word)))
            query = query.where(Instrument.search_text.contains(word, autoescape=True))
        return query

    def list_buttons(self) -> list[Button]:
        return [Button(_("导入"), url_for("enterprise_imports.new"))]

    @expose("/count.json")
    def count(self) -> Any:
        return jsonify(count=ledger.count(self.actor))

    # Record

    def record_badge(self, row: Instrument) -> Any:
        return status_badge(row)

    def next_step(self, row: Instrument) -> NextStep | None:
        item = ledger.open_item(row.id)
        if item is not None:
            url = record_path("enterprise", "appointments", item.appointment_id)
            what = _("正在预约检定：%(state)s", state=messages.label(item.status))
            who = _("预约申请 %(number)s", number=item.appointment.number)
            return NextStep(what, who, primary=Button(_("查看预约"), url, primary=True))
        status = row.verification_status(today=clock.today(), soon_days=_soon_days())
        due = (VerificationStatus.NEVER, VerificationStatus.DUE_SOON, VerificationStatus.OVERDUE)
        if row.use_state is not UseState.IN_USE or status not in due:
            return None
        until = row.effective_valid_until()
        sentences = {
            VerificationStatus.NEVER: _("还没有检定记录，请预约检定"),
            VerificationStatus.DUE_SOON: _("检定有效期至 %(day)s，请预约检定", day=day(until)),
            VerificationStatus.OVERDUE: _("检定已于 %(day)s 到期，请停止使用并预约检定", day=day(until)),
        }
        button = Button(_("预约检定"), record_path("enterprise", "appointments", ""), primary=True)
        return NextStep(sentences[status], primary=button, warn=status is VerificationStatus.OVERDUE)

    def cards(self, row: Instrument) -> tuple[Card, ...]:
        to_be_confirmed = _("（是否属于强制检定待确认）") if row.kind.is_to_be_confirmed else ""
        identity = (
            Fact(_("器具名称"), row.name),
            Fact(_("种别"), f"{row.kind}{to_be_confirmed}"),
            Fact(_("项别"), str(row.kind.item)),
            Fact(_("型号规格"), row.model),
            Fact(_("测量范围"), row.measuring_range),
            Fact(_("测量范围读作"), range_words(row.measuring_range) if row.measuring_range else None),
            Fact(_("准确度等级"), row.accuracy_class),
            Fact(_("准确度等级读作"), row.accuracy),
            Fact(_("出厂编号"), row.serial_number, code=True),
            Fact(_("机号／枪号／分号"), row.sub_number, code=True),
            Fact(_("管理编号"), row.management_number, code=True),
            Fact(_("生产厂家"), row.manufacturer),
            Fact(_("器具产地"), ledger_reference.origins().get(row.origin, row.origin)),
        )
        return Card(_("器具"), identity), self._use_card(row), self._verified_card(row)

    def _use_card(self, row: Instrument) -> Card:
        since = f"（{day(row.use_state_on)} {row.use_state_reason}）" if row.use_state_on else ""
        use = (
            Fact(_("使用状态"), f"{messages.label(row.use_state)}{since}"),
            Fact(_("使用地点"), row.place_of_use),
            Fact(_("使用地点行政区划"), str(row.division)),
            Fact(_("科室／部门"), row.department),
            Fact(_("用途"), messages.label(row.purpose)),
            Fact(_("送检方式"), messages.label(row.delivery_mode)),
            Fact(_("台账编号"), row.ledger_number, code=True),
            Fact(_("备案时间"), moment(row.filed_at)),
        )
        return Card(_("使用"), use)

    def _verified_card(self, row: Instrument) -> Card:
        facts = [
            Fact(_("检定证书编号"), row.certificate_number, code=True),
            Fact(_("检定日期"), day(row.verified_on)),
            Fact(_("有效期至"), day(row.valid_until)),
            Fact(_("检定机构"), row.verified_by.name if row.verified_by else None),
        ]
        if row.is_declared_only:
            facts += [
                Fact(_("上次有效期至（企业自报，未核实）"), day(row.declared_valid_until)),
                Fact(_("上次检定机构（企业自报，未核实）"), row.declared_institution),
            ]
        return Card(_("检定（由技术机构填写）"), facts)

    def history(self, row: Instrument) -> Sequence[Event]:
        return [
            Event(event.at, history_words(event.action, event.before, event.after), who=event.actor_name)
            for event in ledger.history(self.actor, row.id)
        ]

    def record_buttons(self, row: Instrument) -> list[Button]:
        """What people do most comes first; what ends an instrument's use comes last."""
        buttons = super().record_buttons(row)
        actions = len(self.action_buttons(row))
        copy = Button(_("复制新增"), self.url_of("create_view", copy=row.id))
        return [*buttons[actions:], copy, *buttons[:actions]]

    def can_delete_row(self, row: Instrument) -> bool:
        return ledger.may_be_removed(row.id)

    # Forms

    @property
    def create_heading(self) -> str:
        return _("新增器具")

    def get_form(self) -> type[InstrumentForm]:
        return InstrumentForm

    def create_form(self, obj: Any = None) -> Any:
        """An empty form, or one filled from the row that is copied; its numbers are never copied."""
        source = request.args.get("copy", "") if request.method == "GET" else ""
        if not source:
            return super().create_form(obj)
        form = InstrumentForm(obj=self.row_or_404(source))
        for name in ("serial_number", "sub_number", "management_number", "version"):
            form[name].data = ""
        return form

    def form_context(self, form: Any, row: Instrument | None) -> dict[str, Any]:
        say_what_was_read(form)
        item = ledger.open_item(row.id) if row is not None else None
        locked = sorted(ledger.locked_columns(item), key=FIELDS.index)
        return {
            "locked_slip": item.slip.number if item is not None and locked and item.slip else "",
            "locked_names": "、".join(str(form[name].label.text) for name in locked),
        }

    def create(self, actor: Actor, values: dict[str, Any]) -> Instrument:
        values.pop("version")
        return ledger.create(actor, actor.enterprise_id or 0, values)

    def update(self, actor: Actor, row: Instrument, values: dict[str, Any]) -> None:
        version = str(values.pop("version") or "")
        ledger.update(actor, row.id, values, int(version) if version.isdecimal() else None)

    def remove(self, actor: Actor, row: Instrument) -> None:
        ledger.remove(actor, row.id)

    def after_create(self, row: Instrument) -> Done:
        self._warn(row)
        return super().after_create(row)

    def after_update(self, row: Instrument) -> Done:
        self._warn(row)
        return super().after_update(row)

    def _warn(self, row: Instrument) -> None:
        for warning in ledger.warnings_of(row):
            flash(messages.sentence(warning.code, warning.facts), "warn")

    # Use

    def is_offered(self, code: str, row: Instrument) -> bool:
        if ledger.open_item(row.id) is not None:
            return False
        is_used = row.use_state is UseState.IN_USE
        return not is_used if code == "start" else is_used or (code == "scrap" and row.use_state is UseState.STOPPED)

    def _change(self, actor: Actor, rows: Sequence[Instrument], state: UseState, reason: str | None) -> Done:
        count = ledger.change_use(actor, [row.id for row in rows], state, reason or "")
        said = _("已将 %(count)s 台（件）办理为“%(state)s”。", count=count, state=messages.label(state))
        return Done("", said)

    @record_action("stop", label=_l("停用"), permission=P.OWN_LEDGER_EDIT, form=ReasonForm)
    def stop(self, actor: Actor, row: Instrument, values: dict[str, Any]) -> Done:
        return self._change(actor, [row], UseState.STOPPED, values["reason"])

    @record_action("start", label=_l("启用"), permission=P.OWN_LEDGER_EDIT, form=ReasonForm)
    def start(self, actor: Actor, row: Instrument, values: dict[str, Any]) -> Done:
        return self._change(actor, [row], UseState.IN_USE, values["reason"])

    @record_action("scrap", label=_l("报废"), permission=P.OWN_LEDGER_EDIT, form=ReasonForm, danger=True)
    def scrap(self, actor: Actor, row: Instrument, values: dict[str, Any]) -> Done:
        return self._change(actor, [row], UseState.SCRAPPED, values["reason"])

    @record_action("other-use", label=_l("封存、遗失或转出"), permission=P.OWN_LEDGER_EDIT, form=OtherUseForm)
    def other_use(self, actor: Actor, row: Instrument, values: dict[str, Any]) -> Done:
        return self._change(actor, [row], UseState(values["state"]), values["reason"])

    @batch_action("stop", label=_l("停用"), permission=P.OWN_LEDGER_EDIT, form=ReasonForm)
    def stop_many(self, actor: Actor, rows: Sequence[Instrument], values: dict[str, Any]) -> Done:
        return self._change(actor, rows, UseState.STOPPED, values["reason"])

    @batch_action("start", label=_l("启用"), permission=P.OWN_LEDGER_EDIT, form=ReasonForm)
    def start_many(self, actor: Actor, rows: Sequence[Instrument], values: dict[str, Any]) -> Done:
        return self._change(actor, rows, UseState.IN_USE, values["reason"])

    @batch_action("scrap", label=_l("报废"), permission=P.OWN_LEDGER_EDIT, form=ReasonForm, danger=True)
    def scrap_many(self, actor: Actor, rows: Sequence[Instrument], values: dict[str, Any]) -> Done:
        return self._change(actor, rows, UseState.SCRAPPED, values["reason"])
