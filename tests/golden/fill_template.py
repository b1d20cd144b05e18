"""Fill the generated template with 300 instruments in LibreOffice Calc and save it: tests/golden/ledger-300.xlsx.

LibreOffice is needed to make the file, not to test with it (`office` says what to install). From the root of the
repository: `python -m tests.golden.fill_template`.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.golden import office

GOLDEN = Path(__file__).resolve().parent / "ledger-300.xlsx"
HEADERS = (
    "器具名称",
    "强检器具种别代码",
    "型号规格",
    "测量范围",
    "准确度等级",
    "出厂编号",
    "机号／枪号／分号",
    "生产厂家",
    "器具产地",
    "使用地点",
    "使用地点行政区划代码",
    "科室／部门",
    "器具数量",
    "器具用途",
    "送检方式",
    "管理编号",
)
PLACES = (
    ("370303", "张店区柳泉路 {n} 号"),
    ("370302", "淄川区般阳路 {n} 号"),
    ("370304", "博山区中心路 {n} 号"),
    ("370305", "临淄区闻韶路 {n} 号"),
    ("370306", "周村区新建路 {n} 号"),
    ("370390", "高新区鲁泰大道 {n} 号"),
)
# Name, kind, model, range, accuracy, serial prefix, manufacturers, department, purpose, delivery, share of 20.
KINDS: tuple[tuple[Any, ...], ...] = (
    (
        "燃油加油机",
        "0601",
        "CS46",
        "(5～50) L/min",
        "0.3级",
        "JY24",
        ("正星科技股份有限公司", "北京三盈联合石油技术有限公司"),
        "站务部",
        "贸易结算",
        "现场检定（外检）",
        6,
    ),
    (
        "指针式压力表",
        "1401",
        "Y-100",
        "(0～1.6) MPa",
        "1.6级",
        "YB",
        ("红旗仪表有限公司", "青岛华青自动化仪表厂"),
        "设备部",
        "安全防护",
        "送检",
        5,
    ),
    (
        "电子计价秤",
        "0201",
        "ACS-30",
        "≤30 kg",
        "Ⅲ级",
        "AC",
        ("上海英展机电企业有限公司", "永康市华鹰衡器有限公司"),
        "便利店",
        "贸易结算",
        "送检",
        4,
    ),
    (
        "电子汽车衡",
        "0202",
        "SCS-100",
        "≤100 t",
        "Ⅲ级",
        "SCS",
        ("山东金钟科技集团股份有限公司",),
        "仓储部",
        "贸易结算",
        "现场检定（外检）",
        2,
    ),
    (
        "台式血压计",
        "1202",
        "XJ11D",
        "(0～40) kPa",
        "±0.5 kPa",
        "XY",
        ("江苏鱼跃医疗设备股份有限公司",),
        "医务室",
        "医疗卫生",
        "送检",
        2,
    ),
    (
        "声级计",
        "1801",
        "AWA5688",
        "(28～133) dB",
        "2级",
        "SJ",
        ("杭州爱华仪器有限公司",),
        "安全环保部",
        "环境监测",
        "送检",
        1,
    ),
)


def instruments() -> list[list[str]]:
    """300 instruments of a fuel company with shops, tank farms and an infirmary; the same ones every time."""
    shares = [kind for kind in KINDS for _ in range(kind[-1])]
    return [_instrument(number, shares[number % len(shares)]) for number in range(300)]


def _instrument(number: int, kind: tuple[Any, ...]) -> list[str]:
    name, code, model, measuring_range, accuracy, prefix, makers, department, purpose, delivery, _share = kind
    division, address = PLACES[(number // len(PLACES)) % len(PLACES)]
    nozzle = f"{number % 4 + 1}号枪" if code == "0601" else ""
    return [
        name,
        code,
        model,
        measuring_range,
        accuracy,
        f"{prefix}{number:05}",
        nozzle,
        makers[number % len(makers)],
        "国产",
        address.format(n=number % 90 + 1),
        division,
        department,
        "1",
        purpose,
        delivery,
        f"GL-{number + 1:04}",
    ]


def fill(template: Path, target: Path, rows: list[list[str]]) -> None:
    """Type the rows into the template as a person would, and save. Runs where `uno` is."""
    with office.desktop() as desktop, office.document(desktop, template) as document:
        _type_rows(document.Sheets.getByIndex(0), rows)
        office.save(document, target)


def _type_rows(sheet: Any, rows: list[list[str]]) -> None:
    columns = office.columns_of(sheet)
    for number, row in enumerate(rows):
        for header, text in zip(HEADERS, row, strict=True):
            cell = sheet.getCellByPosition(columns[header], number + 2)
            if header == "器具数量":
                cell.Value = 1
            else:
                cell.String = text


def main() -> None:
    from tests.workbooks.plain_reference import write_plain_template

    with tempfile.TemporaryDirectory() as folder:
        template = Path(folder) / "template.xlsx"
        with template.open("wb") as stream:
            write_plain_template(stream)
        office.run_with_uno("tests.golden.fill_template", template, GOLDEN, stdin=json.dumps(instruments()))


if __name__ == "__main__":
    if len(sys.argv) == 3:
        fill(Path(sys.argv[1]), Path(sys.argv[2]), json.load(sys.stdin))
    else:
        main()
