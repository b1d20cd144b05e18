"""The words of matching: filters with both values compared, what decided, and the one step that is missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask_babel import gettext as _

from ..matching.explain import Cell
from ..states import DeliveryMode, Level
from .labels import label
from .wording import N_

SENTENCES: dict[str, str] = {
    "items_decided_meanwhile": N_(
        "预约单 %(number)s 中有 %(count)s 台（件）已由 %(by)s 处理，本次没有做任何改动。"
        "请打开预约单，核对最新情况后再办理。"
    ),
}

FILTER_LABELS: dict[str, str] = {
    "ACTIVE": N_("在业"),
    "AUTH": N_("授权种别"),
    "VALID": N_("有效期"),
    "SCOPE": N_("服务对象"),
    "PLACE": N_("服务区域"),
    "RANGE": N_("测量范围"),
    "ACCURACY": N_("准确度"),
    "DELIVERY": N_("送检方式"),
    "EXCLUDED": N_("未被排除"),
}

MISSING: dict[str, str] = {
    "ACTIVE": N_("已停业或暂停受理"),
    "AUTH": N_("没有该种别的授权"),
    "VALID": N_("授权不在有效期内"),
    "SCOPE": N_("只服务内部单位"),
    "PLACE": N_("服务区域不含使用地点"),
    "RANGE": N_("测量范围不够"),
    "ACCURACY": N_("准确度不在授权内"),
    "DELIVERY": N_("不提供所需的送检方式"),
    "EXCLUDED": N_("曾以“超出能力”退回"),
}
"""A filter that failed, in words that read right without its heading."""

DECIDED_BY: dict[str, str] = {
    "preferred": N_("使用单位选择仍由%(institution)s检定，各项条件都符合。"),
    "designation": N_("%(named_by)s指定由%(institution)s检定“%(kind)s”。"),
    "area": N_("%(institution)s的服务区域（%(area)s）覆盖使用地点%(place)s，各项条件都符合，是离使用地点最近的一家。"),
    "area_only": N_("%(institution)s的服务区域（%(area)s）覆盖使用地点%(place)s，各项条件都符合，是唯一可检的一家。"),
    "level": N_("几家机构的服务区域同样贴近%(place)s，按级别由%(level)s的%(institution)s检定。"),
    "priority": N_("几家机构条件相当，按监管部门设定的先后由%(institution)s检定。"),
    "lowest_id": N_("几家机构条件完全相同，由登记在前的%(institution)s检定。"),
    "by_hand": N_("没有机构按规则匹配，由监管部门指派%(institution)s检定。原因：%(reason)s"),
}

BAD_FIELDS: dict[str, str] = {
    "kind": N_("台账有误：种别“%(kind)s”已停用或不在目录中，请使用单位更正种别。"),
    "division": N_("台账有误：使用地点行政区划“%(place)s”已停用或还有下级，请使用单位更正行政区划。"),
}


@dataclass(frozen=True, slots=True)
class Names:
    """What codes are called: divisions by code, and the kind in question."""

    divisions: Mapping[str, str] = field(default_factory=dict)
    kind: str = ""

    def places(self, codes: Sequence[str]) -> str:
        """The names of divisions, at most three of them."""
        shown = "、".join(self.place(code) for code in codes[:3])
        return _("%(places)s等 %(count)s 处", places=shown, count=len(codes)) if len(codes) > 3 else shown

    def place(self, code: str | None) -> str:
        return self.divisions.get(code or "", "") or (code or "—")


@dataclass(frozen=True, slots=True)
class Compared:
    """A cell of the why-matrix in words: what the institution offers, and what the item needs."""

    offered: str
    wanted: str = ""


def filter_label(code: str) -> str:
    return _(FILTER_LABELS[code])


def decided_sentence(
    decided_by: str,
    *,
    institution: str,
    kind: str = "",
    place: str = "",
    area: str = "",
    level: Level | None = None,
    named_by: str = "",
    reason: str = "",
) -> str:
    """Why it went to the institution, in one sentence. `decided_by` is the decision's, `area_only` or `by_hand`."""
    facts = {
        "institution": institution,
        "kind": kind,
        "place": place,
        "area": area,
        "level": label(level) if level else "",
        "named_by": named_by,
        "reason": reason,
    }
    return _(DECIDED_BY[decided_by]) % facts


