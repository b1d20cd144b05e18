"""代办: enterprises entered at this institution's counter, their instruments, and booking for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import request, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select
from sqlalchemy.orm import joinedload
from wtforms import FileField, SelectField, StringField
from wtforms.validators import InputRequired

from ... import messages
from ...actor import Actor
from ...errors import Invalid
from ...messages.labels import label
from ...messages.registrations import principal_label
from ...messages.wording import day_with_weekday
from ...models import Division, Enterprise, MeasuringInstrument
from ...permissions import Permission, may
from ...services import areas, bookings_on_behalf, on_behalf, walk_ins
from ...services.stored_files import LARGEST_LICENCE, Upload
from ...states import AppointmentStatus, EnterpriseStatus, EnterpriseType
from ..actions import record_action
from ..base import Button, Card, Done, Event, Fact, Lookup, NextStep, Tab, needs
from ..enterprise.instrument_form import Asked, DivisionField, places_of_use
from ..formatting import as_badge, code, state_badge
from ..forms import REQUIRED, PanelForm
from ..lists import clean_text
from ..on_behalf_pages import BookingOnBehalf, InstrumentsOnBehalf
from ..on_behalf_words import on_behalf_facts
from ..reference_forms import RecordForms
from .records import INSTRUMENT_FACTS, INSTRUMENT_LABELS, verification_badge

P = Permission
COUNTER = _l("代办")
FIELDS = ("type", "uscc", "name", "division_code", "address", "principal", "contact", "mobile", "email", "licence")
UNIT, CONTACT = FIELDS[:6], FIELDS[6:]


def _clean(value: Any) -> Any:
    return clean_text(value, limit=None) if isinstance(value, str) else value


def _text(words: Any, help_: Any = "", *, required: bool = True, **attributes: str) -> StringField:
    return StringField(
        words, [Asked()] if required else [], filters=[_clean], description=help_, render_kw=attributes or None
    )


def _types() -> list[tuple[str, str]]:
    return [("", _("请选择")), *((each.value, label(each)) for each in EnterpriseType)]


class CorrectionForm(PanelForm):
    """What may be corrected after a refusal: everything but the code."""

    type = SelectField(
        _l("单位类型"),
        [InputRequired(REQUIRED)],
        choices=_types,
        validate_choice=False,
        description=_l("与营业执照一致；个体经营者选“个体工商户”。"),
    )
    name = _text(_l("单位名称"), _l("与营业执照上的名称一字不差。"), maxlength="100")
    division_code = DivisionField(
        label=_l("所在区县"),
        description=_l("由这里的监管部门审核。写区县名称或 6 位代码，从提示中选择。"),
        validators=[Asked()],
        target=Division,
        allow_blank=True,
        narrow=places_of_use,
        lookup=Lookup(by="code", search=("code", "name")),
    )
    address = _text(_l("详细地址"), _l("街道、门牌号或摊位，如“柳泉路 88 号”。"), maxlength="200")
    principal = _text(_l("法定代表人 / 负责人 / 经营者"), _l("营业执照上的姓名。"), maxlength="50")
    contact = _text(_l("联系人"), _l("审核和检定时联系的人。"), maxlength="50")
    mobile = _text(_l("手机号码"), inputmode="tel", maxlength="20")
    email = _text(_l("电子邮箱"), required=False, inputmode="email", maxlength="100")
    licence = FileField(
        _l("营业执照或登记证书"),
        description=_l("有就拍照上传，审核更快；没带可以不传。图片或 PDF，不超过 5 MB。"),
        render_kw={"accept": "image/jpeg,image/png,image/webp,application/pdf"},
    )


class WalkInForm(CorrectionForm):
    """The registration at the counter: no password, the licence may come later."""

    uscc = _text(
        _l("统一社会信用代码"),
        _l("营业执照上的 18 位代码。非法人企业填所属法人企业的代码，本单位的代码由系统生成。"),
        autocapitalize="characters",
        maxlength="40",
    )


def service_values(values: dict[str, Any]) -> dict[str, Any]:
    """Typed values as the registration takes them: a branch's code is its parent's."""
    typed = {name: value for name, value in values.items() if name != "licence"}
    if typed.get("type") == EnterpriseType.BRANCH.value:
        typed["parent_uscc"] = typed.pop("uscc", "")
    return typed


def upload_of(file: Any) -> Upload | None:
    """The chosen file, read no further than is needed to see that it is too large."""
    if not getattr(file, "filename", ""):
        return None
    file.stream.seek(0)
    return Upload(file.filename, file.stream.read(LARGEST_LICENCE + 1))


def beside_the_code(refused: Invalid) -> Invalid:
    """What is wrong with a branch's parent code stands beside the one field for codes."""
    return Invalid({"uscc" if name == "parent_uscc" else name: each for name, each in refused.problems.items()})


