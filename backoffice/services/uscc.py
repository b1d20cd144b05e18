"""统一社会信用代码 (GB 32100): folding what people type, saying what is wrong with it, drawing a branch's own code."""

from __future__ import annotations

import secrets
import unicodedata

import sqlalchemy as sa
from stdnum.cn import uscc as standard

from ..database import db
from ..errors import Conflict, FieldProblem
from ..models import Enterprise

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""GB 32100: no I, O, S, V, Z, which read like 1, 0, 5, U, 2."""
LENGTH = 18
BRANCH_LENGTH = 20
LOOKALIKES = {"I": "1", "O": "0", "S": "5", "V": "U", "Z": "2"}
_LOCK_CLASS = 0x55534343


def fold(text: str | None) -> str:
    """The code as it is stored: half-width, upper case, without spaces, hyphens and invisible characters."""
    folded = unicodedata.normalize("NFKC", text or "").upper()
    return "".join(mark for mark in folded if mark not in "-‐‑–—" and not mark.isspace() and mark.isprintable())


def grouped(code: str) -> str:
    """The code in groups of four, as it is compared with a licence by eye."""
    return " ".join(code[at : at + 4] for at in range(0, len(code), 4))


def problem(code: str) -> FieldProblem | None:
    """What is wrong with a folded 18-character code, `None` for a good one.

    `stdnum` computes the check character; its own `validate` is not used, because it refuses codes that begin with a
    letter (Y1…), which exist.
    """
    if not code:
        return FieldProblem("required")
    for place, mark in enumerate(code, start=1):
        if mark not in ALPHABET:
            return _illegal(place, mark)
    if len(code) != LENGTH:
        return FieldProblem("uscc_length", {"length": len(code)})
    if standard.calc_check_digit(code[:-1]) != code[-1]:
        return FieldProblem("uscc_check", {"last": code[-1]})
    return None


def _illegal(place: int, mark: str) -> FieldProblem:
    if mark in LOOKALIKES:
        return FieldProblem("uscc_lookalike", {"place": place, "found": mark, "meant": LOOKALIKES[mark]})
    return FieldProblem("uscc_character", {"place": place, "found": mark})


def lock(code: str) -> None:
    """Let registrations of one code (or of branches of one parent) happen one after the other, until commit."""
    db.session.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK_CLASS, sa.func.hashtext(code[:LENGTH]))))


def branch_code(parent: str) -> str:
    """A new branch's code: the parent's and two random digits, drawn again while taken.

    Raises `Conflict` when all hundred are used. Call `lock(parent)` first, so that two draws cannot meet.
    """
    statement = sa.select(Enterprise.uscc).where(
        Enterprise.uscc.startswith(parent, autoescape=True), sa.func.length(Enterprise.uscc) == BRANCH_LENGTH
    )
    taken = set(db.session.scalars(statement))
    if len(taken) >= 100:
        raise Conflict("branch_codes_used_up", parent=parent)
    while (code := f"{parent}{secrets.randbelow(100):02d}") in taken:
        continue
    return code
