"""“是否强制检定？”: found by name, everyday name or code; the verdict with its reason; who verifies it where."""

from __future__ import annotations

import io
from collections.abc import Iterator
from urllib.parse import unquote

import openpyxl
import pytest

from backoffice.database import db
from backoffice.models import InstrumentKind
from backoffice.services import look_up
from backoffice.services.look_up import Verdict
from backoffice.states import DeliveryMode, Purpose
from backoffice.unit_of_work import unit_of_work
from tests.factories import CapabilityFactory, InstitutionFactory, UserFactory
from tests.portal.conftest import Browser

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def kinds() -> Iterator[None]:
    """Kinds made for these tests, taken away again: the catalogue is shared."""
    added = (
        InstrumentKind(code="9901", item_code="01", name="试查仪甲", supervision="型式批准", confidence="sourced"),
        InstrumentKind(code="9902", item_code="01", name="试查仪乙", supervision="", confidence="unconfirmed"),
    )
    with unit_of_work():
        db.session.add_all(added)
    yield
    with unit_of_work():
        for row in added:
            db.session.delete(db.session.merge(row))


@pytest.mark.parametrize("words", ["电子秤", "电子计价秤", "计价", "0201", "０２０１"])
def test_a_kind_is_found_by_name_alias_part_or_code(words: str) -> None:
    assert "0201" in [answer.kind.code for answer in look_up.kinds_called(look_up.folded(words))]


def test_a_longer_name_finds_the_kind_whose_name_stands_in_it() -> None:
    answers = look_up.kinds_called("大号精密压力表")
    assert "压力表" in " ".join(answer.kind.name for answer in answers)
    assert all(answer.is_near for answer in answers)


def test_the_verdict_follows_supervision_and_purpose(kinds: None) -> None:
    def verdict(words: str, purpose: Purpose | None = None) -> Verdict:
        return look_up.kinds_called(words, purpose)[0].verdict

    assert verdict("电子计价秤", Purpose.TRADE) is Verdict.MANDATORY
    assert verdict("电子计价秤") is Verdict.MANDATORY
    assert verdict("电子计价秤", Purpose.MEDICAL) is Verdict.OTHER_PURPOSE
    assert verdict("试查仪甲") is Verdict.NOT_MANDATORY
    assert verdict("试查仪乙") is Verdict.UNCONFIRMED


def test_each_verdict_is_given_with_its_reason(visitor: Browser, kinds: None) -> None:
    for query, words in (
        ({"q": "电子计价秤", "purpose": "trade"}, ("需要强制检定", "周期检定", "用于贸易结算的价格秤")),
        ({"q": "电子计价秤", "purpose": "medical"}, ("这个用途不需要", "它仅在用于贸易结算所列情形时属强制检定")),
        ({"q": "试查仪甲"}, ("不需要强制检定", "监管方式是“型式批准”", "逐字核对")),
        ({"q": "试查仪乙"}, ("待确认", "尚未写明它的监管方式", "还没有与公布的目录核对")),
    ):
        assert visitor.get("/lookup", query_string=query) == 200
        for each in words:
            assert each in visitor.page


def test_an_empty_and_an_unknown_question_say_what_to_do(visitor: Browser) -> None:
    visitor.get("/lookup")
    assert "写下器具的名称" in visitor.page
    visitor.get("/lookup", query_string={"q": "<script>x</script>"})
    assert "没有找到" in visitor.page
    assert "下载《强检器具目录》" in visitor.page
    assert "<script>x" not in visitor.page


@pytest.mark.parametrize(
    "query",
    [
        "q=%00",
        "q=%25%25",
        "q=" + "x" * 3000,
        "purpose=nonsense&q=a",
        "q=%ff",
        "kind=%00",
        "kind='&place=%00&division=x",
    ],
)
def test_hostile_questions_are_answered_too(visitor: Browser, query: str) -> None:
    assert visitor.get(f"/lookup?{query}") == 200


def test_who_can_verify_at_a_place_is_what_matching_would_choose() -> None:
    with unit_of_work():
        city = CapabilityFactory(kind_code="1401", areas=["370300"], delivery_modes=["send_in", "on_site"]).institution
        county = CapabilityFactory(kind_code="1401", areas=["370303"], delivery_modes=["send_in"]).institution
        CapabilityFactory(kind_code="1401", areas=["370302"])
        CapabilityFactory(kind_code="1401", areas=["370303"], internal_units=["91370303MA3D01010Y"])
        CapabilityFactory(kind_code="1401", areas=["370303"], institution=InstitutionFactory(is_active=False))
    offers = look_up.who_verifies("1401", "370303")
    assert {offer.institution.id for offer in offers} == {city.id, county.id}
    assert {offer.institution.id: offer.modes for offer in offers}[county.id] == [DeliveryMode.SEND_IN]
    assert all(offer.is_usual for offer in offers), "the county's for 送检, the city's for 现场检定"


def test_the_page_names_institutions_with_telephone_and_the_office_in_doubt(visitor: Browser) -> None:
    with unit_of_work():
        institution = CapabilityFactory(kind_code="1401", areas=["370300"]).institution
        UserFactory(regulator=True, phone="0533-2180001")
    assert visitor.get("/lookup", query_string={"kind": "1401", "place": "张店区"}) == 200
    for words in (institution.name, institution.phone, "张店区市场监督管理局", "0533-2180001"):
        assert words in visitor.page


def test_nobody_at_a_place_is_said_with_what_happens_then(visitor: Browser) -> None:
    visitor.get("/lookup", query_string={"kind": "1401", "place": "张店区"})
    assert "目前没有机构能在" in visitor.page


def test_an_unclear_place_is_asked_back(visitor: Browser) -> None:
    visitor.get("/lookup", query_string={"kind": "1401", "place": "淄博市"})
    assert "division=370303" in visitor.page


@pytest.mark.parametrize(
    ("address", "name", "text"),
    [
        ("/downloads/divisions.xlsx", "《行政区划信息》.xlsx", "370390"),
        ("/downloads/kinds.xlsx", "《强检器具目录》.xlsx", "1401"),
    ],
)
def test_the_reference_files_are_public_under_the_guides_names(
    visitor: Browser, address: str, name: str, text: str
) -> None:
    assert visitor.get(address) == 200
    assert unquote(visitor.answer.headers["Content-Disposition"]).endswith(f"filename*=UTF-8''{name}")
    sheet = openpyxl.load_workbook(io.BytesIO(visitor.answer.data), read_only=True).worksheets[0]
    assert text in {str(cell) for row in sheet.iter_rows(values_only=True) for cell in row}


def test_a_changed_catalogue_is_in_the_next_download(visitor: Browser, kinds: None) -> None:
    visitor.get("/downloads/kinds.xlsx")
    book = openpyxl.load_workbook(io.BytesIO(visitor.answer.data), read_only=True)
    assert "9901" in {str(cell) for row in book.worksheets[0].iter_rows(values_only=True) for cell in row}
