"""Administrative divisions: the official tree plus local zones."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload

from ... import messages, scoping
from ...actor import Actor
from ...models import Division
from ...services import areas, divisions
from ...states import Level
from ..actions import record_action
from ..base import Card, Done, Fact, Lookup, Tab
from ..formatting import badge, code
from ..lists import ChoiceFilter
from ..reference_forms import ReasonForm, options_of
from .common import RULES, P, RecordView, remember_divisions

LEVELS = (Level.PROVINCE, Level.CITY, Level.COUNTY)
SOURCES = {"seed": _l("地方功能区"), divisions.ADDED_BY_HAND: _l("人工新增")}


def state_badge(division: Division) -> Any:
    return badge(_("已撤销"), "end") if division.is_retired else badge(_("现行"), "ok")


def source_words(division: Division) -> str:
    """Where the row comes from; the long official list is named by what it is."""
    return str(SOURCES.get(division.source, _l("全国行政区划表")))


class Divisions(RecordView):
    """行政区划."""

    model, noun, title, menu_group = Division, "divisions", _l("行政区划"), RULES
    permissions = {
        "view": P.ALL_REFERENCE_READ,
        "create": P.ALL_REFERENCE_EDIT,
        "edit": P.ALL_REFERENCE_EDIT,
        "export": P.ALL_REFERENCE_READ,
    }
    count_unit = _l("个")
    load_options = (joinedload(Division.parent),)

    column_list = ("name", "is_retired", "code", "level", "parent_code", "source")
    column_labels = {
        "name": _l("名称"),
        "is_retired": _l("状态"),
        "code": _l("代码"),
        "level": _l("级别"),
        "parent_code": _l("上级"),
        "source": _l("来源"),
    }
    column_formatters = {
        "is_retired": lambda _view, _context, row, _name: state_badge(row),
        "code": lambda _view, _context, row, _name: code(row.code),
        "parent_code": lambda _view, _context, row, _name: row.parent.name if row.parent else "—",
        "source": lambda _view, _context, row, _name: source_words(row),
    }
    cell_classes = {"source": "hide"}
    column_sortable_list = ("code", "name")
    default_order = ("code", False)
    search_columns = (Division.name, Division.code)
    search_label = _l("名称、代码")
    tabs = (
        Tab("area", _l("本辖区"), lambda actor: Division.code.in_(scoping.area_codes(actor.division_code or ""))),
        Tab("all", _l("全国")),
        Tab("retired", _l("已撤销"), Division.is_retired.is_(True)),
    )
    filters = (ChoiceFilter("level", _l("级别"), options=options_of(LEVELS), column=Division.level),)

    form_columns = ("code", "name", "parent_code", "level")
    create_only = ("code", "parent_code", "level")
    prefilled = ("parent_code", "level")
    form_choices = {"level": options_of((Level.CITY, Level.COUNTY))}
    form_lookups = {"parent_code": Lookup(by="code", search=("code", "name"))}
    column_descriptions = {
        "code": _l("6 位数字，按国家标准；地方功能区用未被占用的代码，例如 370390。保存后不能再改。"),
        "name": _l("只写这一级的名称，例如“张店区”。"),
        "parent_code": _l("输入上级的代码或名称后从提示中选。"),
        "level": _l("市下面新增的是县级；省直接管辖的县也是县级。"),
    }

    def choices_for(self, name: str, query: Any) -> Any:
        return query.where(Division.is_retired.is_(False), Division.level.in_((Level.PROVINCE, Level.CITY)))

    def create(self, actor: Actor, values: dict[str, Any]) -> Division:
        return divisions.add(actor, **values)

    def update(self, actor: Actor, row: Division, values: dict[str, Any]) -> None:
        divisions.rename(actor, row.code, **values)

    def is_offered(self, code: str, row: Division) -> bool:
        return row.is_retired == (code == "restore")

    def record_badge(self, row: Division) -> Any:
        return state_badge(row)

    def cards(self, row: Division) -> tuple[Card, ...]:
        codes = areas.ancestors(row.code)[::-1]
        names = remember_divisions(codes)
        facts = (
            Fact(_("代码"), row.code, code=True),
            Fact(_("级别"), messages.label(row.level)),
            Fact(_("所属"), " › ".join(names[each] for each in codes), wide=True),
            Fact(_("来源"), source_words(row)),
            Fact(
                _("下级"),
                _("%(count)s 个", count=divisions.active_children(row.code)),
                url=self.url_of("index_view") + f"?tab=all&q={row.code[:4]}" if row.level is Level.CITY else "",
            ),
            Fact(_("在此使用的器具"), _("%(count)s 台（件）", count=divisions.instruments_in(row.code))),
        )
        return (Card(_("行政区划"), facts),)

    def _retire_words(self, row: Division) -> str:
        return _(
            "撤销后不能再选用。在此使用的 %(count)s 台（件）器具需要改填新的行政区划，改之前不能匹配。",
            count=divisions.instruments_in(row.code),
        )

    @record_action(
        "retire",
        label=_l("撤销"),
        permission=P.ALL_REFERENCE_EDIT,
        form=ReasonForm,
        confirm=_retire_words,
        danger=True,
    )
    def retire(self, actor: Actor, row: Division, values: dict[str, Any]) -> Done:
        divisions.retire(actor, row.code, reason=values["reason"])
        return Done("", _("已撤销“%(name)s”。", name=row.name))

    @record_action("restore", label=_l("恢复"), permission=P.ALL_REFERENCE_EDIT, form=ReasonForm)
    def restore(self, actor: Actor, row: Division, values: dict[str, Any]) -> Done:
        divisions.restore(actor, row.code, reason=values["reason"])
        return Done("", _("已恢复“%(name)s”。", name=row.name))
