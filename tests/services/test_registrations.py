"""Registration: what may be sent, who answers it, and that nothing is decided twice or by a timer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from backoffice import clock
from backoffice.actor import Actor, Role
from backoffice.database import db
from backoffice.errors import Conflict, Forbidden, Invalid, NotFound
from backoffice.models import AuditEvent, Division, Enterprise, Notice, Registration, StoredFile, User
from backoffice.services import passwords, registration_fields, registrations, stored_files
from backoffice.services.stored_files import Upload
from backoffice.states import EnterpriseStatus, EnterpriseType, RegistrationState
from backoffice.unit_of_work import unit_of_work
from tests.factories import EnterpriseFactory, UserFactory, actor_of, valid_uscc

pytestmark = pytest.mark.usefixtures("app", "quick_hashes")
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
LICENCE = Upload("营业执照.png", PNG)
CODE = valid_uscc(70)
ZIBO = "/370000/370300/"


@pytest.fixture
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_hasher", passwords.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def regulator() -> User:
    return UserFactory(regulator=True)


def typed(**changes: Any) -> dict[str, Any]:
    return {
        "type": "company",
        "uscc": CODE,
        "name": "淄博鲁岳机械有限公司",
        "division_code": "370303",
        "address": "柳泉路 88 号",
        "principal": "王建国",
        "contact": "李梅",
        "mobile": "13905331234",
        "email": "li.mei@example.com",
        "password": "Luyue-4471-gang",
        **changes,
    }


def branch(**changes: Any) -> dict[str, Any]:
    facts = typed(type="branch", name="鲁岳机械二分厂", address="昌国路 9 号", **{"parent_uscc": CODE, **changes})
    del facts["uscc"]
    return facts


def register(values: dict[str, Any] | None = None, licence: Any = LICENCE) -> Registration:
    with unit_of_work():
        return registrations.register(values or typed(), licence, address="10.0.0.9").registrations[0]


def clerk_of(registration: Registration) -> Actor:
    user = db.session.scalars(sa.select(User).where(User.enterprise_id == registration.enterprise_id)).one()
    return actor_of(user, is_approved=registration.enterprise.status is EnterpriseStatus.APPROVED)


def problems_of(values: dict[str, Any], licence: Any = LICENCE) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        registrations.register(values, licence)
    return {field: problem.code for field, problem in refused.value.problems.items()}


def test_a_registration_makes_a_pending_enterprise_with_an_account_named_by_the_code(regulator: User) -> None:
    registration = register(typed(uscc=f" {CODE.lower()} "))
    enterprise = registration.enterprise
    assert (enterprise.uscc, enterprise.status) == (CODE, EnterpriseStatus.PENDING)
    user = db.session.scalars(sa.select(User).where(User.enterprise_id == enterprise.id)).one()
    assert (user.username, user.role, user.name) == (CODE, Role.ENTERPRISE, "李梅")
    assert passwords.matches(user.password_hash, "Luyue-4471-gang")
    assert registration.reviewer_division_code == regulator.division_code
    file = db.session.get(StoredFile, enterprise.licence_file_id)
    assert file is not None
    assert (file.enterprise_id, file.media_type, file.content) == (enterprise.id, "image/png", PNG)


def test_it_is_due_by_the_end_of_the_second_working_day_the_day_of_submission_not_counting() -> None:
    with clock.at(datetime(2026, 11, 20, 2, 0, tzinfo=UTC)):  # a Friday
        registration = register()
    assert registration.due_at == datetime(2026, 11, 24, 16, 0, tzinfo=UTC)  # Tuesday 24:00 in Shanghai


def test_every_problem_is_told_at_once_beside_its_field() -> None:
    found = problems_of(
        {"type": "", "uscc": "1", "division_code": "370300", "mobile": "12", "email": "x", "password": "x"}, None
    )
    assert found == {
        "type": "required",
        "uscc": "uscc_length",
        "name": "required",
        "division_code": "division_too_wide",
        "address": "required",
        "principal": "required",
        "contact": "required",
        "mobile": "mobile_wrong",
        "email": "email_wrong",
        "licence": "licence_required",
        "password": "password_short",
    }
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Enterprise)) == 0


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"type": "farm"}, "type", "not_a_choice"),
        ({"uscc": CODE + "07"}, "uscc", "uscc_length"),
        ({"name": "淄" * 101}, "name", "too_long"),
        ({"address": "\u200b \u202e"}, "address", "required"),
        ({"division_code": "999999"}, "division_code", "division_unknown"),
        ({"division_code": "3703\0"}, "division_code", "division_unknown"),
        ({"division_code": "370000"}, "division_code", "division_too_wide"),
        ({"mobile": "0533-2180188"}, "mobile", "mobile_wrong"),
        ({"password": f"Xx-{CODE}"}, "password", "password_account"),
    ],
)
def test_wrong_values_are_refused(changes: dict[str, Any], field: str, code: str) -> None:
    assert problems_of(typed(**changes)) == {field: code}


def test_a_retired_division_is_refused_and_retired_children_do_not_count() -> None:
    division = Division(code="379901", name="试验区", level="county", parent_code="370300", path=f"{ZIBO}379901/")
    below = Division(code="379902", name="试验片", level="county", parent_code="379901", path=division.path + "379902/")
    below.is_retired = True
    db.session.add_all([division, below])
    db.session.flush()
    registration_fields.check(typed(division_code="379901"), LICENCE)
    division.is_retired = True
    db.session.flush()
    assert problems_of(typed(division_code="379901")) == {"division_code": "division_unknown"}
    db.session.rollback()


@pytest.mark.parametrize(
    ("upload", "code"),
    [
        (Upload("a.png", b""), "file_empty"),
        (Upload("a.png", b"<html><script>alert(1)</script>"), "licence_type"),
        (Upload("a.pdf", b"<svg>%PDF-1.4"), "licence_type"),
        (Upload("a.jpg", b"\xff\xd8\xff" + b"\0" * (5 * 1024 * 1024)), "files_too_large"),
        (None, "licence_required"),
    ],
)
def test_a_licence_is_judged_by_its_bytes(upload: Upload | None, code: str) -> None:
    assert problems_of(typed(), upload) == {"licence": code}


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0rest", "image/jpeg"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (b"%PDF-1.7\n", "application/pdf"),
    ],
)
def test_images_and_pdf_are_kept_under_their_true_type(content: bytes, media_type: str) -> None:
    row = stored_files.store_licence(Upload("..\\..\\etc\\执照\n.exe", content))
    assert (row.media_type, row.name) == (media_type, "执照.exe")


def test_a_file_nobody_claimed_is_dropped_after_two_days_and_a_claimed_one_is_kept() -> None:
    register()
    with unit_of_work():
        stored_files.store_licence(LICENCE)
        assert stored_files.drop_unclaimed() == 0
    with clock.at(clock.now() + timedelta(days=3)), unit_of_work():
        assert stored_files.drop_unclaimed() == 1
    assert db.session.scalar(sa.select(sa.func.count()).select_from(StoredFile)) == 1


def test_one_code_has_one_account_ever_refused_ones_too(regulator: User) -> None:
    registration = register()
    assert problems_of(typed()) == {"uscc": "uscc_taken_ask"}
    with unit_of_work():
        registrations.refuse(actor_of(regulator), registration.id, "照片不清楚")
    assert problems_of(typed()) == {"uscc": "uscc_taken_ask"}


def test_ten_people_sending_the_same_code_at_once_make_one_account(application: Flask) -> None:
    senders = 10
    start, outcomes = Barrier(senders), []

    def send() -> None:
        with application.app_context():
            start.wait()
            try:
                register()
                outcomes.append("registered")
            except Invalid as refused:
                outcomes.append(refused.problems["uscc"].code)
            db.session.remove()

    threads = [Thread(target=send) for _ in range(senders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["registered"] + ["uscc_taken"] * (senders - 1)


def test_a_branch_gets_twenty_characters_whether_or_not_its_parent_is_registered() -> None:
    first = register(branch()).enterprise
    assert first.uscc[:18] == first.parent_uscc == CODE
    assert len(first.uscc) == 20
    assert first.uscc[18:].isdigit()
    second = register(branch(division_code="370302")).enterprise
    assert second.uscc != first.uscc
    assert register().enterprise.uscc == CODE


def test_a_registered_parent_is_told_of_its_branch() -> None:
    parent = register().enterprise
    code = register(branch()).enterprise.uscc
    notice = db.session.scalars(sa.select(Notice).where(Notice.enterprise_id == parent.id)).one()
    assert (notice.code, notice.facts["uscc"]) == ("notice_branch_registered", code)


def test_a_branch_differs_from_its_parent_in_name_and_address_whatever_the_width() -> None:
    EnterpriseFactory(uscc=CODE, name="鲁岳机械（集团）", address="昌国路 9 号")
    values = branch() | {"name": "鲁岳机械(集团)", "address": "昌国路９号"}
    assert problems_of(values) == {"name": "branch_name_same", "address": "branch_address_same"}


def test_a_branch_needs_a_good_parent_code() -> None:
    assert problems_of(branch(parent_uscc=CODE[:-1])) == {"parent_uscc": "uscc_length"}
    assert problems_of(branch(parent_uscc="")) == {"parent_uscc": "required"}


def test_the_hundred_and_first_branch_is_told_that_all_codes_are_used() -> None:
    for number in range(100):
        EnterpriseFactory(uscc=f"{CODE}{number:02d}", parent_uscc=CODE, type=EnterpriseType.BRANCH)
    with pytest.raises(Conflict) as refused:
        registrations.register(branch(), LICENCE)
    assert refused.value.code == "branch_codes_used_up"


def test_the_nearest_regulator_above_answers_else_nobody_and_it_stands_in_the_administrators_queue() -> None:
    admin = UserFactory(admin=True)
    assert register().reviewer_division_code is None
    UserFactory(regulator=True, division_code="370300")
    UserFactory(regulator=True, division_code="370303", is_active=False)
    registration = register(typed(uscc=valid_uscc(71)))
    assert registration.reviewer_division_code == "370300"
    queue = db.session.scalars(sa.select(Registration).where(Registration.reviewer_division_code.is_(None))).one()
    with unit_of_work():
        registrations.approve(actor_of(admin), queue.id)
    assert queue.enterprise.status is EnterpriseStatus.APPROVED
    with pytest.raises(NotFound):
        registrations.approve(actor_of(admin), registration.id)


def test_approval_opens_the_account_tells_the_applicant_and_is_audited(regulator: User) -> None:
    registration = register()
    with unit_of_work():
        registrations.approve(actor_of(regulator), registration.id)
    assert registration.state is RegistrationState.APPROVED
    assert registration.decided_by_id == regulator.id
    assert registration.enterprise.status is EnterpriseStatus.APPROVED
    assert registration.enterprise.approved_at is not None
    told = db.session.scalars(sa.select(Notice.code).where(Notice.enterprise_id == registration.enterprise_id)).all()
    assert told == ["notice_registration_approved"]
    actions = db.session.scalars(
        sa.select(AuditEvent.action).where(AuditEvent.subject_type == "registration").order_by(AuditEvent.id)
    ).all()
    assert actions == ["registration.submitted", "registration.approved"]


def test_a_refusal_needs_a_reason_which_the_applicant_reads(regulator: User) -> None:
    registration = register()
    for reason in ("", "  \u200b", "长" * 501):
        with pytest.raises(Invalid):
            registrations.refuse(actor_of(regulator), registration.id, reason)
    with unit_of_work():
        registrations.refuse(actor_of(regulator), registration.id, "地址与执照不符。")
    enterprise = registration.enterprise
    assert (enterprise.status, enterprise.status_reason) == (EnterpriseStatus.REFUSED, "地址与执照不符。")
    notice = db.session.scalars(sa.select(Notice).where(Notice.enterprise_id == enterprise.id)).one()
    assert notice.facts["reason"] == "地址与执照不符"


def test_the_second_reviewer_is_told_by_whom_it_was_decided(regulator: User) -> None:
    registration = register()
    with unit_of_work():
        registrations.approve(actor_of(regulator), registration.id)
    other = UserFactory(regulator=True, division_code="370300", name="钱进")
    with pytest.raises(Conflict) as refused:
        registrations.refuse(actor_of(other), registration.id, "晚了")
    assert (refused.value.code, refused.value.facts["by"]) == ("registration_decided_by", "赵慧")


def test_regulators_elsewhere_and_people_of_other_roles_do_not_see_it(regulator: User) -> None:
    registration = register()
    elsewhere = UserFactory(regulator=True, division_code="370302")
    with pytest.raises(NotFound):
        registrations.approve(actor_of(elsewhere), registration.id)
    for trait in ("of_enterprise", "of_institution", "auditor", "admin"):
        with pytest.raises(NotFound):
            registrations.approve(actor_of(UserFactory(**{trait: True})), registration.id)
    with pytest.raises(Forbidden):
        registrations.approve(actor_of(regulator, is_approved=False), registration.id)


def test_nobody_reviews_what_they_submitted(regulator: User) -> None:
    registration = register()
    with unit_of_work():
        registration.submitted = {**registration.submitted, "submitted_by_id": regulator.id}
    with pytest.raises(Forbidden):
        registrations.approve(actor_of(regulator), registration.id)


def test_a_refused_one_is_corrected_and_sent_again_under_the_same_code(regulator: User) -> None:
    first = register()
    with unit_of_work():
        registrations.refuse(actor_of(regulator), first.id, "地址与执照不符")
    clerk = clerk_of(first)
    corrected = typed(address="柳泉路 90 号", contact="王芳", type="sole_trader", uscc=valid_uscc(99))
    with unit_of_work():
        second = registrations.resubmit(clerk, corrected)
    enterprise = second.enterprise
    assert second.id != first.id
    assert (enterprise.uscc, enterprise.address, enterprise.status) == (CODE, "柳泉路 90 号", EnterpriseStatus.PENDING)
    assert (first.state, second.state) == (RegistrationState.REFUSED, RegistrationState.PENDING)
    assert enterprise.licence_file_id is not None
    assert db.session.get(User, clerk.user_id).name == "王芳"
    event = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "registration.corrected")).one()
    assert event.before["address"] == "柳泉路 88 号"
    assert "13905331234" not in f"{event.before}{event.after}"


def test_only_a_refused_registration_can_be_corrected(regulator: User) -> None:
    registration = register()
    with pytest.raises(Conflict):
        registrations.resubmit(clerk_of(registration), typed())
    with unit_of_work():
        registrations.approve(actor_of(regulator), registration.id)
    with pytest.raises(Conflict):
        registrations.resubmit(clerk_of(registration), typed())


def test_a_correction_cannot_become_a_branch_and_brings_its_problems(regulator: User) -> None:
    registration = register()
    with unit_of_work():
        registrations.refuse(actor_of(regulator), registration.id, "不清楚")
    with pytest.raises(Invalid) as refused:
        registrations.resubmit(clerk_of(registration), typed(type="branch", name=""), Upload("x.png", b"nothing"))
    assert {field: problem.code for field, problem in refused.value.problems.items()} == {
        "type": "type_and_code_fixed",
        "name": "required",
        "licence": "licence_type",
    }


def test_late_ones_are_marked_and_reported_once_and_nothing_is_decided(regulator: User) -> None:
    registration = register()
    assert registrations.mark_late() == 0
    with clock.at(registration.due_at), unit_of_work():
        assert registrations.mark_late() == 1
    with clock.at(registration.due_at + timedelta(days=5)), unit_of_work():
        assert registrations.mark_late() == 0
    assert registration.state is RegistrationState.PENDING
    assert registration.enterprise.status is EnterpriseStatus.PENDING
    told = db.session.scalars(sa.select(Notice.code).where(Notice.division_code == "370303").order_by(Notice.id)).all()
    assert told == ["notice_registration_arrived", "notice_registration_late"]


def test_a_decided_one_is_never_marked_late(regulator: User) -> None:
    registration = register()
    with unit_of_work():
        registrations.approve(actor_of(regulator), registration.id)
    with clock.at(registration.due_at + timedelta(days=5)), unit_of_work():
        assert registrations.mark_late() == 0
