"""The facts of the catalogue, the divisions and the option lists, as the template and the checks need them.

Plain values: the caller reads them from wherever they live. One `Reference` serves a whole file.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

MANDATORY = "强制检定"
"""The word of the notice of 2020: only a kind whose stated supervision contains it belongs in a ledger."""

WHOLE_COUNTRY = "000000"


@dataclass(frozen=True, slots=True, kw_only=True)
class KindFact:
    """A kind of the catalogue. `purposes` are codes of the option list; an empty `supervision` is 待确认."""

    code: str
    name: str
    item_code: str = ""
    item_name: str = ""
    aliases: tuple[str, ...] = ()
    supervision: str = ""
    verification_scheme: str = ""
    purposes: tuple[str, ...] = ()
    scope_note: str = ""
    default_period_months: int | None = None
    retired: bool = False

    @property
    def is_to_be_confirmed(self) -> bool:
        return not self.supervision.strip()

    @property
    def may_be_in_ledger(self) -> bool:
        return not self.retired and (self.is_to_be_confirmed or MANDATORY in self.supervision)

    @property
    def label(self) -> str:
        return f"{self.code} {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DivisionFact:
    """An administrative division or local zone; `parent_code` is None (or 000000) for a province."""

    code: str
    name: str
    parent_code: str | None = None
    retired: bool = False


def folded_name(text: str) -> str:
    """A name for comparing: without spaces, with half-width brackets."""
    return re.sub(r"[\s/／\-—·>]+", "", text).replace("（", "(").replace("）", ")")


SHORT_FORMS = (
    ("高新技术产业开发区", "高新区"),
    ("经济技术开发区", "经开区"),
    ("经济开发区", "经开区"),
)
"""What people call the zones."""


def short_names(name: str) -> set[str]:
    """A division's name as people shorten it: without its last word (张店), a zone by its short form (高新区, 高新)."""
    found = {name[:-1]} if len(name) > 2 else set()
    for long, short in SHORT_FORMS:
        if name.endswith(long):
            found |= {name.removesuffix(long) + short, name.removesuffix(long) + short[:-1]}
    return found


