"""Forms of reference data: prefilled fields, fields of a new record only, lists of codes, reasons."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, ClassVar

from flask import request
from flask_babel import lazy_gettext as _l
from wtforms import DateField, Form, SelectMultipleField, TextAreaField
from wtforms.validators import InputRequired
from wtforms.widgets import CheckboxInput, ListWidget

from .. import messages
from ..unit_of_work import unit_of_work
from .base import ScopedModelView
from .forms import PanelForm, ScopedChecklistField, ScopedSelectField, values_of
from .keys import key_of
from .lists import clean_text

_between_entries = re.compile(r"[、，,；;\s|]+")


class ReasonForm(PanelForm):
    """Why something is stopped or started again; it stays in the history."""

    reason = TextAreaField(
        _l("原因"), [InputRequired()], description=_l("会留在历史记录里，请写给以后查看的人，例如“证书到期，未续期”。")
    )


class EndForm(PanelForm):
    """The last day in force, and why it ends."""

    last_day = DateField(_l("最后有效日"), [InputRequired()], description=_l("这一天仍然有效，第二天起不再参与匹配。"))
    reason = TextAreaField(_l("原因"), [InputRequired()], description=_l("会留在历史记录里，例如“标准器停用”。"))


class CodesField(SelectMultipleField):
    """Several codes of a closed set as check boxes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def __init__(self, label: Any = None, validators: Any = None, *, codes: type[StrEnum], **kwargs: Any) -> None:
        choices = lambda: [(code.value, messages.label(code)) for code in codes]  # noqa: E731 - asked at every request
        super().__init__(label, validators, choices=choices, **kwargs)
        self.type = "SelectMultipleField"


class RecordForms(ScopedModelView):
    """Base of views: values a form begins with, and fields that only a new record has."""

    prefilled: ClassVar[Sequence[str]] = ()
    """Fields a link to 新增 may fill (`?kind_code=1401`)."""
    create_only: ClassVar[Sequence[str]] = ()
    """Fields that never change once the record is there."""
    edit_only: ClassVar[Sequence[str]] = ()
    """Fields about a change: a new record has none."""
    sections: ClassVar[Sequence[tuple[Any, Sequence[str]]]] = ()

    def shown_values(self, row: Any) -> Mapping[str, Any]:
        """What fields that are no columns show of a record when it is opened for editing."""
        return {}

    @property
    def form_sections(self) -> Sequence[tuple[Any, Sequence[str]]]:  # type: ignore[override]
        """The sections of this request's form, without the fields it does not have."""
        sections = self.sections or (("", tuple(self.form_columns)),)
        hidden = set(self.create_only if self._is_edit() else self.edit_only)
        kept = [(heading, [name for name in names if name not in hidden]) for heading, names in sections]
        return [(heading, names) for heading, names in kept if names]

    def create_form(self, obj: Any = None) -> Form:
        form = super().create_form(obj)
        for name in self.edit_only:
            del form[name]
        if request.method == "GET":
            for name in self.prefilled:
                _prefill(form[name], request.args.getlist(name))
        return form

    def edit_form(self, obj: Any = None) -> Form:
        form = super().edit_form(obj)
        for name in self.create_only:
            del form[name]
        if request.method == "GET":
            for name, value in self.shown_values(obj).items():
                form[name].process(None, value)
        return form

    def create_model(self, form: Form) -> Any:
        names = [name for name in self.form_columns if name not in self.edit_only]
        with unit_of_work():
            return self.create(self.actor, values_of(form, names))

    def update_model(self, form: Form, model: Any) -> bool:
        names = [name for name in self.form_columns if name not in self.create_only]
        with unit_of_work():
            self.update(self.actor, model, values_of(form, names))
        return True

    def _is_edit(self) -> bool:
        return "key" in (request.view_args or {})


def entries(text: str | None) -> list[str]:
    """The entries of a typed list, separated by 、 commas, blanks or new lines."""
    return [clean_text(each) for each in _between_entries.split(text or "") if each.strip()]


def lines(text: str | None) -> list[str]:
    """The entries of a typed list, one a line or separated by 、."""
    return [cleaned for each in re.split(r"[、\n]", text or "") if (cleaned := clean_text(each))]


def options_of(codes: Iterable[StrEnum]) -> Callable[..., list[tuple[str, str]]]:
    """Codes with their words, for filters and drop-downs; asked anew at every request."""
    listed = tuple(codes)
    return lambda *_actor: [(code.value, messages.label(code)) for code in listed]


def _prefill(field: Any, raw: Sequence[str]) -> None:
    """Fill a field from the address; what is not on offer is left out."""
    if not raw:
        return
    if isinstance(field, ScopedSelectField):
        keys = [key_of(row) for each in raw[:50] if (row := field.find(clean_text(each))) is not None]
        if keys:
            field.process(None, keys if isinstance(field, ScopedChecklistField) else keys[0])
        return
    typed = [clean_text(each) for each in raw[:50]]
    field.process(None, typed if isinstance(field, CodesField) else typed[0])