class WalkIns(BookingOnBehalf, RecordForms):
    """Only those this institution entered, until the trader claims the account."""

    model, noun, title, menu_group = Enterprise, "walk_ins", _l("代办单位"), COUNTER
    permissions = {"view": P.MATCHED_WALK_INS_EDIT, "create": P.MATCHED_WALK_INS_EDIT}
    details_template = "institution/walk_in.html"
    create_template = "institution/walk_in_form.html"
    count_unit, create_label = _l("家"), _l("代办登记")
    empty_title = _l("还没有代办的单位")
    empty_help = _l("没有账号的单位到窗口送检时，点“代办登记”：登记单位、器具和预约，由当地监管部门审核。")
    load_options = (joinedload(Enterprise.division),)
    column_list = ("name", "status", "uscc", "division_code", "contact", "mobile")
    column_labels = {
        "name": _l("单位名称"),
        "status": _l("状态"),
        "uscc": _l("统一社会信用代码"),
        "division_code": _l("行政区划"),
        "contact": _l("联系人"),
        "mobile": _l("手机"),
    }
    column_formatters = {
        "status": as_badge,
        "uscc": lambda _view, _context, row, _name: code(row.uscc),
        "division_code": lambda _view, _context, row, _name: row.division.name,
        "mobile": lambda _view, _context, row, _name: code(row.mobile),
    }
    column_sortable_list = ("name",)
    cell_classes = {"uscc": "wide"}
    search_columns = (Enterprise.name, Enterprise.uscc, Enterprise.contact, Enterprise.mobile)
    search_label = _l("名称、代码、联系人、手机")
    tabs = (
        Tab("all", _l("全部")),
        Tab("pending", _l("待审核"), Enterprise.status == EnterpriseStatus.PENDING),
        Tab("refused", _l("未通过"), Enterprise.status == EnterpriseStatus.REFUSED),
        Tab("approved", _l("已通过"), Enterprise.status == EnterpriseStatus.APPROVED),
    )
    form_columns = FIELDS
    sections = ((_l("单位"), UNIT), (_l("联系人和证照"), CONTACT))
    form_lookups = {"division_code": Lookup(by="code", search=("code", "name"))}
    booking_hint = _l("提交后优先分配到本机构；本机构不能检定的，按规则匹配其他机构。")

    def scope(self) -> Select[Any]:
        return super().scope().where(Enterprise.registered_by_institution_id == self.actor.institution_id)

    def menu_count(self, actor: Actor) -> int | None:
        return None

    # Registering

    @property
    def create_heading(self) -> str:
        return _("代办登记")

    def get_form(self) -> type[WalkInForm]:
        return WalkInForm

    def create(self, actor: Actor, values: dict[str, Any]) -> Enterprise:
        try:
            return walk_ins.register(actor, service_values(values), upload_of(values["licence"]))
        except Invalid as refused:
            raise beside_the_code(refused) from refused

    def after_create(self, row: Enterprise) -> Done:
        said = _("已代办登记“%(name)s”，等当地监管部门审核。现在就可以登记器具、代办预约。", name=row.name)
        return Done(self.record_url(row), said)

    @record_action(
        "correct",
        label=_l("更正后重新提交"),
        permission=P.MATCHED_WALK_INS_EDIT,
        form=CorrectionForm,
        template="institution/walk_in_form.html",
    )
    def correct(self, actor: Actor, row: Enterprise, values: dict[str, Any]) -> Done:
        walk_ins.correct(actor, row.id, service_values(values), upload_of(values["licence"]))
        return Done("", _("已重新提交，等当地监管部门审核。"))

    def action_form(self, code: str, subject: Enterprise) -> Any:
        return CorrectionForm(obj=subject) if request.method == "GET" else super().action_form(code, subject)

    def is_offered(self, code: str, row: Enterprise) -> bool:
        return row.status is EnterpriseStatus.REFUSED

    # Booking

    @expose("/<key>/book", methods=("GET", "POST"))
    @needs(P.MATCHED_WALK_INS_EDIT)
    def book(self, key: str) -> Any:
        """Tick instruments and book them: at once, or when the registration is approved."""
        row: Enterprise = self.row_or_404(key)
        offered = on_behalf.editable_instruments(self.actor).where(MeasuringInstrument.enterprise_id == row.id)
        return self.serve_booking(row, instruments=offered, back_url=self.record_url(row))

    # Record

    def record_badge(self, row: Enterprise) -> Any:
        return state_badge(row.status)

    def next_step(self, row: Enterprise) -> NextStep | None:
        if row.status is EnterpriseStatus.REFUSED:
            button = Button(_("更正后重新提交"), self.url_of("do_correct", key=row.id), primary=True)
            return NextStep(_("审核未通过：%(reason)s", reason=row.status_reason), primary=button, warn=True)
        if row.status is EnterpriseStatus.PENDING:
            return NextStep(self._review_words(row), _("代办的预约在审核通过后自动提交，不用再来点。"))
        if row.status is EnterpriseStatus.SUSPENDED:
            return NextStep(_("已停用：%(reason)s", reason=row.status_reason), warn=True)
        return NextStep(_("审核已通过，可以代办预约。"), _("单位要自己办理时，由监管部门发一次性链接领取账号。"))

    def _review_words(self, row: Enterprise) -> str:
        latest = row.registrations[0]
        office = areas.regulator_office(latest.reviewer_division_code)
        return _(
            "等%(office)s审核，最迟 %(day)s 答复",
            office=office.organisation if office else _("系统管理员"),
            day=day_with_weekday(areas.last_day(latest.due_at)),
        )

    def cards(self, row: Enterprise) -> Sequence[Card]:
        unit = (
            Fact(_("统一社会信用代码"), row.uscc, code=True),
            Fact(_("类型"), messages.label(row.type)),
            Fact(_("行政区划"), str(row.division)),
            Fact(_("地址"), row.address),
            Fact(principal_label(row.type), row.principal),
            *on_behalf_facts(row),
        )
        contact = (
            Fact(_("联系人"), row.contact),
            Fact(_("手机"), row.mobile, code=True),
            Fact(_("电子邮箱"), row.email),
        )
        return Card(_("单位"), unit), Card(_("联系"), contact)

    def record_buttons(self, row: Enterprise) -> list[Button]:
        """更正 stands in the strip; a suspended one may only be looked at."""
        if row.status is EnterpriseStatus.SUSPENDED:
            return []
        add = url_for("institution_walk_in_instruments.create_view", enterprise_id=row.uscc)
        return [Button(_("代办预约"), self.url_of("book", key=row.id)), Button(_("新增器具"), add)]

    def history(self, row: Enterprise) -> Sequence[Event]:
        events: list[Event] = []
        for each in row.registrations:
            if each.decided_at is not None:
                events.append(Event(each.decided_at, label(each.state) + (f"：{each.reason}" if each.reason else "")))
            events.append(Event(each.submitted_at, _("提交注册"), who=each.submitted.get("submitted_by", "")))
        return sorted(events, key=lambda event: event.at, reverse=True)

    def record_context(self, row: Enterprise) -> dict[str, Any]:
        is_open = row.status is not EnterpriseStatus.SUSPENDED
        return {
            "instruments": walk_ins.instruments(self.actor, row.id) if is_open else [],
            "items": bookings_on_behalf.items_of_walk_in(self.actor, row.id),
            "instrument_url": lambda key: url_for("institution_walk_in_instruments.details_view", key=key),
            "waits": lambda appointment: (
                appointment.status is AppointmentStatus.DRAFT and appointment.is_submitted_on_approval
            ),
        }


