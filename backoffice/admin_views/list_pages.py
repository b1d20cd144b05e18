"""The list of a `ScopedModelView`: tabs, search, filters, keyset pages, counts, export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import urlencode

from flask import Response, request
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, or_
from sqlalchemy.orm import InstrumentedAttribute

from ..database import db
from .exports import workbook_answer
from .lists import ChoiceFilter, Filter, ListState, Tab, read_state
from .pagination import Count, Order, Page, count_rows, keyset_page
from .records import Button
from .view_parts import ViewPart


class ListPages(ViewPart):
    """Mixin: `/<panel>/<noun>/` and its export."""

    tabs: ClassVar[Sequence[Tab]] = ()
    filters: ClassVar[Sequence[Filter]] = ()
    search_columns: ClassVar[Sequence[Any]] = ()
    search_label: ClassVar[Any] = _l("搜索")
    load_options: ClassVar[Sequence[Any]] = ()
    """Loader options of lists and records (`joinedload(...)`), so that a page costs a fixed number of queries."""
    default_order: ClassVar[tuple[str, bool] | None] = None
    """(column, descending); without it newest (highest key) first."""
    page_size = 50
    count_unit: ClassVar[Any] = _l("项")
    count_cap: ClassVar[int] = 10_000
    narrowed_count_cap: ClassVar[int] = 100_000
    cell_classes: ClassVar[Mapping[str, str]] = {}
    """Per column: `code` mono, `num` right, `wide` a line of its own on phones, `hide` not on phones, `wrap`."""
    empty_title: ClassVar[Any] = _l("这里还没有内容")
    empty_help: ClassVar[Any] = ""
    empty_button: ClassVar[Button | None] = None
    create_label: ClassVar[Any] = _l("新增")
    export_limit: ClassVar[int] = 100_000

    list_template = "admin/model/list.html"

    def list_state(self) -> ListState:
        return read_state(
            request.args,
            actor=self.actor,
            tabs=self.tabs,
            filters=self.filters,
            sortable=tuple(self._sortable_columns),
        )

    def apply_search(self, query: Select[Any], text: str) -> Select[Any]:
        """Narrow to rows that contain every word in one of `search_columns`; override for an indexed search."""
        for word in text.split()[:6]:
            query = query.where(or_(*(column.icontains(word, autoescape=True) for column in self.search_columns)))
        return query

    def apply_filters(self, query: Select[Any], state: ListState) -> Select[Any]:
        """Search and filters, without the tab."""
        if state.search and self.has_search:
            query = self.apply_search(query, state.search)
        for each in state.chosen:
            query = query.where(each.filter.clause(each.value))
        return query

    def apply_state(self, query: Select[Any], state: ListState) -> Select[Any]:
        """Everything a list was asked for but order and place."""
        query = self.apply_filters(query, state)
        clause = state.tab.clause(self.actor) if state.tab else None
        return query if clause is None else query.where(clause)

    @property
    def has_search(self) -> bool:
        return bool(self.search_columns) or type(self).apply_search is not ListPages.apply_search

    def order(self, state: ListState) -> Order:
        if state.sort:
            return Order(self._key, self._sortable(state.sort), state.descending)
        if self.default_order:
            name, descending = self.default_order
            return Order(self._key, getattr(self.model, name), descending)
        return Order(self._key, None, True)

    def _sortable(self, name: str) -> InstrumentedAttribute[Any] | None:
        found = getattr(self.model, name, None)
        return found if isinstance(found, InstrumentedAttribute) and hasattr(found.property, "columns") else None

    def page_of(self, state: ListState) -> Page:
        query = self.apply_state(self.get_query(), state)
        return keyset_page(
            db.session, query, order=self.order(state), size=self.page_size, after=state.after, before=state.before
        )

    def count_of(self, state: ListState) -> Count:
        cap = self.narrowed_count_cap if state.is_narrowed else self.count_cap
        return count_rows(db.session, self.apply_state(self.scope(), state), cap=cap)

    def tab_counts(self, state: ListState) -> dict[str, Count]:
        """Rows behind each tab under the search and filters in use."""
        base = self.apply_filters(self.scope(), state)
        counts = {}
        for tab in self.tabs:
            if tab.counted:
                clause = tab.clause(self.actor)
                query = base if clause is None else base.where(clause)
                counts[tab.code] = count_rows(db.session, query, cap=self.count_cap)
        return counts

    def list_url(self, state: ListState | None = None, **changes: str | None) -> str:
        args = (state or self.list_state()).args(**changes)
        return self.url_of("index_view") + (f"?{urlencode(args)}" if args else "")

    def list_buttons(self) -> list[Button]:
        """Further buttons of the list's head (import, print …)."""
        return []

    def row_buttons(self, row: Any) -> Sequence[Button]:
        """Buttons in a row of the list; half the rendering time, so only where people act from the list."""
        return ()

    def cells(self, row: Any) -> list[Any]:
        """The values of a row of the list, as text or markup."""
        return [
            self._get_list_value(None, row, name, self.column_formatters, self.column_type_formatters)
            for name, _label in self._list_columns
        ]

    @expose("/")
    def index_view(self) -> str:
        state = self.list_state()
        page, count = self.page_of(state), self.count_of(state)
        rows = [(self.key(row), self.record_url(row), self.cells(row), self.row_buttons(row)) for row in page.rows]
        return self.render(
            self.list_template,
            state=state,
            page=page,
            count=count,
            rows=rows,
            has_row_buttons=any(buttons for _key, _url, _cells, buttons in rows),
            columns=self._list_columns,
            sortable=self._sortable_columns,
            tab_links=self.tab_links(state),
            offered={each.code: each.offered(self.actor) for each in self.filters if isinstance(each, ChoiceFilter)},
            chosen={each.filter.code: each for each in state.chosen},
            create_button=self.create_button(),
            head_buttons=[*self.list_buttons(), *self._export_button(state)],
            batch=self.batch_buttons(query=urlencode(state.args())),
        )

    def create_button(self) -> Button | None:
        """The list's primary button."""
        if not (self.can_create and self.may(self.permissions["create"])):
            return None
        return Button(label=str(self.create_label), url=self.url_of("create_view"), primary=True)

    def _export_button(self, state: ListState) -> list[Button]:
        if not (self.can_export and self.may(self.permissions["export"])):
            return []
        args = state.args()
        url = self.url_of("export_view") + (f"?{urlencode(args)}" if args else "")
        return [Button(label=_("导出所筛"), url=url)]

    def tab_links(self, state: ListState) -> list[dict[str, Any]]:
        """The tabs as shown: label, count, URL, whether this is the one."""
        counts = self.tab_counts(state)
        return [
            {
                "label": tab.label,
                "count": counts.get(tab.code),
                "url": self.list_url(state, tab=None if tab is self.tabs[0] else tab.code),
                "active": state.tab is tab,
            }
            for tab in self.tabs
        ]

    @expose("/export.xlsx")
    def export_view(self) -> Response:
        state = self.list_state()
        query = self.apply_state(self.get_query(), state).order_by(*self.order(state).clauses(backwards=False))
        rows = db.session.scalars(query.limit(self.export_limit).execution_options(yield_per=1000))
        return workbook_answer(
            title=str(self.title),
            headings=[str(label) for _name, label in self._export_columns],
            rows=([self.get_export_value(row, name) for name, _label in self._export_columns] for row in rows),
        )
