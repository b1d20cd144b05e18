"""Authorised kinds: who may verify what, where and for whom."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload
from wtforms import RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired

from ... import clock, messages, scoping
from ...actor import Actor
from ...database import db
from ...models import Capability, Division, Institution, InstrumentKind, Laboratory
from ...services import capabilities, regulator_work
from ...states import DeliveryMode
from ...web.current import signed_in_actor
from ..actions import record_action
from ..base import Button, Card, Done, Fact, Tab
from ..forms import ScopedChecklistField
from ..lists import ChoiceFilter, ListState
from ..pagination import Page
from ..reference_forms import CodesField, EndForm, entries, lines
from .common import PERIOD_FIELDS, RULES, P, RecordView, area_words, in_area, period_badge, remember_divisions
from .institutions import institution_url
from .record_imports import CapabilityImports, import_buttons

PUBLIC, INTERNAL = "public", "internal"


def laboratory_choices() -> list[tuple[str, str]]:
    """检定室 of every institution in reach, each with its institution's name."""
    rows = db.session.scalars(
        scoping.visible(signed_in_actor(), Laboratory)
        .options(joinedload(Laboratory.institution))
        .order_by(Laboratory.institution_id, Laboratory.id)
    )
    return [("", _("不分检定室")), *((str(row.id), f"{row.institution.name} · {row.name}") for row in rows)]


def kind_options(actor: Actor) -> list[tuple[str, str]]:
    rows = db.session.scalars(scoping.visible(actor, InstrumentKind).order_by(InstrumentKind.code)).unique()
    return [(row.code, str(row)) for row in rows]


def institution_options(actor: Actor) -> list[tuple[int, str]]:
    rows = db.session.scalars(scoping.visible(actor, Institution).order_by(Institution.name))
    return [(row.id, row.name) for row in rows]


def delivery_words(row: Capability) -> str:
    return "、".join(messages.label(DeliveryMode(mode)) for mode in row.delivery_modes)


def unit_words(row: Capability) -> str:
    """面向社会, or how many units it is limited to."""
    if row.internal_units is None:
        return _("面向社会")
    return _("仅限内部 %(count)s 家单位", count=len(row.internal_units))


def covering(actor: Actor) -> Any:
    """Capabilities that serve the actor's area or a part of it."""
    return or_(regulator_work.in_area(Capability.areas, actor), regulator_work.covers_area(Capability.areas, actor))


