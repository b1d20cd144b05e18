"""Why an item went where it is, in one sentence: from the stored decision, as it was when it was made."""

from __future__ import annotations

from collections.abc import Iterable

from flask_babel import gettext as _

from ...messages import matching as words
from ...models import AppointmentItem
from ...services import assignments
from ...states import Level
from .look_ups import division_names


def sentences(items: Iterable[AppointmentItem]) -> list[str]:
    """One sentence for each distinct reason among matched items, in the order of the items."""
    made: dict[tuple[int | None, int | None, str], str] = {}
    for item in items:
        key = (item.decision_id, item.institution_id, item.assignment_reason)
        if item.institution is not None and item.decision is not None and key not in made:
            made[key] = sentence(item)
    return list(dict.fromkeys(made.values()))


def sentence(item: AppointmentItem) -> str:
    """Why this matched item is at its institution; empty while it is at none."""
    decision, institution = item.decision, item.institution
    if decision is None or institution is None:
        return ""
    if decision.institution_id != institution.id or decision.decided_by is None:
        return words.decided_sentence("by_hand", institution=institution.name, reason=item.assignment_reason)
    row = next((row for row in assignments.explain(decision).rows if row.won), None)
    standing = dict(row.standing) if row else {}
    area, named = standing.get("area") or "", (row.designated if row else None) or {}
    names = division_names({area, named.get("division", ""), item.instrument.division_code})
    passing = {found["institution"] for found in decision.candidates if not found["failed"]}
    is_sole = decision.decided_by == "area" and len(passing) == 1
    return words.decided_sentence(
        "area_only" if is_sole else decision.decided_by,
        institution=institution.name,
        kind=item.instrument.kind.name,
        place=names.get(item.instrument.division_code, ""),
        area=names.get(area, ""),
        level=Level(standing["level"]) if standing.get("level") else None,
        named_by=_("%(place)s市场监督管理局", place=names.get(named.get("division", ""), "")),
    )
