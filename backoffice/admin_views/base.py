"""`ScopedModelView`: every list, record and form of the panels. Closed by default, scoped everywhere, hardened.

Upstream's `?id=` routes, inline editing, filters by relation, pop-ups, unbounded look-ups and exports are gone; what
it does well (forms from models, formatters, blueprints) is used. How to declare a view: docs/views.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from flask import abort, request
from flask_admin.contrib.sqla import ModelView
from sqlalchemy import Select, func, select

from .. import scoping
from ..database import db
from ..errors import Invalid, NotFound
from ..permissions import Permission
from ..web.form_keys import Done
from .actions import ActionPages, action_endpoint
from .form_pages import FormPages
from .formatting import TYPE_FORMATTERS
from .forms import Lookup
from .guards import Guarded, PanelView, UnguardedView, needs
from .keys import coerce_key, key_attribute, key_of
from .list_pages import ListPages
from .lists import RESERVED, Tab
from .record_pages import RecordPages
from .records import Button, Card, Event, Fact, NextStep

FORBIDDEN = ("column_editable_list", "column_filters", "form_ajax_refs", "inline_models", "column_searchable_list")
ROUTE_ACTIONS = {
    "index_view": "view",
    "details_view": "view",
    "create_view": "create",
    "edit_view": "edit",
    "delete_view": "delete",
    "export_view": "export",
    "lookup_view": "lookup",
}


class ScopedModelView(ListPages, RecordPages, FormPages, ActionPages, Guarded, ModelView):
    """A model on a panel. Nothing is possible until `permissions` says so."""

    model: ClassVar[type[Any]]
    _urls: list[tuple[str, str, Iterable[str]]]
    permissions: ClassVar[Mapping[str, Permission]] = {}
    """Of view, create, edit, delete, export: who may. What is not named has no route."""

    can_view_details = True
    column_display_actions = False

    # Upstream's routes that have no place here.
    action_view = None
    export = None
    ajax_lookup = None
    ajax_update = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        own = [each.__dict__ for each in cls.__mro__[: cls.__mro__.index(ScopedModelView)]]
        opened = [name for name in FORBIDDEN if any(each.get(name) for each in own)]
        if opened:
            raise UnguardedView(f"{cls.__name__} opens {', '.join(opened)}, which this product forbids")
        cls.permission = cls.permissions.get("view")
        cls.can_create = "create" in cls.permissions
        cls.can_edit = "edit" in cls.permissions
        cls.can_delete = "delete" in cls.permissions
        cls.can_export = "export" in cls.permissions
        if (cls.can_create or cls.can_edit) and not cls.form_columns:
            raise UnguardedView(f"{cls.__name__} can create or edit and must list its form_columns")
        bad = [each.code for each in cls.filters if each.code in RESERVED or not each.code.isidentifier()]
        if bad:
            raise UnguardedView(f"{cls.__name__} has filters with reserved names: {bad}")

    def __init__(self, *, endpoint: str, url: str) -> None:
        self.column_type_formatters = dict(TYPE_FORMATTERS)
        self.column_type_formatters_detail = dict(TYPE_FORMATTERS)
        self.column_type_formatters_export = {
            kind: fmt for kind, fmt in TYPE_FORMATTERS.items() if kind is not type(None)
        }
        super().__init__(self.model, db, name=str(self.noun), endpoint=endpoint, url=url)
        self._key = key_attribute(self.model)
        self._check_columns()

    def _check_columns(self) -> None:
        if not self.column_list:
            raise UnguardedView(f"{type(self).__name__} must list its columns")
        labels = self.column_labels or {}
        missing = [name for name, _label in self._list_columns if name not in labels]
        if missing:
            raise UnguardedView(f"{type(self).__name__} has columns without a label: {missing}")
        foreign = [name for name in self._sortable_columns if self._sortable(name) is None]
        if foreign:
            raise UnguardedView(f"{type(self).__name__} can only sort by its own columns, not {foreign}")

    # Routes and permissions

    def create_blueprint(self, admin: Any) -> Any:
        """Only routes somebody may use are registered."""
        self._urls = [route for route in self._urls if self._has_route(route[1])]
        blueprint = super().create_blueprint(admin)
        self.add_action_routes(blueprint)
        return blueprint

    def _has_route(self, method: str) -> bool:
        action = ROUTE_ACTIONS.get(method)
        if action == "lookup":
            return bool(self.form_lookups) and (self.can_create or self.can_edit)
        if method == "details_view":
            return bool(self.can_view_details)
        return action is None or action in self.permissions

    def permission_for(self, method: str) -> Permission:
        action = ROUTE_ACTIONS.get(method, "")
        if action == "lookup":
            return self.permissions["create" if self.can_create else "edit"]
        return self.permissions.get(action) or super().permission_for(method)

    def endpoints(self) -> dict[str, Permission]:
        """Every route of this view with the permission it needs."""
        found = {name: self.permission_for(name) for _url, name, _methods in self._urls if self._has_route(name)}
        found.update({action_endpoint(action): action.permission for action in self.actions.values()})
        return found

    # Rows

    def scope(self) -> Select[Any]:
        """The rows this actor may know of. Everything on this view starts here."""
        return scoping.visible(self.actor, self.model)

    def get_query(self) -> Select[Any]:
        return self.scope().options(*self.load_options)

    def get_count_query(self) -> Select[Any]:
        return select(func.count()).select_from(self.scope().order_by(None).subquery())

    def get_one(self, id: Any) -> Any | None:
        """The row with this key when it is in scope; `None` for absent, foreign and malformed alike."""
        key = coerce_key(self._key, id)
        if key is None:
            return None
        return db.session.scalars(self.get_query().where(self._key == key)).unique().one_or_none()

    def row_or_404(self, key: Any) -> Any:
        row = self.get_one(key)
        if row is None:
            abort(404)
        return row

    def rows_for(self, ids: Iterable[Any], *, lock: bool = False) -> list[Any]:
        """The rows with these keys, in the order of their keys; the only way an action obtains rows.

        Raises `NotFound` when any of them is malformed, absent or foreign, `Invalid` when there are too many.
        """
        keys = [coerce_key(self._key, each) for each in dict.fromkeys(str(each) for each in ids)]
        if len(keys) > self.batch_limit:
            raise Invalid.one("", "too_many_selected", limit=self.batch_limit)
        query = self.scope().where(self._key.in_([key for key in keys if key is not None])).order_by(self._key)
        if lock:
            query = query.with_for_update(of=self.model).execution_options(populate_existing=True)
        rows = list(db.session.scalars(query).unique())
        if len(rows) != len(keys):
            raise NotFound
        return rows

    def selected_rows(self) -> list[Any]:
        """Rows ticked in the list, or all rows of the list as filtered (`all=1`), at most `batch_limit`."""
        if request.form.get("all") != "1":
            return self.rows_for(request.form.getlist("ids"))
        state = self.list_state()
        rows = list(db.session.scalars(self.apply_state(self.get_query(), state).limit(self.batch_limit + 1)).unique())
        if len(rows) > self.batch_limit:
            raise Invalid.one("", "too_many_selected", limit=self.batch_limit)
        return rows

    def key(self, row: Any) -> Any:
        return key_of(row)


__all__ = [
    "Button",
    "Card",
    "Done",
    "Event",
    "Fact",
    "Lookup",
    "NextStep",
    "PanelView",
    "ScopedModelView",
    "Tab",
    "UnguardedView",
    "needs",
]
