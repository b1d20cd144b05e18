"""All sentences for people, in one place: codes and facts come in, Chinese goes out.

`labels.py` has the words for closed sets of codes; every other file the sentences of one noun, as plain msgids marked
for gettext by `N_`. Nothing below the edges makes sentences; services raise and store codes with facts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext

from . import (
    accounts,
    appointments,
    general,
    ledger,
    mails,
    matching,
    notices,
    on_behalf,
    progress,
    proposals,
    reference,
    registrations,
    verifications,
)
from .labels import label
from .wording import readable

SENTENCES: dict[str, str] = {
    **general.SENTENCES,
    **accounts.SENTENCES,
    **registrations.SENTENCES,
    **ledger.SENTENCES,
    **appointments.SENTENCES,
    **mails.SENTENCES,
    **matching.SENTENCES,
    **notices.SENTENCES,
    **on_behalf.SENTENCES,
    **progress.SENTENCES,
    **proposals.SENTENCES,
    **reference.SENTENCES,
    **verifications.SENTENCES,
}

__all__ = ["SENTENCES", "label", "notice_sentence", "readable", "sentence"]


def sentence(code: str, facts: Mapping[str, Any] | None = None) -> str:
    """The sentence of a code, filled with facts; raises `KeyError` for a code without one (a test holds this)."""
    return gettext(SENTENCES[code]) % {key: readable(value) for key, value in (facts or {}).items()}


def notice_sentence(code: str, facts: Mapping[str, Any]) -> str:
    """The sentence of a stored notice."""
    return sentence(code, notices.decoded(dict(facts)))
