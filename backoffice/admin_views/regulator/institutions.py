"""Technical institutions with their laboratories, suspensions and authorised kinds."""

from __future__ import annotations

from typing import Any

from flask import abort, g, redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload, selectinload

from ... import clock, messages, scoping
from ...actor import Actor
from ...database import db
from ...models import Capability, Designation, Institution, InstitutionSuspension, Laboratory
from ...services import institutions
from ...states import InstitutionType, Level
from ..actions import record_action
from ..base import Card, Done, Fact, ScopedModelView, Tab
from ..formatting import badge, code
from ..keys import coerce_key
from ..lists import ChoiceFilter
from ..reference_forms import ReasonForm, options_of
from .common import BUSINESS, P, RecordView, area_words, in_area, period_badge, remember_divisions


def state_badge(institution: Institution) -> Any:
    """已停用, 暂停受理 or 正常 today."""
    if not institution.is_active:
        return badge(_("已停用"), "end")
    if institutions.suspension_on(institution, clock.today()) is not None:
        return badge(_("暂停受理"), "warn")
    return badge(_("正常"), "ok")


def institution_url(institution_id: int) -> str:
    return url_for("regulator_institutions.details_view", key=institution_id)


class Institutions(RecordView):
    """技术机构. Read all over the province, changed where the seat is."""

    model, noun, title, menu_group = Institution, "institutions", _l("技术机构"), BUSINESS
    permissions = {
        "view": P.AREA_INSTITUTIONS_READ,
        "create": P.AREA_INSTITUTIONS_EDIT,
        "edit": P.AREA_INSTITUTIONS_EDIT,
        "delete": P.AREA_INSTITUTIONS_EDIT,
        "export": P.AREA_INSTITUTIONS_READ,
    }
    count_unit, create_label = _l("家"), _l("新增")
    empty_title = _l("还没有技术机构")
    empty_help = _l("先登记技术机构，再登记它的授权检定项目，预约才能匹配到它。")
    load_options = (joinedload(Institution.seat), selectinload(Institution.suspensions))

    column_list = ("name", "is_active", "level", "type", "seat_division_code", "contact", "phone", "priority")
    column_labels = {
        "name": _l("机构名称"),
        "is_active": _l("状态"),
        "level": _l("级别"),
        "type": _l("类型"),
        "seat_division_code": _l("所在地"),
        "address": _l("地址"),
        "reception_place": _l("收发地点"),
        "contact": _l("联系人"),
        "phone": _l("电话"),
        "priority": _l("优先级"),
    }
    column_formatters = {
        "is_active": lambda _view, _context, row, _name: state_badge(row),
        "seat_division_code": lambda _view, _context, row, _name: row.seat.name,
        "phone": lambda _view, _context, row, _name: code(row.phone),
    }
    cell_classes = {"priority": "num hide", "type": "hide", "contact": "hide"}
    column_sortable_list = ("name", "priority")
    default_order = ("name", False)
    search_columns = (Institution.name, Institution.address, Institution.contact)
    search_label = _l("名称、地址、联系人")
    tabs = (
        Tab("all", _l("全部")),
        Tab(
            "area",
            _l("所在地在本辖区"),
            lambda actor: Institution.seat_division_code.in_(scoping.area_codes(actor.division_code or "")),
        ),
        Tab("stopped", _l("已停用"), Institution.is_active.is_(False)),
    )
    filters = (
        ChoiceFilter("level", _l("级别"), options=options_of(Level), column=Institution.level),
        ChoiceFilter("type", _l("类型"), options=options_of(InstitutionType), column=Institution.type),
    )
    details_template = "regulator/institution.html"

    form_columns = (
        "name",
        "type",
        "level",
        "seat_division_code",
        "address",
        "phone",
        "contact",
        "reception_place",
        "priority",
    )
    form_choices = {"type": options_of(InstitutionType), "level": options_of(Level)}
    sections = (
        (_l("机构"), ("name", "type", "level", "seat_division_code", "priority")),
        (_l("联系"), ("address", "phone", "contact", "reception_place")),
    )
    column_descriptions = {
        "name": _l("与授权证书上的名称一致，不能与已有机构重名。"),
        "level": _l("按级别优先匹配：县级、市级、省级，最后是国家专业计量站。"),
        "seat_division_code": _l("机构所在的行政区划，由它的监管部门维护这条记录。"),
        "phone": _l("企业和监管部门会按这个电话联系，例如 0533-2180188。"),
        "reception_place": _l("送检时把器具带到哪里，例如“华光路 188 号收发室”。"),
        "priority": _l("同级机构都能检定时，数字大的优先；一般填 0。"),
    }

    def choices_for(self, name: str, query: Any) -> Any:
        return in_area(query, self.actor) if name == "seat_division_code" else query

    def create(self, actor: Actor, values: dict[str, Any]) -> Institution:
        return institutions.create(actor, **values)

    def update(self, actor: Actor, row: Institution, values: dict[str, Any]) -> None:
        institutions.update(actor, row.id, **values)

    def remove(self, actor: Actor, row: Institution) -> None:
        institutions.remove(actor, row.id)

    def can_edit_row(self, row: Institution) -> bool:
        return institutions.may_edit(self.actor, row)

    def can_delete_row(self, row: Institution) -> bool:
        return institutions.may_edit(self.actor, row) and not institutions.uses(row)

    def is_offered(self, code: str, row: Institution) -> bool:
        return institutions.may_edit(self.actor, row) and row.is_active == (code == "stop")

    def record_badge(self, row: Institution) -> Any:
        return state_badge(row)

    def cards(self, row: Institution) -> tuple[Card, ...]:
        facts = (
            Fact(_("级别"), messages.label(row.level)),
            Fact(_("类型"), messages.label(row.type)),
            Fact(_("所在地"), str(row.seat)),
            Fact(_("电话"), row.phone, code=True),
            Fact(_("联系人"), row.contact),
            Fact(_("优先级"), row.priority),
            Fact(_("地址"), row.address),
            Fact(_("收发地点"), row.reception_place),
        )
        return (Card(_("基本信息"), facts),)

    def record_context(self, row: Institution) -> dict[str, Any]:
        capabilities = list(
            db.session.scalars(
                scoping.visible(self.actor, Capability)
                .where(Capability.institution_id == row.id)
                .options(joinedload(Capability.kind), joinedload(Capability.laboratory))
                .order_by(Capability.kind_code, Capability.id)
            ).unique()
        )
        remember_divisions(area for each in capabilities for area in each.areas)
        designations = db.session.scalars(
            scoping.visible(self.actor, Designation)
            .where(Designation.institution_id == row.id)
            .options(joinedload(Designation.division), joinedload(Designation.kind), joinedload(Designation.item))
            .order_by(Designation.division_code, Designation.id)
        ).unique()
        return {
            "institution": row,
            "capabilities": capabilities,
            "designations": list(designations),
            "may_edit": institutions.may_edit(self.actor, row),
            "may_authorise": self.may(P.AREA_CAPABILITIES_EDIT),
            "today": clock.today(),
            "area_words": area_words,
            "period_badge": period_badge,
        }

    @record_action(
        "stop",
        label=_l("停用"),
        permission=P.AREA_INSTITUTIONS_EDIT,
        form=ReasonForm,
        confirm=_l("停用后不再匹配给它，已受理的不受影响。待受理的可由监管部门重新匹配。"),
        danger=True,
    )
    def stop(self, actor: Actor, row: Institution, values: dict[str, Any]) -> Done:
        institutions.stop(actor, row.id, reason=values["reason"])
        return Done("", _("已停用“%(name)s”。", name=row.name))

    @record_action("start-again", label=_l("启用"), permission=P.AREA_INSTITUTIONS_EDIT, form=ReasonForm)
    def start_again(self, actor: Actor, row: Institution, values: dict[str, Any]) -> Done:
        institutions.start_again(actor, row.id, reason=values["reason"])
        return Done("", _("已启用“%(name)s”。", name=row.name))


