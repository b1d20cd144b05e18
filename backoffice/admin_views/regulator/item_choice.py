"""Ticking some of an appointment's instruments in a form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wtforms import SelectMultipleField
from wtforms.widgets import CheckboxInput, ListWidget

from ...models import AppointmentItem


class ItemsField(SelectMultipleField):
    """Items as check boxes; its data is their ids. What is offered is known only once the record is."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def __init__(self, label: Any = None, validators: Any = None, **kwargs: Any) -> None:
        super().__init__(label, validators, coerce=int, choices=[], validate_choice=False, **kwargs)
        self.type = "SelectMultipleField"

    def offer(self, items: Sequence[AppointmentItem], *, ticked: bool) -> None:
        """List these items, all of them ticked where the form is opened anew."""
        self.choices = [(item.id, str(item.instrument)) for item in items]
        if ticked:
            self.data = [item.id for item in items]
