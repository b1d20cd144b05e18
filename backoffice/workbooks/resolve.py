"""From what people write to a code of the reference data: by code, by name, by "code name", with what is meant if not.

Answers are remembered on the reference, because a file repeats a few values in thousands of rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from backoffice.workbooks.cells import folded
from backoffice.workbooks.likeness import meant_by_name, meant_by_place
from backoffice.workbooks.problems import ProblemCode
from backoffice.workbooks.reference import Reference, folded_name

MOST_REMEMBERED = 20_000
MOST_EXAMPLES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """The code meant, or None; what there is to say about it; a value that would be accepted instead."""

    code: str | None
    finding: ProblemCode | None = None
    suggestion: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


def _remembered(reference: Reference, key: tuple[str, ...], find: Callable[[], Resolved]) -> Resolved:
    memo = reference.memo
    if key not in memo:
        if len(memo) >= MOST_REMEMBERED:
            memo.clear()
        memo[key] = find()
    return cast(Resolved, memo[key])


def _split_label(text: str) -> tuple[str, str]:
    """A leading code and the words behind it; ("", text) where there is no code in front."""
    found = re.match(r"([0-9A-Za-z_]+)[\s\-—:：/]*(?=\D)(.+)", text)
    return (found[1], found[2]) if found else ("", text)


# --- kinds ---------------------------------------------------------------------------------------------------------


def resolve_kind(text: str, reference: Reference, *, instrument_name: str = "") -> Resolved:
    """The kind a cell means. `instrument_name` is the row's 器具名称: it often says what a wrong code was to be."""
    key = ("kind", text, instrument_name)
    return _remembered(reference, key, lambda: _find_kind(text, reference, instrument_name))


def _find_kind(text: str, reference: Reference, instrument_name: str) -> Resolved:
    if text in reference.kinds:
        return _allowed_kind(text, reference)
    if text.isdigit() and (padded := text.zfill(4)) in reference.kinds:
        named = _kind_named(instrument_name, reference)
        return _no_kind(
            ProblemCode.LEADING_ZERO_LOST, reference.kinds[padded].label if named in (None, padded) else None
        )
    name = folded_name(text)
    if code := reference.kind_codes_of_name.get(name):
        return _allowed_kind(code, reference)
    if code := _kind_of_label(text, reference):
        return _allowed_kind(code, reference)
    codes = reference.kind_codes_of_alias.get(name, [])
    if len(codes) == 1:
        return _allowed_kind(codes[0], reference, by_alias=True)
    if codes:
        labels = [reference.kinds[code].label for code in codes[:MOST_EXAMPLES]]
        return _no_kind(ProblemCode.KIND_AMBIGUOUS, None, candidates=labels)
    meant = closest_kind(text, reference) or closest_kind(instrument_name, reference)
    return _no_kind(ProblemCode.KIND_UNKNOWN, reference.kinds[meant].label if meant else None)


def _kind_named(instrument_name: str, reference: Reference) -> str | None:
    """The kind a name says by itself, if it says one."""
    name = folded_name(instrument_name)
    of_alias = reference.kind_codes_of_alias.get(name, [])
    by_alias = of_alias[0] if len(of_alias) == 1 else None
    return reference.kind_codes_of_name.get(name) or by_alias or closest_kind(instrument_name, reference)


def _kind_of_label(text: str, reference: Reference) -> str | None:
    code, words = _split_label(text)
    kind = reference.kinds.get(code)
    if kind is None:
        return None
    return code if folded_name(words) in map(folded_name, (kind.name, *kind.aliases)) else None


def _no_kind(finding: ProblemCode, suggestion: str | None, **facts: Any) -> Resolved:
    return Resolved(code=None, finding=finding, suggestion=suggestion, facts=facts)


def _allowed_kind(code: str, reference: Reference, *, by_alias: bool = False) -> Resolved:
    kind = reference.kinds[code]
    if not reference.takes_any_kind and kind.retired:
        return _no_kind(ProblemCode.KIND_RETIRED, None, kind=kind.label)
    if not reference.takes_any_kind and not kind.may_be_in_ledger:
        return _no_kind(ProblemCode.KIND_NOT_MANDATORY, None, kind=kind.label, supervision=kind.supervision)
    if by_alias:
        return Resolved(code=code, finding=ProblemCode.KIND_BY_ALIAS, facts={"kind": kind.label})
    return Resolved(code=code)


def closest_kind(text: str, reference: Reference) -> str | None:
    """The code of the kind whose name or alias the text resembles, if it resembles one."""
    return meant_by_name(folded_name(text), reference.kind_codes_of_spelling)


# --- divisions -----------------------------------------------------------------------------------------------------


def resolve_division(text: str, reference: Reference, *, place_of_use: str = "") -> Resolved:
    """The division a cell means; it must have no active children. `place_of_use` helps to say which child is meant."""
    found = _remembered(reference, ("division", text), lambda: _find_division(text, reference))
    if found.finding is ProblemCode.DIVISION_HAS_CHILDREN:
        return _with_child_named_in(place_of_use, found, reference)
    return found


def resolve_area(text: str, reference: Reference) -> Resolved:
    """The division a service area means, of any level; whether it may be chosen is asked elsewhere."""
    return _remembered(reference, ("area", text), lambda: _find_division(text, reference, lambda code, _: _any(code)))


def _any(code: str) -> Resolved:
    return Resolved(code=code)


