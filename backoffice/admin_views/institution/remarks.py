"""备注: an institution's own note on the page of an enterprise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Form, TextAreaField
from wtforms.validators import Length

from ...actor import Actor
from ...models import Enterprise
from ...permissions import Permission
from ...services import remarks
from ..actions import record_action
from ..base import Card, Done, Fact, ScopedModelView
from ..forms import PanelForm


class RemarkForm(PanelForm):
    words = TextAreaField(
        _l("备注"),
        [Length(max=remarks.LONGEST)],
        description=_l("只有本机构的人能看到，例如“上门前先打门卫电话”。清空即删去。"),
    )


class KeepsRemarks(ScopedModelView):
    """Base of the enterprises' view: the card and the form of the remark."""

    def cards(self, row: Enterprise) -> Sequence[Card]:
        remark = remarks.of(self.actor, row.id)
        words = remark.words if remark is not None else ""
        return (*super().cards(row), Card(_("本机构备注（别人看不到）"), [Fact(_("备注"), words, wide=True)]))

    def action_form(self, code: str, subject: Any) -> Form:
        form: Form = super().action_form(code, subject)
        if code == "remark" and request.method == "GET":
            remark = remarks.of(self.actor, subject.id)
            form.process(data={"words": remark.words if remark is not None else ""})
        return form

    @record_action("remark", label=_l("写备注"), permission=Permission.MATCHED_ENTERPRISES_REMARK, form=RemarkForm)
    def remark(self, actor: Actor, row: Enterprise, values: dict[str, Any]) -> Done:
        remarks.write(actor, row.id, values["words"] or "")
        return Done("", _("备注已保存。"))
