"""Forms, actions and foreign rows of the panel, as a browser sends them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from backoffice import clock
from backoffice.database import db
from backoffice.models import (
    AuditEvent,
    Capability,
    Designation,
    Enterprise,
    Institution,
    InstitutionSuspension,
    Laboratory,
    Notice,
    User,
)
from backoffice.services import notices
from tests import factories
from tests.regulator.conftest import Browser

INSTITUTION = {
    "name": "张店区计量检定测试所",
    "type": "statutory",
    "level": "county",
    "seat_division_code": "370303",
    "address": "柳泉路 20 号",
    "phone": "0533-2180001",
    "priority": "0",
}


def capability_form(institution: Institution, **changes: object) -> dict[str, object]:
    return {
        "institution_id": str(institution.id),
        "kind_code": "1401",
        "areas": ["370303"],
        "delivery_modes": ["send_in"],
        "unit_scope": "public",
        "measuring_range": "(0～60) MPa",
        "accuracies": "1.6级、2.5级",
    } | changes


def test_an_institution_is_made_changed_stopped_and_deleted_in_the_browser(
    district: User, browser_of: Callable[[User], Browser]
) -> None:
    browser = browser_of(district)
    made = browser.post("/regulator/institutions/new", INSTITUTION)
    assert made.status_code == 303
    url = made.location
    assert "张店区计量检定测试所" in browser.text(url)
    assert browser.post(f"{url}/edit", INSTITUTION | {"phone": "0533-2180002"}).status_code == 303
    assert "0533-2180002" in browser.text(url)
    assert browser.post(f"{url}/stop", {"reason": "撤并"}).status_code == 303
    assert "已停用" in browser.text(url) and "撤并" in browser.text(url)
    assert browser.post(f"{url}/delete").status_code == 303
    assert browser.get(url).status_code == 404


def test_a_refused_form_says_why_beside_the_field_and_keeps_what_was_typed(
    district: User, browser_of: Callable[[User], Browser]
) -> None:
    browser = browser_of(district)
    institution = factories.InstitutionFactory()
    db.session.commit()
    answer = browser.post(
        "/regulator/capabilities/new", capability_form(institution, measuring_range="大约六十", accuracies="1.6级")
    )
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "读不懂“大约六十”" in page and 'value="大约六十"' in page
    assert re.search(r'<option selected value="1401">', page)
    assert re.search(r'<input[^>]*checked[^>]*value="370303"|value="370303"[^>]*checked', page)


def test_a_capability_is_made_shown_as_read_changed_and_ended(
    district: User, browser_of: Callable[[User], Browser]
) -> None:
    browser = browser_of(district)
    institution = factories.InstitutionFactory()
    db.session.commit()
    url = browser.post("/regulator/capabilities/new", capability_form(institution)).location
    page = browser.text(url)
    assert "0～60 MPa" in page and "1.6、2.5" in page and "面向社会" in page
    edited = capability_form(institution, unit_scope="internal", internal_units="91370300MA0000001X")
    assert browser.post(f"{url}/edit", edited).status_code == 303
    assert "91370300MA0000001X" in browser.text(url)
    assert browser.post(f"{url}/end", {"last_day": clock.today().isoformat(), "reason": "到期"}).status_code == 303
    db.session.expire_all()
    assert db.session.query(Capability).one().valid_until == clock.today()


def test_a_link_prefills_a_new_capability(district: User, browser_of: Callable[[User], Browser]) -> None:
    browser = browser_of(district)
    institution = factories.InstitutionFactory()
    db.session.commit()
    page = browser.text(
        f"/regulator/capabilities/new?institution_id={institution.id}&kind_code=1401&areas=370303&areas=370305"
    )
    assert re.search(rf'<option selected value="{institution.id}">', page)
    assert re.search(r'<option selected value="1401">', page)
    checked = re.findall(r"<input[^>]*checked[^>]*>", page)
    assert any('value="370303"' in each for each in checked)
    assert not any('value="370305"' in each for each in checked), "an area outside the own one is not offered"


@pytest.mark.parametrize("noun", ["capabilities", "designations"])
def test_the_days_of_a_legal_period_are_called_by_their_names(
    noun: str, district: User, browser_of: Callable[[User], Browser]
) -> None:
    browser = browser_of(district)
    page = browser.text(f"/regulator/{noun}/new")
    assert re.search(r'<label for="valid_from">有效期自 ', page) and re.search(
        r'<label for="valid_until">有效期至 ', page
    )
    institution = factories.InstitutionFactory()
    db.session.commit()
    reversed_days = {"valid_from": "2026-05-01", "valid_until": "2026-04-01", "document_number": "1"}
    typed = capability_form(institution) | {"division_code": "370303"} | reversed_days
    answer = browser.post(f"/regulator/{noun}/new", typed)
    assert answer.status_code == 422 and "有效期至</a>：" in answer.get_data(as_text=True)


def test_areas_of_others_are_refused_even_when_sent_by_hand(
    district: User, browser_of: Callable[[User], Browser]
) -> None:
    browser = browser_of(district)
    institution = factories.InstitutionFactory()
    db.session.commit()
    answer = browser.post("/regulator/capabilities/new", capability_form(institution, areas=["370305"]))
    assert answer.status_code == 422
    assert db.session.query(Capability).count() == 0


def test_a_designation_is_made_and_ended(district: User, browser_of: Callable[[User], Browser]) -> None:
    browser = browser_of(district)
    institution = factories.InstitutionFactory()
    db.session.commit()
    typed = {
        "division_code": "370303",
        "item_code": "14",
        "institution_id": str(institution.id),
        "document_number": "张市监计〔2026〕7 号",
    }
    url = browser.post("/regulator/designations/new", typed).location
    assert "整个项别" in browser.text(url)
    both = browser.post("/regulator/designations/new", typed | {"kind_code": "1401"})
    assert both.status_code == 422 and "选且只选一个" in both.get_data(as_text=True)
    last_day = clock.today() + timedelta(days=30)
    assert browser.post(f"{url}/end", {"last_day": last_day.isoformat(), "reason": "改派"}).status_code == 303
    db.session.expire_all()
    assert db.session.query(Designation).one().valid_until == last_day


def test_laboratories_and_suspensions_are_kept_on_the_institutions_page(
    district: User, browser_of: Callable[[User], Browser]
) -> None:
    browser = browser_of(district)
    url = browser.post("/regulator/institutions/new", INSTITUTION).location
    key = url.rsplit("/", 1)[1]
    new_laboratory = f"/regulator/laboratories/new?institution_id={key}"
    assert browser.post(new_laboratory, {"name": "压力室"}).location == url
    today = clock.today().isoformat()
    new_suspension = f"/regulator/suspensions/new?institution_id={key}"
    assert browser.post(new_suspension, {"starts_on": today, "reason": "搬迁"}).location == url
    page = browser.text(url)
    assert "压力室" in page and "暂停中" in page
    laboratory, suspension = db.session.query(Laboratory).one(), db.session.query(InstitutionSuspension).one()
    renamed = browser.post(f"/regulator/laboratories/{laboratory.id}/edit", {"name": "压力一室"})
    assert renamed.location == url
    assert browser.post(f"/regulator/suspensions/{suspension.id}/end").location == url
    assert browser.post(f"/regulator/laboratories/{laboratory.id}/delete").location == url
    browser.text(url)  # says once that it is gone
    page = browser.text(url)
    assert "压力一室" not in re.sub(r"<aside[\s\S]*?</aside>", "", page) and "暂停中" not in page


def test_an_enterprise_is_entered_on_behalf_corrected_and_suspended(
    district: User, browser_of: Callable[[User], Browser]
) -> None:
    browser = browser_of(district)
    typed = {
        "uscc": factories.valid_uscc(8000001),
        "type": "sole_trader",
        "name": "老王粮油店",
        "division_code": "370303",
        "address": "柳泉路 3 号",
        "principal": "王强",
        "contact": "王强",
        "mobile": "13905330009",
    }
    url = browser.post("/regulator/enterprises/new", typed).location
    made = browser.text(url)
    assert re.search("由[^<]{2,30}代办", made)  # the office; the person stands in the history
    assert "赵慧" in made
    typed.pop("uscc")
    assert browser.post(f"{url}/edit", typed | {"name": "老王粮油超市", "uscc": "X"}).status_code == 303
    assert "老王粮油超市" in browser.text(url)
    db.session.expire_all()
    assert db.session.query(Enterprise).one().uscc == factories.valid_uscc(8000001)
    assert browser.post(f"{url}/suspend", {"reason": ""}).status_code == 422
    assert browser.post(f"{url}/suspend", {"reason": "停业"}).status_code == 303
    assert "已停用：停业" in browser.text(url)


def test_who_may_not_edit_reference_data_has_no_way_to(district: User, browser_of: Callable[[User], Browser]) -> None:
    browser = browser_of(district)
    for url in ("kinds/new", "kinds/1401/edit", "divisions/new", "divisions/370303/edit", "kinds/1401/retire"):
        assert browser.get(f"/regulator/{url}").status_code == 404, url
        assert browser.post(f"/regulator/{url}", {"name": "x", "reason": "x"}).status_code == 404, url
    assert "修改" not in browser.text("/regulator/kinds/1401")


def test_a_kinds_aliases_are_edited_and_put_back(city: User, browser_of: Callable[[User], Browser]) -> None:
    browser = browser_of(city)
    before = browser.text("/regulator/kinds/1401/edit")
    aliases = re.search(r'<textarea[^>]*name="aliases"[^>]*>([\s\S]*?)</textarea>', before)
    assert aliases
    kind = {"name": "指示类压力表、显示类压力表", "supervision": "强制检定", "verification_scheme": "周期检定"}
    kind |= {"purposes": ["safety"], "default_period_months": "6"}  # type: ignore[dict-item]
    known = aliases[1].strip()
    assert browser.post("/regulator/kinds/1401/edit", kind | {"aliases": f"{known}\n耐震压力表"}).status_code == 303
    assert "耐震压力表" in browser.text("/regulator/kinds/1401")
    assert browser.post("/regulator/kinds/1401/edit", kind | {"aliases": known}).status_code == 303


def test_rows_of_other_areas_are_read_but_not_changed_and_those_of_other_provinces_do_not_exist(
    district: User, other_district: User, browser_of: Callable[[User], Browser]
) -> None:
    theirs = factories.CapabilityFactory(areas=["370305"])
    foreign = factories.CapabilityFactory(institution__seat_division_code="110101", areas=["110101"])
    stranger = factories.EnterpriseFactory(division_code="370305")
    db.session.commit()
    browser = browser_of(district)
    assert browser.get(f"/regulator/capabilities/{theirs.id}").status_code == 200
    assert browser.get(f"/regulator/capabilities/{theirs.id}/edit").status_code == 404
    changed = browser.post(f"/regulator/capabilities/{theirs.id}/edit", capability_form(theirs.institution))
    assert changed.status_code == 404
    ended = {"last_day": clock.today().isoformat(), "reason": "x"}
    assert browser.post(f"/regulator/capabilities/{theirs.id}/end", ended).status_code == 404
    assert browser.get(f"/regulator/capabilities/{foreign.id}").status_code == 404
    for action in ("", "/edit", "/suspend"):
        assert browser.get(f"/regulator/enterprises/{stranger.id}{action}").status_code == 404
    assert browser.post(f"/regulator/enterprises/{stranger.id}/suspend", {"reason": "x"}).status_code == 404
    db.session.expire_all()
    assert theirs.valid_until.year == 2029


def test_opening_a_notice_is_a_post_that_marks_it_read_and_leads_to_its_record(
    district: User, other_district: User, browser_of: Callable[[User], Browser]
) -> None:
    enterprise = factories.EnterpriseFactory()
    notices.tell_regulator("370303", "notice_registration_arrived", enterprise, enterprise="老王粮油店", due="x")
    db.session.flush()
    notice = db.session.query(Notice).one()
    browser = browser_of(district)
    assert "老王粮油店" in browser.text("/regulator/notices/")
    browser.get(f"/regulator/notices/{notice.id}/open")
    browser.text(f"/regulator/notices/{notice.id}")
    db.session.expire_all()
    assert notice.read_at is None, "reading a page changes nothing"
    assert browser_of(other_district).post(f"/regulator/notices/{notice.id}/open").status_code == 404
    opened = browser.post(f"/regulator/notices/{notice.id}/open")
    assert (opened.status_code, opened.location) == (303, f"/regulator/enterprises/{enterprise.id}")
    db.session.expire_all()
    assert notice.read_at is not None


def test_the_administrator_stops_an_account_but_not_the_own(
    admin: User, district: User, browser_of: Callable[[User], Browser]
) -> None:
    theirs, browser = browser_of(district), browser_of(admin)
    assert theirs.get("/regulator/").status_code == 200
    assert browser.post(f"/regulator/users/{district.id}/deactivate", {"reason": "调离"}).status_code == 303
    assert theirs.get("/regulator/").status_code in (302, 303)
    assert browser.post(f"/regulator/users/{admin.id}/deactivate", {"reason": "x"}).status_code == 409


def test_every_change_in_the_browser_left_an_audit_row(district: User, browser_of: Callable[[User], Browser]) -> None:
    browser = browser_of(district)
    browser.post("/regulator/institutions/new", INSTITUTION)
    event = db.session.query(AuditEvent).filter_by(action="reference.created").one()
    assert (event.actor_name, event.actor_role.value, event.address) == ("赵慧", "regulator", "127.0.0.1")


@pytest.mark.parametrize("noun", ["institutions", "capabilities", "enterprises", "divisions", "kinds"])
def test_hostile_addresses_are_answered_calmly(noun: str, city: User, browser_of: Callable[[User], Browser]) -> None:
    browser = browser_of(city)
    for url in (
        "/0",
        "/-1",
        "/99999999999999999999",
        "/x%00",
        "?q=%00%27&tab=nope&after=%F0",
        "/new?areas=%27&kind_code=1",
    ):
        assert browser.get(f"/regulator/{noun}{url if url[0] == '/' else '/' + url}").status_code in (200, 400, 404), (
            url
        )
