"""Where the instruments on a page of the preview would go, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...models import ImportRow, ImportRun
from ...services.ledger_import_expected import expected_of_rows
from ...states import ImportState
from ..item_words import WhyWords, expected_answer


@dataclass(frozen=True, slots=True)
class Expected:
    """The institution a row would be matched to if it were booked today, "" for none, and why."""

    institution: str
    why: str


def expected_words(run: ImportRun, rows: Sequence[ImportRow]) -> dict[int, Expected]:
    """By row number, for the rows of one page of an undecided run; a decided one says it in the ledger."""
    if run.state is not ImportState.READY:
        return {}
    found = expected_of_rows(run, rows)
    answers = {number: expected_answer(instrument, decision) for number, (instrument, decision) in found.items()}
    words = WhyWords(answers.values())
    return {
        number: Expected(words.name(answer.institution_id) if answer.institution_id else "", words.why(answer))
        for number, answer in answers.items()
    }
