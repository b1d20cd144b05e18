"""Flask-Admin commits by itself, past the audit: here every commit outside the unit of work raises.

Then a row is created, edited and deleted through every view that can, by its own form, as a browser would send it.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from app import create_app
from backoffice.database import db
from backoffice.jobs.imports import check_imports
from backoffice.models import AppointmentItem, AuditEvent, Institution, User
from backoffice.services import accounts, ledger_import, walk_ins
from backoffice.states import ItemStatus
from backoffice.unit_of_work import is_open, unit_of_work
from ops import postgres
from tests.conftest import settings_for
from tests.factories import UserFactory, valid_uscc
from tests.journeys import support
from tests.services.ledger_samples import line, own_list

from .cases import views
from .pages import Form, read
from .people import Visitor, visitor

Values = dict[str, Any]


@dataclass(frozen=True)
class Story:
    """Who works in a view, what is typed into its forms, and what is changed then. `query` goes with the new form."""

    username: str
    typed: Values
    change: Values
    query: Callable[[], str] = field(default=lambda: "")


def institution_query() -> str:
    user = db.session.scalars(sa.select(User).where(User.username == "shijiliangyuan")).one()
    return f"?institution_id={db.session.get_one(Institution, user.institution_id).id}"


def walk_in_query() -> str:
    """A walk-in of the counter's own, entered through the service."""
    user = db.session.scalars(sa.select(User).where(User.username == "zhangdian-jls")).one()
    with unit_of_work():
        made = walk_ins.register(
            accounts.person(user),
            {
                "type": "sole_trader", "name": "张店区老王粮油店", "uscc": valid_uscc(999_003),
                "division_code": "370303", "address": "东四路 3 号", "principal": "王大明", "contact": "王大明",
                "mobile": "13905330778",
            },
        )  # fmt: skip
        return f"?enterprise_id={made.uscc}"


def enterprise_query() -> str:
    return "?enterprise_id=91370303MA3D01010Y"


