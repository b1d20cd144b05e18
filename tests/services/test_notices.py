"""Who is told what: every event of the table made to happen, who was told, in which words, and where it leads."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from backoffice import clock, messages
from backoffice.actor import Role
from backoffice.database import db
from backoffice.jobs import imports
from backoffice.messages.notices import SENTENCES
from backoffice.models import Notice, Registration, Slip, User
from backoffice.services import (
    acceptance,
    appointments,
    assignments,
    bookings_on_behalf,
    change_requests,
    corrections,
    deadlines,
    job_runs,
    ledger,
    ledger_import_undo,
    matching_runs,
    notice_rules,
    registrations,
    regulator_bookings,
    verifications,
    walk_ins,
)
from backoffice.services.stored_files import Upload
from backoffice.states import EnterpriseStatus, EnterpriseType, ImportMode, ImportSubject, ReturnCode, UseState
from backoffice.workbooks.column_sets import CAPABILITIES
from tests import factories
from tests.regulator.conftest import Browser
from tests.services import flow, ledger_samples, record_samples
from tests.services.import_runs import write
from tests.services.test_ledger_import import upload

ENTERPRISE, INSTITUTION, REGULATOR = Role.ENTERPRISE, Role.INSTITUTION, Role.REGULATOR
LICENCE = Upload("营业执照.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 40)
CODE = factories.valid_uscc(7341)


@dataclass
class Place:
    """The people around an event, and the notices it wrote."""

    world: flow.World
    counter_user: User
    regulator_user: User
    before: set[int]

    def slip(self, count: int = 1) -> Slip:
        return flow.only_slip(flow.matched(self.world, flow.instruments(self.world, count)))

    def begin(self) -> None:
        """What was told up to here is not the event's."""
        self.before = set(db.session.scalars(sa.select(Notice.id)))

    def told(self) -> list[Notice]:
        return list(db.session.scalars(sa.select(Notice).where(Notice.id.not_in(self.before)).order_by(Notice.id)))


@pytest.fixture
def place(app: Flask) -> Place:
    world = flow.world()
    users = {user.id: user for user in db.session.scalars(sa.select(User))}
    assert world.counter.user_id and world.regulator.user_id
    users[world.regulator.user_id].may_edit_reference = True
    return Place(world, users[world.counter.user_id], users[world.regulator.user_id], set())


def registration_values(**changes: Any) -> dict[str, Any]:
    return {
        "type": "company",
        "uscc": CODE,
        "name": "淄博鲁岳机械有限公司",
        "division_code": "370303",
        "address": "柳泉路 88 号",
        "principal": "王建国",
        "contact": "李梅",
        "mobile": "13905331234",
        "email": "",
        "password": "Luyue-4471-gang",
        **changes,
    }


def registered(place: Place) -> Registration:
    return registrations.register(registration_values(), LICENCE, address="10.0.0.9").registrations[0]


def late_review(place: Place) -> None:
    row = registered(place)
    place.begin()
    registrations.mark_late(now=row.due_at + timedelta(seconds=1))


def approved(place: Place) -> None:
    row = registered(place)
    place.begin()
    registrations.approve(place.world.regulator, row.id)


def refused(place: Place) -> None:
    row = registered(place)
    place.begin()
    registrations.refuse(place.world.regulator, row.id, "执照照片看不清")


def branch_registered(place: Place) -> None:
    parent = place.world.clerk_user.enterprise
    values = registration_values(
        type=EnterpriseType.BRANCH.value, parent_uscc=parent.uscc, name="鲁岳机械二分厂", address="昌国路 9 号"
    )
    del values["uscc"]
    registrations.register(values, LICENCE, address="10.0.0.9")


def matched(place: Place) -> None:
    place.slip(2)


def grown(place: Place) -> None:
    """Something else of the same appointment becomes matchable while the slip still waits."""
    world = place.world
    both = flow.instruments(world) + flow.instruments(world, kind_code="0601")
    flow.matched(world, both)
    place.begin()
    factories.CapabilityFactory(institution=world.institution, kind_code="0601")
    db.session.execute(sa.text("UPDATE appointment_item SET status = 'matching' WHERE status = 'unmatched'"))
    db.session.expire_all()
    matching_runs.match_batch()


def unmatched(place: Place) -> None:
    flow.matched(place.world, flow.instruments(place.world, 2, kind_code="1801"))


