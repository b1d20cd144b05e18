"""The pairs of characters the search's index is made of: the fast function gives the same sets as the plain one."""

from __future__ import annotations

import random

import pytest
import sqlalchemy as sa
from flask import Flask

from backoffice.database import db

PLAIN = """
CREATE FUNCTION pg_temp.plain_bigrams(content text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT
RETURN (
    SELECT coalesce(array_agg(DISTINCT substr(lower(content), place, 2)), '{}')
    FROM generate_series(1, greatest(length(content) - 1, 0)) AS place
)
"""
BOTH = sa.text("SELECT bigrams(:text), pg_temp.plain_bigrams(:text)")

AWKWARD = [
    "",
    "A",
    "压",
    "AA",
    "aA",
    "AAA",
    "压力",
    "压力表",
    "JL-0079 Y-100",
    "\n",
    "a\nB",
    "\\&A",
    r"\1\2..",
    "%_*'\"{},NULL",
    "NULL",
    "𠮷野家",
    "😀😀",
    "e\u0301E\u0301",
    "👩\u200d🔧 扳手",
    "ΑΣ ΟΔΟΣ ς",
    "İstanbul Iı",
    "ẞß ǅ",
    "\u00a0\u3000\ufeff",
    "0.4级" * 400,
]
LETTERS = "aAbBzZ 0123-._/\\&%'\"{},()\n\t压力表温度计号楼𠮷𪚥😀é\u0301\u0308ΣσςİıßẞÀǅⅣⓐＡ\u200d\u00a0"


def pairs(text: str) -> tuple[list[str], list[str]]:
    fast, plain = db.session.execute(BOTH, {"text": text}).one()
    return fast, plain


@pytest.fixture(autouse=True)
def plain_function(app: Flask) -> None:
    db.session.execute(sa.text(PLAIN))


@pytest.mark.parametrize("text", AWKWARD, ids=ascii)
def test_pairs_of_awkward_texts_are_the_same(text: str) -> None:
    fast, plain = pairs(text)
    assert set(fast) == set(plain)


def test_pairs_of_random_texts_are_the_same() -> None:
    chance = random.Random(9)
    for _ in range(500):
        text = "".join(chance.choices(LETTERS, k=chance.randrange(40)))
        fast, plain = pairs(text)
        assert set(fast) == set(plain), text


def test_no_text_has_no_pairs() -> None:
    assert db.session.scalar(sa.text("SELECT bigrams(NULL)")) is None
    assert pairs("") == pairs("压") == ([], [])
