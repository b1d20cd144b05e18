"""The page of one record of a `ScopedModelView`: next step, facts, history, buttons."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, ClassVar

from flask import request
from flask_admin import expose
from flask_babel import gettext as _

from .history import History, history_page
from .records import Button, Card, Event, Fact, NextStep
from .view_parts import ViewPart


class RecordPages(ViewPart):
    """Mixin: `/<panel>/<noun>/<key>`."""

    details_template = "admin/model/details.html"
    shows_history: ClassVar[bool] = True
    """Whether the page ends with 历史; off where nothing is recorded, or where a story of its own tells all of it."""
    history_columns: ClassVar[Collection[str] | None] = None
    """Columns whose changes this panel's people may read where they do not own the record; `None`: all."""

    def record_url(self, row: Any) -> str:
        return self.url_of("details_view", key=self.key(row)) if self.can_view_details else ""

    def record_title(self, row: Any) -> str:
        """Heading of the record's page."""
        return str(row)

    def record_badge(self, row: Any) -> Any:
        """The state beside the heading (`formatting.badge`)."""
        return ""

    def next_step(self, row: Any) -> NextStep | None:
        """The strip on top of a record that has a state."""
        return None

    def cards(self, row: Any) -> Sequence[Card]:
        """Facts in cards, in the order in which people ask; by default `column_details_list` in one card."""
        facts = [
            Fact(label=str(label), value=self._detail(row, name), code="code" in self.cell_classes.get(name, ""))
            for name, label in self._details_columns
        ]
        return (Card(title=_("基本信息"), facts=facts),)

    def get_details_columns(self) -> list[tuple[str, Any]]:
        """Closed by default: a record shows what it names, else what its list shows, never every column there is."""
        columns: list[tuple[str, Any]] = self.get_column_names(
            only_columns=self.column_details_list or self.column_list, excluded_columns=None
        )
        return columns

    def _detail(self, row: Any, name: str) -> Any:
        return self._get_list_value(None, row, name, self.column_formatters_detail, self.column_type_formatters_detail)

    def history(self, row: Any) -> Sequence[Event] | None:
        """A story of your own beside the facts (经过), newest first; 历史 from the audit stands below in any case."""
        return None

    def recorded(self, row: Any) -> History | None:
        """历史: what the audit says about the record, a page of it; `None` shows none."""
        if not self.shows_history:
            return None
        return history_page(self.actor, row, request.args.get("before", ""), columns=self.history_columns)

    def record_context(self, row: Any) -> dict[str, Any]:
        """Further variables for a template of your own that extends `admin/model/details.html`."""
        return {}

    def record_buttons(self, row: Any) -> list[Button]:
        """The actions of the record, then 修改 and 删除 where this person may."""
        buttons = self.action_buttons(row)
        if self.can_edit and self.may(self.permissions["edit"]) and self.can_edit_row(row):
            buttons.append(Button(label=_("修改"), url=self.url_of("edit_view", key=self.key(row))))
        if self.can_delete and self.may(self.permissions["delete"]) and self.can_delete_row(row):
            buttons.append(Button(label=_("删除"), url=self.url_of("delete_view", key=self.key(row)), danger=True))
        return buttons

    @expose("/<key>")
    def details_view(self, key: str) -> str:
        row = self.row_or_404(key)
        return self.render(
            self.details_template,
            row=row,
            heading=self.record_title(row),
            state_badge=self.record_badge(row),
            next_step=self.next_step(row),
            cards=self.cards(row),
            events=self.history(row),
            record_history=self.recorded(row),
            buttons=self.record_buttons(row),
            **self.record_context(row),
        )
