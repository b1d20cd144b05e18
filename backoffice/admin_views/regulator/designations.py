"""Designations: whom a division names for a kind or a whole item."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from ... import clock, scoping
from ...actor import Actor
from ...models import CatalogueItem, Designation, Division, Institution, InstrumentKind
from ...services import designations, regulator_work
from ..actions import record_action
from ..base import Card, Done, Fact, Tab
from ..lists import ChoiceFilter
from ..reference_forms import EndForm
from .capabilities import institution_options, kind_options, period_words
from .common import PERIOD_FIELDS, RULES, P, RecordView, in_area, period_badge
from .institutions import institution_url


def subject_words(row: Designation) -> str:
    """The kind, or the whole item, the institution is named for."""
    return str(row.kind) if row.kind is not None else _("%(item)s（整个项别）", item=row.item)


class Designations(RecordView):
    """指定."""

    model, noun, title, menu_group = Designation, "designations", _l("指定"), RULES
    permissions = {
        "view": P.AREA_INSTITUTIONS_READ,
        "create": P.AREA_DESIGNATIONS_EDIT,
        "edit": P.AREA_DESIGNATIONS_EDIT,
        "delete": P.AREA_DESIGNATIONS_EDIT,
        "export": P.AREA_INSTITUTIONS_READ,
    }
    empty_title = _l("还没有指定")
    empty_help = _l("计量法第九条：由当地计量行政部门指定检定机构。指定优先于服务区域；没有指定时按服务区域匹配。")
    load_options = (
        joinedload(Designation.division),
        joinedload(Designation.kind),
        joinedload(Designation.item),
        joinedload(Designation.institution),
    )

    column_list = ("division_code", "valid_until", "kind_code", "institution_id", "valid_from", "document_number")
    column_labels = {
        "division_code": _l("行政区划"),
        "valid_until": _l("状态"),
        "kind_code": _l("种别或项别"),
        "institution_id": _l("技术机构"),
        "valid_from": _l("有效期"),
        "document_number": _l("文号"),
        "item_code": _l("项别"),
    }
    column_formatters = {
        "division_code": lambda _view, _context, row, _name: row.division.name,
        "valid_until": lambda _view, _context, row, _name: period_badge(row.valid_from, row.valid_until),
        "kind_code": lambda _view, _context, row, _name: subject_words(row),
        "institution_id": lambda _view, _context, row, _name: row.institution.name,
        "valid_from": lambda _view, _context, row, _name: period_words(row),
    }
    column_sortable_list = ("division_code", "valid_until", "institution_id", "document_number")
    default_order = ("division_code", False)
    search_label = _l("行政区划、机构、文号")
    tabs = (
        Tab("all", _l("全部")),
        Tab(
            "area",
            _l("本辖区"),
            lambda actor: Designation.division_code.in_(scoping.area_codes(actor.division_code or "")),
        ),
        Tab("over", _l("已结束"), lambda _actor: Designation.valid_until < clock.today()),
    )
    filters = (
        ChoiceFilter("kind", _l("种别"), options=kind_options, column=Designation.kind_code),
        ChoiceFilter("institution", _l("机构"), options=institution_options, column=Designation.institution_id),
    )

    form_args = PERIOD_FIELDS
    form_columns = (
        "division_code",
        "kind_code",
        "item_code",
        "institution_id",
        "document_number",
        "valid_from",
        "valid_until",
    )
    sections = (
        (_l("为哪里、检什么"), ("division_code", "kind_code", "item_code")),
        (_l("指定谁、凭什么"), ("institution_id", "document_number", "valid_from", "valid_until")),
    )
    prefilled = ("division_code", "kind_code", "item_code", "institution_id")
    column_descriptions = {
        "division_code": _l("使用地点在这里及其下级的器具适用；县级指定优先于市级、省级。"),
        "kind_code": _l("只指定一个种别时选它；指定整个项别请留空，选下面的项别。"),
        "item_code": _l("种别和项别只选一个。"),
        "institution_id": _l("全省的机构都可以选；它要有这个种别的有效授权才能受理。"),
        "document_number": _l("指定文件的文号，例如“张市监计〔2026〕7 号”。"),
        "valid_from": _l("留空表示一直有效。"),
        "valid_until": _l("最后一天仍然有效；留空表示没有期限。"),
    }

    def apply_search(self, query: Any, text: str) -> Any:
        for word in text.split()[:6]:
            divisions = select(Division.code).where(Division.name.icontains(word, autoescape=True))
            names = select(Institution.id).where(Institution.name.icontains(word, autoescape=True))
            query = query.where(
                or_(
                    Designation.division_code.in_(divisions),
                    Designation.institution_id.in_(names),
                    Designation.document_number.icontains(word, autoescape=True),
                )
            )
        return query

    def choices_for(self, name: str, query: Any) -> Any:
        if name == "division_code":
            return in_area(query, self.actor)
        if name == "kind_code":
            return query.where(InstrumentKind.is_in_force).order_by(InstrumentKind.code)
        if name == "item_code":
            return query.where(CatalogueItem.is_active).order_by(CatalogueItem.code)
        return query.order_by(Institution.name)

    def create(self, actor: Actor, values: dict[str, Any]) -> Designation:
        return designations.create(actor, **values)

    def update(self, actor: Actor, row: Designation, values: dict[str, Any]) -> None:
        designations.update(actor, row.id, **values)

    def remove(self, actor: Actor, row: Designation) -> None:
        designations.remove(actor, row.id)

    def can_edit_row(self, row: Designation) -> bool:
        return designations.may_edit(self.actor, row)

    def can_delete_row(self, row: Designation) -> bool:
        return designations.may_edit(self.actor, row) and not designations.has_begun(row)

    def is_offered(self, code: str, row: Designation) -> bool:
        return designations.may_edit(self.actor, row) and not regulator_work.is_over(row.valid_until)

    def record_title(self, row: Designation) -> str:
        return f"{row.division.name} · {subject_words(row)}"

    def record_badge(self, row: Designation) -> Any:
        return period_badge(row.valid_from, row.valid_until)

    def cards(self, row: Designation) -> tuple[Card, ...]:
        facts = (
            Fact(_("行政区划"), str(row.division)),
            Fact(_("种别或项别"), subject_words(row)),
            Fact(_("技术机构"), row.institution.name, url=institution_url(row.institution_id)),
            Fact(_("文号"), row.document_number),
            Fact(_("有效期"), period_words(row)),
        )
        return (Card(_("指定"), facts),)

    @record_action(
        "end",
        label=_l("结束指定"),
        permission=P.AREA_DESIGNATIONS_EDIT,
        form=EndForm,
        confirm=_l("结束后按服务区域匹配；已受理的不受影响。"),
        danger=True,
    )
    def end(self, actor: Actor, row: Designation, values: dict[str, Any]) -> Done:
        designations.end(actor, row.id, **values)
        return Done("", _("指定的最后有效日已改为 %(day)s。", day=row.valid_until))