@dataclass(frozen=True, kw_only=True)
class Reference:
    """Everything a row is checked against. Option lists map code to label, in the order to show."""

    kinds: Mapping[str, KindFact]
    divisions: Mapping[str, DivisionFact]
    origins: Mapping[str, str]
    purposes: Mapping[str, str]
    delivery_modes: Mapping[str, str]
    further: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Option lists of other records than instruments, by column code."""
    takes_any_kind: bool = False
    """Whether every kind may be named, for records in which it need not be one of a ledger."""

    @classmethod
    def of(
        cls,
        *,
        kinds: Iterable[KindFact],
        divisions: Iterable[DivisionFact],
        origins: Mapping[str, str],
        purposes: Mapping[str, str],
        delivery_modes: Mapping[str, str],
    ) -> Reference:
        return cls(
            kinds={kind.code: kind for kind in kinds},
            divisions={division.code: division for division in divisions},
            origins=dict(origins),
            purposes=dict(purposes),
            delivery_modes=dict(delivery_modes),
        )

    def choices(self, column_code: str) -> Mapping[str, str]:
        """The option list of a column, code to label."""
        own = {"origin": self.origins, "purpose": self.purposes, "delivery_mode": self.delivery_modes}
        return {**own, **self.further}[column_code]

    @cached_property
    def kind_codes_of_name(self) -> dict[str, str]:
        """Kind names, folded. Names are unique in the catalogue."""
        return {folded_name(kind.name): kind.code for kind in self.kinds.values() if not kind.retired}

    @cached_property
    def kind_codes_of_alias(self) -> dict[str, list[str]]:
        """Names met in practice, folded, to the kinds they may mean."""
        found: dict[str, list[str]] = defaultdict(list)
        for kind in self.kinds.values():
            for alias in kind.aliases if not kind.retired else ():
                found[folded_name(alias)].append(kind.code)
        return dict(found)

    @cached_property
    def active_children(self) -> dict[str, list[str]]:
        """Codes of the divisions in force directly below each division."""
        children: dict[str, list[str]] = defaultdict(list)
        for division in self.divisions.values():
            if division.parent_code and not division.retired:
                children[division.parent_code].append(division.code)
        return dict(children)

    @cached_property
    def division_codes_of_name(self) -> dict[str, list[str]]:
        """Divisions in force by their name, alone and behind the names above it (淄博市张店区, 山东省淄博市张店区)."""
        found: dict[str, list[str]] = defaultdict(list)
        for division in self.divisions.values():
            if division.retired:
                continue
            spelling = ""
            for name in reversed(self._names_down_to(division)):
                spelling = name + spelling
                found[folded_name(spelling)].append(division.code)
        return dict(found)

    def _names_down_to(self, division: DivisionFact) -> list[str]:
        """Names from the province down. The depth is bounded: a loop among parents must not hang a check."""
        names = [division.name]
        parent = self.divisions.get(division.parent_code or "")
        while parent is not None and len(names) < 6:
            names.insert(0, parent.name)
            parent = self.divisions.get(parent.parent_code or "")
        return names

    def path_of_division(self, code: str) -> str:
        """The full name, as 山东省淄博市张店区."""
        return "".join(self._names_down_to(self.divisions[code]))

    def label_of_division(self, code: str) -> str:
        """Code and name, as 370303 张店区."""
        return f"{code} {self.divisions[code].name}"

    @cached_property
    def kind_codes_of_spelling(self) -> dict[str, list[str]]:
        """Every name and alias of the kinds an enterprise may choose, folded, with the codes it may mean."""
        found: dict[str, list[str]] = defaultdict(list)
        for kind in self.kinds.values():
            for name in {folded_name(name) for name in (kind.name, *kind.aliases) if kind.may_be_in_ledger}:
                found[name].append(kind.code)
        return dict(found)

    @cached_property
    def division_codes_of_spelling(self) -> dict[str, list[str]]:
        """Divisions in force as people shorten them: 张店, 淄博张店, 高新区, 淄博高新, with the codes they may mean."""
        found: dict[str, list[str]] = defaultdict(list)
        for division in self.divisions.values():
            for spelling in self._short_spellings(division) if not division.retired else ():
                found[folded_name(spelling)].append(division.code)
        return dict(found)

    @cached_property
    def division_codes_of_long_spelling(self) -> dict[str, list[str]]:
        """Those long enough to be told apart when a character is wrong, with at most the city in front."""
        found: dict[str, list[str]] = defaultdict(list)
        for division in self.divisions.values():
            *above, own = self._names_down_to(division)
            city = above[-1] if above else ""
            for spelling in {own, city + own, city[:-1] + own}:
                if len(spelling) > 3 and not division.retired:
                    found[folded_name(spelling)].append(division.code)
        return dict(found)

    def _short_spellings(self, division: DivisionFact) -> set[str]:
        *above, own = self._names_down_to(division)
        spellings = {own, *short_names(own)}
        for name in reversed(above):
            spellings |= {word + spelling for word in {name, name[:-1]} for spelling in spellings}
        return {spelling for spelling in spellings if len(spelling) > 1}

    @cached_property
    def memo(self) -> dict[tuple[str, ...], object]:
        """Answers already found for this reference: a file repeats a few values in thousands of rows."""
        return {}

    @cached_property
    def digest(self) -> str:
        """Twelve hexadecimal digits that change whenever something a template offers changes."""
        facts = [
            sorted([k.code, k.name, k.supervision, k.retired] for k in self.kinds.values()),
            sorted([d.code, d.name, d.parent_code or "", d.retired] for d in self.divisions.values()),
            [
                sorted(choices.items())
                for choices in (self.origins, self.purposes, self.delivery_modes, *self.further.values())
            ],
        ]
        return hashlib.sha256(json.dumps(facts, ensure_ascii=False).encode()).hexdigest()[:12]
