"""Slips as a counter would see them, of any length."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from backoffice.slip_documents import SlipContent, SlipEnterprise, SlipInstitution, SlipRow, SlipVisit

UPDATED_AT = datetime(2026, 11, 24, 2, 5, 7, tzinfo=UTC)
NUMBER = "YD-20261124-0007"
ACCEPTANCE_URL = f"https://qjt.example.cn/a/{NUMBER}?c=7f3a91c2"

KINDS = (
    SlipRow(
        position=1,
        instrument_name="一般压力表",
        kind_name="压力表（弹性元件式）",
        model="Y-100",
        measuring_range="(0～1.6) MPa",
        accuracy_class="1.6级",
        serial_number="2103-419.527",
        manufacturer="红旗仪表（杭州）有限公司",
        place="锅炉房",
        department="动力车间",
        delivery_mode="送检",
        application_type="周期",
    ),
    SlipRow(
        position=2,
        instrument_name="砝码",
        kind_name="砝码",
        model="F1-500g",
        measuring_range="(1～500) g",
        accuracy_class="E₂等级",
        serial_number="无",
        manufacturer="Mettler-Toledo International Trading (Shanghai) Co., Ltd.",
        place="计量室",
        delivery_mode="送检",
        application_type="首次",
    ),
    SlipRow(
        position=3,
        instrument_name="膜式燃气表",
        kind_name="燃气表（膜式）",
        model="G2.5",
        measuring_range="(0.025～4) m³/h",
        accuracy_class="1.5级",
        serial_number="SN20240900012345678",
        sub_number="3号枪",
        manufacturer="𬭸星计量仪器（淄博）股份有限公司",
        place="张店区人民西路 228 号 3 号楼西侧",
        department="设备科",
        delivery_mode="现场检定",
        application_type="不合格复检",
    ),
    SlipRow(
        position=4,
        instrument_name="医用电子体温计",
        kind_name="体温计（电子、红外）",
        model="MC-347",
        measuring_range="(32.0～42.0) ℃",
        accuracy_class="±0.1℃",
        serial_number="A0093341",
        manufacturer="欧姆龙（大连）有限公司",
        place="发热门诊",
        department="护理部",
        delivery_mode="送检",
        application_type="修理后",
    ),
)


def slip(rows: int = 4, **changes: Any) -> SlipContent:
    """A slip of so many instruments; the kinds take turns and each has its own serial number."""
    content = SlipContent(
        number=NUMBER,
        appointment_number="YY-20261123-0012",
        institution=SlipInstitution(
            name="淄博市计量技术研究院", address="淄博市张店区联通路 157 号", phone="0533-2861234"
        ),
        enterprise=SlipEnterprise(
            name="山东㛃䶮化工机械股份有限公司",
            uscc="91370303MA3C4K7X2P",
            contact="王喆",
            phone="138****5678",
            address="山东省淄博市张店区柳泉路 111 号创业火炬广场 C 座 12 层",
        ),
        visit=SlipVisit(
            day="2026-12-03（星期四）",
            time="09:00—11:30",
            place="业务大厅一楼 3 号窗口",
            words="请将器具擦拭干净，压力表拆下引压管后送检；燃气表由我院派员到现场检定。",
        ),
        rows=tuple(instrument(position) for position in range(1, rows + 1)),
        printed_at=UPDATED_AT,
        acceptance_url=ACCEPTANCE_URL,
    )
    return replace(content, **changes)


def instrument(position: int) -> SlipRow:
    kind = KINDS[(position - 1) % len(KINDS)]
    if position <= len(KINDS):
        return kind
    return replace(kind, position=position, serial_number=f"{kind.serial_number}-{position:03d}")


def slip_of(row: SlipRow) -> SlipContent:
    """A slip of this one instrument."""
    return replace(slip(1), rows=(row,))
