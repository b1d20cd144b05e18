"""Whatever people do in whatever order, the invariants hold: hypothesis plays the people, on the services."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from backoffice import clock, scoping
from backoffice.actor import Actor
from backoffice.database import db
from backoffice.errors import ServiceError
from backoffice.models import (
    Appointment,
    AppointmentItem,
    AuditEvent,
    Capability,
    Designation,
    Enterprise,
    Institution,
    InstitutionSuspension,
    MeasuringInstrument,
    Slip,
    Verification,
)
from backoffice.services import (
    acceptance,
    appointment_drafts,
    appointment_questions,
    appointments,
    assignments,
    deadlines,
    invariants,
    matching_runs,
    verifications,
)
from backoffice.states import AppointmentStatus, DeliveryMode, ItemStatus, LastInstitution, Outcome, ReturnCode
from tests import factories
from tests.services import flow

EXAMPLES, STEPS = 30, 20
KINDS = ("1401", "0601", "1202")
PLACES = ("370303", "370304")
AREAS = (["370300"], ["370303"], ["370304", "370302"], ["370000"], ["370100"])
PICK = st.integers(min_value=0, max_value=11)


class People(RuleBasedStateMachine):
    """Two enterprises, three institutions and a city's regulator at work in one transaction that is never kept."""

    def __init__(self) -> None:
        super().__init__()
        self.now = clock.now()
        self.refused = 0

    @initialize()
    def town(self) -> None:
        self.clerks = [factories.actor_of(factories.UserFactory(of_enterprise=True)) for _ in range(2)]
        self.counters = [factories.actor_of(factories.UserFactory(of_institution=True)) for _ in range(3)]
        self.colleagues = [
            factories.actor_of(
                factories.UserFactory(
                    of_institution=True, institution=db.session.get_one(Institution, each.institution_id), name="孙丽"
                )
            )
            for each in self.counters
        ]
        self.regulator = factories.actor_of(factories.UserFactory(regulator=True, division_code="370300"))
        for place, counter in enumerate(self.counters):
            institution = db.session.get_one(Institution, counter.institution_id)
            for kind in KINDS[: place + 1]:
                factories.CapabilityFactory(institution=institution, kind_code=kind, areas=AREAS[place])
        for clerk in self.clerks:
            for number in range(6):
                factories.InstrumentFactory(
                    enterprise=db.session.get_one(Enterprise, clerk.enterprise_id),
                    kind_code=KINDS[number % 3],
                    division_code=PLACES[number % 2],
                    delivery_mode=DeliveryMode.ON_SITE if number == 5 else DeliveryMode.SEND_IN,
                )

    @contextmanager
    def use_case(self) -> Iterator[None]:
        """One use case: kept when it goes well, undone when it is refused; the clock goes on."""
        self.now += timedelta(hours=5)
        savepoint = db.session.begin_nested()
        try:
            with clock.at(self.now):
                yield
        except ServiceError:
            savepoint.rollback()
            self.refused += 1
        else:
            savepoint.commit()
        db.session.expire_all()

    def some(self, actor: Actor, model: type[Any], pick: int, *conditions: Any) -> Any:
        rows = db.session.scalars(scoping.visible(actor, model).where(*conditions).order_by(model.id)).all()
        return rows[pick % len(rows)] if rows else None

    @rule(who=st.integers(0, 1), picks=st.sets(PICK, min_size=1, max_size=4), choice=st.sampled_from(LastInstitution))
    def book(self, who: int, picks: set[int], choice: LastInstitution) -> None:
        clerk = self.clerks[who]
        rows = db.session.scalars(scoping.visible(clerk, MeasuringInstrument).order_by(MeasuringInstrument.id)).all()
        refused = appointment_drafts.why_not_bookable(rows)
        free = [row.id for row in rows if row.id not in refused]
        with self.use_case():
            draft = appointment_drafts.create_draft(clerk)
            appointment_drafts.choose(
                clerk, draft.id, {free[pick % len(free)] for pick in picks} if free else {rows[0].id}
            )
            for asked in appointment_questions.questions(draft):
                appointment_questions.answer(
                    clerk, draft.id, institution_id=asked.institution.id, code=asked.code, choice=choice
                )
            appointments.submit(clerk, draft.id)

    @rule(who=st.integers(0, 1), pick=PICK, part=st.booleans())
    def withdraw(self, who: int, pick: int, part: bool) -> None:
        clerk = self.clerks[who]
        found = self.some(clerk, Appointment, pick, Appointment.status != AppointmentStatus.DRAFT)
        if found is not None:
            with self.use_case():
                appointments.withdraw(clerk, found.id, [found.items[0].id] if part else None)

    @rule(who=st.integers(0, 1), pick=PICK)
    def book_again_or_put_aside(self, who: int, pick: int) -> None:
        clerk = self.clerks[who]
        failed = self.some(clerk, AppointmentItem, pick, AppointmentItem.status == ItemStatus.FAILED)
        if failed is not None:
            with self.use_case():
                if pick % 2:
                    appointments.put_aside(clerk, failed.id)
                else:
                    appointments.book_failed_again(clerk, failed.appointment_id)

    @rule()
    def match(self) -> None:
        with self.use_case():
            matching_runs.match_batch()

    @rule(who=st.integers(0, 2), pick=PICK, part=st.booleans())
    def accept(self, who: int, pick: int, part: bool) -> None:
        self._decide(who, pick, part, lambda slip, ids: acceptance.accept(self.counters[who], slip, item_ids=ids))

    @rule(who=st.integers(0, 2), pick=PICK, part=st.booleans(), code=st.sampled_from(ReturnCode))
    def send_back(self, who: int, pick: int, part: bool, code: ReturnCode) -> None:
        self._decide(
            who,
            pick,
            part,
            lambda slip, ids: acceptance.return_items(
                self.counters[who], slip, item_ids=ids, code=code, words="铭牌不清"
            ),
        )

    def _decide(self, who: int, pick: int, part: bool, decide: Callable[[int, list[int] | None], Any]) -> None:
        slip = self.some(self.counters[who], Slip, pick)
        if slip is not None and slip.items:
            with self.use_case():
                decide(slip.id, [slip.items[pick % len(slip.items)].id] if part else None)

    @rule(who=st.integers(0, 2), pick=PICK, outcome=st.sampled_from(Outcome))
    def enter_a_result(self, who: int, pick: int, outcome: Outcome) -> None:
        item = self.some(self.counters[who], AppointmentItem, pick, AppointmentItem.status == ItemStatus.ACCEPTED)
        if item is not None:
            with self.use_case():
                make = flow.a_pass if outcome is Outcome.PASSED else flow.a_fail
                verifications.enter(self.counters[who], item.id, **make(f"QD-{item.id if pick % 4 else 0}"))

    @rule(who=st.integers(0, 2), picks=st.sets(PICK, min_size=1, max_size=3), by=st.integers(0, 2), discard=PICK)
    def publish_or_discard(self, who: int, picks: set[int], by: int, discard: int) -> None:
        """By the person who entered it or, more often, by a colleague."""
        found = {self.some(self.counters[who], Verification, pick) for pick in picks} - {None}
        actor = self.colleagues[who] if by else self.counters[who]
        if found:
            with self.use_case():
                if discard:
                    verifications.publish_all(actor, [row.id for row in found])
                else:
                    verifications.discard(actor, next(iter(found)).id)

    @rule(pick=PICK, to=st.integers(0, 2))
    def assign(self, pick: int, to: int) -> None:
        item = self.some(self.regulator, AppointmentItem, pick, AppointmentItem.status == ItemStatus.UNMATCHED)
        if item is not None:
            with self.use_case():
                institution_id = self.counters[to].institution_id or 0
                assignments.assign(self.regulator, item.id, institution_id=institution_id, reason="就近安排")

    @rule(pick=PICK, late=st.booleans())
    def rematch(self, pick: int, late: bool) -> None:
        slip = self.some(self.regulator, Slip, pick)
        if slip is not None:
            self.now += timedelta(days=12 if late else 0)
            with self.use_case():
                deadlines.mark_late_slips()
                assignments.rematch_slip(self.regulator, slip.id, reason="超时未受理")

    @rule(who=st.integers(0, 2), kind=st.sampled_from(KINDS), areas=st.sampled_from(AREAS), pick=PICK)
    def change_the_rules(self, who: int, kind: str, areas: list[str], pick: int) -> None:
        institution = db.session.get_one(Institution, self.counters[who].institution_id)
        with self.use_case():
            if pick < 4:
                factories.CapabilityFactory(institution=institution, kind_code=kind, areas=areas)
            elif pick < 6:
                factories.DesignationFactory(institution=institution, kind_code=kind, division_code=areas[0])
            elif pick < 8:
                day = clock.today() + timedelta(days=pick - 7)
                db.session.add(InstitutionSuspension(institution_id=institution.id, starts_on=day, ends_on=day))
            elif pick < 10:
                db.session.execute(sa.delete(Capability).where(Capability.institution_id == institution.id))
            else:
                db.session.execute(sa.delete(Designation).where(Designation.institution_id == institution.id))

    @rule(who=st.integers(0, 1), pick=PICK)
    def change_the_ledger(self, who: int, pick: int) -> None:
        row = self.some(self.clerks[who], MeasuringInstrument, pick)
        with self.use_case():
            matching_runs.requeue_instrument(self.clerks[who], row.id)

    def teardown(self) -> None:
        try:
            if not hasattr(self, "regulator"):
                return
            self._match_until_idle()
            assert invariants.broken() == {}
            before = _history()
            with clock.at(self.now):
                assert matching_runs.match_batch().as_dict() == matching_runs.Counts().as_dict()
            assert _history() == before
            self._unmatched_are_nobodys()
        finally:
            db.session.rollback()

    def _match_until_idle(self) -> None:
        for _ in range(20):
            with clock.at(self.now):
                if not matching_runs.match_batch().decided:
                    return
        raise AssertionError("matching does not come to its end")

    def _unmatched_are_nobodys(self) -> None:
        """No institution sees an unmatched item, and none could take one where it stands."""
        items = db.session.scalars(
            sa.select(AppointmentItem).where(AppointmentItem.status == ItemStatus.UNMATCHED)
        ).all()
        for counter in self.counters:
            visible = db.session.scalars(scoping.visible(counter, AppointmentItem)).all()
            assert not set(visible) & set(items)
        with clock.at(self.now):
            expected = matching_runs.expected([item.instrument for item in items])
        # What was decided on an earlier day stands until a date that begins or ends sends it round again.
        today = {item for item in items if item.decision.facts["day"] == clock.local(self.now).date().isoformat()}
        assert not [item.id for item in today if expected[item.instrument_id].institution is not None]


def _history() -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(AuditEvent)) or 0


def test_every_invariant_holds_after_whatever_people_do(app: Flask) -> None:
    run_state_machine_as_test(
        People,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
