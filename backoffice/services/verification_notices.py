"""Who is told of published results: the enterprise, one notice a result, or one a slip when several came at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from ..models import Slip, Verification
from ..states import Outcome
from . import notices


def tell(rows: Sequence[Verification]) -> None:
    """Tell the enterprises of results that were published together."""
    by_slip: dict[Slip, list[Verification]] = defaultdict(list)
    for row in rows:
        if row.item is not None and row.item.slip is not None:
            by_slip[row.item.slip].append(row)
    for slip, published in by_slip.items():
        if len(published) == 1:
            _tell_of_one(published[0])
        else:
            _tell_of_several(slip, published)


def _tell_of_one(row: Verification) -> None:
    notices.tell_enterprise(
        row.enterprise_id,
        "notice_result_published",
        row,
        institution=row.institution.name,
        instrument=str(row.instrument),
        outcome=row.outcome,
    )


def _tell_of_several(slip: Slip, rows: Sequence[Verification]) -> None:
    notices.tell_enterprise(
        slip.enterprise_id,
        "notice_results_published",
        slip,
        institution=slip.institution.name,
        number=slip.number,
        count=len(rows),
        failed=sum(row.outcome is Outcome.NOT_PASSED for row in rows),
    )
