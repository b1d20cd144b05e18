"""The unmatched queue: one step away first, by place of use; the why-matrix; assigning by hand."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest

from backoffice import clock
from backoffice.admin_views.regulator.unmatched import RegulatorUnmatched
from backoffice.database import db
from backoffice.messages.wording import moment
from backoffice.models import AppointmentItem, JobHeartbeat
from backoffice.services import acceptance, job_runs, matching_runs
from backoffice.states import ItemStatus, MatchTrigger, ReturnCode
from tests import factories
from tests.institution.conftest import desk_app, desk_application, sign_in  # noqa: F401 - fixtures
from tests.institution.people import People

LIST = "/regulator/unmatched/"
LAPSED = date(2024, 6, 30)


@pytest.fixture
def people(desk_app):  # noqa: F811
    """An institution whose authorisation for the booked kind has lapsed."""
    return People(valid_until=LAPSED)


@pytest.fixture
def office(people, sign_in):  # noqa: F811
    return sign_in(factories.UserFactory(regulator=True, division_code="370300"))


def item_of(appointment) -> AppointmentItem:
    return appointment.items[0]


def record(item) -> str:
    return f"{LIST}{item.id}"


def test_what_is_one_step_away_stands_first_and_has_its_tab(people, office):
    far = item_of(people.book(people.instruments(kind_code="1801", name="无人能检的表")))
    near = item_of(people.book(people.instruments(name="差一步的表")))
    page = office.text(LIST)
    assert page.index("差一步的表") < page.index("无人能检的表")
    assert f"{people.institution.name}：授权不在有效期内" in page
    assert "没有机构的授权覆盖此地" in page
    tab = office.text(f"{LIST}?tab=one_step")
    assert record(near) in tab
    assert record(far) not in tab
    assert "差一步 1" in tab


def test_pages_of_the_queue_lose_and_repeat_nothing(people, office, monkeypatch):
    monkeypatch.setattr(RegulatorUnmatched, "page_size", 2)
    people.book(people.instruments(3, kind_code="1801") + people.instruments(2))
    seen, target, pages = [], LIST, []
    while target:
        page = office.text(target)
        found = re.findall(r'class="lead [^"]*"[^>]*><a href="/regulator/unmatched/(\d+)"', page)
        seen += found
        pages.append(found)
        older = re.search(r'rel="next" href="([^"]+)"', page)
        back = re.search(r'rel="prev" href="([^"]+)"', page)
        target = older[1].replace("&amp;", "&") if older else ""
    assert len(seen) == len(set(seen)) == 5
    assert back
    before = office.text(back[1].replace("&amp;", "&"))
    assert re.findall(r'class="lead [^"]*"[^>]*><a href="/regulator/unmatched/(\d+)"', before) == pages[-2]


def test_the_queue_belongs_to_the_place_of_use(people, sign_in):  # noqa: F811
    item = item_of(people.book(people.instruments(division_code="370305", name="临淄用的表")))
    of_use = sign_in(factories.UserFactory(regulator=True, division_code="370305"))
    of_seat = sign_in(factories.UserFactory(regulator=True, division_code="370303"))
    assert "临淄用的表" in of_use.text(LIST)
    assert "临淄用的表" not in of_seat.text(LIST)
    assert of_seat.get(record(item)).status_code == 404
    form = {"institution_id": people.institution.id, "reason": "就近"}
    assert of_seat.send(f"{record(item)}/assign", form).status_code == 404


def test_the_strip_names_the_one_step_and_leads_to_its_mending(people, office):
    first = item_of(people.book(people.instruments(2)))
    page = office.text(record(first))
    assert f"差一步：{people.institution.name} 的授权 2024-06-30 已到期" in page
    assert f'href="/regulator/capabilities/{people.capability.id}/edit"' in page
    assert "续期该授权" in page
    assert "授权至 2024-06-30" in page
    assert f"需要 {clock.today().isoformat()}" in page
    cause = re.search(r'href="([^"]+cause=\d+)">1 台（件）</a>', page)
    assert cause
    assert "共 2 台（件）" in office.text(cause[1])


def test_with_nobody_near_the_strip_leads_to_a_new_authorisation(people, office):
    item = item_of(people.book(people.instruments(kind_code="1801")))
    page = office.text(record(item))
    assert "没有一家机构的授权覆盖在张店区使用的“声级计”" in page
    assert 'href="/regulator/capabilities/new?kind_code=1801&amp;areas=370303&amp;delivery_modes=send_in"' in page
    assert "没有候选机构" in page


def test_every_filter_is_a_column_and_only_failures_are_shown_on_phones(people, office):
    page = office.text(record(item_of(people.book(people.instruments()))))
    heads = ["在业", "授权种别", "有效期", "服务对象", "服务区域", "测量范围", "准确度", "送检方式", "未被排除"]
    assert [name for name in re.findall(r'<th scope="col">([^<]+)</th>', page) if name in heads] == heads
    cells = re.findall(r'<td class="([ynu]) (wide|hide)" data-label="([^"]+)"', page)
    assert [label for tone, _shown, label in cells if tone == "n"] == ["有效期"]
    assert all((tone == "n") == (shown == "wide") for tone, shown, _label in cells)


def test_assigning_by_hand_sends_a_slip_with_a_reason(people, sign_in):  # noqa: F811
    away = People(kind_code="1801", areas=["370100"])
    item = item_of(people.book(people.instruments(kind_code="1801")))
    office = sign_in(factories.UserFactory(regulator=True))
    assert "手工指派" in office.text(record(item))
    form = office.text(f"{record(item)}/assign")
    assert away.institution.name in form
    assert people.institution.name not in form
    values = {"institution_id": str(away.institution.id), "reason": ""}
    assert office.send(f"{record(item)}/assign", values).status_code == 422
    wrong = values | {"institution_id": str(people.institution.id), "reason": "就近"}
    assert office.send(f"{record(item)}/assign", wrong).status_code == 422
    answer = office.send(f"{record(item)}/assign", values | {"reason": "本市暂无能力，就近安排"})
    assert answer.status_code == 303
    db.session.rollback()
    db.session.refresh(item)
    assert item.status is ItemStatus.AWAITING_ACCEPTANCE
    assert answer.location == f"/regulator/slips/{item.slip_id}"
    page = office.text(record(item))
    assert "本市暂无能力，就近安排" in page
    assert "手工指派" in page  # in the history of matching
    desk = sign_in(away.counter)
    assert "本市暂无能力，就近安排" in desk.text(f"/institution/slips/{item.slip_id}")


def test_an_item_that_was_matched_meanwhile_cannot_be_assigned(people, office):
    item = item_of(people.book(people.instruments()))
    people.capability.valid_until = None
    db.session.flush()
    matching_runs.match_batch()
    db.session.commit()
    values = {"institution_id": str(people.institution.id), "reason": "就近"}
    assert office.send(f"{record(item)}/assign", values).status_code in (409, 422)
    assert office.get(f"{record(item)}/assign").status_code == 404
    page = office.text(record(item))
    assert "提交后自动匹配 · 规则版本" in page
    assert "授权或指定变动后重新匹配" in page
    assert item_of(item.appointment).match_trigger is MatchTrigger.SUBMITTED
    assert record(item) not in office.text(LIST)


def test_a_job_that_does_not_run_is_said_since_when(people, office):
    job_runs.beat("matching")
    db.session.commit()
    assert "没有运行" not in office.text(LIST)
    beat = db.session.get_one(JobHeartbeat, "matching")
    beat.ticked_at = clock.start_of(date(2026, 1, 5))
    db.session.commit()
    assert "自动匹配自 2026-01-05 00:00 起没有运行" in office.text(LIST)


def test_neither_auditor_nor_institution_sees_the_queue(people, sign_in):  # noqa: F811
    item = item_of(people.book(people.instruments()))
    for user in (factories.UserFactory(auditor=True), people.counter, people.clerk):
        browser = sign_in(user)
        assert browser.get(LIST).status_code == 404
        assert browser.get(record(item)).status_code == 404


def test_a_returned_item_keeps_its_grounds(people, office):
    people.capability.valid_until = None
    slip = people.slip()
    item = slip.items[0]
    acceptance.accept(factories.actor_of(people.counter), slip.id)
    db.session.commit()
    page = office.text(record(item))
    assert "匹配依据" in page
    assert "选中" in page


def test_the_office_answers_what_nobody_can_take(people, office):
    appointment = people.book(people.instruments(2))
    item = item_of(appointment)
    assert ">答复</a>" in office.text(record(item))
    assert office.send(f"{record(item)}/answer", {"words": " "}).status_code == 422
    assert office.send(f"{record(item)}/answer", {"words": "正在续期，预计 3 月可检。"}).status_code == 303
    assert "已答复使用单位" in office.text(record(item))
    assert "已答复" in office.text(LIST)


def test_an_answer_ends_the_lateness_and_another_area_may_not_give_it(people, office, sign_in):  # noqa: F811
    item = item_of(people.book(people.instruments()))
    elsewhere = sign_in(factories.UserFactory(regulator=True, division_code="370305"))
    assert elsewhere.send(f"{record(item)}/answer", {"words": "不归我"}).status_code == 404
    item.appointment.due_at = clock.start_of(date(2026, 1, 5))
    db.session.commit()
    late = office.text(f"{LIST}?tab=late")
    assert record(item) in late and 'class="badge bad">已过 2026-01-0' in late
    office.send(f"{record(item)}/answer", {"words": "正在续期"})
    assert record(item) not in office.text(f"{LIST}?tab=late")


def test_the_list_words_what_is_missing_and_offers_the_step(people, office):
    people.book(people.instruments())
    tab = office.text(f"{LIST}?tab=one_step")
    assert f"{people.institution.name}：授权不在有效期内" in tab
    assert f'href="/regulator/capabilities/{people.capability.id}/edit"' in tab
    people.capability.valid_until = None
    people.capability.delivery_modes = ["on_site"]
    db.session.flush()
    matching_runs.match_batch()
    db.session.commit()
    assert f"{people.institution.name}：不提供所需的送检方式" in office.text(LIST)


def test_what_was_returned_as_too_large_reads_right_and_is_answered(people, office):
    people.capability.valid_until = None
    slip = people.slip()
    instrument = slip.items[0].instrument
    acceptance.return_items(
        factories.actor_of(people.counter), slip.id, code=ReturnCode.OUT_OF_CAPACITY, words="量程超出"
    )
    item = item_of(people.book([instrument]))
    page = office.text(f"{LIST}?tab=one_step")
    assert f"{people.institution.name}：曾以“超出能力”退回" in page
    assert "未被排除" not in page
    assert f'href="{record(item)}/answer"' in page
    assert "更正测量范围、准确度、型号或种别后会再次询问该机构" in office.text(record(item))


def test_the_same_reason_is_offered_once(people, office):
    first = item_of(people.book(people.instruments()))
    with clock.at(clock.now() + timedelta(days=1)):
        second = item_of(people.book(people.instruments()))
    assert first.decision_id != second.decision_id
    page = office.text(LIST)
    assert page.count("授权不在有效期内（2）<") == 1
    assert "共 2 台（件）" in office.text(f"{LIST}?cause={first.decision_id}")


def test_the_time_of_the_judgement_is_this_items(people, office):
    people.book(people.instruments())
    later = clock.now() + timedelta(minutes=3)
    with clock.at(later):
        item = item_of(people.book(people.instruments()))
    assert f"{moment(later)} 判定" in office.text(record(item))
