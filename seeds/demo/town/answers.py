"""How the institutions of the town answer: within their two days, with now and then something returned."""

from __future__ import annotations

from datetime import timedelta

from backoffice import clock
from backoffice.services import acceptance
from backoffice.states import ItemStatus, ReturnCode

from .. import results
from ..deeds import actor, appointment_of
from ..telling import working_day

RETURNED_EVERY = 9
"""Every ninth slip has something on it that is returned."""
REASONS = (
    (ReturnCode.WRONG_SERIAL, "出厂编号与铭牌不符，请核对铭牌后更正"),
    (ReturnCode.WRONG_INFORMATION, "型号规格与铭牌不符，请按铭牌填写"),
    (ReturnCode.STANDARD_AWAY, "标准器正在送检，请两周后再预约"),
    (ReturnCode.NO_TYPE_APPROVAL, "器具上没有型式批准标志，请与生产厂家联系"),
)
TIMES = ("上午 8:30—11:00", "上午 9:00—11:30", "下午 2:00—4:30")


def accept_all(booking: int, number: int) -> None:
    """Each institution accepts what came to it; sometimes not the last instrument."""
    for slip in appointment_of(booking).slips:
        clerk = actor(results.people_of(slip.institution_id).first)
        waiting = [item.id for item in slip.items if item.status is ItemStatus.AWAITING_ACCEPTANCE]
        if not waiting:
            continue  # Sent elsewhere.
        if (number + slip.id) % RETURNED_EVERY == 0 and len(waiting) > 1:
            code, words = REASONS[slip.id % len(REASONS)]
            acceptance.return_items(clerk, slip.id, item_ids=[waiting.pop()], code=code, words=words)
        acceptance.accept(
            clerk,
            slip.id,
            item_ids=waiting,
            appointed_on=working_day(clock.today() + timedelta(days=4 + number % 4)),
            appointed_time=TIMES[number % len(TIMES)],
            words="上门检定，请安排人员配合。"
            if acceptance.needs_site_visit(slip)
            else "请携带预约单和器具，进门登记。",
        )
