"""Rules of taking an import back: what goes, what gets its earlier values, what stays and why, each row once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from backoffice import clock
from backoffice.actor import Actor
from backoffice.database import db
from backoffice.errors import Conflict, Forbidden, NotFound
from backoffice.jobs import imports
from backoffice.models import (
    AppointmentItem,
    AuditEvent,
    CorrectionProposal,
    Enterprise,
    ImportRun,
    ImportWritten,
    InstrumentKind,
    MeasuringInstrument,
    Notice,
    Verification,
)
from backoffice.services import invariants, ledger, ledger_import, ledger_import_kept, ledger_import_undo
from backoffice.services.ledger_import_kept import KeptCode
from backoffice.states import DocumentType, ImportMode, ImportState, ItemStatus, Outcome, UseState
from backoffice.unit_of_work import unit_of_work
from tests.factories import InstitutionFactory, UserFactory, actor_of
from tests.jobs import digests
from tests.services.import_runs import write
from tests.services.ledger_samples import row, typed
from tests.services.test_ledger import book
from tests.services.test_ledger_import import ledger_rows, upload

pytestmark = pytest.mark.usefixtures("app")

LEDGER = {"measuring_instrument"}
STAMPS = {"id", "version", "updated_at", "created_at", "filed_at", "import_run_id"}


@pytest.fixture
def clerk(app: Flask) -> Actor:
    with unit_of_work():
        return actor_of(UserFactory(of_enterprise=True))


def ledger_digest() -> str:
    """The ledger's values without what every writing changes."""
    db.session.rollback()
    return digests._digest("measuring_instrument", STAMPS)


def undo(actor: Actor, run: ImportRun) -> ImportRun:
    with unit_of_work():
        ledger_import_undo.request(actor, run.id)
    imports.undo_imports()
    db.session.expire_all()
    return run


def kept(run: ImportRun) -> dict[int, KeptCode]:
    return {each.number: each.code for each in ledger_import_undo.kept_rows(run, after=0, limit=100)}


def would_stay(run: ImportRun) -> dict[int, KeptCode]:
    return {each.number: each.code for each in ledger_import_kept.would_stay(run, after=0, limit=100)}


def test_undo_deletes_what_was_created_and_restores_what_was_changed(clerk: Actor) -> None:
    write(clerk, upload(clerk, [row(1), row(2, purchased_on="2020-03-01", oil_product="92#")]))
    before = ledger_digest()
    run = upload(
        clerk,
        [
            row(1, department="一车间", measuring_range="(0～2.5) MPa"),
            row(2, purchased_on="2021-04-02", oil_product="95#", division_code="370302"),
            row(3),
        ],
    )
    write(clerk, run)
    assert (run.new, run.updated, len(ledger_rows())) == (1, 2, 3)
    assert ledger_digest() != before
    undo(clerk, run)
    assert ledger_digest() == before
    assert (run.state, run.undone, kept(run)) == (ImportState.UNDONE, 3, {})
    assert invariants.broken() == {}


def test_before_an_undo_it_is_said_what_would_go(clerk: Actor) -> None:
    write(clerk, upload(clerk, [row(1)]))
    run = write(clerk, upload(clerk, [row(1, department="一车间"), row(2), row(3), row(4)]))
    with unit_of_work():
        book(ledger_rows()[2], ItemStatus.DRAFT)
    found = ledger_import_kept.prospect(run)
    assert (found.removed, found.restored, found.kept, found.stays) == (2, 1, {KeptCode.BOOKED: 1}, 1)
    assert [
        (each.number, each.code, each.serial_number) for each in ledger_import_kept.would_stay(run, after=0, limit=9)
    ] == [(4, KeptCode.BOOKED, "S00003")]
    assert ledger_import_kept.would_stay(run, after=4, limit=9) == []
    assert len(ledger_rows()) == 4


def booked(instrument: MeasuringInstrument, _clerk: Actor) -> None:
    book(instrument, ItemStatus.DRAFT)


def booked_and_over(instrument: MeasuringInstrument, _clerk: Actor) -> None:
    book(instrument, ItemStatus.WITHDRAWN)


