"""The inbox: tabs by clock, scanning, accept and return singly or together, and who was first."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import pytest

from backoffice import clock
from backoffice.database import db
from backoffice.models import AppointmentItem, Laboratory, Receipt, Slip
from backoffice.services import acceptance, appointments, visit_days
from backoffice.states import ItemStatus, ReturnCode, SlipStatus
from tests import factories
from tests.institution.people import People

LIST = "/institution/slips/"
ACCEPT = {"confirmed": "1", "visit": "by_phone", "place": "收发室"}


@pytest.fixture
def people(desk_app):
    return People()


def url(slip, action=""):
    return f"{LIST}{slip.id}{action}"


def ids(slip):
    return [item.id for item in slip.items]


def states(slip):
    db.session.rollback()
    db.session.expire_all()
    return [item.status for item in slip.items]


def test_the_tabs_split_what_waits_by_its_clock(people, sign_in):
    new, due, late = (people.slip() for _ in range(3))
    due.due_at = clock.end_of(clock.today())
    late.due_at = clock.now() - timedelta(hours=1)
    desk = sign_in(people.counter)
    for tab, slip in (("new", new), ("today", due), ("late", late)):
        shown = re.findall(r"YD-\d{8}-\d+", desk.text(f"{LIST}?tab={tab}"))
        assert set(shown) == {slip.number}
    page = desk.text(LIST)
    assert "待受理 3" in page
    assert "今天到期" in page
    assert "已超时限" in page
    assert page.index(late.number) < page.index(due.number) < page.index(new.number)


def test_slips_are_filtered_by_the_laboratory_of_the_capability_that_took_them(people, sign_in):
    heat = Laboratory(institution=people.institution, name="热工室")
    weigh = Laboratory(institution=people.institution, name="衡器室")
    db.session.add_all([heat, weigh])
    db.session.flush()
    people.capability.laboratory_id = heat.id
    slip = people.slip()
    desk = sign_in(people.counter)
    assert slip.number in desk.text(f"{LIST}?laboratory={heat.id}")
    assert slip.number not in desk.text(f"{LIST}?laboratory={weigh.id}")


@pytest.mark.parametrize("typed", ["{number}", "http://127.0.0.1:5000/a/{number}?c=0a1b2c3d", " {lower} "])
def test_a_scanned_number_or_address_opens_its_slip(people, sign_in, typed):
    slip = people.slip()
    desk = sign_in(people.counter)
    words = typed.format(number=slip.number, lower=slip.number.lower())
    forget = desk.client.get(LIST, query_string={"q": words})
    assert forget.status_code == 302
    assert forget.location == url(slip)


def test_an_unknown_number_is_said_to_be_unknown(people, sign_in):
    desk = sign_in(people.counter)
    assert desk.get(f"{LIST}?q=YD-20200101-0001").location == LIST
    assert "没有找到预约单 YD-20200101-0001" in desk.text(LIST)


def test_the_scan_box_has_the_focus(people, sign_in):
    box = re.search(r'<input type="search"[^>]*name="q"[^>]*>', sign_in(people.counter).text(LIST))
    assert box
    assert "autofocus" in box[0]


def test_the_record_offers_exactly_one_accept_one_return_and_says_why(people, sign_in):
    slip = people.slip(2)
    page = sign_in(people.counter).text(url(slip))
    assert len(re.findall(r">\s*受理\s*</(?:a|button)>", page)) == 1
    assert len(re.findall(r">\s*退回\s*</(?:a|button)>", page)) == 1
    assert len(re.findall(r">为什么</a>", page)) == 1
    assert "的服务区域（淄博市）覆盖使用地点张店区" in page
    assert len(re.findall(r'name="item"[^>]*checked', page)) == 2


def test_ticked_items_are_confirmed_with_their_number_before_anything_happens(people, sign_in):
    slip = people.slip(3)
    desk = sign_in(people.counter)
    page = desk.send(url(slip, "/accept"), {"item": ids(slip)[:2]})
    text = page.get_data(as_text=True)
    assert page.status_code == 200
    assert "受理 2 台（件）" in text
    assert 'value="华光路 188 号收发室"' in text
    assert states(slip) == [ItemStatus.AWAITING_ACCEPTANCE] * 3


def test_accepting_all_but_one_leaves_that_one_waiting(people, sign_in):
    slip = people.slip(3)
    desk = sign_in(people.counter)
    day = visit_days.proposed(slip.appointment).isoformat()
    form = ACCEPT | {"visit": "on_day", "appointed_on": day, "item": ids(slip)[:2], "words": "请带旧证书"}
    assert desk.send(url(slip, "/accept"), form).location == url(slip)
    assert states(slip) == [ItemStatus.ACCEPTED, ItemStatus.ACCEPTED, ItemStatus.AWAITING_ACCEPTANCE]
    assert slip.status is SlipStatus.PARTLY
    page = desk.text(url(slip))
    assert "1 台（件）等您受理" in page
    assert "受理 2 台（件）：请带旧证书" in page


@pytest.mark.parametrize(
    ("visit", "time", "shown"), [("walk_in", "8:30–11:30", "随到随检 8:30–11:30"), ("by_phone", "", "待电话约定")]
)
def test_the_day_may_be_left_open_in_two_ways(people, sign_in, visit, time, shown):
    slip = people.slip()
    desk = sign_in(people.counter)
    form = ACCEPT | {"visit": visit, "appointed_time": time, "item": ids(slip)}
    assert desk.send(url(slip, "/accept"), form).status_code == 303
    assert shown in desk.text(url(slip))
    assert f'value="{visit}"' in re.findall(r"<input checked[^>]*>", desk.text(url(slip, "/arrange")))[0]


def test_a_chosen_day_must_be_given_and_nothing_typed_is_lost(people, sign_in):
    slip = people.slip()
    desk = sign_in(people.counter)
    answer = desk.send(url(slip, "/accept"), ACCEPT | {"visit": "on_day", "words": "请带证书", "item": ids(slip)})
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "请选择日期" in text
    assert "请带证书" in text
    unread = desk.send(url(slip, "/accept"), ACCEPT | {"visit": "on_day", "appointed_on": "下周三", "item": ids(slip)})
    assert unread.status_code == 422
    assert "Not a valid" not in unread.get_data(as_text=True)
    past = desk.send(
        url(slip, "/accept"), ACCEPT | {"visit": "on_day", "appointed_on": "2020-01-01", "item": ids(slip)}
    )
    assert past.status_code == 422
    assert "这一天已经过去" in past.get_data(as_text=True)


def test_a_return_needs_a_code_and_words_and_names_the_field_to_correct(people, sign_in):
    slip = people.slip(2)
    desk = sign_in(people.counter)
    form = desk.text(url(slip, "/return"))
    assert "信息有误：出厂编号（请企业更正：出厂编号）" in form
    empty = desk.send(url(slip, "/return"), {"confirmed": "1", "item": ids(slip)[:1], "code": "", "words": ""})
    assert empty.status_code == 422
    assert "请写明原因" in empty.get_data(as_text=True)
    short = desk.send(url(slip, "/return"), {"confirmed": "1", "item": ids(slip)[:1], "code": "other", "words": "错"})
    assert short.status_code == 422
    assert "至少 4 个字" in short.get_data(as_text=True)
    filled = {"confirmed": "1", "item": ids(slip)[:1], "code": "wrong_serial", "words": "铭牌为 23871-A"}
    assert desk.send(url(slip, "/return"), filled).status_code == 303
    assert states(slip) == [ItemStatus.FAILED, ItemStatus.AWAITING_ACCEPTANCE]
    assert "退回 1 台（件）：信息有误：出厂编号：铭牌为 23871-A" in desk.text(url(slip))


def test_sending_the_same_confirmation_twice_accepts_once(people, sign_in):
    slip = people.slip()
    desk = sign_in(people.counter)
    hidden = desk.hidden(url(slip, "/accept"))
    form = ACCEPT | {"item": ids(slip)}
    answers = [desk.send(url(slip, "/accept"), form, keep=hidden) for _ in range(2)]
    assert [(answer.status_code, answer.location) for answer in answers] == [(303, url(slip))] * 2
    assert db.session.scalar(db.select(db.func.count()).select_from(Receipt)) == 1


def test_a_second_round_on_the_same_slip_gets_its_own_key(people, sign_in):
    slip = people.slip(2)
    desk = sign_in(people.counter)
    first, second = ids(slip)
    bulk = re.search(r'<form id="bulk".*?</form>', desk.text(url(slip)), re.DOTALL)
    assert bulk
    assert "form_key" not in bulk[0]
    for item in (first, second):
        opened = desk.send(url(slip, "/accept"), {"item": item}).get_data(as_text=True)
        key = re.search(r'name="form_key" value="([^"]+)"', opened)
        assert key
        assert desk.send(url(slip, "/accept"), ACCEPT | {"item": item, "form_key": key[1]}).status_code == 303
    assert states(slip) == [ItemStatus.ACCEPTED] * 2


def test_of_two_people_deciding_the_second_is_told_who_was_first(people, sign_in):
    slip = people.slip(2)
    acceptance.accept(factories.actor_of(people.colleague), slip.id, item_ids=ids(slip)[:1])
    desk = sign_in(people.counter)
    late = desk.send(url(slip, "/accept"), ACCEPT | {"item": ids(slip)})
    assert late.status_code == 409
    assert "已由 周凯 处理" in late.get_data(as_text=True)
    assert states(slip) == [ItemStatus.ACCEPTED, ItemStatus.AWAITING_ACCEPTANCE]
    again = desk.send(
        url(slip, "/return"), {"confirmed": "1", "item": ids(slip)[:1], "code": "other", "words": "铭牌不清"}
    )
    assert again.status_code == 409


def test_arranging_anew_raises_the_printed_version(people, sign_in):
    slip = people.slip()
    desk = sign_in(people.counter)
    assert desk.get(url(slip, "/arrange")).status_code == 404
    acceptance.accept(factories.actor_of(people.counter), slip.id)
    db.session.commit()
    form = {"visit": "by_phone", "place": "新收发室", "words": ""}
    assert desk.send(url(slip, "/arrange"), form).status_code == 303
    assert "第 2 版" in desk.text(url(slip))


def test_paper_comes_after_acceptance_and_not_before(people, sign_in):
    slip = people.slip()
    desk = sign_in(people.counter)
    assert "受理后才能打印" in desk.text(url(slip))
    assert desk.get(url(slip, "/print")).status_code == 409
    assert desk.get(url(slip, "/slip.pdf")).status_code == 409
    acceptance.accept(factories.actor_of(people.counter), slip.id)
    db.session.commit()
    assert slip.number in desk.text(url(slip, "/print"))
    paper = desk.get(url(slip, "/slip.pdf"))
    assert paper.mimetype == "application/pdf"
    assert paper.data.startswith(b"%PDF")


def test_pages_of_another_institution_do_not_exist(people, sign_in):
    slip = people.slip()
    stranger = sign_in(People(kind_code="0601").counter)
    assert slip.number not in stranger.text(f"{LIST}?tab=all")
    for action in ("", "/accept", "/return", "/arrange", "/print", "/slip.pdf"):
        assert stranger.get(url(slip, action)).status_code == 404, action
    assert stranger.send(url(slip, "/accept"), ACCEPT | {"item": ids(slip)}).status_code == 404
    own = sign_in(people.counter)
    other = People(kind_code="0601").slip(kind_code="0601")
    assert own.send(url(slip, "/accept"), ACCEPT | {"item": ids(other)}).status_code == 404
    assert own.send(url(slip, "/accept"), ACCEPT | {"item": "1 OR 1=1"}).status_code == 404
    assert states(slip) == [ItemStatus.AWAITING_ACCEPTANCE]


def test_unmatched_and_returned_items_are_not_shown_to_institutions(people, sign_in):
    slip = people.slip(2)
    unmatched = people.book(people.instruments(kind_code="1801", name="没人检的声级计"))
    returned = slip.items[0]
    returned.instrument.name = "退回的表"
    acceptance.return_items(
        factories.actor_of(people.counter), slip.id, item_ids=[returned.id], code=ReturnCode.OTHER, words="铭牌不清"
    )
    desk = sign_in(people.counter)
    assert db.session.get_one(AppointmentItem, unmatched.items[0].id).status is ItemStatus.UNMATCHED
    for page in (LIST, url(slip), "/institution/instruments/", "/institution/appointments/"):
        text = desk.text(page)
        assert "没人检的声级计" not in text
        assert "退回的表" not in text
        assert unmatched.number not in text
    assert desk.get(f"/institution/appointments/{unmatched.id}").status_code == 404
    assert desk.get(f"/institution/instruments/{returned.instrument_id}").status_code == 404


def test_a_list_of_many_slips_costs_no_query_a_row(people, sign_in, desk_app):
    desk = sign_in(people.counter)

    def cost():
        seen = []
        listener = lambda *_args: seen.append(1)  # noqa: E731 - the event API wants a function
        db.event.listen(db.engine, "before_cursor_execute", listener)
        desk.text(LIST)
        db.event.remove(db.engine, "before_cursor_execute", listener)
        return len(seen)

    people.slip()
    one = cost()
    for _ in range(3):
        people.slip()
    assert cost() == one
    assert db.session.scalar(db.select(db.func.count()).select_from(Slip)) == 4


def test_a_slip_that_left_has_no_page_and_a_late_answer_is_told_why(people, sign_in):
    slip = people.slip()
    desk = sign_in(people.counter)
    form = desk.hidden(url(slip, "/accept"))
    appointments.withdraw(factories.actor_of(people.clerk), slip.appointment_id)
    db.session.commit()
    assert desk.get(url(slip)).status_code == 404
    late = desk.send(url(slip, "/accept"), ACCEPT, keep=form)
    assert late.status_code == 409
    assert f"预约单 {slip.number} 的器具已由使用单位撤回" in late.get_data(as_text=True)
    assert desk.send(f"{LIST}999999/accept", ACCEPT, keep=form).status_code == 404


# The enterprise's wish, and days something speaks against

SATURDAY, MONDAY, WEDNESDAY = date(2026, 12, 5), date(2026, 12, 7), date(2026, 12, 9)
NOON = datetime(2026, 11, 27, 4, 0, tzinfo=UTC)


@pytest.fixture
def wishing(people):
    """A slip of an enterprise that wishes 12-05 to 12-20, not on Wednesdays; it is the 27th of November."""
    with clock.at(NOON):
        slip = people.slip()
        booked = slip.appointment
        booked.wish_from, booked.wish_until, booked.wish_against = SATURDAY, date(2026, 12, 20), "星期三不行"
        booked.site_contact, booked.site_phone = "王建国", "13805330001"
        db.session.commit()
        yield slip


def on(day, slip, **values):
    return ACCEPT | {"visit": "on_day", "appointed_on": day.isoformat(), "item": ids(slip), **values}


def test_whoever_accepts_sees_the_wish_and_a_working_day_within_it(wishing, people, sign_in):
    page = sign_in(people.counter).text(url(wishing, "/accept"))
    assert "期望日期：2026-12-05 至 2026-12-20" in page
    assert "不便时段：星期三不行" in page
    assert "现场联系人：王建国 13805330001" in page
    assert f'value="{MONDAY}"' in page
    assert "day_confirmed" not in page


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (date(2026, 12, 4), "使用单位期望 2026-12-05 至 2026-12-20，这一天不在其中。"),
        (SATURDAY, "这一天不是工作日。"),
        (WEDNESDAY, "使用单位写明“星期三不行”，这一天是周三。"),
        (date(2029, 12, 3), "这一天在 60 天以后。"),
    ],
)
def test_a_doubtful_day_is_asked_about_beside_the_field_and_taken_once_confirmed(wishing, people, sign_in, day, said):
    desk = sign_in(people.counter)
    asked = desk.send(url(wishing, "/accept"), on(day, wishing, words="请带证书"))
    text = asked.get_data(as_text=True)
    assert asked.status_code == 422
    assert said in text
    assert f'name="day_confirmed" type="checkbox" value="{day}"' in text
    assert "请带证书" in text
    assert states(wishing) == [ItemStatus.AWAITING_ACCEPTANCE]
    other = desk.send(url(wishing, "/accept"), on(day, wishing, day_confirmed="2026-12-01"))
    assert other.status_code == 422  # Confirmed was another day.
    assert desk.send(url(wishing, "/accept"), on(day, wishing, day_confirmed=day.isoformat())).status_code == 303
    assert wishing.appointed_on == day


def test_a_day_that_suits_is_not_asked_about(wishing, people, sign_in):
    assert sign_in(people.counter).send(url(wishing, "/accept"), on(MONDAY, wishing)).status_code == 303


def test_a_wish_that_leaves_no_working_day_proposes_the_usual_one(wishing):
    wishing.appointment.wish_until = date(2026, 12, 6)
    assert visit_days.proposed(wishing.appointment) == date(2026, 12, 1)
    wishing.appointment.wish_from, wishing.appointment.wish_until = None, date(2026, 11, 30)
    assert visit_days.proposed(wishing.appointment) == date(2026, 11, 30)


# A change after the acceptance


def test_a_change_is_a_receipt_of_its_own_and_stands_in_the_course(people, sign_in):
    slip = people.slip()
    acceptance.accept(factories.actor_of(people.counter), slip.id, appointed_time="上午", place="一号厅")
    db.session.commit()
    desk = sign_in(people.counter)
    form = {"visit": "by_phone", "place": "二号厅", "words": "请带旧证书"}
    assert desk.send(url(slip, "/arrange"), form).status_code == 303
    assert "更改时间地点：请带旧证书" in desk.text(url(slip))
    first, second = db.session.scalars(db.select(Receipt).order_by(Receipt.id))
    assert (first.decision, first.arrangement["place"]) == ("accepted", "一号厅")
    assert (second.decision, second.arrangement["place"]) == ("changed", "二号厅")
    assert second.words == "请带旧证书"
    again = desk.send(url(slip, "/arrange"), form)
    assert again.status_code == 303
    assert db.session.scalar(db.select(db.func.count()).select_from(Receipt)) == 2  # Nothing changed: no receipt.


def test_what_waits_for_an_answer_stands_above_what_is_decided(people, sign_in):
    slip = people.slip(4)
    *decided, waiting = ids(slip)
    acceptance.accept(factories.actor_of(people.counter), slip.id, item_ids=decided)
    db.session.commit()
    page = sign_in(people.counter).text(url(slip))
    assert re.findall(
        r'data-state="(awaiting_acceptance|accepted)"', page.split("<tbody>")[1].split("</tbody>")[0]
    ) == [
        "awaiting_acceptance",
        *["accepted"] * 3,
    ]
    assert f'value="{waiting}" form="bulk"' in page
