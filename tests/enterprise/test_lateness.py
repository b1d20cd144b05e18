"""After the two working days promised: on appointment, item and slip the reason and whom to call, and not before."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from backoffice import clock
from backoffice.database import db
from backoffice.models import Appointment, JobHeartbeat
from backoffice.services import matching_runs
from backoffice.states import ItemStatus
from tests import factories
from tests.enterprise.booking import booking_app, booking_application, browser_of, words
from tests.services import flow

__all__ = ["booking_app", "booking_application", "browser_of"]
LONG_AGO = timedelta(days=20)
OFFICE = "请联系张店区市场监督管理局，电话 13905330001。"


@pytest.fixture
def place(booking_app: Flask) -> flow.World:
    return flow.world()


def pages(browser: Any, appointment: Appointment) -> dict[str, str]:
    """The three pages on which an enterprise meets one instrument of an appointment, as a person reads them."""
    (item,) = appointment.items
    base = f"/enterprise/appointments/{appointment.id}"
    urls = {"appointment": base, "item": f"{base}/items/{item.id}/why"}
    if item.slip_id is not None:
        urls["slip"] = f"/enterprise/slips/{item.slip_id}"
    return {name: words(browser.text(url)) for name, url in urls.items()}


def told(browser: Any, appointment: Appointment, *said: str) -> None:
    """Every page says that it took too long, why, and whom to call."""
    for name, page in pages(browser, appointment).items():
        for each in ("已超过 2 个工作日", *said):
            assert each in page, (name, each, page)
        assert "不必打电话催" not in page.split("这个状态的意思")[0], name


def test_an_institution_that_does_not_answer(place: flow.World, browser_of: Any) -> None:
    with clock.at(clock.now() - LONG_AGO):
        appointment = flow.matched(place, flow.instruments(place))
    told(
        browser_of(place.clerk_user),
        appointment,
        "前受理，还没有受理。",
        f"请联系{place.institution.name}，电话 {place.institution.phone}。",
    )


def test_an_institution_that_got_it_late_is_not_called_late(place: flow.World, browser_of: Any) -> None:
    with clock.at(clock.now() - LONG_AGO):
        appointment = flow.submitted(place, flow.instruments(place))
    matching_runs.match_batch()
    told(
        browser_of(place.clerk_user),
        appointment,
        f"才转到{place.institution.name}，该机构应在",
        f"请联系{place.institution.name}，电话 {place.institution.phone}。",
    )


def test_what_no_institution_can_verify(place: flow.World, browser_of: Any) -> None:
    with clock.at(clock.now() - LONG_AGO):
        appointment = flow.matched(place, flow.instruments(place, kind_code="0601"))
    assert appointment.items[0].status is ItemStatus.UNMATCHED
    told(browser_of(place.clerk_user), appointment, "均无可检定“", "还没有处理。", OFFICE)


def test_the_office_is_that_of_the_place_of_use(place: flow.World, browser_of: Any) -> None:
    factories.UserFactory(
        regulator=True, division_code="370305", organisation="临淄区市场监督管理局", phone="0533-7180001"
    )
    with clock.at(clock.now() - LONG_AGO):
        appointment = flow.matched(place, flow.instruments(place, kind_code="0601", division_code="370305"))
    told(browser_of(place.clerk_user), appointment, "请联系临淄区市场监督管理局，电话 0533-7180001。")


def test_what_was_not_matched_because_jobs_do_not_run(place: flow.World, browser_of: Any) -> None:
    with clock.at(clock.now() - LONG_AGO):
        appointment = flow.submitted(place, flow.instruments(place))
        db.session.add(JobHeartbeat(job="matching", ticked_at=clock.now()))
    told(browser_of(place.clerk_user), appointment, "起没有运行。", OFFICE)


def test_before_that_nobody_is_told_to_call(place: flow.World, browser_of: Any) -> None:
    appointment = flow.matched(place, flow.instruments(place))
    for name, page in pages(browser_of(place.clerk_user), appointment).items():
        assert "已超过 2 个工作日" not in page, name


def test_a_passed_answer_day_is_marked_on_home_and_list(place: flow.World, browser_of: Any) -> None:
    """Only where something still waits unanswered; an office's answer ends it."""
    with clock.at(clock.now() - LONG_AGO):
        late = flow.matched(place, flow.instruments(place, kind_code="1801"))
    flow.matched(place, flow.instruments(place))
    browser = browser_of(place.clerk_user)
    for url in ("/enterprise/", "/enterprise/appointments/"):
        assert browser.text(url).count('class="badge bad">已过 ') == 1, url
    for item in late.items:
        item.office_answered_at = clock.now()
    db.session.commit()
    for url in ("/enterprise/", "/enterprise/appointments/"):
        assert "已过 " not in browser.text(url), url
