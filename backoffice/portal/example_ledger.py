"""示例台账 of the tour: the import's own template with 600 instruments, 40 rows of them wrong in the ways people are.

Made of the catalogue and the divisions in force, and the same every time they are.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping

from ..workbooks.reference import Reference
from ..workbooks.template import write_template

ROWS = 600
WRONG_ROWS = 40
EVERY = ROWS // WRONG_ROWS
"""Every fifteenth row is wrong."""

Typed = dict[str, str]

# Name, kind, model, range, accuracy, prefix, manufacturer, department, purpose, delivery.
KINDS: tuple[tuple[str, ...], ...] = (
    ("弹簧管压力表", "1401", "Y-100", "(0～1.6) MPa", "1.6级", "SY", "青岛海川仪表厂", "动力车间", "safety", "send_in"),
    ("电接点压力表", "1401", "YX-150", "(0～4) MPa", "1.6级", "SD", "青岛海川仪表厂", "锻压车间", "safety", "send_in"),
    ("可燃气体报警器", "3806", "GT-100", "(0～100) %LEL", "", "SK", "济南本安电子厂", "涂装车间", "safety", "on_site"),
    ("电子汽车衡", "0202", "SCS-100", "(0～100) t", "Ⅲ级", "SH", "济南泰山衡器厂", "物流部", "trade", "on_site"),
    ("电子计价秤", "0201", "ACS-30", "(0～30) kg", "Ⅲ级", "SC", "永康金菊衡器厂", "职工食堂", "trade", "on_site"),
    ("台式血压计", "1202", "XJ11D", "(0～40) kPa", "", "SX", "上海玉环医疗器械厂", "职工医务室", "medical", "send_in"),
)
PLACES = ("一号厂房", "二号厂房", "三号厂房", "空压站", "成品库", "试验楼")

WAY_THERE = (
    "从厂区南门进来沿主干道一直走到二号路口右转，过了配电室再左转，看到蓝色彩钢瓦的联合厂房从西侧小门进去，"
    "上二楼走到头是设备值班室，先在值班室登记、换劳保鞋、领安全帽，再由当班师傅带着从东边楼梯下到一楼夹层，"
    "夹层里左手第三间就是存放的地方，平时锁门，钥匙在值班室白板下面的第二个抽屉里，节假日没有人值班，"
    "要提前一天给车间打电话约时间；如果锅炉在检修就要绕到北面的货梯，货梯限载两吨，推车不要超过一辆。"
    "备用的一台放在同一间靠窗的柜子里，外面贴着黄色标签，检定的时候请一起取走，用完放回原处。"
)
"""A note to whoever comes, in the column of the place: far longer than a place may be."""

MISTAKES: tuple[Typed, ...] = (
    {"name": ""},
    {"kind_code": "1-2"},
    {"kind_code": "601"},
    {"kind_code": "4101"},
    {"kind_code": "压力变送器"},
    {"model": ""},
    {"model": "Y-100\u202e"},
    {"serial_number": ""},
    {"serial_number": "1.2E+17"},
    {"serial_number": "/"},
    {"serial_number": "无", "management_number": ""},
    {"place_of_use": WAY_THERE},
    {"manufacturer": ""},
    {"origin": "国内"},
    {"division_code": "370399"},
    {"division_code": "朝阳区"},
    {"division_code": "370300"},
    {"quantity": "3"},
    {"purpose": "生产用"},
)
"""What is typed instead, one after the other. Besides them one instrument stands there twice."""


def content(reference: Reference) -> bytes:
    """The workbook as a file."""
    stream = io.BytesIO()
    write_template(
        stream,
        kinds=reference.kinds.values(),
        divisions=reference.divisions.values(),
        origins=reference.origins,
        purposes=reference.purposes,
        delivery_modes=reference.delivery_modes,
        rows=rows(reference),
    )
    return stream.getvalue()


def rows(reference: Reference) -> Iterator[Typed]:
    """The rows as typed: every `EVERY`-th with a mistake; the last of them is the first row once more."""
    for number in range(ROWS):
        typed = _instrument(number, reference)
        if number == ROWS - 1:
            typed = {**_instrument(0, reference), "place_of_use": typed["place_of_use"]}
        elif number % EVERY == EVERY - 1:
            typed |= MISTAKES[number // EVERY % len(MISTAKES)]
        yield typed


def _instrument(number: int, reference: Reference) -> Typed:
    offered = [kind for kind in KINDS if kind[1] in reference.kinds] or list(KINDS)
    name, kind, model, measuring_range, accuracy, prefix, maker, department, purpose, mode = offered[
        number % len(offered)
    ]
    return {
        "name": name,
        "kind_code": kind,
        "model": model,
        "measuring_range": measuring_range,
        "accuracy_class": accuracy,
        "serial_number": f"{prefix}26{number + 1:04d}",
        "manufacturer": maker,
        "origin": _first(reference.origins),
        "place_of_use": f"{PLACES[number % len(PLACES)]} {number // len(PLACES) + 1} 号位",
        "division_code": "370303",
        "department": department,
        "quantity": "1",
        "purpose": purpose,
        "delivery_mode": mode,
        "management_number": f"LY-{number + 1:04d}",
    }


def _first(choices: Mapping[str, str]) -> str:
    return next(iter(choices), "")
