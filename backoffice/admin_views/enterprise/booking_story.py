"""经过 of an appointment or of one slip of it: each act in one sentence, with old and new where a slip was changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flask_babel import gettext as _

from ... import messages
from ...actor import Role
from ...audit import AuditAction
from ...models import Slip
from ...services.appointment_history import Line
from ...states import ReturnCode
from ..history import changes_of
from ..records import Event

COUNTS = ("count", "items", "added", "removed")
"""Facts of an act that say how many items it was about; without one, its events are counted."""


def told(lines: Iterable[Line], slips: Sequence[Slip]) -> list[Event]:
    """The acts there are words for, in the order given."""
    by_number = {slip.number: slip for slip in slips}
    by_id = {slip.id: slip for slip in slips}
    return [Event(at=line.at, text=text) for line in lines if (text := _words(line, by_number, by_id))]


def _words(line: Line, by_number: dict[str, Slip], by_id: dict[int, Slip]) -> str:
    code = f"history.{line.action}"
    if line.action == "appointment.changed" and "removed" in line.facts:
        code = "history.appointment.removed_items"
    if code not in messages.SENTENCES:
        return ""
    slip = by_number.get(str(line.facts.get("slip"))) or by_id.get(line.facts.get("slip_id", 0))
    return_code = line.facts.get("return_code")
    facts = {
        "by": line.by if line.role is Role.ENTERPRISE else messages.label(line.role),
        "count": next((line.facts[name] for name in COUNTS if line.facts.get(name)), line.count),
        "institution": slip.institution.name if slip else "",
        "reason": line.facts.get("reason", ""),
        "return_code": ReturnCode(return_code) if return_code else "",
    }
    return messages.sentence(code, facts) + _changed(line)


def _changed(line: Line) -> str:
    """What was changed on a slip, old and new: it may stand on a paper printed before."""
    if line.action != AuditAction.SLIP_CHANGED or line.event is None:
        return ""
    changes = [f"{each.label} {each.before or '—'} → {each.after or '—'}" for each in changes_of(line.event)]
    return _("（%(changes)s）", changes="；".join(changes)) if changes else ""
