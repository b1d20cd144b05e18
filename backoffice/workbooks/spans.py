"""Row numbers as runs of rows: 5, 6, 7 and 40 are 5–7、40."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise


def spans(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """First and last number of each run, in order."""
    ordered = sorted(numbers)
    first = ordered[0]
    for number, following in pairwise([*ordered, -1]):
        if following != number + 1:
            yield first, number
            first = following


def spelled(pairs: Sequence[tuple[int, int]]) -> str:
    return "、".join(str(first) if first == last else f"{first}–{last}" for first, last in pairs)