def verified(instrument: MeasuringInstrument, _clerk: Actor) -> None:
    db.session.add(
        Verification(
            instrument_id=instrument.id,
            enterprise_id=instrument.enterprise_id,
            institution_id=InstitutionFactory().id,
            verified_on=clock.today(),
            outcome=Outcome.PASSED,
            document_type=DocumentType.CERTIFICATE,
            verifier="李敏",
        )
    )


def proposed(instrument: MeasuringInstrument, _clerk: Actor) -> None:
    db.session.add(
        CorrectionProposal(
            instrument_id=instrument.id,
            enterprise_id=instrument.enterprise_id,
            institution_id=InstitutionFactory().id,
            before={"model": "Y-100"},
            after={"model": "Y-150"},
            proposed_at=clock.now(),
        )
    )


def edited(instrument: MeasuringInstrument, clerk: Actor) -> None:
    ledger.update(clerk, instrument.id, typed(serial_number=instrument.serial_number, department="三车间"))


def taken_out_of_use(instrument: MeasuringInstrument, clerk: Actor) -> None:
    ledger.change_use(clerk, [instrument.id], UseState.STOPPED, "停产")


def removed(instrument: MeasuringInstrument, clerk: Actor) -> None:
    ledger.remove(clerk, instrument.id)


@pytest.mark.parametrize(
    ("happens", "code"),
    [
        (booked, KeptCode.BOOKED),
        (booked_and_over, KeptCode.BOOKED),
        (verified, KeptCode.VERIFIED),
        (proposed, KeptCode.PROPOSED),
        (edited, KeptCode.CHANGED),
        (taken_out_of_use, KeptCode.CHANGED),
        (removed, KeptCode.REMOVED),
    ],
)
@pytest.mark.parametrize("is_update", [False, True])
def test_what_had_anything_since_stays_with_its_reason(
    clerk: Actor, happens: Any, code: KeptCode, is_update: bool
) -> None:
    if is_update:
        write(clerk, upload(clerk, [row(1), row(2)]))
    run = write(clerk, upload(clerk, [row(1, department="一车间"), row(2, department="一车间")]))
    with unit_of_work():
        happens(ledger_rows()[0], clerk)
    db.session.expire_all()
    touched = [(each.id, each.version) for each in ledger_rows()][:-1]
    assert would_stay(run) == {2: code}
    undo(clerk, run)
    assert (run.state, run.undone, kept(run)) == (ImportState.UNDONE, 1, {2: code})
    left = [(each.id, each.version) for each in ledger_rows()]
    assert left[: len(touched)] == touched
    assert len(left) == len(touched) + is_update


def test_an_item_booked_before_the_update_is_matched_anew_with_the_earlier_values(clerk: Actor) -> None:
    write(clerk, upload(clerk, [row(1), row(2)]))
    with unit_of_work():
        items = [book(each, ItemStatus.UNMATCHED).id for each in ledger_rows()]
    run = write(clerk, upload(clerk, [row(1, division_code="370302"), row(2, department="新科室")]))
    with unit_of_work():
        db.session.execute(sa.update(AppointmentItem).values(status=ItemStatus.UNMATCHED))
        db.session.execute(sa.update(AppointmentItem).values(created_at=clock.now() - timedelta(days=1)))
    undo(clerk, run)
    assert run.undone == 2
    states = [db.session.get_one(AppointmentItem, key).status for key in items]
    assert states == [ItemStatus.MATCHING, ItemStatus.UNMATCHED]


def test_what_an_institution_has_taken_on_meanwhile_keeps_its_locked_columns(clerk: Actor) -> None:
    write(clerk, upload(clerk, [row(1), row(2)]))
    with unit_of_work():
        for each in ledger_rows():
            book(each, ItemStatus.UNMATCHED)
        db.session.execute(sa.update(AppointmentItem).values(created_at=clock.now() - timedelta(days=1)))
    run = write(clerk, upload(clerk, [row(1, division_code="370302"), row(2, department="新科室")]))
    with unit_of_work():
        db.session.execute(sa.update(AppointmentItem).values(status=ItemStatus.ACCEPTED))
    undo(clerk, run)
    assert (kept(run), run.undone) == ({2: KeptCode.LOCKED}, 1)
    assert [each.division_code for each in ledger_rows()] == ["370302", "370303"]


