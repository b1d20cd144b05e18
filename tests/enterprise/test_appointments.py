"""Booking in the browser: draft, choice, question, submission, what became of it, withdrawal."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from backoffice import clock
from backoffice.database import db
from backoffice.models import Appointment, AppointmentItem, JobHeartbeat
from backoffice.services import acceptance, appointment_questions, appointments, assignments, matching_runs
from backoffice.states import (
    ApplicationType,
    AppointmentStatus,
    ItemStatus,
    LastInstitution,
    ReturnCode,
    UseState,
)
from tests import factories
from tests.enterprise.booking import booking_app, booking_application, browser_of, form_key, words
from tests.services import flow

__all__ = ["booking_app", "booking_application", "browser_of"]
BASE = "/enterprise/appointments"


@pytest.fixture
def place(booking_app: Flask) -> flow.World:
    return flow.world()


@pytest.fixture
def clerk(place: flow.World, browser_of: Any) -> Any:
    """The clerk's browser; call `db.session.commit()` after making more rows."""
    return browser_of(place.clerk_user)


def url_of(appointment: Appointment) -> str:
    return f"{BASE}/{appointment.id}"


def fresh(appointment: Appointment) -> Appointment:
    db.session.expire_all()
    return db.session.get_one(Appointment, appointment.id)


def committed(made: Any) -> Any:
    db.session.commit()
    return made


# List and draft


def test_the_list_has_one_button_named_exactly_new(clerk: Any) -> None:
    page = clerk.text(f"{BASE}/")
    assert re.search(r'action="/enterprise/appointments/new"', page)
    assert ">新增</button>" in page


def test_new_makes_a_draft_once_and_leads_to_the_choice(clerk: Any, place: flow.World) -> None:
    key = form_key(clerk.text(f"{BASE}/"))
    first = clerk.post(f"{BASE}/new", {"form_key": key})
    second = clerk.post(f"{BASE}/new", {"form_key": key})
    (draft,) = db.session.scalars(db.select(Appointment)).all()
    assert first.status_code == second.status_code == 303
    assert first.location == second.location == f"{url_of(draft)}/choose"


def test_the_list_says_state_count_and_institutions(clerk: Any, place: flow.World) -> None:
    appointment = committed(flow.matched(place, flow.instruments(place, 2)))
    page = clerk.text(f"{BASE}/")
    assert 'data-state="submitted"' in page
    assert place.institution.name in page
    assert appointment.number in page
    assert appointment.number in clerk.text(f"{BASE}/?q={place.institution.name}")
    assert appointment.number not in clerk.text(f"{BASE}/?tab=draft")


def test_what_cannot_be_booked_is_disabled_with_its_reason(clerk: Any, place: flow.World) -> None:
    booked = flow.submitted(place, flow.instruments(place))
    stopped = flow.instruments(place, use_state=UseState.STOPPED)[0]
    draft = committed(flow.draft(place, []))
    page = clerk.text(f"{url_of(draft)}/choose")
    assert f"已在预约 {booked.number} 中" in page
    assert "使用状态是“停用”" in page
    boxes = dict(re.findall(r'name="ids" value="(\d+)"[^>]*?(disabled|data-select)', page))
    assert boxes[str(stopped.id)] == "disabled"
    assert boxes[str(booked.items[0].instrument_id)] == "disabled"


