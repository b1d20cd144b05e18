"""检定结果 of one's own instruments; after a fail the two ways on: repaired and booked again, or scrapped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ...actor import Actor
from ...models import MeasuringInstrument, Verification
from ...permissions import P
from ...services import appointments, verification_reading
from ...services.ledger_schemes import why_never_booked
from ...states import Outcome
from ..actions import record_action
from ..base import Button, Done, Fact, NextStep
from ..subjects import record_path
from ..verification_pages import VerificationPages


class Verifications(VerificationPages):
    """What institutions published about one's own instruments."""

    panel_name = "enterprise"
    permissions = {"view": P.OWN_RESULTS_READ}
    shows_history = False
    """What was typed before publication is the institution's own affair."""
    column_list = (
        "instrument",
        "outcome",
        "document_number",
        "verified_on",
        "valid_until",
        "institution",
        "slip",
    )
    empty_title = _l("还没有检定结果")
    empty_help = _l("技术机构检定后，由两人登记、核验并发布结果，会列在这里；台账的证书编号和有效期同时更新。")

    def next_step(self, row: Verification) -> NextStep | None:
        if row.outcome is Outcome.PASSED:
            return NextStep(_("检定合格，台账的证书编号和有效期已更新"))
        if (step := failed_step(row.instrument, row)) is not None:
            return step
        return NextStep(_("检定不合格，之后已办理，不用再处理"))

    def record_buttons(self, row: Verification) -> list[Button]:
        """The ways on stand in the strip."""
        return []

    def is_offered(self, code: str, row: Verification) -> bool:
        return row.outcome is Outcome.NOT_PASSED and verification_reading.may_be_repaired(row.instrument)

    def result_facts(self, row: Verification) -> list[Fact]:
        facts = super().result_facts(row)
        return [each for each in facts if each.label != _("登记人")]

    @record_action("repair", label=_l("修理后重新申请"), permission=P.OWN_APPOINTMENTS_EDIT, direct=True)
    def repair(self, actor: Actor, row: Verification, values: dict[str, Any]) -> Done:
        draft = appointments.book_after_repair(actor, row.instrument_id)
        url = record_path("enterprise", "appointments", draft.id)
        return Done(url, _("已建立修理后检定的预约草稿，请核对后提交。"))


def failed_step(instrument: MeasuringInstrument, row: Verification | None) -> NextStep | None:
    """The strip while an instrument that failed is still in use: stop it, then repair and book it, or scrap it."""
    if row is None or not verification_reading.awaits_repair(instrument):
        return None
    first, *others = ways_on(row)
    if not others:
        return NextStep(
            _("检定不合格，请立即停用并报废"), _("这个种别失准报废，不再预约检定。"), primary=first, warn=True
        )
    return NextStep(
        _("检定不合格，请立即停用；修理后可申请“修理后检定”"),
        _("检定合格前不得使用（计量法第九条）。不再修理的请报废。"),
        primary=first,
        others=others,
        warn=True,
    )


def ways_on(row: Verification) -> list[Button]:
    """What can be done about an instrument that awaits repair: of what is never booked again, only scrapping."""
    scrap = Button(_("报废"), record_path("enterprise", "instruments", row.instrument_id, page="scrap"), danger=True)
    if why_never_booked(row.instrument) is not None:
        return [scrap]
    url = record_path("enterprise", "verifications", row.id, page="repair")
    return [Button(_("修理后重新申请"), url, post=True, primary=True), scrap]


def result_buttons(row: Verification | None) -> Sequence[Button]:
    """What an item's row offers once it is verified: its result, where a fail is taken further."""
    if row is None:
        return ()
    return (Button(_("检定结果"), record_path("enterprise", "verifications", row.id)),)
