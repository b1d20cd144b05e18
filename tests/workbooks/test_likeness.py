"""What was probably meant: close words get one suggestion, far-off words get none."""

from __future__ import annotations

import pytest

from backoffice.workbooks.problems import ProblemCode
from backoffice.workbooks.reference import Reference
from backoffice.workbooks.resolve import resolve_division, resolve_kind


def words(*lines: str) -> list[str]:
    return [word for line in lines for word in line.split()]


FAR_FROM_KINDS = words(
    "苹果 电脑 手机 打印机 复印机 桌子 椅子 空调 冰箱 洗衣机 电视机 电子琴 电子书 汽车 自行车 飞机 火车",
    "显微镜 望远镜 照相机 投影仪 路由器 服务器 键盘 鼠标 螺丝刀 扳手 电钻 电焊机 起重机 挖掘机 叉车 灭火器 消防栓",
    "安全帽 工作服 手套 口罩 酒精 棉签 轮椅 病床 咖啡机 微波炉 电饭锅 吸尘器 发电机 变压器 水泵 阀门",
)
FAR_FROM_DIVISIONS = words(
    "火星 月球 亚特兰蒂斯 桃花源 蓬莱仙岛 水帘洞 东京 大阪 首尔 纽约 伦敦 巴黎 柏林 莫斯科 悉尼 一车间 二号楼",
    "仓库 食堂 门卫室 办公室 三楼东侧 化验室 锅炉房 空压机房 配电室 停车场 未知 不详 本市 全国 国外 外地 同上",
    "见附件 无 待定 测试 苹果 电脑 压力表 设备科 张三 李四 总公司 分公司 客户现场 流动 移动 某某科技园",
)


# What is written, the label that is offered.
@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("压力标", "1401"),
        ("精密压力标", "1401"),
        ("电子称", "0201"),
        ("燃油加油基", "0601"),
        ("进口水表", "0801"),
        ("心电图", "3601"),
    ],
)
def test_a_kind_slightly_miswritten_is_offered(reference: Reference, written: str, code: str) -> None:
    found = resolve_kind(written, reference)
    assert (found.code, found.finding) == (None, ProblemCode.KIND_UNKNOWN)
    assert found.suggestion == reference.kinds[code].label


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("高新区", "370390"),
        ("淄博高新", "370390"),
        ("淄博高新区", "370390"),
        ("文昌湖", "370391"),
        ("张店", "370303"),
        ("淄博张店", "370303"),
        ("山东淄博张店", "370303"),
        ("淄博市张殿区", "370303"),
        ("370303000000", "370303"),
    ],
)
def test_a_division_as_people_call_it_is_offered(reference: Reference, written: str, code: str) -> None:
    found = resolve_division(written, reference)
    assert (found.code, found.finding) == (None, ProblemCode.DIVISION_UNKNOWN)
    assert found.suggestion == reference.label_of_division(code)


def test_a_short_name_of_several_divisions_lists_them(reference: Reference) -> None:
    found = resolve_division("鼓楼", reference)
    assert found.finding is ProblemCode.DIVISION_AMBIGUOUS
    assert len(found.facts["candidates"]) > 1


def test_far_off_words_get_no_suggestion(reference: Reference) -> None:
    assert (len(FAR_FROM_KINDS), len(FAR_FROM_DIVISIONS)) == (50, 50)
    kinds = {word: found for word in FAR_FROM_KINDS if (found := resolve_kind(word, reference).suggestion)}
    places = [resolve_division(word, reference) for word in FAR_FROM_DIVISIONS]
    assert kinds == {}
    assert [(found.suggestion, found.facts) for found in places if found.suggestion or found.facts] == []


@pytest.mark.parametrize(
    ("name", "meant"), [("燃油加油机", "0601"), ("", "0601"), ("说不清的器具", "0601"), ("可燃气体报警器", None)]
)
def test_a_code_without_its_zero_is_not_completed_against_the_name(
    reference: Reference, name: str, meant: str | None
) -> None:
    found = resolve_kind("601", reference, instrument_name=name)
    assert found.finding is ProblemCode.LEADING_ZERO_LOST
    assert (found.suggestion or "").split(" ")[0] == (meant or "")
