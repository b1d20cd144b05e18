"""The main job, end to end, as people do it: nothing here touches the database."""

from __future__ import annotations

import io
import re
from datetime import date, timedelta
from pathlib import Path

import pypdf
import pypdfium2
import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Page, expect

from backoffice import clock, working_days
from tests.factories import valid_uscc
from tests.golden.restamp import restamped
from tests.journeys.fixtures import AsPerson
from tests.journeys.support import ROOT, Stack, sign_in

GOLDEN = ROOT / "tests" / "golden" / "ledger-300.xlsx"
PASSWORD = "Boshan-73-Yue"
WITHIN_MS = 30_000
"""The job has matched and split by then."""


@pytest.fixture
def clerk(new_context, stack: Stack) -> Page:
    """A browser in which nobody is signed in yet."""
    return new_context(accept_downloads=True).new_page()


@pytest.fixture
def licence(tmp_path: Path) -> Path:
    path = tmp_path / "营业执照.png"
    Image.new("RGB", (400, 280), "white").save(path)
    return path


def register(page: Page, stack: Stack, licence: Path, *, code: str, kind: str = "企业法人", **typed: str) -> None:
    """Fill in the form, check it, send it."""
    values = {
        "统一社会信用代码": code,
        "单位名称": "淄博云鹤精密仪表有限公司",
        "所在区县": "张店区",
        "详细地址": "张店区中心路 66 号",
        "联系人": "郑云",
        "手机号码": "13800000066",
        "设置密码": PASSWORD,
        "再输入一次密码": PASSWORD,
    } | typed
    page.goto(f"{stack.url}/register")
    page.get_by_label("单位类型").select_option(label=kind)
    page.locator("input[name=principal]").fill("郑云")
    for label, value in values.items():
        field = "parent_uscc" if label == "parent_uscc" else label
        target = (
            page.locator("input[name=uscc]") if label == "统一社会信用代码" else page.get_by_label(field, exact=True)
        )
        target.fill(value)
    page.locator("input[type=file]").set_input_files(licence)
    page.get_by_role("button", name="下一步：核对").click()
    expect(page.get_by_role("heading", name="核对")).to_be_visible()
    page.get_by_role("button", name="提交注册").click()


def review(page: Page, stack: Stack, name: str, verdict: str, reason: str = "") -> None:
    """The regulator opens the registration in the queue and answers it."""
    page.goto(f"{stack.url}/regulator/registrations/")
    page.get_by_role("link", name=name).click()
    press(page, verdict)
    if reason:
        page.locator("textarea").fill(reason)
        press(page, verdict)
    elif page.locator("main").get_by_role("button", name=verdict, exact=True).count():
        press(page, verdict)


def press(page: Page, name: str) -> None:
    """Use the control with exactly this name, link or button."""
    main = page.locator("main")
    main.get_by_role("button", name=name, exact=True).or_(main.get_by_role("link", name=name, exact=True)).first.click()
    page.wait_for_load_state()


def upload(page: Page, stack: Stack, workbook: Path) -> None:
    page.goto(f"{stack.url}/enterprise/imports/")
    press(page, "导入")
    page.locator("input[type=file]").set_input_files(workbook)
    page.get_by_role("button", name="上传并检查").click()


def choose(page: Page, kind: str, place: str, count: int) -> None:
    """Tick every instrument of a kind at a place; what was ticked before stays chosen."""
    page.get_by_role("searchbox").fill(place)
    page.get_by_label("种别", exact=True).select_option(label=kind)
    page.get_by_role("button", name="筛选", exact=True).click()
    boxes = page.locator("input[name=ids]:enabled")
    expect(boxes).to_have_count(count)
    page.get_by_label("全选本页").check()


def open_slip(page: Page, stack: Stack, enterprise: str) -> None:
    page.goto(f"{stack.url}/institution/slips/?tab=waiting")
    page.get_by_role("row").filter(has_text=enterprise).get_by_role("link").first.click()


def _working_day_ahead() -> date:
    """A day the counter is asked nothing about."""
    days = (clock.today() + timedelta(days=count) for count in range(2, 14))
    return next(day for day in days if working_days.answer(day, {}).is_working)


def accept(page: Page, count: int) -> None:
    """Accept everything that waits on the slip, for the day after tomorrow."""
    press(page, "受理")
    page.locator("[name=appointed_on]").fill(str(_working_day_ahead()))
    press(page, f"受理 {count} 台（件）")


def text_of(content: bytes) -> str:
    return "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)


def codes_of(content: bytes) -> set[str]:
    """What a scanner reads off the first page at 203 dpi, the resolution of a label printer."""
    picture = pypdfium2.PdfDocument(content)[0].render(scale=203 / 72).to_pil()
    return {found.text for found in zxingcpp.read_barcodes(picture)}


