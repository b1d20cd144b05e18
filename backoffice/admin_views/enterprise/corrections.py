"""更正建议: what an institution read off an instrument; one click confirms it, also while the row is locked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ...actor import Actor
from ...messages.wording import moment
from ...models import CorrectionProposal
from ...permissions import Permission
from ...services import corrections
from ...states import ProposalState
from ..actions import record_action
from ..base import Button, Card, Done, Fact, NextStep
from ..proposal_pages import CorrectionPages, ReasonForm

P = Permission


def waiting_step(instrument_id: int) -> NextStep | None:
    """The strip of an instrument's own page while a proposal about it waits for this enterprise."""
    waiting = corrections.pending_of(instrument_id)
    if waiting is None:
        return None
    url = url_for("enterprise_corrections.details_view", key=waiting.id)
    what = _("%(institution)s 建议更正这台器具的台账", institution=waiting.institution.name)
    return NextStep(what, _("请核对铭牌，一次点击即可确认"), primary=Button(_("查看更正建议"), url, primary=True))


class Corrections(CorrectionPages):
    """What institutions propose about one's own instruments."""

    permissions = {"view": P.OWN_CORRECTIONS_DECIDE}
    column_list = ("instrument", "state", "what", "institution", "proposed_at")
    empty_title = _l("没有更正建议")
    empty_help = _l("技术机构核对铭牌时发现台账与实物不符，会在这里请您确认；不用退回重报。")
    stale_words = _l("机构提出建议之后，台账又改过，与原内容对不上，不能直接确认。请核对后回复不采纳并说明原因。")

    def row_buttons(self, row: CorrectionProposal) -> Sequence[Button]:
        if row.state is not ProposalState.PENDING:
            return ()
        return (Button(_("确认更正"), self.url_of("do_confirm", key=row.id), post=True, primary=True),)

    def next_step(self, row: CorrectionProposal) -> NextStep:
        if row.state is not ProposalState.PENDING:
            reason = _("原因：%(reason)s", reason=row.reason) if row.reason else ""
            return NextStep(self.answer_words(row), reason)
        what = _("%(institution)s 建议更正，请核对铭牌后确认", institution=row.institution.name)
        who = _("确认后台账立即更新，预约照常办理，不用退回重报；有疑问请电 %(phone)s", phone=row.institution.phone)
        confirm, *others = self.action_buttons(row) or (None,)
        return NextStep(what, who, primary=confirm, others=[each for each in others if each])

    def cards(self, row: CorrectionProposal) -> Sequence[Card]:
        facts = [
            Fact(
                _("计量器具"),
                str(row.instrument),
                url=url_for("enterprise_instruments.details_view", key=row.instrument_id),
            ),
            Fact(_("种别"), row.instrument.kind.name),
            Fact(_("技术机构"), row.institution.name),
            Fact(_("机构电话"), row.institution.phone, code=True),
            Fact(_("机构说明"), row.words, wide=True),
            Fact(_("提出时间"), moment(row.proposed_at)),
        ]
        return (Card(_("建议"), facts),)

    @record_action("confirm", label=_l("确认更正"), permission=P.OWN_CORRECTIONS_DECIDE, direct=True)
    def confirm(self, actor: Actor, row: CorrectionProposal, values: dict[str, Any]) -> Done:
        corrections.confirm(actor, row.id)
        return Done("", _("已确认，台账已更新。"))

    @record_action("decline", label=_l("不采纳"), permission=P.OWN_CORRECTIONS_DECIDE, form=ReasonForm, danger=True)
    def decline(self, actor: Actor, row: CorrectionProposal, values: dict[str, Any]) -> Done:
        corrections.decline(actor, row.id, values["reason"])
        return Done("", _("已回复不采纳，机构会看到原因。"))
