"""Forms of a `ScopedModelView`: new, edit, delete, each one service call in one unit of work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from flask import Response, abort, jsonify, request
from flask_admin import expose
from flask_babel import gettext as _
from sqlalchemy import Select
from wtforms import Form

from ..actor import Actor
from ..errors import Invalid
from ..unit_of_work import unit_of_work
from ..web.form_keys import Done, once
from .forms import Lookup, PanelForm, ScopedConverter, ScopedLookupField, place_problems, values_of
from .lists import clean_text
from .view_parts import ViewPart


class FormPages(ViewPart):
    """Mixin: `/new`, `/<key>/edit`, `/<key>/delete`, `/lookup/<field>`."""

    form_lookups: ClassVar[Mapping[str, Lookup]] = {}
    form_sections: ClassVar[Sequence[tuple[Any, Sequence[str]]]] = ()
    """(heading, field names) in order; without it one section with every field."""
    form_base_class = PanelForm
    model_form_converter = ScopedConverter

    create_template = "admin/model/create.html"
    edit_template = "admin/model/edit.html"
    delete_template = "admin/model/delete.html"

    def choices_for(self, name: str, query: Select[Any]) -> Select[Any]:
        """Narrow or order what a relation field offers (retired kinds …); the query is already scoped."""
        return query

    def can_edit_row(self, row: Any) -> bool:
        """Whether 修改 is offered; the service decides again."""
        return True

    def can_delete_row(self, row: Any) -> bool:
        return True

    def create(self, actor: Actor, values: dict[str, Any]) -> Any:
        """Call the service that makes a row of these values; returns the row."""
        raise NotImplementedError

    def update(self, actor: Actor, row: Any, values: dict[str, Any]) -> None:
        """Call the service that changes the row to these values."""
        raise NotImplementedError

    def remove(self, actor: Actor, row: Any) -> None:
        """Call the service that deletes the row."""
        raise NotImplementedError

    def create_model(self, form: Form) -> Any:
        with unit_of_work():
            return self.create(self.actor, values_of(form, self.form_columns))

    def update_model(self, form: Form, model: Any) -> bool:
        with unit_of_work():
            self.update(self.actor, model, values_of(form, self.form_columns))
        return True

    def delete_model(self, model: Any) -> bool:
        with unit_of_work():
            self.remove(self.actor, model)
        return True

    def get_form(self) -> type[Form]:
        """A form of exactly `form_columns`; none at all for a view that neither creates nor edits."""
        return self.scaffold_form() if self.can_create or self.can_edit else PanelForm

    def after_create(self, row: Any) -> Done:
        return Done(self.record_url(row) or self.list_url(), _("已新增“%(title)s”。", title=self.record_title(row)))

    def after_update(self, row: Any) -> Done:
        return Done(
            self.record_url(row) or self.list_url(), _("已保存“%(title)s”的修改。", title=self.record_title(row))
        )

    def after_remove(self, title: str) -> Done:
        return Done(self.url_of("index_view"), _("已删除“%(title)s”。", title=title))

    def form_context(self, form: Form, row: Any | None) -> dict[str, Any]:
        """Further variables for a form template of your own."""
        return {}

    @expose("/new", methods=("GET", "POST"))
    def create_view(self) -> Any:
        form = self.create_form()
        return self._serve_form(
            form,
            template=self.create_template,
            row=None,
            work=lambda: self.after_create(self.create_model(form)),
        )

    @expose("/<key>/edit", methods=("GET", "POST"))
    def edit_view(self, key: str) -> Any:
        row = self.row_or_404(key)
        if request.method == "GET" and not self.can_edit_row(row):
            abort(404)
        form = self.edit_form(obj=row)

        def work() -> Done:
            self.update_model(form, row)
            return self.after_update(row)

        return self._serve_form(form, template=self.edit_template, row=row, work=work)

    @expose("/<key>/delete", methods=("GET", "POST"))
    def delete_view(self, key: str) -> Any:
        row = self.row_or_404(key)
        title = self.record_title(row)
        if request.method == "GET":
            return self.render(self.delete_template, row=row, heading=title, back_url=self.record_url(row))

        def work() -> Done:
            self.delete_model(row)
            return self.after_remove(title)

        return once(work)

    def _serve_form(self, form: Form, *, template: str, row: Any | None, work: Any) -> Any:
        def page(problems: Sequence[str] = ()) -> str:
            return self.render(
                template,
                form=form,
                row=row,
                heading=self.record_title(row) if row is not None else self.create_heading,
                back_url=self.record_url(row) if row is not None else self.url_of("index_view"),
                sections=self.form_sections or (("", tuple(self.form_columns)),),
                problems=problems,
                lookup_urls={name: self.url_of("lookup_view", name=name) for name in self.form_lookups},
                **self.form_context(form, row),
            )

        if request.method == "GET":
            return page()
        if not form.validate():
            return page(), 422
        try:
            return once(work)
        except Invalid as refused:
            return page(place_problems(form, refused)), 422

    @property
    def create_heading(self) -> str:
        return str(self.create_label)

    @expose("/lookup/<name>")
    def lookup_view(self, name: str) -> Response:
        """Suggestions for a `form_lookups` field: in scope, at most twenty."""
        form = self._create_form_class() if self.can_create else self._edit_form_class()
        if name not in self.form_lookups or not isinstance(form[name], ScopedLookupField):
            abort(404)
        return jsonify(form[name].suggest(clean_text(request.args.get("q", ""))))
