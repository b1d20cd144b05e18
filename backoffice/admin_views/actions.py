"""Pages that change a state: a confirmation or form (GET, changes nothing) and a POST that calls one service function.

`@record_action` and `@batch_action` mark methods of a `ScopedModelView`; the routes, the permission, the one-time key,
the transaction, refusals beside the fields and the way back come from here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from flask import abort, flash, redirect, request
from flask_babel import gettext as _
from werkzeug.datastructures import CombinedMultiDict
from werkzeug.wrappers import Response
from wtforms import Form

from ..errors import Invalid
from ..permissions import Permission
from ..web.form_keys import Done, once
from .forms import PanelForm, place_problems
from .guards import Method
from .records import Button
from .view_parts import ViewPart

Sentence = str | Callable[[Any, Any], str]
"""Fixed words, or made from the view and the row (rows, for a batch)."""


@dataclass(frozen=True, slots=True)
class Action:
    """A change of state people may ask for. `code` is the last part of its URL, `label` the verb on its button."""

    code: str
    label: Any
    permission: Permission
    method: str
    form: type[Form] | None = None
    confirm: Sentence = ""
    batch: bool = False
    direct: bool = False
    danger: bool = False
    template: str = "admin/action.html"

    def sentence(self, view: Any, subject: Any) -> str:
        return self.confirm(view, subject) if callable(self.confirm) else str(self.confirm)


def record_action(
    code: str,
    *,
    label: Any,
    permission: Permission,
    form: type[Form] | None = None,
    confirm: Sentence = "",
    direct: bool = False,
    danger: bool = False,
    template: str = "admin/action.html",
) -> Callable[[Method], Method]:
    """Mark `method(self, actor, row, values) -> Done` as the change at `/<id>/<code>`.

    `direct` makes the button a POST form of its own, without a page in between.
    """
    return _marker(
        code,
        label=label,
        permission=permission,
        form=form,
        confirm=confirm,
        direct=direct,
        danger=danger,
        template=template,
    )


def batch_action(
    code: str,
    *,
    label: Any,
    permission: Permission,
    form: type[Form] | None = None,
    confirm: Sentence = "",
    danger: bool = False,
    template: str = "admin/action.html",
) -> Callable[[Method], Method]:
    """Mark `method(self, actor, rows, values) -> Done` as a change of selected rows, after a confirmation page."""
    return _marker(
        code,
        label=label,
        permission=permission,
        form=form,
        confirm=confirm,
        danger=danger,
        template=template,
        batch=True,
    )


def _marker(code: str, **facts: Any) -> Callable[[Method], Method]:
    def mark(method: Method) -> Method:
        method.action = Action(code=code, method=method.__name__, **facts)  # type: ignore[attr-defined]
        return method

    return mark


class ActionPages(ViewPart):
    """Mixin of `ScopedModelView`: serves the marked actions."""

    actions: ClassVar[dict[str, Action]]
    batch_limit: ClassVar[int] = 500
    """At most this many rows in one batch."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        found = (getattr(getattr(cls, name, None), "action", None) for name in dir(cls))
        cls.actions = {each.method: each for each in found if isinstance(each, Action)}

    # What subclasses may say about an action.

    def is_offered(self, code: str, row: Any) -> bool:
        """Whether the record's page shows the button. The service decides again when it is sent."""
        return True

    def why_not(self, code: str, row: Any) -> str:
        """A reason shows the button disabled, with these words."""
        return ""

    def page_refusal(self, action: Action, subject: Any) -> str:
        """Why the button of the action's own page is disabled: the record's reason, for who typed the address.

        A batch is decided about whole, by the service; a view that can say it beforehand overrides this.
        """
        return "" if action.batch else self.why_not(action.code, subject)

    def action_form(self, code: str, subject: Any) -> Form:
        """The form of an action, filled from the request; override to set choices or defaults."""
        action = self._action(code)
        return (action.form or PanelForm)(_sent_values() or None)

    # Serving.

    def add_action_routes(self, blueprint: Any) -> None:
        for action in self.actions.values():
            rule, serve = (
                (f"/batch/{action.code}", self._batch) if action.batch else (f"/<key>/{action.code}", self._act)
            )
            methods = ("POST",) if action.batch else ("GET", "POST")
            blueprint.add_url_rule(rule, action_endpoint(action), _serving(self, serve, action), methods=methods)

    def action_buttons(self, row: Any) -> list[Button]:
        """The buttons of a record, in the order of definition; forbidden and not offered ones are left out."""
        return [
            Button(
                label=str(action.label),
                url=self.url_of(action_endpoint(action), key=self.key(row)),
                post=action.direct,
                danger=action.danger,
                confirm=action.sentence(self, row) if action.direct else "",
                why_not=self.why_not(action.code, row),
            )
            for action in self.actions.values()
            if not action.batch and self.may(action.permission) and self.is_offered(action.code, row)
        ]

    def batch_buttons(self, *, query: str) -> list[Button]:
        """The buttons of the bar under a selection; `query` is the list's own, for `all=1`."""
        tail = f"?{query}" if query else ""
        return [
            Button(label=str(action.label), url=self.url_of(action_endpoint(action)) + tail, danger=action.danger)
            for action in self.actions.values()
            if action.batch and self.may(action.permission)
        ]

    def _action(self, code: str) -> Action:
        return next(action for action in self.actions.values() if action.code == code)

    def _act(self, action: Action, key: str) -> Any:
        row = self.row_or_404(key)
        if request.method == "GET" and not self.is_offered(action.code, row):
            abort(404)
        back = self.record_url(row)
        if request.method == "GET" and action.direct:
            return redirect(back)
        return self._perform(action, row, back=back, ids=())

    def _batch(self, action: Action) -> Any:
        back = self.list_url()
        try:
            rows = self.selected_rows()
        except Invalid:
            limit = _("一次最多处理 %(limit)s %(unit)s，请先筛选再选。", limit=self.batch_limit, unit=self.count_unit)
            flash(limit, "warn")
            return redirect(back, 303)
        if not rows:
            flash(_("请先勾选要处理的记录。"), "warn")
            return redirect(back, 303)
        ids = [self.key(row) for row in rows]
        return self._perform(action, rows, back=back, ids=ids, confirmed="confirmed" in request.form)

    def _perform(self, action: Action, subject: Any, *, back: str, ids: Sequence[Any], confirmed: bool = True) -> Any:
        form = self.action_form(action.code, subject)

        def page(problems: Sequence[str] = ()) -> str:
            return self.render(
                action.template,
                action=action,
                form=form,
                subject=subject,
                ids=ids,
                back_url=back,
                heading=self.action_heading(action, subject),
                sentence=action.sentence(self, subject),
                why_not=self.page_refusal(action, subject),
                problems=problems,
            )

        if request.method == "GET" or not confirmed:
            return page()
        if not form.validate():
            return page(), 422
        method = getattr(self, action.method)
        try:
            return once(lambda: _finish(method(self.actor, subject, _values(form)), back))
        except Invalid as refused:
            return page(place_problems(form, refused)), 422

    def action_heading(self, action: Action, subject: Any) -> str:
        """Heading of the confirmation page: the verb and what it is about."""
        if action.batch:
            return _("%(verb)s %(count)s %(unit)s", verb=action.label, count=len(subject), unit=self.count_unit)
        return f"{action.label} · {self.record_title(subject)}"


def action_endpoint(action: Action) -> str:
    """The method part of an action's endpoint."""
    return f"{'batch' if action.batch else 'do'}_{action.code.replace('-', '_')}"


def _serving(view: Any, serve: Callable[..., Any], action: Action) -> Callable[..., Response]:
    def answer(**kwargs: Any) -> Any:
        if not view.may(action.permission):
            abort(404)
        return serve(action, **kwargs)

    return answer


def _finish(done: Done | None, back: str) -> Done:
    """Where a method that names no place leads: back to where it came from."""
    if done is None:
        return Done(back)
    return done if done.location else replace(done, location=back)


def _values(form: Form) -> dict[str, Any]:
    return {name: value for name, value in form.data.items() if name != "csrf_token"}


def _sent_values() -> Any:
    """Form values of a POST that is not the opening of a batch's confirmation page."""
    if request.method != "POST" or ("confirmed" not in request.form and "/batch/" in request.path):
        return None
    return CombinedMultiDict([request.files, request.form])