def test_a_key_another_row_has_taken_meanwhile_stays(clerk: Actor) -> None:
    write(clerk, upload(clerk, [row(1)]))
    number = ledger_rows()[0].ledger_number
    run = write(clerk, upload(clerk, [row(1, ledger_number=number, manufacturer="上海自动化仪表四厂")]))
    assert clerk.enterprise_id is not None
    with unit_of_work():
        other = ledger.create(clerk, clerk.enterprise_id, typed(serial_number="S00001"))
        other_number = other.ledger_number
    undo(clerk, run)
    (stays,) = ledger_import_undo.kept_rows(run, after=0, limit=9)
    assert (stays.code, stays.facts) == (KeptCode.KEY_TAKEN, {"ledger_number": other_number})


def test_a_kind_that_was_removed_meanwhile_keeps_its_row(clerk: Actor) -> None:
    with unit_of_work():
        item = db.session.get_one(InstrumentKind, "1401").item_code
        db.session.add(
            InstrumentKind(code="9901", name="临时种别", item_code=item, supervision="强制检定", purposes=["1"])
        )
    with unit_of_work():
        write(clerk, upload(clerk, [row(1)]))
        ledger_rows()[0].kind_code = "9901"
    number = ledger_rows()[0].ledger_number
    run = write(clerk, upload(clerk, [row(1, ledger_number=number)]))
    assert run.applied == 1
    with unit_of_work():
        db.session.execute(sa.delete(InstrumentKind).where(InstrumentKind.code == "9901"))
    undo(clerk, run)
    assert kept(run) == {2: KeptCode.REFERENCE_GONE}


def test_two_imports_are_taken_back_one_after_the_other(clerk: Actor) -> None:
    first = write(clerk, upload(clerk, [row(1), row(2)]))
    after_first = ledger_digest()
    second = write(clerk, upload(clerk, [row(1, department="一车间")]))
    third = write(clerk, upload(clerk, [row(1, department="二车间")]))
    assert would_stay(first) == {2: KeptCode.CHANGED}
    undo(clerk, third)
    assert ledger_rows()[0].department == "一车间"
    undo(clerk, second)
    assert ledger_digest() == after_first
    undo(clerk, first)
    assert (ledger_rows(), first.undone, kept(first)) == ([], 2, {})


def test_an_earlier_import_that_a_later_one_changed_stays(clerk: Actor) -> None:
    first = write(clerk, upload(clerk, [row(1), row(2)]))
    write(clerk, upload(clerk, [row(1, department="一车间")]))
    undo(clerk, first)
    assert (kept(first), [each.department for each in ledger_rows()]) == ({2: KeptCode.CHANGED}, ["一车间"])


def test_the_same_file_may_be_imported_again_after_an_undo(clerk: Actor) -> None:
    run = undo(clerk, write(clerk, upload(clerk, [row(1)])))
    again = upload(clerk, [row(1)])
    assert (again.new, ledger_import.same_content_before(again)) == (1, None)
    write(clerk, again)
    assert (run.state, len(ledger_rows())) == (ImportState.UNDONE, 1)