PART_PERMISSIONS = {
    "view": P.AREA_INSTITUTIONS_READ,
    "create": P.AREA_INSTITUTIONS_EDIT,
    "edit": P.AREA_INSTITUTIONS_EDIT,
}


class PartOfInstitution(ScopedModelView):
    """Rows shown on their institution's page: no list or record of their own; a new one names it in the address."""

    in_menu = False
    can_view_details = False

    @expose("/")
    def index_view(self) -> Any:
        return redirect(url_for("regulator_institutions.index_view"))

    def record_url(self, row: Any) -> str:
        return institution_url(row.institution_id)

    def can_edit_row(self, row: Any) -> bool:
        return institutions.may_edit(self.actor, row.institution)

    def is_offered(self, code: str, row: Any) -> bool:
        return institutions.may_edit(self.actor, row.institution)

    @property
    def create_heading(self) -> str:
        return f"{self.create_label} · {self._institution().name}"

    def _institution(self) -> Institution:
        """The institution the new row belongs to; 404 when it is not this regulator's to change."""
        key = coerce_key(Institution.id, request.args.get("institution_id", ""))
        found = (
            None
            if key is None
            else db.session.scalars(scoping.visible(self.actor, Institution).where(Institution.id == key)).one_or_none()
        )
        if found is None or not institutions.may_edit(self.actor, found):
            abort(404)
        return found