def nobody_sentence(*, kind: str, place: str) -> str:
    """No institution could be found, nor is one near."""
    return _("没有一家机构的授权覆盖在%(place)s使用的“%(kind)s”。", kind=kind, place=place)


def bad_data_sentence(bad_field: str, names: Names, *, place: str) -> str:
    """Which field of the ledger is unfit for matching."""
    return _(BAD_FIELDS[bad_field]) % {"kind": names.kind, "place": names.place(place)}


def compared(cell: Cell, names: Names) -> Compared:
    """Both values of a filter in words; what passed is said briefly."""
    return _COMPARED[cell.code](cell, names)


def step_sentence(cell: Cell, names: Names, *, institution: str) -> str:
    """The one step between an institution and an item, for a filter that failed."""
    facts = {"institution": institution, "kind": names.kind, **_step_facts(cell, names)}
    return _STEPS[cell.code](cell) % facts


def missing_conditions(institution: str, codes: Sequence[str]) -> str:
    """The nearest institution and the conditions it does not meet, for a column of a list."""
    return f"{institution}：{'、'.join(_(MISSING[code]) for code in codes)}"


def range_words(value: Mapping[str, Any] | None) -> str:
    """0～1.6 MPa; an open bound is ≤ or ≥."""
    if not value:
        return "—"
    low, high, unit = value.get("low"), value.get("high"), value["unit"]
    if low is None and high is None:
        return f"— {unit}"
    if low is None:
        return f"≤{high} {unit}"
    return f"≥{low} {unit}" if high is None else f"{low}～{high} {unit}"


def _active(cell: Cell, names: Names) -> Compared:
    if cell.result == "passed":
        return Compared("")
    return Compared(_inactive(cell), _("需要 %(day)s 在业", day=cell.wanted))


def _inactive(cell: Cell) -> str:
    if not cell.offered["active"]:
        return _("已停业")
    until = _suspended_until(cell)
    return _("暂停受理至 %(day)s", day=until) if until else _("暂停受理")


def _suspended_until(cell: Cell) -> str | None:
    day = date.fromisoformat(cell.wanted)
    for period in cell.offered["suspended"]:
        starts = period["from"] is None or date.fromisoformat(period["from"]) <= day
        if starts and (period["to"] is None or day <= date.fromisoformat(period["to"])):
            until: str | None = period["to"]
            return until
    return None


def _auth(cell: Cell, names: Names) -> Compared:
    if cell.result == "passed":
        return Compared(str(cell.offered))
    return Compared(_("没有该种别的授权"), _("需要 %(code)s", code=cell.wanted))


def _valid(cell: Cell, names: Names) -> Compared:
    if cell.result == "not_compared":
        return _not_compared()
    if cell.result == "passed":
        until = cell.offered["to"]
        return Compared(_("至 %(day)s", day=until) if until else _("长期"))
    return Compared(_validity(cell), _("需要 %(day)s", day=cell.wanted))


def _validity(cell: Cell) -> str:
    if _is_over(cell):
        return _("授权至 %(day)s", day=cell.offered["to"])
    return _("%(day)s 起生效", day=cell.offered["from"])


def _is_over(cell: Cell) -> bool:
    until = cell.offered["to"]
    return until is not None and date.fromisoformat(until) < date.fromisoformat(cell.wanted)


def _scope(cell: Cell, names: Names) -> Compared:
    if cell.result == "not_compared":
        return _not_compared()
    if cell.result == "failed":
        return Compared(_("仅限内部"), _("该单位不在名单"))
    return Compared(_("面向社会") if cell.offered is None else _("内部，在名单"))


