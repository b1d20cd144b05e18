"""What was probably meant by a word that is in no list: fuzzy comparison, strict enough to be silent when in doubt.

A wrong suggestion costs more than none, because one click takes it for every equal cell of a file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rapidfuzz import fuzz, process

SHORTEST = 3
"""Words of one or two characters resemble too many others; they must stand in a list as they are."""
MOST_COMPARED = 40
CUTOFFS = {3: 66.0, 4: 75.0}
CUTOFF = 70.0
"""Of a hundred, by length of the word: 66 is two of three characters in order."""
CONTAINED = 95.0
AHEAD = 2.0
"""How far the best meaning must lie before the next one."""
SLIPS = str.maketrans("称标记剂基鸡恒", "秤表计计机机衡")
"""Characters an input method offers first for the last one of an instrument's name."""

Meanings = Mapping[str, Sequence[str]]
"""The codes each spelling may mean."""


def meant_by_name(word: str, meanings: Meanings) -> str | None:
    """The one code whose names resemble the word, or stand in it: 压力标, 智能水表."""
    if (slipped := meanings.get(word[:-1] + word[-1:].translate(SLIPS))) and len(slipped) == 1:
        return slipped[0]
    contained = [spelling for spelling in meanings if _contains(word, spelling)]
    return _best(word, meanings, dict.fromkeys(contained, CONTAINED))


def meant_by_place(word: str, meanings: Meanings) -> str | None:
    """The one code whose spellings resemble the word. Part of a place's name is another place."""
    return _best(word, meanings, {}) if len(word) > SHORTEST else None


def _best(word: str, meanings: Meanings, certain: Mapping[str, float]) -> str | None:
    if not SHORTEST <= len(word) <= MOST_COMPARED:
        return None
    cutoff = CUTOFFS.get(len(word), CUTOFF)
    alike = process.extract(word, meanings.keys(), scorer=fuzz.ratio, score_cutoff=cutoff, limit=None)
    scores: dict[str, float] = {}
    for spelling, score in [*((spelling, score) for spelling, score, _at in alike), *certain.items()]:
        if len(word) == SHORTEST and spelling not in certain and not _is_telling(word, spelling, meanings):
            continue
        for code in meanings[spelling]:
            scores[code] = max(score, scores.get(code, 0.0))
    ranked = sorted(scores.items(), key=lambda found: -found[1])
    is_clear = len(ranked) == 1 or (len(ranked) > 1 and ranked[1][1] <= ranked[0][1] - AHEAD)
    return ranked[0][0] if is_clear else None


def _contains(word: str, spelling: str) -> bool:
    """Whether one stands in the other. A short one counts at the end of a word alone: 智能水表 is a kind of 水表."""
    if len(spelling) < SHORTEST:
        return len(spelling) == SHORTEST - 1 and len(word) > SHORTEST and word.endswith(spelling)
    return spelling in word or (len(word) >= SHORTEST and word in spelling)


def _is_telling(word: str, spelling: str, meanings: Meanings) -> bool:
    """Whether the beginning both share belongs to one meaning only: 压力 does, 电子 does not."""
    start = word[:2]
    return (
        spelling.startswith(start) and len({code for name in meanings if start in name for code in meanings[name]}) == 1
    )