def test_a_cancelled_run_gives_back_what_it_had_written(clerk: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    from backoffice.services import ledger_import_apply

    monkeypatch.setattr(ledger_import_apply, "BATCH", 2)
    run = upload(clerk, [row(number) for number in range(5)])
    with unit_of_work():
        ledger_import.commit(clerk, run.id, ImportMode.ALL)
    with unit_of_work():
        claimed = ledger_import_apply.claim()
        assert claimed is not None
        ledger_import_apply.apply_batch(claimed)
    with unit_of_work():
        ledger_import.cancel(clerk, run.id)
    undo(clerk, run)
    assert (run.state, run.applied, run.undone, ledger_rows()) == (ImportState.UNDONE, 2, 2, [])
    assert invariants.broken() == {}


def test_only_a_finished_run_is_taken_back_and_only_once(clerk: Actor) -> None:
    run = upload(clerk, [row(1)])
    for expected in ("import_not_undoable", "import_not_undoable", None, "import_undo_running"):
        with unit_of_work():
            if expected is None:
                ledger_import_undo.request(clerk, run.id)
            else:
                with pytest.raises(Conflict) as refused:
                    ledger_import_undo.request(clerk, run.id)
                assert refused.value.code == expected
        if run.state is ImportState.READY:
            with unit_of_work():
                ledger_import.commit(clerk, run.id, ImportMode.ALL)
        elif run.state is ImportState.APPLYING:
            imports.apply_imports()
        db.session.refresh(run)
    imports.undo_imports()
    with unit_of_work(), pytest.raises(Conflict) as refused:
        ledger_import_undo.request(clerk, run.id)
    assert refused.value.code == "import_undone_already"
    same = write(clerk, upload(clerk, [row(1)]))
    undo(clerk, write(clerk, upload(clerk, [row(1)])) if same.applied == 0 else same)
    assert imports.undo_imports() == {}


def test_a_run_that_wrote_nothing_has_nothing_to_take_back(clerk: Actor) -> None:
    write(clerk, upload(clerk, [row(1)]))
    run = write(clerk, upload(clerk, [row(1)]))
    with unit_of_work(), pytest.raises(Conflict) as refused:
        ledger_import_undo.request(clerk, run.id)
    assert refused.value.code == "import_nothing_to_undo"


def test_only_the_enterprise_itself_takes_back(clerk: Actor) -> None:
    run = write(clerk, upload(clerk, [row(1)]))
    with unit_of_work():
        other, regulator = actor_of(UserFactory(of_enterprise=True)), actor_of(UserFactory(regulator=True))
    with unit_of_work(), pytest.raises(NotFound):
        ledger_import_undo.request(other, run.id)
    with unit_of_work(), pytest.raises(Forbidden):
        ledger_import_undo.request(regulator, run.id)


def test_an_undo_whose_batch_was_lost_goes_on_and_takes_each_row_once(
    clerk: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_import_undo, "BATCH", 2)
    run = write(clerk, upload(clerk, [row(number) for number in range(5)]))
    with unit_of_work():
        ledger_import_undo.request(clerk, run.id)
    with unit_of_work():
        claimed = ledger_import_undo.claim()
        assert claimed is not None and ledger_import_undo.undo_batch(claimed) == 2
    db.session.refresh(run)
    assert (run.state, run.undone, len(ledger_rows())) == (ImportState.DONE, 2, 3)
    with pytest.raises(RuntimeError), unit_of_work():
        claimed = ledger_import_undo.claim()
        assert claimed is not None and ledger_import_undo.undo_batch(claimed) == 2
        raise RuntimeError("killed")
    imports.undo_imports()
    db.session.refresh(run)
    assert (run.state, run.undone, ledger_rows()) == (ImportState.UNDONE, 5, [])
    gone = db.session.scalars(sa.select(AuditEvent.subject_id).where(AuditEvent.action == "instrument.removed")).all()
    assert len(gone) == len(set(gone)) == 5


def test_an_undo_leaves_audit_rows_with_the_values_and_tells_the_enterprise(clerk: Actor) -> None:
    write(clerk, upload(clerk, [row(1)]))
    run = write(clerk, upload(clerk, [row(1, department="一车间"), row(2, stall_phone="13905330001")]))
    undo(clerk, run)
    events = {event.action: event for event in db.session.scalars(sa.select(AuditEvent).order_by(AuditEvent.id))}
    changed, gone = events["instrument.changed"], events["instrument.removed"]
    assert (changed.before, changed.after) == (
        {"department": "一车间"},
        {"department": "设备科", "import_run": run.id},
    )
    assert gone.before is not None and gone.before["serial_number"] == "S00002"
    assert gone.before["stall_phone"] == "139****0001"
    assert (gone.subject_label, gone.actor_id) == ("压力表 S00002", clerk.user_id)
    assert events["import.undone"].after == {"undone": 2, "kept": 0}
    assert "import.undo_requested" in events
    assert db.session.scalars(sa.select(Notice.code).order_by(Notice.id.desc())).first() == "notice_import_undone"
    assert invariants.broken() == {}


def test_other_enterprises_rows_are_never_touched(clerk: Actor) -> None:
    with unit_of_work():
        other = actor_of(UserFactory(of_enterprise=True))
    write(other, upload(other, [row(1)]))
    run = write(clerk, upload(clerk, [row(1)]))
    undo(clerk, run)
    assert [each.enterprise_id for each in ledger_rows()] == [other.enterprise_id]
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Enterprise)) == 2
    rows = db.session.scalars(sa.select(ImportWritten).where(ImportWritten.undone_at.is_not(None))).all()
    assert [each.run_id for each in rows] == [run.id]