def unmatched_answered(place: Place) -> None:
    booked = flow.matched(place.world, flow.instruments(place.world, 2, kind_code="1801"))
    place.begin()
    assert assignments.answer(place.world.regulator, booked.items[0].id, words="本市正在建标，预计 3 月可检。") == 2


def accepted(place: Place) -> None:
    slip = place.slip(2)
    place.begin()
    acceptance.accept(place.world.counter, slip.id)


def changed(place: Place) -> None:
    slip = place.slip()
    acceptance.accept(place.world.counter, slip.id)
    place.begin()
    day = clock.today() + timedelta(days=3)
    acceptance.change_arrangement(
        place.world.counter, slip.id, appointed_on=day, appointed_time="上午", place="收发室", words="带旧证书。"
    )


def returned(place: Place) -> None:
    slip = place.slip()
    place.begin()
    acceptance.return_items(place.world.counter, slip.id, code=ReturnCode.WRONG_SERIAL, words="编号与铭牌不符")


def not_mandatory(place: Place) -> None:
    slip = place.slip()
    place.begin()
    acceptance.return_items(place.world.counter, slip.id, code=ReturnCode.NOT_MANDATORY, words="不属强检")


def late_slip(place: Place) -> None:
    slip = place.slip()
    place.begin()
    with clock.at(slip.due_at + timedelta(seconds=1)):
        assert deadlines.mark_late_slips() == 1


def rematched(place: Place) -> None:
    slip = place.slip()
    place.begin()
    with clock.at(slip.due_at + timedelta(seconds=1)):
        assignments.rematch_slip(place.world.regulator, slip.id, reason="超期未受理")


def withdrawn(place: Place) -> None:
    slip = place.slip()
    place.begin()
    appointments.withdraw(place.world.clerk, slip.appointment_id)


def partly_withdrawn(place: Place) -> None:
    slip = place.slip(2)
    first = slip.items[0].id
    place.begin()
    appointments.withdraw(place.world.clerk, slip.appointment_id, [first])


def import_checked(place: Place) -> None:
    db.session.commit()
    upload(place.world.clerk, [ledger_samples.row(1), ledger_samples.row(2, kind_code="9999")])


def import_finished(place: Place) -> None:
    db.session.commit()
    run = upload(place.world.clerk, [ledger_samples.row(1)])
    place.begin()
    write(place.world.clerk, run)


def import_undone(place: Place) -> None:
    db.session.commit()
    run = write(place.world.clerk, upload(place.world.clerk, [ledger_samples.row(1)]))
    place.begin()
    ledger_import_undo.request(place.world.clerk, run.id)
    db.session.commit()
    imports.undo_imports()


def reference_import_undone(place: Place) -> None:
    """An office's own import, from a row with an error beside a good one to its undo."""
    place.world.institution.name = "张店区计量检定测试所"
    db.session.commit()
    office = place.world.regulator
    good = {"institution_id": "张店区计量检定测试所", "kind_code": "1402", "areas": "张店区", "delivery_modes": "送检"}
    content = record_samples.workbook(CAPABILITIES, [good, {**good, "areas": "无名区"}])
    run = record_samples.upload(office, ImportSubject.CAPABILITIES, content)
    record_samples.undo(office, write(office, run, ImportMode.GOOD))


def job_failed(place: Place) -> None:
    job_runs.note_failure("matching", "OperationalError")


def change_asked(place: Place) -> Any:
    return change_requests.submit(place.world.clerk, {"name": "淄博鲁岳重工有限公司"}, words="更名")


def change_approved(place: Place) -> None:
    row = change_asked(place)
    place.begin()
    change_requests.approve(place.world.regulator, row.id)


def change_refused(place: Place) -> None:
    row = change_asked(place)
    place.begin()
    change_requests.refuse(place.world.regulator, row.id, "请附变更证明")


def correction_proposed(place: Place) -> Any:
    slip = place.slip()
    place.begin()
    return corrections.propose(place.world.counter, slip.items[0].instrument_id, {"model": "Y-150"})


def correction_confirmed(place: Place) -> None:
    row = correction_proposed(place)
    place.begin()
    corrections.confirm(place.world.clerk, row.id)


def correction_declined(place: Place) -> None:
    row = correction_proposed(place)
    place.begin()
    corrections.decline(place.world.clerk, row.id, "铭牌上写的是 Y-100")


def change_late(place: Place) -> None:
    row = change_asked(place)
    place.begin()
    with clock.at(row.due_at + timedelta(seconds=1)):
        assert (change_requests.mark_late(), change_requests.mark_late()) == (1, 0)