def test_chosen_instruments_stay_chosen_across_pages(
    clerk: Any, place: flow.World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backoffice.admin_views.enterprise.choosing.PAGE_SIZE", 2)
    rows = flow.instruments(place, 3)
    draft = committed(flow.draft(place, []))
    choose = f"{url_of(draft)}/choose"
    page = clerk.text(choose)
    (cursor,) = re.findall(r'name="go" value="(after:[^"]+)"', page)
    answer = clerk.post(choose, {"shown": [rows[2].id, rows[1].id], "ids": [rows[2].id], "go": cursor})
    assert answer.status_code == 303
    second = clerk.text(answer.location)
    assert "其他页已选 1 台（件）" in words(second)
    answer = clerk.post(choose, {"shown": [rows[0].id], "ids": [rows[0].id], "go": "done"})
    assert answer.location == url_of(draft)
    assert {item.instrument_id for item in fresh(draft).items} == {rows[0].id, rows[2].id}


def test_unticking_takes_out_and_filtering_keeps_what_was_ticked(clerk: Any, place: flow.World) -> None:
    first, second = flow.instruments(place, 2)
    draft = committed(flow.draft(place, [first]))
    sent = {"shown": [first.id, second.id], "ids": [second.id], "go": "filter", "q": "压力", "due": "never"}
    answer = clerk.post(f"{url_of(draft)}/choose", sent)
    assert "due=never" in answer.location
    assert [item.instrument_id for item in fresh(draft).items] == [second.id]
    assert "没有符合条件" not in clerk.text(answer.location)


def test_all_that_is_due_is_chosen_at_once(clerk: Any, place: flow.World) -> None:
    today = clock.today()
    due = flow.instruments(place, 1, declared_valid_until=today + timedelta(days=10))
    overdue = flow.instruments(place, 1, declared_valid_until=today - timedelta(days=3))
    flow.instruments(place, 1, declared_valid_until=today + timedelta(days=200))
    draft = committed(flow.draft(place, []))
    assert "加入全部到期、超期的 2 台（件）" in clerk.text(f"{url_of(draft)}/choose")
    clerk.post(f"{url_of(draft)}/choose", {"go": "all"})
    assert {item.instrument_id for item in fresh(draft).items} == {due[0].id, overdue[0].id}


def test_a_refused_choice_says_why_and_adds_nothing(clerk: Any, place: flow.World) -> None:
    stopped = flow.instruments(place, use_state=UseState.STOPPED)[0]
    draft = committed(flow.draft(place, []))
    answer = clerk.post(f"{url_of(draft)}/choose", {"shown": [stopped.id], "ids": [stopped.id], "go": "done"})
    assert answer.status_code == 422
    assert "请先在台账中启用再预约" in answer.get_data(as_text=True)
    assert fresh(draft).items == []


def test_a_draft_says_where_each_will_go_and_why(clerk: Any, place: flow.World) -> None:
    named = factories.DesignationFactory(kind_code="0601", institution=place.institution)
    factories.CapabilityFactory(institution=place.institution, kind_code="0601")
    rows = [
        *flow.instruments(place),
        *flow.instruments(place, kind_code="0601"),
        *flow.instruments(place, kind_code="0102"),
    ]
    draft = committed(flow.draft(place, rows))
    page = words(clerk.text(url_of(draft)))
    assert "淄博市授权，唯一可检" in page
    assert f"张店区指定（{named.document_number}）" in page
    assert "本县、本市、本省均无可检定" in page
    assert "3 台（件）：预计 2 台分配给 1 家机构，1 台暂无机构可检" in page


def test_application_types_and_wishes_are_kept_when_submitting(clerk: Any, place: flow.World) -> None:
    draft = committed(flow.draft(place, flow.instruments(place)))
    (item,) = draft.items
    sent = {f"type-{item.id}": "recheck", "site_contact": "张师傅", "wish_from": "2026-12-01"}
    answer = clerk.post(f"{url_of(draft)}/submit", sent)
    assert answer.location == url_of(draft)
    found = fresh(draft)
    assert found.status is AppointmentStatus.SUBMITTED
    assert found.items[0].application_type is ApplicationType.RECHECK
    assert (found.site_contact, str(found.wish_from)) == ("张师傅", "2026-12-01")


def test_submitting_twice_submits_once(clerk: Any, place: flow.World) -> None:
    draft = committed(flow.draft(place, flow.instruments(place)))
    key = form_key(clerk.text(url_of(draft)))
    first = clerk.post(f"{url_of(draft)}/submit", {"form_key": key})
    submitted_at = fresh(draft).submitted_at
    second = clerk.post(f"{url_of(draft)}/submit", {"form_key": key})
    third = clerk.post(f"{url_of(draft)}/submit")
    assert [each.status_code for each in (first, second, third)] == [303] * 3
    assert fresh(draft).submitted_at == submitted_at


def test_an_empty_draft_cannot_be_submitted(clerk: Any, place: flow.World) -> None:
    draft = committed(flow.draft(place, []))
    assert ">提交预约</button>" not in clerk.text(url_of(draft))
    answer = clerk.post(f"{url_of(draft)}/submit")
    assert answer.status_code == 422
    assert "还没有选择器具" in answer.get_data(as_text=True)


def test_a_mistake_in_the_wishes_stands_beside_its_field_and_loses_nothing(clerk: Any, place: flow.World) -> None:
    draft = committed(flow.draft(place, flow.instruments(place)))
    (item,) = draft.items
    sent = {
        f"type-{item.id}": "other",
        "wish_from": "2026-12-05",
        "wish_until": "2026-12-01",
        "wish_against": "周一停产",
    }
    answer = clerk.post(f"{url_of(draft)}/submit", sent)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert re.search(r'id="wish_until-error"[^>]*>\s*<span>结束日期早于开始日期', page)
    assert 'value="周一停产"' in page
    assert 'value="other" selected' in page
    assert fresh(draft).status is AppointmentStatus.DRAFT
    too_long = clerk.post(f"{url_of(draft)}/save", {"site_phone": "1" * 30})
    assert too_long.status_code == 422
    assert "请缩短到 20 个字符以内" in too_long.get_data(as_text=True)


def test_an_item_is_taken_out_of_a_draft_and_a_draft_is_deleted(clerk: Any, place: flow.World) -> None:
    draft = committed(flow.draft(place, flow.instruments(place, 2)))
    assert clerk.post(f"{url_of(draft)}/drop/{draft.items[0].id}").status_code == 303
    assert len(fresh(draft).items) == 1
    assert "删除草稿" in clerk.text(f"{url_of(draft)}/remove")
    assert clerk.post(f"{url_of(draft)}/remove").location == f"{BASE}/"
    assert clerk.get(url_of(draft)).status_code == 404


# The last-institution question


def returned_draft(place: flow.World, code: ReturnCode = ReturnCode.WRONG_SERIAL) -> Appointment:
    rows = flow.instruments(place)
    slip = flow.only_slip(flow.matched(place, rows))
    acceptance.return_items(place.counter, slip.id, code=code, words="与铭牌不符")
    return flow.draft(place, rows)


def test_the_question_is_asked_and_an_open_one_stops_submission(clerk: Any, place: flow.World) -> None:
    draft = committed(returned_draft(place))
    page = words(clerk.text(url_of(draft)))
    name = place.institution.name
    assert f"该器具上次匹配{name}，被退回（信息有误：出厂编号，与铭牌不符）。" in page
    assert f"仍分配至{name}" in page
    assert "仍可能分配到同一家" in page
    refused = clerk.post(f"{url_of(draft)}/submit")
    assert refused.status_code == 422
    assert f"请先回答：仍分配至{name}" in refused.get_data(as_text=True)


@pytest.mark.parametrize("choice", list(LastInstitution))
def test_both_answers_lead_where_they_say(clerk: Any, place: flow.World, choice: LastInstitution) -> None:
    draft = committed(returned_draft(place))
    value = f"{place.institution.id}:wrong_serial:{choice.value}"
    assert value in clerk.text(url_of(draft))
    assert clerk.post(f"{url_of(draft)}/answer", {"answer": value}).status_code == 303
    clerk.post(f"{url_of(draft)}/submit")
    (item,) = fresh(draft).items
    kept = choice is LastInstitution.KEEP
    assert item.status is ItemStatus.MATCHING
    assert item.preferred_institution_id == (place.institution.id if kept else None)


def test_an_institution_that_cannot_take_it_any_more_is_not_offered(clerk: Any, place: flow.World) -> None:
    draft = returned_draft(place)
    place.institution.is_active = False
    db.session.commit()
    page = clerk.text(url_of(draft))
    assert "现在已不能检定这些器具" in page
    assert 'name="answer"' not in page


@pytest.mark.parametrize("value", ["", "1", "x:wrong_serial:keep", "1:nothing:keep", "999:wrong_serial:keep"])
def test_a_made_up_answer_does_not_exist(clerk: Any, place: flow.World, value: str) -> None:
    draft = committed(returned_draft(place))
    assert clerk.post(f"{url_of(draft)}/answer", {"answer": value}).status_code == 404


# What became of it


def test_a_page_that_waits_for_matching_asks_again_and_says_since_when_jobs_stopped(
    clerk: Any, place: flow.World
) -> None:
    appointment = flow.submitted(place, flow.instruments(place))
    db.session.add(JobHeartbeat(job="matching", ticked_at=clock.now() - timedelta(minutes=30)))
    db.session.commit()
    page = clerk.text(url_of(appointment))
    assert "data-refresh-seconds" in page
    assert ">刷新</a>" in page
    assert "起没有运行" in page
    matching_runs.match_batch()
    db.session.commit()
    assert "data-refresh-seconds" not in clerk.text(url_of(appointment))


def test_the_strip_counts_states_and_names_who_acts_next(clerk: Any, place: flow.World) -> None:
    rows = flow.instruments(place, 3) + flow.instruments(place, 1, kind_code="0601")
    appointment = flow.matched(place, rows)
    slip = flow.only_slip(appointment)
    failed = slip.items[0].id
    acceptance.return_items(
        place.counter, slip.id, item_ids=[failed], code=ReturnCode.WRONG_SERIAL, words="编号与铭牌不符"
    )
    acceptance.accept(place.counter, slip.id, item_ids=[slip.items[1].id], words="请带旧证书")
    db.session.commit()
    page = clerk.text(url_of(appointment))
    said = words(page)
    assert "4 台（件）：1 台已受理，1 台被退回，1 台待受理，1 台未匹配" in said
    assert "下一步在您：更正 1 台被退回的器具后重新预约。其余由机构或监管部门处理，不必打电话催。" in said
    assert "重新预约 1 台（件）" in said
    assert 'data-state="feedback"' in page
    assert 'data-state="partly"' in page
    assert 'data-state="failed"' in page
    assert "请带旧证书" in said
    assert "李敏" in said
    assert place.institution.phone in said
    assert f'href="/enterprise/instruments/{rows[0].id}/edit#serial_number">更正出厂编号' in page
    assert "已转张店区市场监督管理局，您无需重复提交，预计" in said
    for told in ("建立草稿", "提交 4 台（件）", "自动匹配：3 台（件）分配至", "受理 1 台（件）", "退回 1 台（件）"):
        assert told in said, told


def test_after_two_working_days_it_says_who_must_act_and_their_telephone(clerk: Any, place: flow.World) -> None:
    rows = flow.instruments(place, 1) + flow.instruments(place, 1, kind_code="0601")
    with clock.at(clock.now() - timedelta(days=20)):
        appointment = flow.matched(place, rows)
    db.session.commit()
    said = words(clerk.text(url_of(appointment)))
    assert "已超过 2 个工作日" in said
    assert "不必打电话催" not in said
    assert f"还没有受理。请联系{place.institution.name}，电话 {place.institution.phone}。" in said
    assert "还没有处理。请联系张店区市场监督管理局，电话 13905330001。" in said


def test_returned_items_are_booked_again_alone(clerk: Any, place: flow.World) -> None:
    appointment = flow.matched(place, flow.instruments(place, 2))
    slip = flow.only_slip(appointment)
    failed = slip.items[0]
    acceptance.return_items(
        place.counter, slip.id, item_ids=[failed.id], code=ReturnCode.WRONG_SERIAL, words="编号不符"
    )
    db.session.commit()
    answer = clerk.post(f"{url_of(appointment)}/book-again")
    draft = db.session.get_one(Appointment, int(answer.location.rsplit("/", 1)[1]))
    assert [item.instrument_id for item in draft.items] == [failed.instrument_id]


def test_a_returned_item_may_be_put_aside(clerk: Any, place: flow.World) -> None:
    appointment = flow.matched(place, flow.instruments(place))
    acceptance.return_items(place.counter, flow.only_slip(appointment).id, code=ReturnCode.OTHER, words="不收此类")
    db.session.commit()
    (item,) = appointment.items
    assert "不再预约" in clerk.text(url_of(appointment))
    assert clerk.post(f"{url_of(appointment)}/items/{item.id}/put-aside").status_code == 303
    assert fresh(appointment).status is AppointmentStatus.CLOSED
    assert "更正" not in words(clerk.text(url_of(appointment))).split("经过")[0]


def test_withdrawal_repeats_the_numbers_and_takes_only_what_is_not_accepted(clerk: Any, place: flow.World) -> None:
    appointment = flow.matched(place, flow.instruments(place, 3))
    slip = flow.only_slip(appointment)
    acceptance.accept(place.counter, slip.id, item_ids=[slip.items[0].id])
    db.session.commit()
    assert ">撤回</a>" in clerk.text(url_of(appointment))
    page = clerk.text(f"{url_of(appointment)}/withdraw")
    assert "撤回 2 台（件）" in page
    assert "已受理的 1 台（件）不受影响" in page
    assert ">撤回</button>" in page
    key = form_key(page)
    for _each in range(2):
        assert clerk.post(f"{url_of(appointment)}/withdraw", {"form_key": key}).status_code == 303
    states = [item.status for item in fresh(appointment).items]
    assert states == [ItemStatus.ACCEPTED, ItemStatus.WITHDRAWN, ItemStatus.WITHDRAWN]


def test_one_item_is_withdrawn_alone_and_an_accepted_one_not_at_all(clerk: Any, place: flow.World) -> None:
    appointment = flow.matched(place, flow.instruments(place, 2))
    first, second = appointment.items
    acceptance.accept(place.counter, flow.only_slip(appointment).id, item_ids=[second.id])
    db.session.commit()
    page = clerk.text(f"{url_of(appointment)}/withdraw?item={first.id}")
    assert "撤回 1 台（件）" in page
    assert f'name="item" value="{first.id}"' in page
    assert clerk.post(f"{url_of(appointment)}/withdraw", {"item": second.id}).status_code == 409
    assert clerk.post(f"{url_of(appointment)}/withdraw", {"item": first.id}).status_code == 303
    assert [item.status for item in fresh(appointment).items] == [ItemStatus.WITHDRAWN, ItemStatus.ACCEPTED]


# Why


def test_why_is_one_sentence_with_what_the_state_means(clerk: Any, place: flow.World) -> None:
    appointment = committed(flow.matched(place, flow.instruments(place)))
    said = words(clerk.text(f"{url_of(appointment)}/items/{appointment.items[0].id}/why"))
    assert f"{place.institution.name}：淄博市授权，唯一可检" in said
    assert f"由 {place.institution.name} 在" in said
    assert "待预约：技术机构还未受理。" in said


def test_why_nobody_names_the_nearest_institutions_and_what_they_lack(clerk: Any, place: flow.World) -> None:
    factories.CapabilityFactory(institution=place.institution, kind_code="0601", delivery_modes=["on_site"])
    appointment = committed(flow.matched(place, flow.instruments(place, kind_code="0601")))
    said = words(clerk.text(f"{url_of(appointment)}/items/{appointment.items[0].id}/why"))
    assert "已转张店区市场监督管理局" in said
    assert f"{place.institution.name} 不提供“送检”" in said


# Not theirs


def test_an_appointment_of_another_enterprise_does_not_exist(place: flow.World, browser_of: Any) -> None:
    appointment = flow.matched(place, flow.instruments(place))
    own_draft = flow.draft(place, flow.instruments(place))
    item = appointment.items[0].id
    stranger = flow.world()
    strange_instrument = flow.instruments(stranger)[0].id
    browser = browser_of(stranger.clerk_user)
    for path in ("", "/withdraw", f"/items/{item}/why", "/choose"):
        assert browser.get(url_of(appointment) + path).status_code == 404, path
    for path in ("/withdraw", "/book-again", f"/items/{item}/put-aside", "/choose", "/save", "/submit", "/remove"):
        assert browser.post(url_of(own_draft) + path).status_code == 404, path
    assert browser.post(f"{url_of(own_draft)}/drop/{own_draft.items[0].id}").status_code == 404
    assert appointment.number not in browser.text(f"{BASE}/")
    clerk = browser_of(place.clerk_user)
    foreign = {"ids": [strange_instrument], "go": "done"}
    assert clerk.post(f"{url_of(own_draft)}/choose", foreign).status_code == 404
    assert clerk.get(f"{url_of(own_draft)}/items/{item}/why").status_code == 404
    assert clerk.get(f"{url_of(own_draft)}/items/x/why").status_code == 404
    assert clerk.post(f"{url_of(own_draft)}/drop/{item}").status_code == 404
    assert db.session.scalar(db.select(db.func.count()).select_from(AppointmentItem)) == 2


def test_a_submitted_appointment_cannot_be_changed_any_more(clerk: Any, place: flow.World) -> None:
    appointment = flow.submitted(place, flow.instruments(place))
    more = flow.instruments(place)[0]
    db.session.commit()
    assert clerk.post(f"{url_of(appointment)}/choose", {"ids": [more.id]}).status_code == 409
    assert clerk.post(f"{url_of(appointment)}/save").status_code == 409
    assert clerk.get(f"{url_of(appointment)}/choose").location == url_of(appointment)
    assert appointments.unresolved_failed(fresh(appointment)) == []


def test_a_button_that_cannot_book_says_why_where_it_stands(clerk: Any, place: flow.World) -> None:
    stopped = committed(flow.instruments(place, use_state=UseState.STOPPED)[0])
    answer = clerk.post(f"{BASE}/new?instrument={stopped.id}")
    assert answer.location == f"{BASE}/"
    assert "使用状态是“停用”" in clerk.text(answer.location)
    assert db.session.scalar(db.select(db.func.count()).select_from(Appointment)) == 0


# Returned as 超出能力


def returned_as_too_large(place: flow.World, **values: Any) -> Appointment:
    appointment = flow.matched(place, flow.instruments(place, 1, **values))
    slip = flow.only_slip(appointment)
    acceptance.return_items(place.counter, slip.id, code=ReturnCode.OUT_OF_CAPACITY, words="疑为 30 t，请核对铭牌")
    return appointment


def test_a_row_returned_as_too_large_leads_to_the_range_and_shows_what_was_booked(
    clerk: Any, place: flow.World
) -> None:
    appointment = committed(returned_as_too_large(place, measuring_range="（0～3000）t"))
    instrument = appointment.items[0].instrument
    page = clerk.text(url_of(appointment))
    assert f'href="/enterprise/instruments/{instrument.id}/edit#measuring_range"' in page
    instrument.measuring_range = "（0～30）t"
    db.session.commit()
    said = words(clerk.text(url_of(appointment)))
    assert "（0～3000）t" in said
    assert "台账现为：测量范围 （0～30）t" in said


def test_what_was_booked_again_is_no_longer_counted_as_returned(clerk: Any, place: flow.World) -> None:
    appointment = returned_as_too_large(place)
    flow.submitted(place, [appointment.items[0].instrument])
    said = words(clerk.text(url_of(committed(appointment))))
    assert "1 台被退回" not in said
    assert "1 台退回后已重新预约或不再预约" in said


def test_where_only_the_own_return_excludes_an_institution_nobody_says_there_is_none(
    clerk: Any, place: flow.World
) -> None:
    appointment = returned_as_too_large(place)
    again = committed(flow.matched(place, [appointment.items[0].instrument]))
    page = clerk.text(url_of(again))
    said = words(page)
    assert (
        f"除{place.institution.name}（曾以“超出能力”退回这台器具，台账更正后会再次询问）外，本县、本市、本省均无"
        in said
    )
    assert f'href="/enterprise/instruments/{again.items[0].instrument_id}/edit#measuring_range"' in page
    why = words(clerk.text(f"{url_of(again)}/items/{again.items[0].id}/why"))
    assert f"除{place.institution.name}（曾以" in why


def test_the_offices_answer_is_read_on_the_appointment_and_ends_its_lateness(clerk: Any, place: flow.World) -> None:
    appointment = flow.matched(place, flow.instruments(place, 2, kind_code="1801"))
    appointment.due_at = clock.now() - timedelta(days=1)
    assert "还没有处理" in words(clerk.text(url_of(committed(appointment))))
    item = appointment.items[0]
    committed(assignments.answer(place.regulator, item.id, words="正在建标，预计 3 月可检。"))
    said = words(clerk.text(url_of(appointment)))
    assert "已答复：正在建标，预计 3 月可检。" in said
    assert "监管部门答复未匹配的 2 台（件）：正在建标，预计 3 月可检" in said
    assert "还没有处理" not in said
    assert "已答复：正在建标" in words(clerk.text(f"{url_of(appointment)}/items/{item.id}/why"))


def test_a_change_after_the_acceptance_is_read_where_the_acceptance_was(clerk: Any, place: flow.World) -> None:
    appointment = flow.matched(place, flow.instruments(place))
    slip = flow.only_slip(appointment)
    first, later = clock.today() + timedelta(days=3), clock.today() + timedelta(days=9)
    acceptance.accept(place.counter, slip.id, appointed_on=first, place="一号厅", words="带证书。")
    acceptance.change_arrangement(
        place.counter, slip.id, appointed_on=later, appointed_time="", place="二号厅", words="改到二楼，另带旧铅封。"
    )
    db.session.commit()
    for page in (url_of(appointment), f"/enterprise/slips/{slip.id}"):
        said = words(clerk.text(page))
        assert f"已受理 1 台（件）。请于 {first.isoformat()}" in said
        assert "时间地点已更改，以这份回执为准：请于 " + later.isoformat() in said
        assert "改到二楼，另带旧铅封。" in said
    assert "改到二楼，另带旧铅封。" in words(clerk.text("/enterprise/"))
    assert "说明：改到二楼，另带旧铅封。" in words(clerk.text("/enterprise/notices/"))


# Booked again, and what stands on a submitted appointment


def test_booking_again_keeps_the_wishes_and_leads_to_what_was_not_corrected(clerk: Any, place: flow.World) -> None:
    appointment = flow.matched(place, flow.instruments(place))
    appointment.wish_from, appointment.wish_against = clock.today() + timedelta(days=9), "星期三不行"
    appointment.site_contact, appointment.site_phone = "王建国", "13805330001"
    slip = flow.only_slip(appointment)
    acceptance.return_items(place.counter, slip.id, code=ReturnCode.WRONG_SERIAL, words="铭牌为 23871-A")
    draft = committed(appointments.book_failed_again(place.clerk, appointment.id))
    assert (draft.wish_from, draft.wish_against) == (appointment.wish_from, "星期三不行")
    assert (draft.site_contact, draft.site_phone) == ("王建国", "13805330001")
    instrument = draft.items[0].instrument
    page = clerk.text(url_of(draft))
    assert "退回后还没有更正" in page
    assert f'href="/enterprise/instruments/{instrument.id}/edit#serial_number"' in page
    assert "有 1 台退回后还没有更正" in words(page)
    instrument.serial_number = "23871-A"
    db.session.commit()
    assert "还没有更正" not in clerk.text(url_of(draft))


def test_the_chosen_answer_is_marked(clerk: Any, place: flow.World) -> None:
    appointment = flow.matched(place, flow.instruments(place))
    slip = flow.only_slip(appointment)
    acceptance.return_items(place.counter, slip.id, code=ReturnCode.WRONG_SERIAL, words="铭牌为 23871-A")
    draft = appointments.book_failed_again(place.clerk, appointment.id)
    assert "✓ 仍分配至" not in clerk.text(url_of(committed(draft)))
    appointment_questions.answer(
        place.clerk,
        draft.id,
        institution_id=place.institution.id,
        code=ReturnCode.WRONG_SERIAL,
        choice=LastInstitution.KEEP,
    )
    db.session.commit()
    assert "✓ 仍分配至" in clerk.text(url_of(draft))


def test_a_submitted_appointment_shows_its_wishes_and_how_an_accepted_day_is_moved(
    clerk: Any, place: flow.World
) -> None:
    appointment = flow.matched(place, flow.instruments(place))
    appointment.wish_until, appointment.site_contact = clock.today() + timedelta(days=20), "王建国"
    said = words(clerk.text(url_of(committed(appointment))))
    assert f"{appointment.wish_until.isoformat()} 以前" in said
    assert "王建国" in said
    assert "要改期或取消" not in said
    acceptance.accept(place.counter, flow.only_slip(appointment).id)
    db.session.commit()
    asks = f"要改期或取消，请打电话给{place.institution.name}，电话 {place.institution.phone}"
    assert asks in words(clerk.text(url_of(appointment)))
    assert asks in words(clerk.text(f"/enterprise/slips/{flow.only_slip(appointment).id}"))


def test_the_reason_page_says_the_whole_reason(clerk: Any, place: flow.World) -> None:
    appointment = committed(flow.matched(place, flow.instruments(place, 2)))
    first, second = appointment.items
    said = words(clerk.text(f"{url_of(appointment)}/items/{first.id}/why"))
    assert "覆盖使用地点张店区，各项条件都符合，是唯一可检的一家。" in said
    slip = flow.only_slip(appointment)
    acceptance.return_items(
        place.counter, slip.id, item_ids=[second.id], code=ReturnCode.WRONG_SERIAL, words="铭牌为 23871-A"
    )
    db.session.commit()
    said = words(clerk.text(f"{url_of(appointment)}/items/{second.id}/why"))
    assert f"{place.institution.name}退回：信息有误：出厂编号（铭牌为 23871-A）" in said


def test_while_matching_there_is_no_reason_to_ask_for(clerk: Any, place: flow.World) -> None:
    appointment = committed(flow.submitted(place, flow.instruments(place)))
    page = clerk.text(url_of(appointment))
    assert "正在匹配技术机构" in page
    assert ">为什么</a>" not in page


def test_a_lone_dangerous_button_folds_away_on_a_phone(clerk: Any, place: flow.World) -> None:
    """It would stand full width above 提交预约; what waits under 更多 is shown in full on a desk."""
    head = (
        clerk.text(url_of(flow.draft(place, flow.instruments(place)))).split('class="page-head"')[1].split("</h1>")[1]
    )
    head = head.split('class="next"')[0]
    assert 'class="do single"' not in head and 'class="btn btn-danger second"' in head
    assert "删除草稿" in head.split('class="menu more"')[1]
