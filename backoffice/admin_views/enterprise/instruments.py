"""器具台账: the ledger of an enterprise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from flask import g, jsonify, request, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString
from markupsafe import Markup
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload
from wtforms import SelectField, StringField

from ... import clock, messages, scoping
from ...actor import Actor
from ...errors import Invalid
from ...messages.ledger import column_name
from ...models import Enterprise, InstrumentKind, MeasuringInstrument
from ...permissions import P
from ...services import appointment_drafts, ledger, ledger_reference
from ...services.ledger_status import has_status
from ...services.ledger_values import DECLARED_COLUMNS, OPTIONAL_COLUMNS
from ...services.verification_reading import is_awaiting_repair
from ...states import DeliveryMode, UseState, VerificationStatus
from ...workbooks.columns import BY_CODE
from ..actions import batch_action, record_action
from ..base import Button, Done, ScopedModelView, Tab
from ..formatting import choices_of, code, day
from ..forms import PanelForm
from ..lists import ChoiceFilter
from ..on_behalf_words import with_on_behalf
from ..subjects import record_path
from .filing_form import FilingPages
from .instrument_batch import BatchPages
from .instrument_form import (
    FIELDS,
    LABELS,
    NEVER_COPIED,
    SECTIONS,
    InstrumentForm,
    begin_at,
    folded_sections,
    say_what_was_read,
    version_of,
)
from .instrument_record import InstrumentRecord, filing_words, soon_days, status_badge

Instrument = MeasuringInstrument

MORE_USES = (UseState.SEALED, UseState.LOST, UseState.TRANSFERRED)
"""Less common than 停用 and 报废: chosen in one form."""


def _status(status: VerificationStatus) -> Any:
    return has_status(status, today=clock.today(), soon_days=soon_days())


def _in_use_with(status: VerificationStatus, _actor: Actor) -> Any:
    return _status(status) & (Instrument.use_state == UseState.IN_USE)


def _kinds(_actor: Actor) -> list[tuple[str, str]]:
    return [(kind.code, kind.label) for kind in ledger_reference.kinds()]


def _used_divisions(actor: Actor) -> list[tuple[str, str]]:
    return [(row.code, f"{row.code} {row.name}") for row in ledger.divisions_in_use(actor)]


def _of_open_kinds() -> Any:
    return Instrument.kind_code.in_(select(InstrumentKind.code).where(InstrumentKind.supervision == ""))


def _kind_words(row: Instrument) -> str:
    return row.kind.name + (_("（待确认）") if row.kind.is_to_be_confirmed else "")


def _until_words(row: Instrument) -> str:
    return day(row.effective_valid_until()) + (_("（自报）") if row.is_declared_only else "")


class ReasonForm(PanelForm):
    reason = StringField(_l("原因"), description=_l("会记入这台器具的经过，如“停产检修”“已更换新表”。"))


class OtherUseForm(ReasonForm):
    state = SelectField(
        _l("办理为"),
        choices=lambda: [(state.value, messages.label(state)) for state in MORE_USES],
        coerce=lambda value: str(value),
    )


class Instruments(BatchPages, FilingPages, InstrumentRecord, ScopedModelView):
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
    create_template = "enterprise/instruments/new.html"
    edit_template = "enterprise/instruments/edit.html"
    details_template = "enterprise/instruments/record.html"
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
        "origin",
        "place_of_use",
        "division_code",
        "department",
        "purpose",
        "delivery_mode",
        "management_number",
        "use_state",
        "use_state_on",
        "use_state_reason",
        "outcome",
        "valid_until",
        "certificate_number",
        *DECLARED_COLUMNS,
        *OPTIONAL_COLUMNS,
        "filed_at",
        "filing_office",
        "on_behalf",
    )
    column_labels = {
        **{name: _l(column.name) for name, column in BY_CODE.items()},
        **{name: LABELS.get(name) or LazyString(column_name, name) for name in OPTIONAL_COLUMNS},
        "declared_verified_on": _l("上次检定日期（企业自报，未核实）"),
        "declared_valid_until": _l("上次有效期至（企业自报，未核实）"),
        "declared_certificate_number": _l("上次证书编号（企业自报，未核实）"),
        "declared_institution": _l("上次检定机构（企业自报，未核实）"),
        "use_state_on": _l("使用状态日期"),
        "use_state_reason": _l("使用状态原因"),
        "filed_at": _l("备案时间"),
        "filing_office": _l("备案机关"),
        "on_behalf": _l("代办"),
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
        "valid_until": lambda _view, _context, row, _name: _until_words(row),
        "serial_number": lambda _view, _context, row, _name: with_on_behalf(code(row.full_serial), row),
        "kind_code": lambda _view, _context, row, _name: _kind_words(row),
        "division_code": lambda _view, _context, row, _name: row.division.name,
        "delivery_mode": lambda _view, _context, row, _name: (
            _("现场") if row.delivery_mode is DeliveryMode.ON_SITE else _("送检")
        ),
    }
    column_formatters_export = {
        "serial_number": lambda _view, _context, row, _name: row.serial_number,
        "kind_code": lambda _view, _context, row, _name: f"{row.kind_code} {_kind_words(row)}",
        "origin": lambda view, _context, row, _name: view.origins().get(row.origin, row.origin),
        "division_code": lambda _view, _context, row, _name: f"{row.division_code} {row.division.name}",
        "outcome": lambda _view, _context, row, _name: status_badge(row),
        "valid_until": lambda _view, _context, row, _name: _until_words(row),
        "filing_office": lambda _view, _context, row, _name: filing_words().office(row.division_code),
        "on_behalf": lambda _view, _context, row, _name: filing_words().on_behalf(row),
    }
    column_sortable_list = ("name", "serial_number", "model")
    cell_classes = {
        "serial_number": "code",
        "model": "hide",
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
        Tab("failed", _l("不合格待修"), lambda _actor: is_awaiting_repair()),
        Tab("stopped", _l("停用"), Instrument.use_state != UseState.IN_USE),
        Tab("open", _l("待确认种别"), _of_open_kinds()),
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
        filing = Button(_("备案表"), self._filing_url("filing_view", self.list_state()))
        many = [Button(_("批量新增"), self.url_of("create_many"))] if self.may(P.OWN_LEDGER_EDIT) else []
        return [Button(_("导入"), url_for("enterprise_imports.new")), *many, filing]

    def row_buttons(self, row: Instrument) -> Sequence[Button]:
        if not self.may(P.OWN_LEDGER_EDIT):
            return ()
        return (Button(_("复制"), self.url_of("create_view", copy=row.id)),)

    def origins(self) -> dict[str, str]:
        """The option list, asked for once a request."""
        if "ledger_origins" not in g:
            g.ledger_origins = ledger_reference.origins()
        found: dict[str, str] = g.ledger_origins
        return found

    @expose("/count.json")
    def count(self) -> Any:
        return jsonify(count=ledger.count(self.actor))

    # Record

    def record_buttons(self, row: Instrument) -> list[Button]:
        """What people do most comes first; what ends an instrument's use last; nothing that stands in the strip."""
        buttons = super().record_buttons(row)
        actions = len(self.action_buttons(row))
        strip = self.next_step(row)
        shown = {each.url for each in (strip.primary, *strip.others) if each} if strip else set()
        copy = Button(_("复制新增"), self.url_of("create_view", copy=row.id))
        filing = Button(_("备案表"), self.url_of("filing_of_one_view", key=row.id))
        made = [*buttons[actions:], copy, filing, *buttons[:actions]]
        return [each for each in made if each.url not in shown]

    def can_delete_row(self, row: Instrument) -> bool:
        return ledger.may_be_removed(row.id)

    # Forms

    @property
    def create_heading(self) -> str:
        return _("新增器具")

    def get_form(self) -> type[InstrumentForm]:
        return InstrumentForm

    def create_form(self, obj: Any = None) -> Any:
        """A form at the enterprise's own place, or filled from the row that is copied, but for what is its alone."""
        source = request.args.get("copy", "") if request.method == "GET" else ""
        if not source:
            form = super().create_form(obj)
            if request.method == "GET":
                begin_at(form, scoping.find(self.actor, Enterprise, self.actor.enterprise_id))
            return form
        form = InstrumentForm(obj=self.row_or_404(source))
        for name in NEVER_COPIED:
            form[name].data = ""
        return form

    def form_context(self, form: Any, row: Instrument | None) -> dict[str, Any]:
        say_what_was_read(form)
        _link_to_existing(form)
        item = ledger.open_item(row.id) if row is not None else None
        locked = sorted(ledger.locked_columns(item), key=FIELDS.index)
        return {
            "locked_slip": item.slip.number if item is not None and locked and item.slip else "",
            "folded": folded_sections(form, is_verified=row is not None and row.verified_on is not None),
            "locked_names": "、".join(str(form[name].label.text) for name in locked),
        }

    def create(self, actor: Actor, values: dict[str, Any]) -> Instrument:
        values.pop("version")
        with _remembering_existing():
            return ledger.create(actor, actor.enterprise_id or 0, values)

    def update(self, actor: Actor, row: Instrument, values: dict[str, Any]) -> None:
        version = version_of(values.pop("version"))
        with _remembering_existing():
            ledger.update(actor, row.id, values, version)

    def remove(self, actor: Actor, row: Instrument) -> None:
        ledger.remove(actor, row.id)

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

    @batch_action(
        "book",
        label=_l("预约检定"),
        permission=P.OWN_APPOINTMENTS_EDIT,
        confirm=lambda _view, rows: _("新建一个预约草稿，放入这 %(count)s 台（件）；核对后再提交。", count=len(rows)),
    )
    def book_many(self, actor: Actor, rows: Sequence[Instrument], values: dict[str, Any]) -> Done:
        draft = appointment_drafts.create_draft(actor)
        count = appointment_drafts.choose(actor, draft.id, [row.id for row in rows])
        said = _("已建立草稿并放入 %(count)s 台（件），请核对后提交。", count=count)
        return Done(record_path("enterprise", "appointments", draft.id), said)

    @batch_action("stop", label=_l("停用"), permission=P.OWN_LEDGER_EDIT, form=ReasonForm)
    def stop_many(self, actor: Actor, rows: Sequence[Instrument], values: dict[str, Any]) -> Done:
        return self._change(actor, rows, UseState.STOPPED, values["reason"])

    @batch_action("other-use", label=_l("封存、遗失或转出"), permission=P.OWN_LEDGER_EDIT, form=OtherUseForm)
    def other_use_of_many(self, actor: Actor, rows: Sequence[Instrument], values: dict[str, Any]) -> Done:
        return self._change(actor, rows, UseState(values["state"]), values["reason"])

    @batch_action("start", label=_l("启用"), permission=P.OWN_LEDGER_EDIT, form=ReasonForm)
    def start_many(self, actor: Actor, rows: Sequence[Instrument], values: dict[str, Any]) -> Done:
        return self._change(actor, rows, UseState.IN_USE, values["reason"])

    @batch_action("scrap", label=_l("报废"), permission=P.OWN_LEDGER_EDIT, form=ReasonForm, danger=True)
    def scrap_many(self, actor: Actor, rows: Sequence[Instrument], values: dict[str, Any]) -> Done:
        return self._change(actor, rows, UseState.SCRAPPED, values["reason"])


@contextmanager
def _remembering_existing() -> Iterator[None]:
    """Keep which row a duplicate is about, so that the form shown again can lead there."""
    try:
        yield
    except Invalid as refused:
        problem = refused.problems.get("serial_number")
        if problem is not None and problem.code == "ledger_duplicate":
            g.existing_instrument = problem.facts["ledger_number"]
        raise


def _link_to_existing(form: Any) -> None:
    """The sentence about a duplicate, with a link to the row that is there."""
    key = g.get("existing_instrument")
    if key is None or not form.serial_number.errors:
        return
    url = url_for("enterprise_instruments.details_view", key=key)
    *earlier, sentence = form.serial_number.errors
    link = Markup('{} <a href="{}">{}</a>').format(sentence, url, _("查看这台器具"))
    form.serial_number.errors = [*earlier, link]
