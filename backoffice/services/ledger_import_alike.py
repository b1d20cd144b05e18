"""Problems of an import that are the same in several rows: counted where the rows are, in the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ..database import db


@dataclass(frozen=True, slots=True)
class Alike:
    """One problem and the rows that have it, in order."""

    problem: dict[str, Any]
    numbers: Sequence[int]


_ALIKE = sa.text("""
SELECT problem - 'row' AS problem, array_agg(number ORDER BY number) AS numbers
FROM import_row CROSS JOIN LATERAL jsonb_array_elements(problems) AS problem
WHERE run_id = :run_id AND problems <> '[]'::jsonb
GROUP BY problem - 'row'
HAVING count(*) > 1
ORDER BY bool_or(outcome = 'error') DESC, count(*) DESC, min(number)
LIMIT :most
""")


def alike_problems(run_id: int, *, most: int) -> list[Alike]:
    """Problems that stand in more than one row, those of rows with errors first, then the most frequent."""
    rows = db.session.execute(_ALIKE, {"run_id": run_id, "most": most})
    return [Alike({**problem, "row": numbers[0]}, numbers) for problem, numbers in rows]