def _place(cell: Cell, names: Names) -> Compared:
    if cell.result == "not_compared":
        return Compared(_("已指定，不比较") if cell.offered else _("不比较"))
    if cell.result == "passed":
        return Compared(names.places(cell.offered))
    return Compared(names.places(cell.offered), _("需要 %(place)s", place=names.place(cell.wanted)))


def _range(cell: Cell, names: Names) -> Compared:
    if cell.result == "not_compared":
        is_stated = bool(cell.wanted and cell.offered)
        return Compared(_("单位不同，不比较") if is_stated else _("未填，不比较"))
    if cell.result == "passed":
        return Compared(f"{range_words(cell.offered)} ⊇ {range_words(cell.wanted)}")
    return Compared(range_words(cell.offered), _("需要 %(range)s", range=range_words(cell.wanted)))


def _accuracy(cell: Cell, names: Names) -> Compared:
    if cell.result == "not_compared":
        return Compared(_("未填，不比较"))
    offered = "、".join(cell.offered)
    return Compared(offered, "" if cell.result == "passed" else _("需要 %(accuracy)s", accuracy=cell.wanted))


def _delivery(cell: Cell, names: Names) -> Compared:
    if cell.result == "not_compared":
        return _not_compared()
    wanted = label(DeliveryMode(cell.wanted))
    if cell.result == "passed":
        return Compared(wanted)
    return Compared(_("仅%(modes)s", modes=_modes(cell.offered)), _("需要%(mode)s", mode=wanted))


def _modes(codes: Sequence[str]) -> str:
    return "、".join(label(DeliveryMode(code)) for code in codes)


def _excluded(cell: Cell, names: Names) -> Compared:
    return Compared("" if cell.result == "passed" else _("曾以“超出能力”退回这台器具"))


def _not_compared() -> Compared:
    return Compared(_("不比较"))


_COMPARED: dict[str, Callable[[Cell, Names], Compared]] = {
    "ACTIVE": _active,
    "AUTH": _auth,
    "VALID": _valid,
    "SCOPE": _scope,
    "PLACE": _place,
    "RANGE": _range,
    "ACCURACY": _accuracy,
    "DELIVERY": _delivery,
    "EXCLUDED": _excluded,
}

_STEPS: dict[str, Callable[[Cell], str]] = {
    "ACTIVE": lambda cell: _("%(institution)s %(offered)s"),
    "AUTH": lambda cell: _("%(institution)s 没有“%(kind)s”的授权"),
    "VALID": lambda cell: (
        _("%(institution)s 的授权 %(until)s 已到期") if _is_over(cell) else _("%(institution)s 的授权 %(since)s 才生效")
    ),
    "SCOPE": lambda cell: _("%(institution)s 的授权仅限内部，该单位不在名单"),
    "PLACE": lambda cell: _("%(institution)s 的服务区域（%(offered)s）不含%(place)s"),
    "RANGE": lambda cell: _("%(institution)s 的测量范围 %(offered)s 不含 %(needed)s"),
    "ACCURACY": lambda cell: _("%(institution)s 的准确度 %(offered)s 不含 %(needed)s"),
    "DELIVERY": lambda cell: _("%(institution)s %(offered)s，使用单位需要%(needed)s"),
    "EXCLUDED": lambda cell: _(
        "%(institution)s 曾以“超出能力”退回这台器具；使用单位更正测量范围、准确度、型号或种别后会再次询问该机构"
    ),
}


def _step_facts(cell: Cell, names: Names) -> dict[str, str]:
    offered = compared(cell, names).offered
    if cell.code == "VALID":
        return {"until": cell.offered["to"] or "", "since": cell.offered["from"] or ""}
    if cell.code == "PLACE":
        return {"offered": offered, "place": names.place(cell.wanted)}
    needed = {
        "RANGE": lambda: range_words(cell.wanted),
        "ACCURACY": lambda: str(cell.wanted),
        "DELIVERY": lambda: label(DeliveryMode(cell.wanted)),
    }.get(cell.code)
    return {"offered": offered, "needed": needed() if needed else ""}