def walked_in(place: Place) -> Registration:
    particulars = {name: value for name, value in registration_values().items() if name != "password"}
    row = walk_ins.register(place.world.counter, particulars).registrations[0]
    place.begin()
    return row


def walk_in_approved(place: Place) -> None:
    registrations.approve(place.world.regulator, walked_in(place).id)


def walk_in_refused(place: Place) -> None:
    registrations.refuse(place.world.regulator, walked_in(place).id, "执照照片看不清")


def booked_on_behalf(place: Place) -> None:
    (row,) = flow.instruments(place.world)
    bookings_on_behalf.book(place.world.regulator, place.world.clerk.enterprise_id, [row.id])


def cancelled(place: Place) -> None:
    slip = place.slip()
    place.begin()
    item_ids = [item.id for item in slip.items]
    regulator_bookings.cancel(place.world.regulator, slip.appointment_id, item_ids=item_ids, reason="单位已停业")


def reassigned(place: Place) -> None:
    other = factories.UserFactory(of_institution=True).institution
    factories.CapabilityFactory(institution=other, areas=["370305"])
    slip = place.slip()
    place.begin()
    regulator_bookings.reassign(
        place.world.regulator,
        slip.id,
        item_ids=[item.id for item in slip.items],
        institution_id=other.id,
        reason="原机构设备检修",
    )


def ledger_changed(place: Place) -> None:
    (row,) = flow.instruments(place.world)
    values = ledger_samples.typed(serial_number=row.serial_number, place_of_use="二车间")
    ledger.update(place.world.regulator, row.id, values, reason="现场核查已搬迁")


def scrapped(place: Place) -> None:
    (row,) = flow.instruments(place.world)
    ledger.change_use(place.world.regulator, [row.id], UseState.SCRAPPED, "现场核查已拆除")


def result_entered(place: Place, count: int = 1) -> list[Any]:
    slip = place.slip(count)
    acceptance.accept(place.world.counter, slip.id)
    place.begin()
    return [flow.entered(place.world, item, **flow.a_pass(f"QD-{item.id}")) for item in slip.items]


def result_published(place: Place) -> None:
    (row,) = result_entered(place)
    assert place.told() == []
    verifications.publish(flow.colleague(place.world), row.id)


def results_published(place: Place) -> None:
    rows = result_entered(place, 3)
    verifications.change(place.world.counter, rows[0].id, **flow.a_fail())
    verifications.publish_all(flow.colleague(place.world), [row.id for row in rows])


@dataclass(frozen=True)
class Event:
    """`told`: per code who is told, the words to be found in the sentence, and where it leads them."""

    happens: Callable[[Place], Any]
    told: dict[str, dict[Role, str]]
    words: str


