"""Equal problems of a file in one sentence with the rows they stand in, each leading to exactly those rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from flask_babel import gettext as _

from ...messages.ledger import is_warning, stored_sentence
from ...models import ImportRow, ImportRun
from ...services.ledger_import_alike import Alike, alike_problems

MOST_SENTENCES = 8
MOST_RANGES = 6
"""Runs of rows named in a sentence; the link shows all of them."""


@dataclass(frozen=True, slots=True)
class Summary:
    """One sentence about equal problems, and the address of the rows that have it."""

    sentence: str
    url: str
    is_warning: bool


def summaries_of(run: ImportRun) -> list[Summary]:
    """The most frequent equal problems of a file, errors first; a problem that stands alone is seen in its row."""
    return [_summary(found) for found in alike_problems(run.id, most=MOST_SENTENCES)]


def _summary(found: Alike) -> Summary:
    problem, warns = found.problem, is_warning(found.problem)
    said = stored_sentence(problem).removesuffix("。")
    sentence = _(
        "第 %(rows)s 行：%(column)s %(sentence)s共 %(count)s 行",
        rows=ranges_of(found.numbers),
        column=problem["header"] or "",
        sentence=said if said.endswith("？") else said + "，",
        count=len(found.numbers),
    )
    asked = {"show": "warnings" if warns else "errors", "field": problem["field"] or "", "code": problem["code"]}
    return Summary(sentence, "?" + urlencode({**asked, "found": problem["found"]}), warns)


def ranges_of(numbers: Sequence[int]) -> str:
    """Row numbers as people write them: 5–37、40."""
    spans = list(_spans(sorted(numbers)))
    words = [str(first) if first == last else f"{first}–{last}" for first, last in spans[:MOST_RANGES]]
    return "、".join(words) + (_(" 等") if len(spans) > MOST_RANGES else "")


def _spans(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    first = numbers[0]
    for number, following in pairwise([*numbers, -1]):
        if following != number + 1:
            yield first, number
            first = following


def alike_filter(args: Mapping[str, str]) -> tuple[sa.ColumnElement[bool] | None, str]:
    """The rows with one problem, as a summary's address asks for them, and what the pager carries on of it."""
    asked = {name: args.get(name, "").replace("\0", "") for name in ("field", "code", "found")}
    if not asked["code"]:
        return None, ""
    wanted: dict[str, Any] = {**asked, "field": asked["field"] or None}
    has_it = sa.and_(ImportRow.problems != sa.text("'[]'::jsonb"), ImportRow.problems.contains([wanted]))
    return has_it, "&" + urlencode(asked)
