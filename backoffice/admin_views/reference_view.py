"""`ReferenceView`: a reference table with all its pages, from its model and a few lines (docs/add-a-view.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from .. import scoping
from ..actor import Actor
from ..messages import records as words
from ..permissions import P, Permission
from ..services import reference_rows
from .actions import record_action
from .base import Card, Done, Fact, Tab
from .formatting import badge, code
from .reference_forms import ReasonForm, RecordForms

READ_BY_THE_PANEL: Mapping[str, Permission] = {
    "view": P.ALL_REFERENCE_READ,
    "create": P.ALL_REFERENCE_EDIT,
    "edit": P.ALL_REFERENCE_EDIT,
    "delete": P.ALL_REFERENCE_EDIT,
    "export": P.ALL_REFERENCE_READ,
}


def state_badge(row: Any) -> Any:
    return badge(_("启用"), "ok") if row.is_active else badge(_("已停用"), "end")


class ReferenceView(RecordForms):
    """List, search, filters, form, record, history, export, 停用 and deletion of a table, declared by `labels`.

    `labels` names the columns people see, in order, the first being the link. Everybody of the panel who may read
    reference data reads it, who may edit reference data changes it; nothing else has to be said.
    """

    labels: ClassVar[Mapping[str, Any]] = {}
    menu_group = "规则"

    def __init_subclass__(cls, **kwargs: Any) -> None:
        model = getattr(cls, "model", None)
        if model is not None:
            cls._derive(model)
        super().__init_subclass__(**kwargs)

    @classmethod
    def _derive(cls, model: type[Any]) -> None:
        """Fill in what the declaration leaves out; what it says itself stays."""
        own = cls.__dict__
        mapper = sa.inspect(model)
        keys = {mapper.get_property_by_column(column).key for column in mapper.primary_key}
        names = tuple(name for name in cls.labels if name != "is_active")
        texts = tuple(getattr(model, name) for name in names if isinstance(mapper.columns[name].type, sa.String))
        first, *rest = names
        has_state = "is_active" in mapper.columns
        derived = {
            "permissions": READ_BY_THE_PANEL,
            "column_labels": {**cls.labels, "is_active": _l("状态")},
            "column_list": (first, "is_active", *rest) if has_state else names,
            "column_details_list": names,
            "column_sortable_list": names,
            "search_columns": texts,
            "search_label": _l("搜索"),
            "form_columns": names,
            "create_only": tuple(name for name in names if name in keys),
            "default_order": (first, False),
            "tabs": _tabs(model) if has_state else (),
            "empty_title": _l("还没有内容"),
            "empty_help": _l("点“新增”加上第一条；以后填表时就能选到它。"),
        }
        for name, value in derived.items():
            if name not in own:
                setattr(cls, name, value)
        if not has_state:
            cls.stop = cls.restart = None  # type: ignore[assignment]
        formatters = {"is_active": lambda _view, _context, row, _name: state_badge(row)}
        formatters |= {name: _as_code for name in names if name == "code"}
        cls.column_formatters = {**formatters, **own.get("column_formatters", {})}
        scoping.declare_reference(model)
        words.name_table(model.__tablename__, cls.title, cls.labels)

    @property
    def create_heading(self) -> str:
        return _("新增%(what)s", what=self.title)

    def create(self, actor: Actor, values: dict[str, Any]) -> Any:
        return reference_rows.create(actor, self.model, values)

    def update(self, actor: Actor, row: Any, values: dict[str, Any]) -> None:
        reference_rows.change(actor, self.model, self.key(row), values)

    def remove(self, actor: Actor, row: Any) -> None:
        reference_rows.remove(actor, self.model, self.key(row))

    def can_delete_row(self, row: Any) -> bool:
        return not reference_rows.uses(row)

    def is_offered(self, code: str, row: Any) -> bool:
        return bool(row.is_active == (code == "stop"))

    def record_badge(self, row: Any) -> Any:
        return state_badge(row) if hasattr(row, "is_active") else ""

    def cards(self, row: Any) -> Sequence[Card]:
        (card,) = super().cards(row)
        used = Fact(_("被引用"), _("%(count)s 条记录", count=reference_rows.uses(row)))
        return (Card(card.title, (*card.facts, used)),)

    def stop_words(self, row: Any) -> str:
        """What 停用 of this row means, before it is done."""
        return _("停用后新填的表不能再选它；已有的 %(count)s 条记录不变。", count=reference_rows.uses(row))

    @record_action(
        "stop",
        label=_l("停用"),
        permission=P.ALL_REFERENCE_EDIT,
        form=ReasonForm,
        confirm=lambda view, row: view.stop_words(row),
        danger=True,
    )
    def stop(self, actor: Actor, row: Any, values: dict[str, Any]) -> Done:
        reference_rows.switch(actor, self.model, self.key(row), is_active=False, reason=values["reason"])
        return Done("", _("已停用“%(name)s”。", name=self.record_title(row)))

    @record_action("restart", label=_l("启用"), permission=P.ALL_REFERENCE_EDIT, form=ReasonForm)
    def restart(self, actor: Actor, row: Any, values: dict[str, Any]) -> Done:
        reference_rows.switch(actor, self.model, self.key(row), is_active=True, reason=values["reason"])
        return Done("", _("已启用“%(name)s”。", name=self.record_title(row)))


def _tabs(model: Any) -> tuple[Tab, ...]:
    return (
        Tab("active", _l("启用"), model.is_active.is_(True)),
        Tab("stopped", _l("已停用"), model.is_active.is_(False)),
        Tab("all", _l("全部")),
    )


def _as_code(_view: Any, _context: Any, row: Any, name: str) -> Any:
    return code(getattr(row, name))