def test_from_registration_to_the_printed_slip(
    clerk: Page, stack: Stack, as_person: AsPerson, licence: Path, tmp_path: Path
) -> None:
    code, name = valid_uscc(9_000_001), "淄博云鹤精密仪表有限公司"

    # The clerk registers; the regulator refuses with a reason; the clerk corrects; approved.
    register(clerk, stack, licence, code=code, 详细地址="张店区中心路 99 号")
    expect(clerk.locator("main")).to_contain_text("答复")
    regulator = as_person("zhangdian-jlk")
    review(regulator, stack, name, "不通过", "执照上的地址是中心路 66 号，请更正")
    sign_in(clerk, stack, code, PASSWORD)
    expect(clerk.locator("main")).to_contain_text("请更正")
    press(clerk, "更正后重新提交")
    clerk.get_by_label("详细地址").fill("张店区中心路 66 号")
    clerk.get_by_role("button", name="下一步：核对").click()
    clerk.locator("main form").filter(has=clerk.locator(".btn-primary")).locator(".btn-primary").click()
    review(regulator, stack, name, "通过")

    # The clerk imports a workbook that LibreOffice saved.
    clerk.goto(f"{stack.url}/enterprise/")
    workbook = tmp_path / "台账.xlsx"
    workbook.write_bytes(restamped(GOLDEN, digest="0"))
    upload(clerk, stack, workbook)
    clerk.get_by_role("button", name="全部导入").click(timeout=WITHIN_MS)
    expect(clerk.locator("main")).to_contain_text("已完成", timeout=WITHIN_MS)
    answer = clerk.request.get(f"{stack.url}/enterprise/instruments/count.json")
    assert answer.json() == {"count": 300}

    # Forty instruments of several kinds, for three institutions and one kind nobody is authorised for.
    clerk.goto(f"{stack.url}/enterprise/appointments/")
    press(clerk, "新增")
    if "choose" not in clerk.url:
        press(clerk, "选择器具")
    choose(clerk, "指示类压力表、显示类压力表", "张店区", 10)
    choose(clerk, "无创非自动测量血压计", "淄川区", 6)
    choose(clerk, "燃油加油机", "张店区", 18)
    choose(clerk, "声级计", "张店区", 2)
    choose(clerk, "声级计", "淄川区", 4)
    press(clerk, "选择器具")
    expect(clerk.get_by_role("heading", name="计量器具信息 40 台（件）")).to_be_visible()
    press(clerk, "提交预约")
    slips = clerk.locator("section.card", has=clerk.locator("[data-state=awaiting]"))
    expect(slips).to_have_count(3, timeout=WITHIN_MS)
    expect(clerk.locator("main [data-state=unmatched]")).to_have_count(6)
    appointment = clerk.url

    # One institution accepts, one returns two items.
    gauges = as_person("zhangdian-jls")
    open_slip(gauges, stack, name)
    accept(gauges, 10)
    expect(gauges.locator("main [data-state=accepted]").first).to_be_visible()
    hospital = as_person("zichuan-jls")
    open_slip(hospital, stack, name)
    hospital.get_by_label("全选").uncheck()
    for box in hospital.locator("input[name=item]").all()[:2]:
        box.check()
    press(hospital, "退回")
    hospital.locator("select[name=code]").select_option("wrong_serial")
    hospital.locator("textarea").fill("出厂编号与铭牌不符，请核对")
    press(hospital, "退回 2 台（件）")

    # The clerk reads both receipts, answers the question about the last institution, and books again.
    clerk.goto(appointment)
    main = clerk.locator("main")
    expect(main).to_contain_text("已受理 10 台（件）")
    expect(main).to_contain_text("出厂编号与铭牌不符，请核对")
    expect(main.locator("[data-state=failed]")).to_have_count(2)
    press(clerk, "重新预约 2 台（件）")
    expect(main).to_contain_text("被退回")
    clerk.get_by_role("button", name=re.compile("仍分配至淄川区般水计量检定所")).click()
    press(clerk, "提交预约")
    expect(main.locator("[data-state=awaiting]").first).to_be_visible(timeout=WITHIN_MS)
    rebooked = clerk.url
    open_slip_of(hospital, stack, rebooked, clerk)
    accept(hospital, 2)

    # Two slips are printed; their text and their codes are right.
    for url, institution, count in ((appointment, "张店区齐园计量检定所", 10), (rebooked, "淄川区般水计量检定所", 2)):
        content, number = download_slip(clerk, url)
        text = text_of(content)
        assert number in text
        assert institution in text.replace("\n", "")
        assert f"共 {count} 台（件）" in text.replace("\n", "")
        assert "不收取检定费" in text.replace("\n", "")
        scanned = codes_of(content)
        assert number in scanned
        assert any(found.startswith(f"{stack.url}/a/{number}?c=") for found in scanned)


def open_slip_of(page: Page, stack: Stack, appointment: str, clerk: Page) -> None:
    """The counter scans (here: types) the number of the slip of this appointment."""
    clerk.goto(appointment)
    number = re.search(r"YD-\d{8}-\d{4}", slip_number(clerk))
    assert number
    page.goto(f"{stack.url}/institution/slips/")
    page.get_by_role("searchbox").first.fill(number[0])
    page.get_by_role("searchbox").first.press("Enter")
    expect(page.locator("main")).to_contain_text(number[0])


def slip_number(clerk: Page) -> str:
    """The number of the appointment's first slip, from the slip's own page."""
    with clerk.context.new_page() as page:
        page.goto(clerk.url)
        page.locator("main section.card h2 a").first.click()
        return page.locator("h1").inner_text()


def download_slip(clerk: Page, appointment: str) -> tuple[bytes, str]:
    """打印预约单 opens the slip's page; 下载 PDF gives the file, named by the slip's number."""
    clerk.goto(appointment)
    clerk.locator("main").get_by_role("link", name="打印预约单", exact=True).first.click()
    clerk.wait_for_load_state()
    number = re.search(r"YD-\d{8}-\d{4}", clerk.locator("main").inner_text())
    assert number
    with clerk.expect_download() as waiting:
        clerk.locator("main").get_by_role("link", name="下载 PDF").first.click()
    assert waiting.value.suggested_filename == f"{number[0]}-预约单.pdf"
    return Path(waiting.value.path()).read_bytes(), number[0]