OWN = "own page"
"""The notice's own page, where there is no record its reader may open."""
EVENTS = (
    Event(registered, {"notice_registration_arrived": {REGULATOR: "/regulator/registrations/"}}, "提交了注册申请"),
    Event(late_review, {"notice_registration_late": {REGULATOR: "/regulator/registrations/"}}, "已超过 2 个工作日"),
    Event(approved, {"notice_registration_approved": {ENTERPRISE: "/registration"}}, "已通过审核"),
    Event(refused, {"notice_registration_refused": {ENTERPRISE: "/registration"}}, "执照照片看不清"),
    Event(matched, {"notice_slip_arrived": {INSTITUTION: "/institution/slips/"}}, "共 2 台（件）"),
    Event(grown, {"notice_slip_grew": {INSTITUTION: "/institution/slips/"}}, "新增 1 台（件）"),
    Event(
        unmatched,
        {
            "notice_items_unmatched": {ENTERPRISE: "/enterprise/appointments/"},
            "notice_unmatched_arrived": {REGULATOR: "/regulator/appointments/"},
        },
        "2 台（件）未匹配到技术机构",
    ),
    Event(
        unmatched_answered,
        {"notice_unmatched_answered": {ENTERPRISE: "/enterprise/appointments/"}},
        "2 台（件）：本市正在建标，预计 3 月可检。",
    ),
    Event(accepted, {"notice_items_accepted": {ENTERPRISE: "/enterprise/slips/"}}, "可以打印预约单"),
    Event(changed, {"notice_slip_changed": {ENTERPRISE: "/enterprise/slips/"}}, "请重新查看并打印。说明：带旧证书。"),
    Event(returned, {"notice_items_returned": {ENTERPRISE: "/enterprise/appointments/"}}, "退回了预约单"),
    Event(
        not_mandatory,
        {
            "notice_items_returned": {ENTERPRISE: "/enterprise/appointments/"},
            "notice_not_mandatory": {REGULATOR: "/regulator/instruments/"},
        },
        "强制检定",
    ),
    Event(
        late_slip,
        {"notice_slip_late": {INSTITUTION: "/institution/slips/", REGULATOR: "/regulator/slips/"}},
        "已超过 2 个工作日未受理",
    ),
    Event(rematched, {"notice_items_rematched": {INSTITUTION: OWN}}, "监管部门已转出重新匹配"),
    Event(withdrawn, {"notice_items_withdrawn": {INSTITUTION: OWN}}, "撤回了预约单"),
    Event(partly_withdrawn, {"notice_items_withdrawn": {INSTITUTION: "/institution/slips/"}}, "的 1 台（件）"),
    Event(import_checked, {"notice_import_checked": {ENTERPRISE: "/enterprise/imports/"}}, "1 行有错误"),
    Event(import_finished, {"notice_import_finished": {ENTERPRISE: "/enterprise/imports/"}}, "写入 1 行"),
    Event(import_undone, {"notice_import_undone": {ENTERPRISE: "/enterprise/imports/"}}, "撤销 1 行，保留 0 行"),
    Event(
        reference_import_undone,
        {
            f"notice_import_{what}": {REGULATOR: "/regulator/capability-imports/"}
            for what in ("checked", "finished", "undone")
        },
        "撤销 1 行，保留 0 行",
    ),
    Event(job_failed, {"notice_job_failed": {REGULATOR: "/regulator/job-runs/"}}, "运行失败"),
    Event(
        branch_registered,
        {
            "notice_branch_registered": {ENTERPRISE: OWN},
            "notice_registration_arrived": {REGULATOR: "/regulator/registrations/"},
        },
        "鲁岳机械二分厂",
    ),
    Event(change_asked, {"notice_change_arrived": {REGULATOR: "/regulator/change-requests/"}}, "申请变更单位信息"),
    Event(change_late, {"notice_change_late": {REGULATOR: "/regulator/change-requests/"}}, "已超过 2 个工作日未答复"),
    Event(change_approved, {"notice_change_approved": {ENTERPRISE: "/enterprise/change-requests/"}}, "已同意"),
    Event(change_refused, {"notice_change_refused": {ENTERPRISE: "/enterprise/change-requests/"}}, "请附变更证明"),
    Event(
        correction_proposed, {"notice_correction_proposed": {ENTERPRISE: "/enterprise/corrections/"}}, "建议更正台账"
    ),
    Event(correction_confirmed, {"notice_correction_confirmed": {INSTITUTION: "/institution/corrections/"}}, "已确认"),
    Event(
        correction_declined, {"notice_correction_declined": {INSTITUTION: "/institution/corrections/"}}, "铭牌上写的是"
    ),
    Event(
        walk_in_approved,
        {
            "notice_registration_approved": {ENTERPRISE: "/registration"},
            "notice_walk_in_approved": {INSTITUTION: "/institution/"},
        },
        "代办的预约已自动提交",
    ),
    Event(
        walk_in_refused,
        {
            "notice_registration_refused": {ENTERPRISE: "/registration"},
            "notice_walk_in_refused": {INSTITUTION: "/institution/"},
        },
        "执照照片看不清",
    ),
    Event(booked_on_behalf, {"notice_booked_on_behalf": {ENTERPRISE: "/enterprise/appointments/"}}, "代办了预约"),
    Event(
        cancelled,
        {
            "notice_items_cancelled": {ENTERPRISE: "/enterprise/appointments/"},
            "notice_slip_items_cancelled": {INSTITUTION: OWN},
        },
        "单位已停业",
    ),
    Event(
        reassigned,
        {
            "notice_items_moved_away": {INSTITUTION: OWN},
            "notice_slip_arrived": {INSTITUTION: "/institution/slips/"},
            "notice_items_reassigned": {ENTERPRISE: "/enterprise/slips/"},
        },
        "原机构设备检修",
    ),
    Event(
        ledger_changed,
        {"notice_instrument_changed": {ENTERPRISE: "/enterprise/instruments/"}},
        "使用地点、",
    ),
    Event(
        scrapped,
        {"notice_instrument_use_changed": {ENTERPRISE: "/enterprise/instruments/"}},
        "办理为“报废”：现场核查已拆除",
    ),
    Event(result_published, {"notice_result_published": {ENTERPRISE: "/enterprise/verifications/"}}, "检定结果：合格"),
    Event(results_published, {"notice_results_published": {ENTERPRISE: "/enterprise/slips/"}}, "其中不合格 1 台（件）"),
)