class Capabilities(RecordView):
    """授权检定项目."""

    model, noun, title, menu_group = Capability, "capabilities", _l("授权检定项目"), RULES
    permissions = {
        "view": P.AREA_INSTITUTIONS_READ,
        "create": P.AREA_CAPABILITIES_EDIT,
        "edit": P.AREA_CAPABILITIES_EDIT,
        "delete": P.AREA_CAPABILITIES_EDIT,
        "export": P.AREA_INSTITUTIONS_READ,
    }
    create_label = _l("新增")
    empty_title = _l("还没有授权检定项目")
    empty_help = _l("新增一条授权后，等待中的器具会自动重新匹配。")
    load_options = (
        joinedload(Capability.kind),
        joinedload(Capability.institution),
        joinedload(Capability.laboratory),
    )

    column_list = (
        "kind_code",
        "valid_until",
        "institution_id",
        "areas",
        "measuring_range",
        "accuracies",
        "valid_from",
    )
    column_export_list = (*column_list, "delivery_modes", "internal_units", "document_number")
    column_labels = {
        "kind_code": _l("种别"),
        "valid_until": _l("状态"),
        "institution_id": _l("技术机构"),
        "laboratory_id": _l("检定室"),
        "areas": _l("服务区域"),
        "measuring_range": _l("测量范围"),
        "accuracies": _l("准确度等级"),
        "delivery_modes": _l("送检方式"),
        "internal_units": _l("服务对象"),
        "valid_from": _l("有效期"),
        "document_number": _l("授权证书文号"),
    }
    column_formatters = {
        "kind_code": lambda _view, _context, row, _name: str(row.kind),
        "valid_until": lambda _view, _context, row, _name: period_badge(row.valid_from, row.valid_until),
        "institution_id": lambda _view, _context, row, _name: row.institution.name,
        "areas": lambda _view, _context, row, _name: area_words(row.areas),
        "measuring_range": lambda _view, _context, row, _name: capabilities.range_of(row) or _("不限"),
        "accuracies": lambda _view, _context, row, _name: "、".join(row.accuracies) or _("不限"),
        "delivery_modes": lambda _view, _context, row, _name: delivery_words(row),
        "internal_units": lambda _view, _context, row, _name: unit_words(row),
        "valid_from": lambda _view, _context, row, _name: period_words(row),
    }
    cell_classes = {"accuracies": "hide", "valid_from": "nowrap"}
    column_sortable_list = ("kind_code", "valid_until", "institution_id")
    default_order = ("kind_code", False)
    search_label = _l("种别、机构、文号")
    tabs = (
        Tab("all", _l("全部")),
        Tab("area", _l("服务本辖区"), covering),
        Tab("lapsing", _l("60 天内到期"), regulator_work.lapses_soon),
        Tab("over", _l("已结束"), lambda _actor: Capability.valid_until < clock.today()),
    )
    filters = (
        ChoiceFilter("kind", _l("种别"), options=kind_options, column=Capability.kind_code),
        ChoiceFilter("institution", _l("机构"), options=institution_options, column=Capability.institution_id),
    )

    form_args = PERIOD_FIELDS
    form_columns = (
        "institution_id",
        "laboratory_id",
        "kind_code",
        "areas",
        "valid_from",
        "valid_until",
        "document_number",
        "delivery_modes",
        "unit_scope",
        "internal_units",
        "measuring_range",
        "accuracies",
    )
    sections = (
        (_l("机构和种别"), ("institution_id", "laboratory_id", "kind_code", "areas")),
        (_l("有效期"), ("valid_from", "valid_until", "document_number")),
        (_l("怎样检、为谁检"), ("delivery_modes", "unit_scope", "internal_units")),
        (_l("能力范围"), ("measuring_range", "accuracies")),
    )
    prefilled = ("institution_id", "kind_code", "areas", "delivery_modes", "laboratory_id", "measuring_range")
    column_descriptions = {
        "institution_id": _l("全省的机构都可以选；区县可以为自己登记市院的授权。"),
        "kind_code": _l("强检器具目录里的种别。"),
        "valid_from": _l("留空表示一直有效。"),
        "valid_until": _l("最后一天仍然有效；留空表示没有期限。"),
        "document_number": _l("计量授权证书或批准文件的文号。"),
    }
    form_extra_fields = {
        "laboratory_id": SelectField(
            _l("检定室"),
            choices=laboratory_choices,
            coerce=lambda value: int(value) if value not in (None, "", "None") else None,
            validate_choice=False,
            description=_l("要属于上面选的机构；不分检定室就不选。"),
        ),
        "areas": ScopedChecklistField(
            label=_l("服务区域"),
            validators=[InputRequired()],
            target=Division,
            allow_blank=False,
            narrow=lambda query: in_area(query, signed_in_actor()),
            description=_l("选一个区域就包括它下面的全部区域；只能选本辖区内的。"),
        ),
        "delivery_modes": CodesField(_l("送检方式"), [InputRequired()], codes=DeliveryMode),
        "unit_scope": RadioField(
            _l("服务对象"),
            [InputRequired()],
            choices=lambda: [(PUBLIC, _("面向社会")), (INTERNAL, _("仅限内部"))],
            default=PUBLIC,
        ),
        "internal_units": TextAreaField(
            _l("仅限内部的单位"),
            description=_l("选“仅限内部”时填写统一社会信用代码，每行一个；总机构的代码不包括分支机构。"),
        ),
        "measuring_range": StringField(
            _l("测量范围"),
            description=_l("例如“(0～60) MPa”“≤150 kg”；系统读出上下限后与台账比较。留空表示不限。"),
        ),
        "accuracies": StringField(
            _l("准确度等级"), description=_l("能检定的等级，用顿号隔开，例如“1.0级、1.6级”。留空表示不限。")
        ),
    }

    def apply_search(self, query: Any, text: str) -> Any:
        for word in text.split()[:6]:
            kinds = select(InstrumentKind.code).where(
                or_(InstrumentKind.name.icontains(word, autoescape=True), InstrumentKind.code == word)
            )
            names = select(Institution.id).where(Institution.name.icontains(word, autoescape=True))
            query = query.where(
                or_(
                    Capability.kind_code.in_(kinds),
                    Capability.institution_id.in_(names),
                    Capability.document_number.icontains(word, autoescape=True),
                )
            )
        return query

    def choices_for(self, name: str, query: Any) -> Any:
        if name == "kind_code":
            return query.where(InstrumentKind.is_in_force).order_by(InstrumentKind.code)
        return query.order_by(Institution.name) if name == "institution_id" else query

    def page_of(self, state: ListState) -> Page:
        page = super().page_of(state)
        remember_divisions(area for row in page.rows for area in row.areas)
        return page

    def list_buttons(self) -> list[Button]:
        return import_buttons(CapabilityImports)

    def shown_values(self, row: Capability) -> dict[str, Any]:
        return {
            "areas": row.areas,
            "measuring_range": capabilities.range_of(row),
            "accuracies": "、".join(row.accuracies),
            "unit_scope": PUBLIC if row.internal_units is None else INTERNAL,
            "internal_units": "\n".join(row.internal_units or ()),
        }

    def create(self, actor: Actor, values: dict[str, Any]) -> Capability:
        return capabilities.create(actor, **_typed(values))

    def update(self, actor: Actor, row: Capability, values: dict[str, Any]) -> None:
        capabilities.update(actor, row.id, **_typed(values))

    def remove(self, actor: Actor, row: Capability) -> None:
        capabilities.remove(actor, row.id)

    def can_edit_row(self, row: Capability) -> bool:
        return capabilities.may_edit(self.actor, row)

    def can_delete_row(self, row: Capability) -> bool:
        return capabilities.may_edit(self.actor, row) and not capabilities.uses(row)

    def is_offered(self, code: str, row: Capability) -> bool:
        return capabilities.may_edit(self.actor, row) and not regulator_work.is_over(row.valid_until)

    def record_title(self, row: Capability) -> str:
        return f"{row.kind} · {row.institution.name}"

    def record_badge(self, row: Capability) -> Any:
        return period_badge(row.valid_from, row.valid_until)

    def cards(self, row: Capability) -> tuple[Card, ...]:
        facts = [
            Fact(_("技术机构"), row.institution.name, url=institution_url(row.institution_id)),
            Fact(_("检定室"), row.laboratory.name if row.laboratory else _("不分检定室")),
            Fact(_("种别"), str(row.kind)),
            Fact(_("有效期"), period_words(row)),
            Fact(_("授权证书文号"), row.document_number),
            Fact(_("送检方式"), delivery_words(row)),
            Fact(_("服务区域"), area_words(row.areas), wide=True),
            Fact(_("服务对象"), unit_words(row)),
        ]
        if row.internal_units:
            facts.append(Fact(_("仅限内部的单位"), "、".join(row.internal_units), code=True, wide=True))
        read = [
            Fact(_("测量范围"), capabilities.range_of(row) or _("不限")),
            Fact(_("系统读出的下限"), _number(row.range_low, row.range_unit)),
            Fact(_("系统读出的上限"), _number(row.range_high, row.range_unit)),
            Fact(_("准确度等级"), "、".join(row.accuracies) or _("不限")),
        ]
        return Card(_("授权"), facts), Card(_("能力范围"), read)

    @record_action(
        "end",
        label=_l("结束授权"),
        permission=P.AREA_CAPABILITIES_EDIT,
        form=EndForm,
        confirm=_l("结束后不再按这条授权匹配；已受理的不受影响。"),
        danger=True,
    )
    def end(self, actor: Actor, row: Capability, values: dict[str, Any]) -> Done:
        capabilities.end(actor, row.id, **values)
        return Done("", _("授权的最后有效日已改为 %(day)s。", day=row.valid_until))


def period_words(row: Any) -> str:
    """2024-01-01 至 2027-01-01; an open end is named."""
    if row.valid_from is None and row.valid_until is None:
        return _("长期")
    return f"{row.valid_from or _('不限')} {_('至')} {row.valid_until or _('长期')}"


def _number(value: Any, unit: str | None) -> str:
    return _("不限") if value is None else f"{value.normalize():f} {unit or ''}".strip()


def _typed(values: dict[str, Any]) -> dict[str, Any]:
    """The form's texts as the service's plain values."""
    typed = dict(values)
    scope = typed.pop("unit_scope")
    typed["internal_units"] = entries(values["internal_units"]) if scope == INTERNAL else None
    typed["accuracies"] = lines(values["accuracies"])
    return typed