class WalkInInstruments(InstrumentsOnBehalf, RecordForms):
    """What was entered here for walk-ins; theirs alone once they claim the account."""

    model, noun, title, menu_group = MeasuringInstrument, "walk_in_instruments", _l("代办器具"), COUNTER
    permissions = {
        "view": P.MATCHED_WALK_INS_EDIT,
        "create": P.MATCHED_WALK_INS_EDIT,
        "edit": P.MATCHED_WALK_INS_EDIT,
    }
    count_unit, create_label = _l("台（件）"), _l("新增")
    empty_title = _l("还没有代办的器具")
    empty_help = _l("先在“代办单位”里登记单位，再替它新增器具。")
    load_options = (
        joinedload(MeasuringInstrument.kind),
        joinedload(MeasuringInstrument.enterprise),
        joinedload(MeasuringInstrument.division),
    )
    column_list = ("name", "status", "serial_number", "kind", "enterprise", "division", "place_of_use")
    column_details_list = INSTRUMENT_FACTS
    column_labels = INSTRUMENT_LABELS
    column_sortable_list = ("name", "serial_number")
    column_formatters = {
        "status": verification_badge,
        "kind": lambda _view, _context, row, _name: row.kind.name,
        "division": lambda _view, _context, row, _name: row.division.name,
    }
    column_formatters_detail = {"use_state": as_badge}
    cell_classes = {"serial_number": "code", "enterprise": "wide", "place_of_use": "hide"}
    search_columns = (MeasuringInstrument.name, MeasuringInstrument.serial_number, MeasuringInstrument.manufacturer)
    search_label = _l("名称、出厂编号、厂家")

    def scope(self) -> Select[Any]:
        if not may(self.actor, P.MATCHED_WALK_INS_EDIT):  # Asked for whoever may not open the list either.
            return super().scope()
        return on_behalf.editable_instruments(self.actor)

    @property
    def create_heading(self) -> str:
        return _("代办新增器具")

    def enterprises_offered(self, query: Any) -> Any:
        return query.where(Enterprise.registered_by_institution_id == self.actor.institution_id)

    def after_create(self, row: MeasuringInstrument) -> Done:
        said = _("已为“%(enterprise)s”新增 %(title)s。", enterprise=row.enterprise.name, title=row)
        return Done(url_for("institution_walk_ins.details_view", key=row.enterprise_id), said)

    def record_badge(self, row: MeasuringInstrument) -> Any:
        return verification_badge(self, None, row, "status")

    def record_buttons(self, row: MeasuringInstrument) -> list[Button]:
        back = url_for("institution_walk_ins.details_view", key=row.enterprise_id)
        return [*super().record_buttons(row), Button(_("代办单位"), back)]
