"""The mandatory catalogue: kinds with how well each is founded."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, and_, func
from sqlalchemy.orm import joinedload
from wtforms import SelectField, TextAreaField

from ... import messages, scoping
from ...actor import Actor
from ...database import db
from ...messages.records import confidence_words
from ...models import CatalogueItem, InstrumentKind
from ...services import catalogue
from ...services.catalogue import SCHEMES, SUPERVISIONS
from ...states import Purpose
from ..actions import record_action
from ..base import Button, Card, Done, Fact, Tab
from ..formatting import badge, code
from ..lists import ChoiceFilter
from ..reference_forms import CodesField, ReasonForm, lines
from .common import RULES, P, RecordView
from .record_imports import CatalogueImports, import_buttons

IN_FORCE: ColumnElement[bool] = InstrumentKind.is_in_force.expression
TONES = {"sourced": "ok", "membership": "", "unconfirmed": "warn"}


def item_options(actor: Actor) -> list[tuple[str, str]]:
    rows = db.session.scalars(scoping.visible(actor, CatalogueItem).order_by(CatalogueItem.code))
    return [(row.code, str(row)) for row in rows]


def state_badge(kind: InstrumentKind) -> Any:
    """Whether the kind is subject to mandatory verification."""
    if not kind.is_in_force:
        return badge(_("已停用"), "end")
    if kind.is_to_be_confirmed:
        return badge(_("待确认"), "warn")
    return badge(_("强制检定"), "ok") if kind.is_mandatory else badge(_("不属强制检定"), "end")


def purpose_words(kind: InstrumentKind) -> str:
    return "、".join(messages.label(Purpose(each)) for each in kind.purposes)


def period_words(kind: InstrumentKind) -> str:
    return _("%(months)s 个月", months=kind.default_period_months) if kind.default_period_months else _("按规程")


class Kinds(RecordView):
    """强检器具目录. Anybody of the panel reads it; who may edit reference data changes it."""

    model, noun, title, menu_group = InstrumentKind, "kinds", _l("强检器具目录"), RULES
    permissions = {
        "view": P.ALL_REFERENCE_READ,
        "create": P.ALL_REFERENCE_EDIT,
        "edit": P.ALL_REFERENCE_EDIT,
        "export": P.ALL_REFERENCE_READ,
    }
    count_unit = _l("个种别")
    load_options = (joinedload(InstrumentKind.item),)

    column_list = (
        "name",
        "supervision",
        "code",
        "item_code",
        "verification_scheme",
        "purposes",
        "default_period_months",
        "confidence",
    )
    column_labels = {
        "name": _l("种别名称"),
        "supervision": _l("状态"),
        "code": _l("代码"),
        "item_code": _l("项别"),
        "verification_scheme": _l("检定方式"),
        "purposes": _l("用途"),
        "default_period_months": _l("检定周期"),
        "confidence": _l("依据程度"),
        "aliases": _l("别名"),
        "scope_note": _l("适用范围"),
        "external_code": _l("外部编码"),
    }
    column_formatters = {
        "supervision": lambda _view, _context, row, _name: state_badge(row),
        "code": lambda _view, _context, row, _name: code(row.code),
        "item_code": lambda _view, _context, row, _name: str(row.item),
        "purposes": lambda _view, _context, row, _name: purpose_words(row),
        "default_period_months": lambda _view, _context, row, _name: period_words(row),
        "confidence": lambda _view, _context, row, _name: badge(
            confidence_words(row.confidence), TONES.get(row.confidence, "")
        ),
    }
    cell_classes = {"item_code": "hide", "default_period_months": "nowrap"}
    column_sortable_list = ("code", "name")
    default_order = ("code", False)
    search_columns = (
        InstrumentKind.name,
        InstrumentKind.code,
        func.array_to_string(InstrumentKind.aliases, " "),
    )
    search_label = _l("名称、别名、代码")
    tabs = (
        Tab("all", _l("全部"), IN_FORCE),
        Tab("open", _l("待确认"), and_(InstrumentKind.supervision == "", IN_FORCE)),
        Tab("weak", _l("待核对"), and_(InstrumentKind.confidence == "unconfirmed", IN_FORCE)),
        Tab("retired", _l("已停用"), ~IN_FORCE),
    )
    filters = (ChoiceFilter("item", _l("项别"), options=item_options, column=InstrumentKind.item_code),)

    form_columns = (
        "code",
        "item_code",
        "name",
        "aliases",
        "supervision",
        "verification_scheme",
        "purposes",
        "scope_note",
        "default_period_months",
        "external_code",
    )
    create_only = ("code", "item_code")
    prefilled = ("item_code",)
    sections = (
        (_l("种别"), ("code", "item_code", "name", "aliases", "external_code")),
        (_l("监管"), ("supervision", "verification_scheme", "default_period_months", "purposes", "scope_note")),
    )
    column_descriptions = {
        "code": _l("4 位数字，前两位一般与项别相同；保存后不能再改。"),
        "default_period_months": _l("单位是月；不确定就留空，录入结果时由技术机构填写有效期。"),
        "scope_note": _l("目录里的限定语，例如“用于贸易结算的”。"),
        "external_code": _l("其他系统使用的编码，没有就留空。"),
    }
    form_extra_fields = {
        "aliases": TextAreaField(_l("别名"), description=_l("实际工作中的叫法，每行一个；企业按这些名称也能找到它。")),
        "supervision": SelectField(
            _l("监管方式"),
            choices=lambda: [("", _("未写明（待确认）")), *((each, each) for each in SUPERVISIONS)],
            description=_l("公告里怎样写就怎样选；不含“强制检定”的种别不能预约。"),
        ),
        "verification_scheme": SelectField(
            _l("检定方式"),
            choices=lambda: [("", _("未写明")), *((each, each) for each in SCHEMES)],
        ),
        "purposes": CodesField(_l("用途"), codes=Purpose, description=_l("用于这些用途时属强制检定。")),
    }

    @property
    def create_heading(self) -> str:
        return _("新增种别")

    def list_buttons(self) -> list[Button]:
        return import_buttons(CatalogueImports)

    def shown_values(self, row: InstrumentKind) -> dict[str, Any]:
        return {"aliases": "\n".join(row.aliases)}

    def create(self, actor: Actor, values: dict[str, Any]) -> InstrumentKind:
        return catalogue.add_kind(actor, **_typed(values))

    def update(self, actor: Actor, row: InstrumentKind, values: dict[str, Any]) -> None:
        catalogue.change_kind(actor, row.code, **_typed(values))

    def is_offered(self, code: str, row: InstrumentKind) -> bool:
        return row.is_retired if code == "restore" else row.is_in_force

    def record_badge(self, row: InstrumentKind) -> Any:
        return state_badge(row)

    def cards(self, row: InstrumentKind) -> tuple[Card, ...]:
        facts = (
            Fact(_("代码"), row.code, code=True),
            Fact(_("项别"), str(row.item) if row.item.is_active else _("%(item)s（已停用）", item=row.item)),
            Fact(_("监管方式"), row.supervision or _("未写明（待确认）")),
            Fact(_("检定方式"), row.verification_scheme),
            Fact(_("检定周期"), period_words(row)),
            Fact(_("用途"), purpose_words(row)),
            Fact(_("依据程度"), confidence_words(row.confidence)),
            Fact(_("外部编码"), row.external_code, code=True),
            Fact(_("台账中的器具"), _("%(count)s 台（件）", count=catalogue.instruments_of(row.code))),
            Fact(_("别名"), "、".join(row.aliases), wide=True),
            Fact(_("适用范围"), row.scope_note, wide=True),
        )
        return (Card(_("种别"), facts),)

    def _retire_words(self, row: InstrumentKind) -> str:
        return _(
            "停用后不能再新增和预约这个种别。台账中有 %(all)s 台（件），其中 %(open)s 台（件）正在预约。",
            all=catalogue.instruments_of(row.code),
            open=catalogue.open_items_of(row.code),
        )

    @record_action(
        "retire",
        label=_l("停用"),
        permission=P.ALL_REFERENCE_EDIT,
        form=ReasonForm,
        confirm=_retire_words,
        danger=True,
    )
    def retire(self, actor: Actor, row: InstrumentKind, values: dict[str, Any]) -> Done:
        catalogue.retire_kind(actor, row.code, reason=values["reason"])
        return Done("", _("已停用“%(name)s”。", name=row.name))

    @record_action("restore", label=_l("启用"), permission=P.ALL_REFERENCE_EDIT, form=ReasonForm)
    def restore(self, actor: Actor, row: InstrumentKind, values: dict[str, Any]) -> Done:
        catalogue.restore_kind(actor, row.code, reason=values["reason"])
        return Done("", _("已启用“%(name)s”。", name=row.name))


def _typed(values: dict[str, Any]) -> dict[str, Any]:
    return {**values, "aliases": lines(values["aliases"])}
