"""Awkward and hostile files through the real upload: each ends in exactly these words, and the next page is served."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from backoffice.jobs import imports
from tests.enterprise.ledger_app import browser, ledger_app, ledger_application, user
from tests.enterprise.test_imports import NEW, page, send
from tests.web.conftest import Browser
from tests.workbooks.awkward import FILES, linked_to, outside_entity

# The test client writes bodies of over half a megabyte into a file it does not close.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
__all__ = ["browser", "ledger_app", "ledger_application", "user"]


def outcome(browser: Browser, name: str, content: bytes) -> tuple[str, Any]:
    """What became of a file: ("refused", sentence) at once, or state with counts and every message after the check."""
    answer = send(browser, content, name)
    if answer.status_code == 422:
        said = page(answer).split('id="file-error"><span>')[1].split("<")[0]
        return "refused at once", said
    assert answer.status_code == 303
    imports.check_imports()
    imports.annotate_imports()
    found = browser.get(answer.headers["Location"] + ".json").get_json()
    assert browser.get(answer.headers["Location"]).status_code == 200
    counts = (found["rows"], found["new"], found["errors"])
    return found["state"], (counts, [problem["message"] for problem in found["problems"]])


NOT_A_WORKBOOK = "这不是工作簿文件。请上传 .xlsx 工作簿，或另存为 UTF-8 或 GBK 编码的 .csv 文件。"
BROKEN = "文件已损坏，无法读取。请用表格软件打开检查，另存为“工作簿（.xlsx）”后上传。"
OTHER_FORMAT = "不支持这种工作簿格式。请用表格软件打开，另存为“工作簿（.xlsx）”后上传。"
UNPACKED = "工作簿解压后过大，不能读取。请只保留要导入的工作表，另存后上传。"
AGAIN_AS_TEXT = "请先把单元格设为文本格式，再重新输入。"
INVISIBLE = "含有表情符号、看不见的控制字符或乱码，请删除后重新输入。"
LATEST = "请使用最新的《强制检定器具信息导入模板》"

REFUSED_AT_ONCE = {
    "empty": "文件是空的，请重新选择填写好的工作簿。",
    "pdf named xlsx": NOT_A_WORKBOOK,
    "web page named xls": NOT_A_WORKBOOK,
    "old xls": "这是旧格式的工作簿（.xls）。请用表格软件打开，另存为“工作簿（.xlsx）”后上传。",
    "encrypted": "工作簿设有打开密码，无法读取。请在表格软件里取消密码，保存后上传。",
    "macros": "工作簿含有宏，不能上传。请另存为“工作簿（.xlsx）”（不含宏）后上传。",
    "binary workbook": OTHER_FORMAT,
    "open document": OTHER_FORMAT,
    "word document": NOT_A_WORKBOOK,
    "cut off": BROKEN,
    "part of it garbled": BROKEN,
    "too large": "文件为 15.1 MB，超过上限 15 MB；请分成几个文件上传。",
    "zip bomb": UNPACKED,
    "thousands of parts": UNPACKED,
    "entity bomb": BROKEN,
    "forged row number": BROKEN,
    "utf-16 text": NOT_A_WORKBOOK,
    "text named xlsx": NOT_A_WORKBOOK,
    "text in no encoding": "文本文件的编码无法识别。请另存为 UTF-8 或 GBK 编码的 .csv 文件，或 .xlsx 工作簿。",
}
"""Beside the field, and no run is opened."""
REFUSED = {
    "no rows": "表中没有内容：表头以下没有填写任何一行。",
    "header too far down": f"前 10 行里没有找到表头。{LATEST}，不要改动表头。",
    "column missing": f"缺少必需的列：器具用途。{LATEST}。",
    "column twice": "列重复出现：出厂编号。请只保留一列。",
}
"""A file that can be read, whose table is not one of instruments."""
# Rows of the file, new ones, rows with errors; every message, in order.
READ: dict[str, tuple[tuple[int, int, int], list[str]]] = {
    "gbk text": ((2, 2, 0), []),
    "utf-8 text with its mark": ((2, 2, 0), []),
    "workbook named csv": ((1, 1, 0), []),
    "header below a title": ((1, 1, 0), []),
    "wrong size tag": ((2, 2, 0), []),
    "no size tag": ((2, 2, 0), []),
    "merged cells": ((3, 2, 1), ["第 3 行 I 列 生产厂家：必填，不能为空。"]),
    "hidden rows": ((3, 3, 0), []),
    "full-width digits": ((1, 1, 0), []),
    "codes as numbers": (
        (3, 1, 2),
        [
            f"第 3 行 G 列 出厂编号：“3.1”是小数，末尾的 0 可能已经丢失；{AGAIN_AS_TEXT}",
            "第 4 行 C 列 种别代码：“201”丢失了开头的 0；请把单元格设为文本格式，再重新输入。",
        ],
    ),
    "numbers gone wrong": (
        (3, 0, 3),
        [
            f"第 2 行 G 列 出厂编号：表格软件把内容存成了数字“1.23457E+17”，后面的位数已经丢失；{AGAIN_AS_TEXT}",
            f"第 3 行 G 列 出厂编号：表格软件把内容存成了数字“1.2E+17”，后面的位数已经丢失；{AGAIN_AS_TEXT}",
            "第 4 行 N 列 器具数量：单元格的内容是逻辑值 TRUE，请改为文字。",
        ],
    ),
    "dates": (
        (7, 5, 2),
        [
            "第 7 行 S 列 购置日期：“45369”不是能识别的日期，请写成 2026-11-23 的样子。",
            "第 8 行 S 列 购置日期：“去年三月”不是能识别的日期，请写成 2026-11-23 的样子。",
        ],
    ),
    "formulas and error values": (
        (3, 0, 3),
        [
            "第 2 行 B 列 器具名称：单元格里是公式；系统不计算公式，请复制后用“选择性粘贴—数值”替换。",
            "第 3 行 D 列 型号规格：单元格的内容是错误值“#N/A”，请改正。",
            "第 4 行 H 列 机号／枪号／分号：表格软件把内容存成了日期“2026-01-02”；"
            "请先把单元格设为文本格式，再按铭牌重新输入。",
        ],
    ),
    "control characters": ((1, 0, 1), [f"第 2 行 B 列 器具名称：{INVISIBLE}"]),
    "direction marks": ((1, 0, 1), [f"第 2 行 I 列 生产厂家：{INVISIBLE}"]),
    "rare characters": ((1, 1, 0), []),
    "million formatted rows": ((1, 1, 0), []),
    "last column in use": ((5, 5, 0), []),
    "the same number twice": (
        (3, 2, 1),
        [
            "第 4 行 G 列 出厂编号：与第 2 行是同一台器具（种别、生产厂家、出厂编号、分号都相同），"
            "请删除或改正其中一行。"
        ],
    ),
    "certificate numbers": (
        (1, 1, 0),
        ["第 2 行 R 列 检定证书编号：检定证书编号只由技术机构填写，“ZB-2026-1”不会导入。"],
    ),
}
EXPECTED: dict[str, tuple[str, Any]] = {
    **{case: ("refused at once", said) for case, said in REFUSED_AT_ONCE.items()},
    **{case: ("refused", ((0, 0, 0), [said])) for case, said in REFUSED.items()},
    **{case: ("ready", found) for case, found in READ.items()},
}


@pytest.mark.parametrize("case", FILES)
def test_a_file_ends_in_exactly_these_words(browser: Browser, case: str) -> None:
    assert outcome(browser, *FILES[case]()) == EXPECTED[case]
    assert browser.get(NEW).status_code == 200


@pytest.fixture
def ear() -> Iterator[socket.socket]:
    """A socket that hears whoever connects."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        yield server


@pytest.mark.parametrize("make", [linked_to, outside_entity])
def test_no_file_makes_us_connect_to_anybody(browser: Browser, ear: socket.socket, make: Any) -> None:
    address = f"http://127.0.0.1:{ear.getsockname()[1]}/x"
    outcome(browser, "台账.xlsx", make(address))
    with pytest.raises(TimeoutError):
        ear.accept()