def role_of(row: Notice) -> Role:
    """Whose inbox it stands in; a notice has exactly one."""
    (role,) = [
        role
        for role, key in (
            (ENTERPRISE, row.enterprise_id),
            (INSTITUTION, row.institution_id),
            (REGULATOR, row.division_code),
        )
        if key is not None
    ]
    return role


def reader_of(row: Notice, place: Place) -> User:
    """A person who reads this notice; the applicant of a refused registration once it was approved after all."""
    if row.division_code is not None:
        return place.regulator_user
    if row.institution_id is not None:
        return db.session.scalars(sa.select(User).where(User.institution_id == row.institution_id)).first()
    user = db.session.scalars(sa.select(User).where(User.enterprise_id == row.enterprise_id)).one()
    assert user.enterprise
    user.enterprise.status = EnterpriseStatus.APPROVED
    user.password_hash = factories._hash
    return user


def signed_in(app: Flask, user: User) -> Browser:
    db.session.commit()
    browser = Browser(app)
    form = {"username": user.username, "password": factories.PASSWORD}
    assert browser.post("/login", form, page="/login").status_code == 303
    return browser


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.happens.__name__)
def test_an_event_tells_exactly_these_and_leads_them_to_its_record(app: Flask, place: Place, event: Event) -> None:
    event.happens(place)
    db.session.flush()
    told = place.told()
    assert sorted((row.code, role_of(row)) for row in told) == sorted(
        (code, role) for code, roles in event.told.items() for role in roles
    )
    sentences = [messages.notice_sentence(row.code, row.facts) for row in told]
    assert any(event.words in sentence for sentence in sentences), sentences
    assert not any("%(" in sentence for sentence in sentences), sentences
    for row in told:
        assert row.subject_type == notice_rules.RULES[row.code].about
        assert row.division_code in (None, "370303")
        opens(app, place, row, event.told[row.code][role_of(row)])


def opens(app: Flask, place: Place, row: Notice, leads: str) -> None:
    """Opening it marks it read and leads to a page its reader may open."""
    panel, key = role_of(row).value, row.id
    browser = signed_in(app, reader_of(row, place))
    inbox = f"/{panel}/notices/"
    page = browser.text(inbox)
    shown = messages.notice_sentence(row.code, row.facts)
    assert shown.split("“")[0] in re.sub(r"<[^>]+>", "", page)
    answer = browser.post(f"{inbox}{key}/open")
    assert answer.status_code == 303
    expected = f"{inbox}{key}" if leads == OWN else leads
    assert answer.location.startswith(expected), answer.location
    assert browser.get(answer.location).status_code == 200
    db.session.expire_all()
    assert db.session.get_one(Notice, key).read_at is not None


def test_only_the_competent_office_and_the_institution_concerned_are_told(app: Flask, place: Place) -> None:
    """Used in another county: that county's regulator is told of what is late, not the seat's."""
    factories.UserFactory(regulator=True, division_code="370305")
    slip = flow.only_slip(flow.matched(place.world, flow.instruments(place.world, division_code="370305")))
    place.begin()
    with clock.at(slip.due_at + timedelta(seconds=1)):
        deadlines.mark_late_slips()
    assert {row.division_code or row.institution_id for row in place.told()} == {"370305", place.world.institution.id}


def test_every_sentence_has_a_row_and_every_row_a_sentence() -> None:
    assert set(notice_rules.RULES) == {code for code in SENTENCES if code.startswith("notice_")}


def test_every_row_is_made_to_happen() -> None:
    here = {code for event in EVENTS for code in event.told}
    assert here == set(notice_rules.RULES)
    for event in EVENTS:
        for code, roles in event.told.items():
            assert set(roles) <= set(notice_rules.RULES[code].told)


def test_a_notice_to_somebody_the_table_does_not_name_is_a_mistake_in_the_program(app: Flask, place: Place) -> None:
    from backoffice.services import notices

    with pytest.raises(LookupError):
        notices.tell_enterprise(place.world.clerk.enterprise_id or 0, "notice_job_failed", place.world.institution)
    with pytest.raises(LookupError):
        notices.tell_regulator("370303", "notice_unheard_of", place.world.institution)
