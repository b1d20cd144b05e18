"""注册 in the browser: what is said about mistakes, that nothing typed is lost, and what is shown at the end."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from backoffice import clock
from backoffice.database import db
from backoffice.models import Enterprise, Registration, StoredFile
from backoffice.services import registrations, uscc
from backoffice.states import EnterpriseStatus, EnterpriseType
from backoffice.unit_of_work import unit_of_work
from tests.factories import EnterpriseFactory, actor_of, valid_uscc
from tests.portal.conftest import CODE, PASSWORD, Browser, licence, typed


def fill_in(visitor: Browser, **changes: Any) -> int:
    visitor.get("/register")
    return visitor.send("/register", **typed(**changes))


def register(visitor: Browser, **changes: Any) -> Enterprise:
    assert fill_in(visitor, **changes) == 200, visitor.page
    assert visitor.send("/register/send") == 303, visitor.page
    assert visitor.follow() == 200
    return db.session.scalars(sa.select(Enterprise).order_by(Enterprise.id.desc()).limit(1)).one()


@pytest.mark.usefixtures("regulator")
def test_form_check_send_and_the_day_by_which_it_is_answered(visitor: Browser) -> None:
    with clock.at(datetime(2026, 11, 20, 2, 0, tzinfo=UTC)):
        assert fill_in(visitor) == 200
        for words in (
            uscc.grouped(CODE),
            "企业法人",
            "370303 山东省淄博市张店区",
            "法定代表人",
            "营业执照.png",
            "修改",
        ):
            assert words in visitor.page
        assert PASSWORD not in visitor.page
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Enterprise)) == 0
        assert visitor.send("/register/send") == 303
        assert visitor.follow() == 200
    assert "2026-11-24（周二）" in visitor.page
    assert "张店区市场监督管理局" in visitor.page
    assert CODE in visitor.page
    enterprise = db.session.scalars(sa.select(Enterprise)).one()
    assert enterprise.licence_file_id is not None


@pytest.mark.usefixtures("app")
def test_without_a_regulator_the_page_says_that_the_administrator_answers(visitor: Browser) -> None:
    register(visitor)
    assert "系统管理员人工审核" in visitor.page


@pytest.mark.usefixtures("app")
def test_a_branch_enters_its_parents_code_and_is_shown_its_own(visitor: Browser) -> None:
    assert fill_in(visitor, type="branch") == 200
    assert "所属法人企业的统一社会信用代码" in visitor.page
    visitor.send("/register/send")
    visitor.follow()
    enterprise = db.session.scalars(sa.select(Enterprise)).one()
    assert (enterprise.type, enterprise.uscc[:18], len(enterprise.uscc)) == (EnterpriseType.BRANCH, CODE, 20)
    assert f">{enterprise.uscc}<" in visitor.page


@pytest.mark.usefixtures("app")
def test_mistakes_are_told_beside_their_fields_and_everything_typed_stays(visitor: Browser) -> None:
    assert fill_in(visitor, mobile="123", uscc=CODE[:-1], password="short", password_again="short") == 422
    for words in ("请填写 11 位手机号码", "应为 18 位，现在是 17 位", "密码至少 8 位"):
        assert words in visitor.page
    kept = visitor.values("/register")
    assert kept["name"] == "淄博鲁岳机械有限公司"
    assert kept["address"] == "柳泉路 88 号"
    assert kept["type"] == "company"
    assert kept["mobile"] == "123"
    assert kept["password"] == ""
    assert "已上传：营业执照.png" in visitor.page
    again = {"mobile": "13905331234", "uscc": CODE, "password": PASSWORD, "password_again": PASSWORD}
    assert visitor.send("/register", **again) == 200
    assert visitor.send("/register/send") == 303


@pytest.mark.usefixtures("app")
def test_an_empty_form_names_every_field(visitor: Browser) -> None:
    visitor.get("/register")
    assert visitor.send("/register") == 422
    for field in ("type", "uscc", "name", "division", "address", "principal", "contact", "licence", "password"):
        assert f'id="{field}-error"' in visitor.page
    assert 'id="email-error"' not in visitor.page


@pytest.mark.usefixtures("app")
def test_a_good_password_is_kept_while_another_field_is_mended_but_not_under_another_code(visitor: Browser) -> None:
    assert fill_in(visitor, mobile="123") == 422
    assert "密码已设置" in visitor.page
    assert visitor.send("/register", mobile="13905331234") == 200
    assert visitor.send("/register/edit", field="uscc") == 200
    assert visitor.send("/register", uscc=valid_uscc(311)) == 422
    assert 'id="password-error"' in visitor.page


@pytest.mark.usefixtures("app")
def test_two_different_passwords_are_noticed(visitor: Browser) -> None:
    assert fill_in(visitor, password_again=PASSWORD + "x") == 422
    assert "两次输入的密码不一样" in visitor.page


@pytest.mark.usefixtures("app")
def test_mend_leads_back_with_everything_there_and_the_mended_value_is_registered(visitor: Browser) -> None:
    fill_in(visitor)
    assert visitor.send("/register/edit", field="address") == 200
    assert visitor.values("/register")["name"] == "淄博鲁岳机械有限公司"
    assert 'data-start="address"' in visitor.page
    assert visitor.send("/register", address="柳泉路 90 号") == 200
    visitor.send("/register/send")
    assert db.session.scalars(sa.select(Enterprise.address)).one() == "柳泉路 90 号"


@pytest.mark.usefixtures("app")
def test_an_ambiguous_place_is_asked_back_and_chosen_by_a_click(visitor: Browser) -> None:
    assert fill_in(visitor, division="市中区") == 422
    assert "请选择是哪一个" in visitor.page
    assert "山东省济南市市中区" in visitor.page
    assert visitor.send("/register", division_code="370103") == 200
    assert "370103 山东省济南市市中区" in visitor.page


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(
    ("division", "words"),
    [
        ("淄博市", "个同名或相近的区划"),
        ("370300", "下面还有区县，请具体到区县"),
        ("什么地方", "没有这个行政区划"),
        ("999999", "没有这个行政区划"),
    ],
)
def test_a_place_that_is_too_wide_or_unknown_is_refused_in_words(visitor: Browser, division: str, words: str) -> None:
    assert fill_in(visitor, division=division) == 422
    assert words in visitor.page


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("division", ["370303", "370303 张店区", "３７０３０３", "淄博 张店", "山东省淄博市张店区"])
def test_a_place_is_found_by_code_name_and_part_of_it(visitor: Browser, division: str) -> None:
    assert fill_in(visitor, division=division) == 200
    assert "370303 山东省淄博市张店区" in visitor.page


@pytest.mark.usefixtures("app")
def test_suggestions_name_whole_places_and_are_few(visitor: Browser) -> None:
    visitor.get("/divisions.json?q=淄博高新")
    assert visitor.answer.json == ["370390 山东省淄博市高新技术产业开发区"]
    visitor.get("/divisions.json?q=山东省")
    assert len(visitor.answer.json) == 20
    for hostile in ("%25", "_", "", "%00", "'", "x" * 5000):
        assert visitor.get(f"/divisions.json?q={hostile}") == 200


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("执照.docx", b"PK\x03\x04...", "不是可以识别的图片或 PDF"),
        ("执照.png", b"", "空的"),
        ("执照.jpg", b"\xff\xd8\xff" + b"\0" * (5 * 1024 * 1024), "超过 5 MB"),
    ],
)
def test_a_wrong_licence_is_refused_in_words_and_not_kept(
    visitor: Browser, name: str, content: bytes, words: str
) -> None:
    assert fill_in(visitor, licence=licence(name, content)) == 422
    assert words in visitor.page
    assert db.session.scalar(sa.select(sa.func.count()).select_from(StoredFile)) == 0


@pytest.mark.usefixtures("app")
def test_a_taken_code_is_told_at_the_form_and_again_when_it_is_taken_in_between(visitor: Browser) -> None:
    fill_in(visitor)
    EnterpriseFactory(uscc=CODE)
    db.session.commit()
    assert visitor.send("/register/send") == 422
    assert "已经注册过" in visitor.page
    assert visitor.values("/register")["address"] == "柳泉路 88 号"
    assert fill_in(visitor) == 422
    assert "不必重新注册" in visitor.page


@pytest.mark.usefixtures("app")
def test_a_code_is_checked_in_groups_as_it_will_be_stored(visitor: Browser) -> None:
    assert fill_in(visitor, uscc=f" {CODE[:6]} {CODE[6:].lower()} ") == 200
    assert f">{uscc.grouped(CODE)}<" in visitor.page
    assert len(uscc.grouped(CODE).split()) == 5


def test_who_finds_the_own_code_taken_reads_whom_to_ask(visitor: Browser, regulator: Any) -> None:
    EnterpriseFactory(uscc=CODE)
    regulator.phone = "0533-2180001"
    db.session.commit()
    assert fill_in(visitor) == 422
    assert "不是本单位的人注册的，请联系张店区市场监督管理局核实，电话 0533-2180001" in visitor.page


@pytest.mark.usefixtures("app")
def test_all_branch_codes_used_is_a_clear_conflict(visitor: Browser) -> None:
    fill_in(visitor, type="branch")
    for number in range(100):
        EnterpriseFactory(uscc=f"{CODE}{number:02d}", parent_uscc=CODE, type=EnterpriseType.BRANCH)
    db.session.commit()
    assert visitor.send("/register/send") == 409
    assert "100 个分支代码已全部用完" in visitor.page


@pytest.mark.usefixtures("app")
def test_sending_twice_registers_once_and_shows_the_same_page(visitor: Browser) -> None:
    fill_in(visitor)
    check = visitor.page
    visitor.send("/register/send")
    first = visitor.answer.headers["Location"]
    visitor.page = check
    assert visitor.send("/register/send") == 303
    assert visitor.answer.headers["Location"] == first
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Registration)) == 1


@pytest.mark.usefixtures("app")
def test_a_draft_or_receipt_somebody_made_up_is_refused(visitor: Browser) -> None:
    fill_in(visitor)
    assert visitor.send("/register/send", draft="eyJ2YWx1ZXMiOnt9fQ.x.y") == 400
    assert visitor.get("/registered/1") == 404
    assert visitor.get("/registered/x.y.z") == 404


@pytest.mark.usefixtures("app")
def test_a_form_without_its_token_is_refused(visitor: Browser) -> None:
    visitor.get("/register")
    assert visitor.send("/register", csrf_token="", **typed()) == 400


def test_refused_read_why_correct_check_and_send_again(app: Flask, visitor: Browser, regulator: Any) -> None:
    enterprise = register(visitor)
    with unit_of_work():
        registrations.refuse(actor_of(regulator), enterprise.registrations[0].id, "地址与执照不符")
    assert visitor.sign_in(CODE) == 303
    assert visitor.answer.headers["Location"] == "/registration"
    visitor.follow()
    assert "地址与执照不符" in visitor.page
    assert f"请问张店区市场监督管理局，电话 {regulator.phone}" in visitor.page
    assert visitor.get("/registration/licence") == 200
    assert (visitor.answer.mimetype, visitor.answer.headers["Cache-Control"]) == ("image/png", "no-store")
    visitor.get("/registration/correct")
    values = visitor.values("/registration/correct")
    assert values["address"] == "柳泉路 88 号"
    assert "uscc" not in values
    assert visitor.send("/registration/correct", address="") == 422
    assert visitor.send("/registration/correct", address="柳泉路 90 号", uscc=valid_uscc(400)) == 200
    assert visitor.send("/registration/correct/edit", field="name") == 200
    assert visitor.send("/registration/correct") == 200
    assert visitor.send("/registration/correct/send") == 303
    visitor.follow()
    assert "等待审核" in visitor.page
    db.session.refresh(enterprise)
    assert (enterprise.uscc, enterprise.address, enterprise.status) == (CODE, "柳泉路 90 号", EnterpriseStatus.PENDING)
    assert visitor.get("/registration/correct") == 303


def test_an_approved_one_is_led_to_its_panel(app: Flask, visitor: Browser, regulator: Any) -> None:
    enterprise = register(visitor)
    with unit_of_work():
        registrations.approve(actor_of(regulator), enterprise.registrations[0].id)
    visitor.sign_in(CODE)
    assert visitor.answer.headers["Location"] == "/enterprise/"
    visitor.get("/registration")
    assert "注册已通过审核" in visitor.page