def _find_division(
    text: str, reference: Reference, allowed: Callable[[str, Reference], Resolved] | None = None
) -> Resolved:
    allowed = allowed or _allowed_division
    if text in reference.divisions:
        return allowed(text, reference)
    code, words = _split_label(text)
    if code in reference.divisions and _is_named(code, words, reference):
        return allowed(code, reference)
    codes = _most_usable(reference.division_codes_of_name.get(folded_name(text), []), reference)
    if len(codes) == 1:
        return allowed(codes[0], reference)
    if codes:
        return _no_division(ProblemCode.DIVISION_AMBIGUOUS, candidates=_paths(codes, reference))
    return _unknown_division(text, reference)


def _is_named(code: str, words: str, reference: Reference) -> bool:
    name = folded_name(words)
    return name == folded_name(reference.divisions[code].name) or code in reference.division_codes_of_name.get(name, ())


def _most_usable(codes: Sequence[str], reference: Reference) -> Sequence[str]:
    """Those without children where there are any: 济源市 is a pseudo city and also the county in it."""
    return [code for code in codes if not reference.active_children.get(code)] or codes


def _allowed_division(code: str, reference: Reference) -> Resolved:
    division = reference.divisions[code]
    label = reference.label_of_division(code)
    if division.retired:
        return _no_division(ProblemCode.DIVISION_RETIRED, division=label)
    if children := reference.active_children.get(code):
        examples = [reference.label_of_division(child) for child in sorted(children)[:MOST_EXAMPLES]]
        return _no_division(ProblemCode.DIVISION_HAS_CHILDREN, division=label, candidates=examples, code=code)
    return Resolved(code=code)


def _unknown_division(text: str, reference: Reference) -> Resolved:
    meant: Sequence[str] = ()
    if text.isdigit() and len(text) in (9, 12) and text[:6] in reference.divisions:
        meant = [text[:6]]
    elif not text.isdigit():
        meant = _most_usable(reference.division_codes_of_spelling.get(folded_name(text), ()), reference)
        if not meant and (close := meant_by_place(folded_name(text), reference.division_codes_of_long_spelling)):
            meant = [close]
    if len(meant) > 1:
        return _no_division(ProblemCode.DIVISION_AMBIGUOUS, candidates=_paths(meant, reference))
    suggestion = reference.label_of_division(meant[0]) if meant else None
    return _no_division(ProblemCode.DIVISION_UNKNOWN, suggestion)


def _no_division(finding: ProblemCode, suggestion: str | None = None, **facts: Any) -> Resolved:
    return Resolved(code=None, finding=finding, suggestion=suggestion, facts=facts)


def _paths(codes: Sequence[str], reference: Reference) -> list[str]:
    return [f"{code} {reference.path_of_division(code)}" for code in codes[:MOST_EXAMPLES]]


def _with_child_named_in(place: str, found: Resolved, reference: Reference) -> Resolved:
    children = reference.active_children[found.facts["code"]]
    named = [code for code in children if reference.divisions[code].name in place]
    if len(named) != 1:
        return found
    return _no_division(ProblemCode.DIVISION_HAS_CHILDREN, reference.label_of_division(named[0]), **found.facts)


# --- option lists --------------------------------------------------------------------------------------------------


def resolve_choice(text: str, column_code: str, reference: Reference) -> Resolved:
    """The option a cell means: its label, either half of 现场检定（外检）, its code, or both."""
    choices = reference.choices(column_code)
    return _remembered(reference, ("choice", column_code, text), lambda: _find_choice(text, choices))


def parts_of(text: str, whole: Iterable[str] = ()) -> list[str]:
    """The entries of a cell that may have several; an option that has a mark of separation in it stays whole."""
    if text in set(whole):
        return [text]
    separators = _STRONGER if _STRONGER.search(text) else _SEPARATORS
    return [part for each in separators.split(text) if (part := each.strip())]


def joined(parts: Sequence[str]) -> str:
    """The cell `parts_of` reads these entries from: with ； where one of them has a 、 in it."""
    if any(_SEPARATORS.search(part) for part in parts):
        return "".join(f"{part}；" for part in parts)
    return "、".join(parts)


_SEPARATORS = re.compile(r"[、，,\n]")
_STRONGER = re.compile(r"[；;]")
"""Where one of these stands, it alone separates."""


def resolve_name(text: str, column_code: str, reference: Reference) -> Resolved:
    """The record of a list that bears this name, else the one whose name resembles it as a suggestion."""
    names = reference.choices(column_code)
    return _remembered(reference, ("name", column_code, text), lambda: _find_name(text, names))


def _find_name(text: str, names: Mapping[str, str]) -> Resolved:
    meanings: dict[str, list[str]] = {}
    for code, name in names.items():
        meanings.setdefault(folded_name(name), []).append(code)
    codes = meanings.get(folded_name(text), [])
    if len(codes) == 1:
        return Resolved(code=codes[0])
    meant = meant_by_place(folded_name(text), meanings)
    return Resolved(code=None, finding=ProblemCode.NAME_UNKNOWN, suggestion=names[meant] if meant else None)


def _spellings(code: str, label: str) -> list[str]:
    halves = [half for half in re.split(r"[（）()]", label) if half]
    return [folded_name(folded(spelling)) for spelling in (label, code, *halves, f"{code}{label}")]


def _is_part_of(wanted: str, spellings: Sequence[str]) -> bool:
    return any(spelling in wanted for spelling in spellings if len(spelling) > 1)


def _find_choice(text: str, choices: Mapping[str, str]) -> Resolved:
    wanted = folded_name(folded(text))
    for code, label in choices.items():
        if wanted in _spellings(code, label):
            return Resolved(code=code)
    meant = [label for code, label in choices.items() if _is_part_of(wanted, _spellings(code, label))]
    suggestion = meant[0] if len(meant) == 1 else None
    return Resolved(
        code=None, finding=ProblemCode.NOT_IN_LIST, suggestion=suggestion, facts={"allowed": list(choices.values())}
    )
