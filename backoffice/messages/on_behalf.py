"""Sentences about 代办, and about what a regulator does to bookings."""

from __future__ import annotations

from .wording import N_

ON_BEHALF = N_("由%(name)s代办")

SENTENCES: dict[str, str] = {
    "office_of": N_("%(division)s监管部门"),
    "no_items_chosen": N_("请先勾选器具。"),
    "cannot_take_all": N_("该机构不能检定所选的全部器具（除服务区域外还有条件不符），请另选一家，或少选几台。"),
    "history.item.cancelled": N_("监管部门取消 %(count)s 台（件）：%(reason)s"),
}
