"""Equal problems of a file in one sentence with the rows they stand in, each leading to exactly those rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from flask_babel import gettext as _

from ...messages.ledger import is_warning, stored_sentence
from ...models import ImportRow, ImportRun
from ...services.ledger_import_alike import Alike, alike_problems
from ...workbooks.spans import spans, spelled
from .import_fields import Fields, MendField

MOST_SENTENCES = 8
MOST_RANGES = 6
"""Runs of rows named in a sentence; the link shows all of them."""


@dataclass(frozen=True, slots=True)
class Summary:
    """One sentence about equal problems, the address of the rows that have it, and the field that mends them all."""

    sentence: str
    url: str
    is_warning: bool
    row: int = 0
    column: str = ""
    code: str = ""
    count: int = 0
    field: MendField | None = None


def summaries_of(run: ImportRun, fields: Fields) -> list[Summary]:
    """The most frequent equal problems of a file, errors first; a problem that stands alone is seen in its row."""
    alike = alike_problems(run.id, most=MOST_SENTENCES)
    return [_summary(found, fields.of_alike(found.problem, place)) for place, found in enumerate(alike, start=1)]


def _summary(found: Alike, field: MendField | None) -> Summary:
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
    url = "?" + urlencode({**asked, "found": problem["found"]}) + "#rows"
    return Summary(
        sentence, url, warns, found.numbers[0], problem["field"] or "", problem["code"], len(found.numbers), field
    )


def ranges_of(numbers: Sequence[int]) -> str:
    """Row numbers as people write them: 5–37、40."""
    found = list(spans(numbers))
    return spelled(found[:MOST_RANGES]) + (_(" 等") if len(found) > MOST_RANGES else "")


def alike_filter(args: Mapping[str, str]) -> tuple[sa.ColumnElement[bool] | None, str]:
    """The rows with one problem, as a summary's address asks for them, and what the pager carries on of it."""
    asked = {name: args.get(name, "").replace("\0", "") for name in ("field", "code", "found")}
    if not asked["code"]:
        return None, ""
    wanted: dict[str, Any] = {**asked, "field": asked["field"] or None}
    has_it = sa.and_(ImportRow.problems != sa.text("'[]'::jsonb"), ImportRow.problems.contains([wanted]))
    return has_it, "&" + urlencode(asked)
