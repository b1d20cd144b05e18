"""What stands on a slip: plain values, already in words for people, ready to print.

Whoever prints a slip fills these in from its records. Nothing here knows the database, so the same content makes
the PDF and the web page, and a test can write one down.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from dataclasses import dataclass, fields
from datetime import datetime
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")

UNPRINTABLE_CATEGORIES = frozenset({"Cc", "Cf", "Cs"})
"""Control, format and surrogate characters. U+202E, for one, really prints the rest of the line reversed."""


def printable_text(text: str) -> str:
    """Text as it can stand on one line: every run of blanks one space, nothing invisible left in it."""
    visible = (
        " " if char.isspace() else char
        for char in text
        if char.isspace() or unicodedata.category(char) not in UNPRINTABLE_CATEGORIES
    )
    return " ".join("".join(visible).split())


class PrintableFields:
    """A dataclass whose texts are made printable when it is created."""

    def __post_init__(self) -> None:
        for field in fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            if isinstance(value, str):
                # The dataclasses are frozen; this is the one moment at which a field may still be set.
                object.__setattr__(self, field.name, printable_text(value))


@dataclass(frozen=True, kw_only=True)
class SlipInstitution(PrintableFields):
    """The institution 技术机构 that accepted the slip."""

    name: str
    address: str = ""
    phone: str = ""


@dataclass(frozen=True, kw_only=True)
class SlipEnterprise(PrintableFields):
    """The user of the instruments 器具使用单位. `uscc` is its 18 or, for a branch, 20 characters."""

    name: str
    uscc: str
    contact: str = ""
    phone: str = ""
    address: str = ""


@dataclass(frozen=True, kw_only=True)
class SlipVisit(PrintableFields):
    """When and where to come, as the institution accepted it; every part may be empty (随到随检, 待电话约定).

    `day` is the day in words with its weekday ("2026-12-03（星期四）") or the sentence that stands for it.
    `words` is what the institution wrote to the enterprise.
    """

    day: str = ""
    time: str = ""
    place: str = ""
    words: str = ""

    @property
    def day_and_time(self) -> str:
        return f"{self.day} {self.time}".strip()


@dataclass(frozen=True, kw_only=True)
class SlipRow(PrintableFields):
    """One instrument of the slip. `delivery_mode` and `application_type` are the labels people read."""

    position: int
    instrument_name: str
    kind_name: str
    serial_number: str
    delivery_mode: str
    application_type: str
    sub_number: str = ""
    model: str = ""
    measuring_range: str = ""
    accuracy_class: str = ""
    manufacturer: str = ""
    place: str = ""
    department: str = ""


@dataclass(frozen=True, kw_only=True)
class SlipContent(PrintableFields):
    """A whole slip 强制检定预约单.

    `version` counts from 1; `cancelled_text` ("已取消") is empty while the slip is in force; `printed_at` is aware;
    `acceptance_url` is what the code at the counter opens.
    """

    number: str
    institution: SlipInstitution
    enterprise: SlipEnterprise
    visit: SlipVisit
    rows: tuple[SlipRow, ...]
    printed_at: datetime
    acceptance_url: str
    version: int = 1
    cancelled_text: str = ""
    appointment_number: str = ""
    on_site: int = 0
    """How many of the rows are verified where they stand; the others are brought along."""

    @property
    def to_send(self) -> int:
        """Instruments to bring, 应送."""
        return self.total - self.on_site

    @property
    def total(self) -> int:
        """Instruments on the slip, 台（件）."""
        return len(self.rows)

    @property
    def delivery_totals(self) -> tuple[tuple[str, int], ...]:
        """Label and number of each delivery mode, in the order of the list."""
        return tuple(Counter(row.delivery_mode for row in self.rows).items())

    @property
    def printed_at_text(self) -> str:
        return self.printed_at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