class Laboratories(PartOfInstitution):
    """检定室."""

    model, noun, title = Laboratory, "laboratories", _l("检定室")
    permissions = {**PART_PERMISSIONS, "delete": P.AREA_INSTITUTIONS_EDIT}
    create_label = _l("新增检定室")
    column_list = ("name", "phone")
    column_labels = {"name": _l("检定室名称"), "phone": _l("电话")}
    column_descriptions = {"name": _l("例如“力学室”“压力室”，同一机构内不能重名。")}
    form_columns = ("name", "phone")

    def create(self, actor: Actor, values: dict[str, Any]) -> Laboratory:
        return institutions.add_laboratory(actor, institution_id=self._institution().id, **values)

    def update(self, actor: Actor, row: Laboratory, values: dict[str, Any]) -> None:
        institutions.change_laboratory(actor, row.id, **values)

    def remove(self, actor: Actor, row: Laboratory) -> None:
        g.institution_id = row.institution_id
        institutions.remove_laboratory(actor, row.id)

    def after_remove(self, title: str) -> Done:
        return Done(institution_url(g.institution_id), _("已删除检定室“%(title)s”。", title=title))


class Suspensions(PartOfInstitution):
    """暂停受理."""

    model, noun, title = InstitutionSuspension, "suspensions", _l("暂停受理")
    create_label = _l("暂停受理")
    permissions = PART_PERMISSIONS
    column_list = ("starts_on", "ends_on", "reason")
    column_labels = {"starts_on": _l("起"), "ends_on": _l("止"), "reason": _l("原因")}
    column_descriptions = {
        "starts_on": _l("这一天起不再匹配给它。"),
        "ends_on": _l("这一天仍然暂停；留空表示恢复时间未定。"),
        "reason": _l("企业和监管部门会看到，例如“标准器送检中”。"),
    }
    form_columns = ("starts_on", "ends_on", "reason")

    def record_title(self, row: InstitutionSuspension) -> str:
        return _("暂停受理 · %(name)s", name=row.institution.name)

    def create(self, actor: Actor, values: dict[str, Any]) -> InstitutionSuspension:
        return institutions.suspend(actor, institution_id=self._institution().id, **values)

    def update(self, actor: Actor, row: InstitutionSuspension, values: dict[str, Any]) -> None:
        institutions.change_suspension(actor, row.id, **values)

    @record_action(
        "end",
        label=_l("恢复受理"),
        permission=P.AREA_INSTITUTIONS_EDIT,
        confirm=_l("从今天起恢复受理，等待中的器具会重新匹配。"),
    )
    def end(self, actor: Actor, row: InstitutionSuspension, values: dict[str, Any]) -> Done:
        url = institution_url(row.institution_id)
        institutions.end_suspension(actor, row.id)
        return Done(url, _("已恢复受理。"))
