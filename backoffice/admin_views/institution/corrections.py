"""更正建议 of an institution: proposed from an instrument's page, read and withdrawn here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Form, StringField, TextAreaField
from wtforms.validators import Length

from ...actor import Actor
from ...messages.wording import moment
from ...models import CorrectionProposal, MeasuringInstrument
from ...permissions import Permission
from ...services import corrections
from ...services.words import LONGEST_REASON
from ...states import ProposalState
from ...workbooks.columns import BY_CODE
from ..actions import record_action
from ..base import Card, Done, Fact, NextStep, ScopedModelView
from ..enterprise.instrument_form import Asked
from ..forms import PanelForm
from ..proposal_pages import CorrectionPages

P = Permission


def _text(name: str) -> StringField:
    column = BY_CODE[name]
    return StringField(
        _l(column.name),
        [Asked()] if column.required else [],
        render_kw={"maxlength": str(column.max_length)} if column.max_length else {},
    )


class CorrectionForm(PanelForm):
    """What the ledger says, to be typed over with what stands on the instrument."""

    model = _text("model")
    measuring_range = _text("measuring_range")
    accuracy_class = _text("accuracy_class")
    serial_number = _text("serial_number")
    manufacturer = _text("manufacturer")
    words = TextAreaField(
        _l("给使用单位的说明"),
        [Length(max=LONGEST_REASON)],
        description=_l("例如“铭牌上的编号是 20371，台账少一位”。"),
    )


class ProposesCorrections(ScopedModelView):
    """Base of the instruments' view: the button and form of a proposal."""

    def is_offered(self, code: str, row: MeasuringInstrument) -> bool:
        if code == "correct":
            return corrections.is_held(self.actor, row.id)
        return super().is_offered(code, row)

    def why_not(self, code: str, row: MeasuringInstrument) -> str:
        if code == "correct" and corrections.pending_of(row.id) is not None:
            return _("已有一份建议等使用单位答复")
        return super().why_not(code, row)

    def action_form(self, code: str, subject: Any) -> Form:
        form: Form = super().action_form(code, subject)
        if code == "correct" and request.method == "GET":
            form.process(obj=subject)
        return form

    @record_action(
        "correct",
        label=_l("提出更正建议"),
        permission=P.MATCHED_CORRECTIONS_PROPOSE,
        form=CorrectionForm,
        confirm=lambda _view, _row: _("只改与实物不符的栏目。使用单位一次点击确认后台账更新，不用退回。"),
    )
    def correct(self, actor: Actor, row: MeasuringInstrument, values: dict[str, Any]) -> Done:
        words = values.pop("words") or ""
        made = corrections.propose(actor, row.id, values, words=words)
        url = url_for("institution_corrections.details_view", key=made.id)
        return Done(url, _("更正建议已发给使用单位，等对方确认。"))


class InstitutionCorrections(CorrectionPages):
    """What this institution proposed, and what became of it."""

    permissions = {"view": P.MATCHED_CORRECTIONS_PROPOSE}
    menu_group, menu_waits = _l("资料"), False
    column_list = ("instrument", "state", "what", "enterprise", "proposed_at")
    empty_title = _l("还没有更正建议")
    empty_help = _l("收到的器具与台账不符时，打开“计量器具”里的那一台，点“提出更正建议”。")
    stale_words = _l("提出建议之后，使用单位又改过台账，与原内容对不上。请撤回后按现在的台账重新提出。")

    def next_step(self, row: CorrectionProposal) -> NextStep:
        if row.state is not ProposalState.PENDING:
            reason = _("原因：%(reason)s", reason=row.reason) if row.reason else ""
            return NextStep(self.answer_words(row), reason, warn=row.state is ProposalState.REFUSED)
        if not corrections.is_held(self.actor, row.instrument_id):
            left = _("可以撤回建议；台账内容和联系方式不再显示。")
            return NextStep(_("这台器具已不在本机构"), left, others=self.action_buttons(row))
        who = _(
            "%(enterprise)s 一次点击即可确认，联系人 %(contact)s，电话 %(phone)s",
            enterprise=row.enterprise.name,
            contact=row.enterprise.contact,
            phone=row.enterprise.mobile,
        )
        return NextStep(_("等使用单位确认"), who, others=self.action_buttons(row))

    def cards(self, row: CorrectionProposal) -> Sequence[Card]:
        facts = [
            Fact(_("计量器具"), str(row.instrument), url=self._instrument_url(row)),
            Fact(_("器具使用单位"), row.enterprise.name),
            Fact(_("说明"), row.words, wide=True),
            Fact(_("提出时间"), moment(row.proposed_at)),
        ]
        return (Card(_("建议"), facts),)

    def _instrument_url(self, row: CorrectionProposal) -> str:
        """None once the instrument has left this institution."""
        is_here = corrections.is_held(self.actor, row.instrument_id)
        return url_for("institution_instruments.details_view", key=row.instrument_id) if is_here else ""

    @record_action("withdraw", label=_l("撤回建议"), permission=P.MATCHED_CORRECTIONS_PROPOSE, direct=True, danger=True)
    def withdraw(self, actor: Actor, row: CorrectionProposal, values: dict[str, Any]) -> Done:
        corrections.withdraw(actor, row.id)
        return Done("", _("更正建议已撤回，台账没有改动。"))
