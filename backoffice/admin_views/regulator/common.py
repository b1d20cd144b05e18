"""What the regulator's pages share: the areas divisions lie in, states by days."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from ... import clock
from ...actor import Actor
from ...models import Division
from ...permissions import Permission
from ...scoping import area_codes
from ..formatting import badge
from ..history import area_words as area_words
from ..history import changes_of as changes_of
from ..history import event_words as event_words
from ..history import remember_divisions as remember_divisions
from ..reference_forms import RecordForms

P = Permission
RULES, BUSINESS, SYSTEM = "规则", "业务", "系统"
SOON_DAYS = 60
PERIOD_FIELDS = {"valid_from": {"label": _l("有效期自")}, "valid_until": {"label": _l("有效期至")}}
"""What the two days are called in a form: in a list the one column shows the period, the other its state."""


class RecordView(RecordForms):
    """A list and records of the regulator's panel."""

    @property
    def create_heading(self) -> str:
        return _("新增%(what)s", what=self.title)


def in_area(query: Any, actor: Actor) -> Any:
    """Divisions of the actor's area that are not retired, in the order of their codes."""
    chosen = query.where(Division.code.in_(area_codes(actor.division_code or "")), Division.is_retired.is_(False))
    return chosen.order_by(Division.code)


def period_badge(first: date | None, last: date | None) -> Markup:
    """Whether a period is in force today: 有效, 60 天内到期, 未生效, 已结束."""
    today = clock.today()
    if last is not None and last < today:
        return badge(_("已结束"), "end")
    if first is not None and first > today:
        return badge(_("未生效"), "")
    if last is not None and (last - today).days <= SOON_DAYS:
        return badge(_("%(days)s 天后到期", days=(last - today).days) if last > today else _("今天到期"), "warn")
    return badge(_("有效"), "ok")