GAUGE: Values = {
    "name": "压力表", "kind_code": "1401", "serial_number": "GUARD-2", "manufacturer": "青岛华青仪表有限公司",
    "measuring_range": "(0～1.6) MPa", "accuracy_class": "1.6级", "model": "Y-100", "origin": "domestic",
    "place_of_use": "一车间", "division_code": "370303", "purpose": "safety", "delivery_mode": "send_in",
    "quantity": "1",
}  # fmt: skip
CITY = "zibo-jlk"
STORIES: dict[str, Story] = {
    "enterprise_instruments": Story(
        "91370303MA3D01010Y",
        {
            "name": "压力表", "kind_code": "1401", "serial_number": "GUARD-1", "manufacturer": "青岛华青仪表有限公司",
            "measuring_range": "(0～1.6) MPa", "accuracy_class": "1.6级", "model": "Y-100", "origin": "domestic",
            "place_of_use": "一车间", "division_code": "370303", "purpose": "safety", "delivery_mode": "send_in",
            "quantity": "1",
        },
        {"place_of_use": "二车间"},
    ),
    "regulator_job_runs": Story("zibo-jlk", {"job": "late_slips"}, {}),
    "enterprise_change_requests": Story(
        "91370303MA3D01010Y", {"principal": "李建国", "words": "换发营业执照"}, {}
    ),
    "regulator_institutions": Story(
        CITY,
        {
            "name": "淄博市新设计量所", "type": "statutory", "level": "city", "seat_division_code": "370300",
            "address": "华光路 1 号", "reception_place": "一楼", "contact": "李敏", "phone": "0533-2180000",
            "priority": "0",
        },
        {"contact": "王敏"},
    ),
    "regulator_laboratories": Story(
        CITY, {"name": "新检定室", "phone": "0533-2180001"}, {"name": "旧检定室"}, institution_query
    ),
    "regulator_suspensions": Story(
        CITY,
        {"starts_on": "2031-01-01", "ends_on": "2031-01-31", "reason": "搬迁"},
        {"reason": "设备大修"},
        institution_query,
    ),
    "regulator_capabilities": Story(
        CITY,
        {
            "kind_code": "1801", "areas": "370300", "delivery_modes": "send_in", "valid_from": "2026-01-01",
            "valid_until": "2030-12-31", "document_number": "鲁法计〔2026〕1 号",
        },
        {"document_number": "鲁法计〔2026〕2 号"},
    ),
    "regulator_designations": Story(
        CITY,
        {
            "division_code": "370304", "kind_code": "1801", "valid_from": "2031-01-01",
            "document_number": "博市监计〔2026〕1 号",
        },
        {"document_number": "博市监计〔2026〕2 号"},
    ),
    "regulator_divisions": Story(
        CITY,
        {"code": "370395", "name": "新设开发区", "level": "county", "parent_code": "370300"},
        {"name": "改名开发区"},
    ),
    "regulator_kinds": Story(
        CITY, {"code": "9901", "name": "新增种别", "supervision": "强制检定"}, {"name": "改名种别"}
    ),
    "regulator_catalogue_items": Story(CITY, {"code": "98", "name": "新增项别"}, {"name": "改名项别"}),
    "regulator_options": Story(
        CITY, {"list_code": "origin", "code": "bonded", "label": "保税区", "position": "9"}, {"label": "保税区内"}
    ),
    "regulator_working_days": Story(CITY, {"day": "2031-02-11", "note": "通知放假"}, {"note": "照常放假"}),
    "regulator_users": Story(
        "xitong",
        {
            "username": "shen-ji-2", "name": "孙正", "role": "auditor", "institution_id": "", "division_code": "",
            "organisation": "审计室",
        },
        {"organisation": "审计二室"},
    ),
    "regulator_enterprises": Story(
        CITY,
        {
            "type": "company", "name": "淄博新登记有限公司", "uscc": valid_uscc(999_001), "division_code": "370303",
            "address": "柳泉路 1 号", "principal": "王建国", "contact": "王建国", "mobile": "13905330009",
        },
        {"contact": "李建国"},
    ),
    "institution_walk_ins": Story(
        "zhangdian-jls",
        {
            "type": "sole_trader", "name": "张店区老李鲜果摊", "uscc": valid_uscc(999_002), "division_code": "370303",
            "address": "东四路市场 12 号", "principal": "李全福", "contact": "李全福", "mobile": "13905330777",
        },
        {},
    ),
    "institution_walk_in_instruments": Story("zhangdian-jls", GAUGE, {"place_of_use": "二车间"}, walk_in_query),
    "regulator_instruments": Story(
        "zhangdian-jlk",
        {**GAUGE, "serial_number": "GUARD-3"},
        {"place_of_use": "二车间", "reason": "现场核查"},
        enterprise_query,
    ),
}  # fmt: skip
"""What is typed; whatever a form asks besides, of choices, gets the first."""


@pytest.fixture(scope="module")
def guarded_app(copy_of_demo: Callable[[], postgres.Urls]) -> Iterator[Flask]:
    application = create_app(settings_for(copy_of_demo().app))
    yield application
    with application.app_context():
        db.engine.dispose()


@pytest.fixture
def no_stray_commit(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Makes a commit outside the unit of work raise; the list has the commits inside."""
    commits: list[str] = []
    original = Session.commit

    def commit(self: Session) -> None:
        if not is_open():
            raise AssertionError("a commit outside the unit of work")
        commits.append("inside")
        original(self)

    monkeypatch.setattr(Session, "commit", commit)
    return commits


def writing_views(app: Flask) -> list[str]:
    return sorted(name for name, view in views(app).items() if getattr(view, "can_create", False))


def test_a_stray_commit_raises(guarded_app: Flask, no_stray_commit: list[str]) -> None:
    with guarded_app.app_context(), pytest.raises(AssertionError, match="outside"):
        db.session.commit()


def test_every_view_that_creates_has_a_story(guarded_app: Flask) -> None:
    assert writing_views(guarded_app) == sorted(STORIES)


@pytest.mark.parametrize("name", STORIES)
def test_create_edit_and_delete_go_through_a_service(guarded_app: Flask, no_stray_commit: list[str], name: str) -> None:
    view, story = views(guarded_app)[name], STORIES[name]
    person = visitor(guarded_app, story.username)
    with guarded_app.app_context():
        query = story.query()
        before = _audit_rows()
    made = _fill(person, f"{view.url}/new{query}", story.typed)
    key = _newest(guarded_app, view) if view.can_edit or view.can_delete else None
    assert key or not (view.can_edit or view.can_delete), made
    if view.can_edit:
        _fill(person, f"{view.url}/{key}/edit", story.change)
    if view.can_delete:
        _fill(person, f"{view.url}/{key}/delete", {})
    steps = 1 + view.can_edit + view.can_delete
    with guarded_app.app_context():
        assert _audit_rows() - before >= steps
    assert len(no_stray_commit) >= steps


def _audit_rows() -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(AuditEvent)) or 0


def _newest(app: Flask, view: Any) -> Any:
    """The key of the row made last, by the audit row that tells of it."""
    with app.app_context():
        table = view.model.__tablename__
        told = sa.select(AuditEvent.subject_id).where(AuditEvent.subject_type == table).order_by(AuditEvent.id.desc())
        return db.session.scalars(told.limit(1)).first()


def _fill(person: Visitor, url: str, typed: Values) -> str:
    """Send the page's own form with what is typed, and what it asks besides; returns where it led."""
    page = person.get(url)
    assert page.status_code == 200, f"{url}: {page.status_code}"
    form = next(
        each
        for each in read(page.get_data(as_text=True)).forms
        if each.method == "post" and not each.action.endswith("/logout")
    )
    answer = person.client.post(form.action or url, data=_values(form, typed), buffered=True)
    said = re.findall(r'class="said"[^>]*>(.*?)</div>', answer.get_data(as_text=True), re.DOTALL)
    assert answer.status_code == 303, f"{url}: {answer.status_code} {said}"
    return str(answer.location)


def _values(form: Form, typed: Values) -> dict[str, Any]:
    values: dict[str, Any] = form.values()
    for each in form.fields:
        empty = not any(values.get(each.name, []))
        if each.name in typed:
            values[each.name] = typed[each.name]
        elif empty and each.kind == "select" and each.is_required:
            values[each.name] = next((option for option in each.options if option), "")
    return values


def test_a_result_is_entered_changed_published_and_discarded_through_services(
    guarded_app: Flask, no_stray_commit: list[str]
) -> None:
    """No form of a row's own view: each step is an action of a page, so it is told here and not among the stories."""
    with guarded_app.app_context():
        first = db.session.scalars(sa.select(User).where(User.username == "zhangdian-jls")).one()
        accepted = sa.select(AppointmentItem.id).where(
            AppointmentItem.institution_id == first.institution_id, AppointmentItem.status == ItemStatus.ACCEPTED
        )
        items = db.session.scalars(accepted.order_by(AppointmentItem.id).limit(2)).all()
        with unit_of_work():
            UserFactory(
                username="guard-2", role=first.role, institution_id=first.institution_id, name="孙丽",
                password_hash=first.password_hash,
            )  # fmt: skip
        before = _audit_rows()
    person = visitor(guarded_app, "zhangdian-jls")
    colleague = Visitor(guarded_app, guarded_app.test_client())
    colleague.post("/login", {"username": "guard-2", "password": support.accounts()["zhangdian-jls"].password})
    typed = {"outcome": "not_passed", "document_type": "rejection_notice", "document_number": "GUARD-1"}
    for number, item in enumerate(items):
        made = _fill(person, f"/institution/results-to-enter/{item}/enter", {**typed, "document_number": f"G-{number}"})
        _fill(person, f"{made}/change", {**typed, "document_number": f"H-{number}"})
        _fill(colleague if number else person, f"{made}/{'publish' if number else 'discard'}", {})
    with guarded_app.app_context():
        assert _audit_rows() - before >= 6
    assert len(no_stray_commit) >= 6


def test_the_columns_of_a_list_are_named_through_a_service(guarded_app: Flask, no_stray_commit: list[str]) -> None:
    """An action of a run that the upload has made; the check stops at it until it is done."""
    person = visitor(guarded_app, "91370303MA3D01010Y")
    with guarded_app.app_context():
        user = db.session.scalars(sa.select(User).where(User.username == "91370303MA3D01010Y")).one()
        with unit_of_work():
            run = ledger_import.receive(accounts.person(user), "台账.xlsx", io.BytesIO(own_list(line(1))))
        check_imports(run.id)
        key, before = run.id, _audit_rows()
    typed = {"fill_origin": "国产", "fill_purpose": "安全防护", "fill_delivery_mode": "送检"}
    _fill(person, f"/enterprise/imports/{key}/mapping", typed)
    with guarded_app.app_context():
        assert _audit_rows() - before == 1
    assert no_stray_commit
