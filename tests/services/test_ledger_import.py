"""Rules of the import: what is found in a file, what is written, and that each row is written exactly once."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from backoffice.actor import Actor
from backoffice.database import db
from backoffice.errors import Conflict, Forbidden, Invalid, NotFound
from backoffice.jobs import imports
from backoffice.models import AuditEvent, ImportRow, ImportRun, ImportWritten, MeasuringInstrument, Notice
from backoffice.services import ledger, ledger_import, ledger_import_apply, ledger_import_check
from backoffice.states import ImportMode, ImportState, ImportWrites, ItemStatus, RowOutcome
from backoffice.unit_of_work import unit_of_work
from tests.factories import UserFactory, actor_of
from tests.services.import_runs import write, write_by_two
from tests.services.ledger_samples import ALL_CODES, row, workbook
from tests.services.test_ledger import book

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def clerk(app: Flask) -> Actor:
    with unit_of_work():
        return actor_of(UserFactory(of_enterprise=True))


def upload(actor: Actor, rows: Iterable[Mapping[str, Any]], *, codes: tuple[str, ...] = ALL_CODES) -> ImportRun:
    """Upload a workbook of these rows and check it as the job would."""
    with unit_of_work():
        run = ledger_import.receive(actor, "台账.xlsx", io.BytesIO(workbook(rows, codes=codes)))
    imports.check_imports()
    db.session.refresh(run)
    return run


def counts(run: ImportRun) -> tuple[int, int, int, int, int]:
    return run.rows, run.new, run.updated, run.same, run.errors


def codes_by_row(run: ImportRun) -> dict[int | None, list[str]]:
    found: dict[int | None, list[str]] = {}
    for problem in ledger_import.as_json(run)["problems"]:
        found.setdefault(problem["row"], []).append(problem["code"])
    return found


def ledger_rows() -> list[MeasuringInstrument]:
    db.session.expire_all()
    return list(db.session.scalars(sa.select(MeasuringInstrument).order_by(MeasuringInstrument.id)))


def test_a_good_file_is_checked_and_written_whole(clerk: Actor) -> None:
    run = upload(clerk, [row(number) for number in range(3)])
    assert (run.state, counts(run)) == (ImportState.READY, (3, 3, 0, 0, 0))
    assert ledger_rows() == []
    write(clerk, run)
    assert (run.state, run.applied) == (ImportState.DONE, 3)
    first = ledger_rows()[0]
    assert (first.serial_number, first.origin, first.purpose.value, str(first.range_high)) == (
        "S00000",
        "domestic",
        "safety",
        "1.6",
    )
    assert first.import_run_id == run.id


def test_every_bad_cell_is_named_by_row_and_column(clerk: Actor) -> None:
    run = upload(
        clerk, [row(1), row(2, quantity=12), row(3, division_code="370300", kind_code="1-2"), row(4, name=None)]
    )
    assert counts(run) == (4, 1, 0, 0, 3)
    answer = ledger_import.as_json(run)
    assert {key: answer[key] for key in ("state", "rows", "new", "errors", "applied")} == {
        "state": "ready",
        "rows": 4,
        "new": 1,
        "errors": 3,
        "applied": 0,
    }
    assert [(p["row"], p["column"], p["header"], p["found"], p["code"]) for p in answer["problems"]] == [
        (3, "N", "器具数量", "12", "quantity_not_one"),
        (4, "C", "种别代码", "1-2", "kind_unknown"),
        (4, "L", "行政区划代码", "370300", "division_has_children"),
        (5, "B", "器具名称", "", "required"),
    ]
    assert answer["problems"][0]["message"].startswith("第 3 行 N 列 器具数量：")
    assert set(answer["problems"][0]) == {"row", "column", "header", "found", "code", "message"}


def test_all_or_nothing_is_refused_while_a_row_is_wrong_and_good_rows_go_alone(clerk: Actor) -> None:
    run = upload(clerk, [row(1), row(2, quantity=2)])
    with unit_of_work(), pytest.raises(Conflict) as refused:
        ledger_import.commit(clerk, run.id, ImportMode.ALL)
    assert refused.value.facts == {"errors": 1}
    write(clerk, run, ImportMode.GOOD)
    assert (run.state, run.applied, len(ledger_rows())) == (ImportState.DONE, 1, 1)


def test_a_file_in_which_everything_is_wrong_is_still_shown(clerk: Actor) -> None:
    run = upload(clerk, [row(1, quantity=2), row(2, quantity=3)])
    assert (run.state, counts(run)) == (ImportState.READY, (2, 0, 0, 0, 2))


def test_the_same_file_again_changes_nothing_and_says_so(clerk: Actor) -> None:
    rows = [row(number) for number in range(3)]
    first = write(clerk, upload(clerk, rows))
    again = upload(clerk, rows)
    assert counts(again) == (3, 0, 0, 3, 0)
    versions = [each.version for each in ledger_rows()]
    write(clerk, again)
    assert (again.state, again.applied) == (ImportState.DONE, 0)
    assert [each.version for each in ledger_rows()] == versions
    assert first.file.sha256 != again.file.sha256 or ledger_import.same_content_before(again) == first


def test_identical_content_is_recognised_only_within_the_enterprise(clerk: Actor) -> None:
    content = workbook([row(1)])
    with unit_of_work():
        first = ledger_import.receive(clerk, "a.xlsx", io.BytesIO(content))
    imports.check_imports()
    write(clerk, first)
    with unit_of_work():
        other = actor_of(UserFactory(of_enterprise=True))
        second = ledger_import.receive(clerk, "b.xlsx", io.BytesIO(content))
        foreign = ledger_import.receive(other, "b.xlsx", io.BytesIO(content))
    assert ledger_import.same_content_before(second) == first
    assert ledger_import.same_content_before(foreign) is None


def test_a_row_is_known_by_its_key_and_shows_old_and_new(clerk: Actor) -> None:
    write(clerk, upload(clerk, [row(1), row(2)]))
    run = upload(clerk, [row(1, department="一车间", measuring_range="(0～2.5) MPa"), row(2)])
    assert counts(run) == (2, 0, 1, 1, 0)
    preview = db.session.get(ImportRow, (run.id, 2))
    assert preview is not None and preview.before == {"department": "设备科", "measuring_range": "(0～1.6) MPa"}
    write(clerk, run)
    changed = ledger_rows()[0]
    assert (changed.department, str(changed.range_high), changed.version) == ("一车间", "2.5", 2)


def test_a_row_named_by_its_ledger_number_is_corrected_instead_of_doubled(clerk: Actor) -> None:
    write(clerk, upload(clerk, [row(1)]))
    number = ledger_rows()[0].ledger_number
    run = write(clerk, upload(clerk, [row(1, ledger_number=number, manufacturer="上海自动化仪表四厂")]))
    assert (run.updated, run.applied) == (1, 1)
    assert [each.manufacturer for each in ledger_rows()] == ["上海自动化仪表四厂"]


def test_a_foreign_or_unknown_ledger_number_is_an_error(clerk: Actor) -> None:
    with unit_of_work():
        other = actor_of(UserFactory(of_enterprise=True))
    write(other, upload(other, [row(1)]))
    foreign = ledger_rows()[0].ledger_number
    run = upload(clerk, [row(1, ledger_number=foreign), row(2, ledger_number="999999"), row(3, ledger_number="甲")])
    assert codes_by_row(run) == {number: ["ledger_number_unknown"] for number in (2, 3, 4)}
    assert "台账编号" in ledger_import.as_json(run)["problems"][0]["message"]


def test_a_column_the_file_does_not_have_changes_nothing(clerk: Actor) -> None:
    write(clerk, upload(clerk, [row(1, measuring_range="(0～1.6) MPa")]))
    few = tuple(code for code in ALL_CODES if code not in ("department", "measuring_range", "management_number"))
    assert counts(upload(clerk, [row(1)], codes=few)) == (1, 0, 0, 1, 0)


def test_the_same_instrument_twice_in_a_file_names_both_rows(clerk: Actor) -> None:
    run = upload(clerk, [row(1), row(2), row(1, department="另一科")])
    assert counts(run) == (3, 2, 0, 0, 1)
    (problem,) = ledger_import.as_json(run)["problems"]
    assert (problem["row"], problem["code"]) == (4, "duplicate_in_file")
    assert "第 2 行" in problem["message"] and "第 4 行" in problem["message"]


def test_a_new_key_that_another_row_of_the_ledger_has_is_an_error(clerk: Actor) -> None:
    write(clerk, upload(clerk, [row(1), row(2)]))
    second = ledger_rows()[1].ledger_number
    run = upload(clerk, [row(1, ledger_number=second)])
    assert codes_by_row(run) == {2: ["ledger_duplicate"]}


def test_a_locked_row_says_so_with_the_slips_number(clerk: Actor) -> None:
    write(clerk, upload(clerk, [row(1)]))
    instrument = ledger_rows()[0]
    with unit_of_work():
        book(instrument, ItemStatus.ACCEPTED)
    run = upload(clerk, [row(1, division_code="370302")])
    (problem,) = ledger_import.as_json(run)["problems"]
    assert (problem["code"], problem["header"]) == ("ledger_locked", "行政区划代码")
    assert f"YD-{instrument.id}" in problem["message"]
    assert codes_by_row(upload(clerk, [row(1, place_of_use="三号仓库")])) == {2: ["ledger_locked"]}
    assert counts(upload(clerk, [row(1, department="新科室")])) == (1, 0, 1, 0, 0)


def test_a_row_locked_after_the_check_is_left_out_and_said(clerk: Actor) -> None:
    write(clerk, upload(clerk, [row(1), row(2)]))
    run = upload(clerk, [row(1, place_of_use="三号仓库"), row(2, division_code="370302")])
    with unit_of_work():
        book(ledger_rows()[0], ItemStatus.AWAITING_ACCEPTANCE)
    write(clerk, run)
    assert (run.state, run.applied, counts(run)) == (ImportState.DONE, 1, (2, 0, 1, 0, 1))
    assert codes_by_row(run) == {2: ["ledger_locked"]}
    assert [each.division_code for each in ledger_rows()] == ["370303", "370302"]


def test_an_instrument_entered_by_hand_after_the_check_is_not_doubled(clerk: Actor) -> None:
    run = upload(clerk, [row(1), row(2)])
    assert clerk.enterprise_id is not None
    with unit_of_work():
        ledger.create(clerk, clerk.enterprise_id, {**row(1), "quantity": "1"})
    write(clerk, run)
    assert (run.applied, counts(run)) == (1, (2, 1, 0, 0, 1))
    assert codes_by_row(run) == {2: ["ledger_appeared"]}
    assert len(ledger_rows()) == 2


def test_updating_what_is_unmatched_sends_it_to_be_matched_again(clerk: Actor) -> None:
    write(clerk, upload(clerk, [row(1)]))
    with unit_of_work():
        item = book(ledger_rows()[0], ItemStatus.UNMATCHED)
    write(clerk, upload(clerk, [row(1, division_code="370302")]))
    db.session.refresh(item)
    assert item.status is ItemStatus.MATCHING


def test_a_killed_check_goes_on_where_it_stopped(clerk: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_import_check, "BATCH", 4)
    monkeypatch.setattr(ledger_import_check, "LEASE_SECONDS", 0)
    rows = [row(number % 9) for number in range(11)]
    with unit_of_work():
        run = ledger_import.receive(clerk, "台账.xlsx", io.BytesIO(workbook(rows)))
        work = ledger_import_check.claim()
    assert work is not None
    with ledger_import_check.FileCheck(work) as check:
        batch = check.read()
        with unit_of_work():
            assert check.store(batch)
    db.session.refresh(run)
    assert (run.state, run.rows) == (ImportState.CHECKING, 4)
    imports.check_imports()
    db.session.refresh(run)
    assert (run.state, counts(run)) == (ImportState.READY, (11, 9, 0, 0, 2))
    assert codes_by_row(run) == {11: ["duplicate_in_file"], 12: ["duplicate_in_file"]}


def test_a_reader_overtaken_by_another_stores_nothing_twice(clerk: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_import_check, "BATCH", 2)
    monkeypatch.setattr(ledger_import_check, "LEASE_SECONDS", 0)
    with unit_of_work():
        run = ledger_import.receive(clerk, "台账.xlsx", io.BytesIO(workbook(row(n) for n in range(5))))
        slow = ledger_import_check.claim()
    assert slow is not None
    with ledger_import_check.FileCheck(slow) as check:
        batch = check.read()
        imports.check_imports()
        with unit_of_work():
            assert check.store(batch) is False
    db.session.refresh(run)
    assert counts(run) == (5, 5, 0, 0, 0)


def test_a_run_somebody_is_reading_is_not_taken_by_another(clerk: Actor) -> None:
    with unit_of_work():
        ledger_import.receive(clerk, "台账.xlsx", io.BytesIO(workbook([row(1)])))
    with unit_of_work():
        assert ledger_import_check.claim() is not None
    with unit_of_work():
        assert ledger_import_check.claim() is None


def test_a_batch_that_is_rolled_back_is_written_once_all_the_same(
    clerk: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_import_apply, "BATCH", 2)
    run = upload(clerk, [row(number) for number in range(5)])
    with unit_of_work():
        ledger_import.commit(clerk, run.id, ImportMode.ALL)
    with unit_of_work():
        claimed = ledger_import_apply.claim()
        assert claimed is not None and ledger_import_apply.apply_batch(claimed) == 2
    with pytest.raises(RuntimeError), unit_of_work():
        claimed = ledger_import_apply.claim()
        assert claimed is not None and ledger_import_apply.apply_batch(claimed) == 2
        raise RuntimeError("killed")
    imports.apply_imports()
    db.session.refresh(run)
    assert (run.state, run.applied, len(ledger_rows())) == (ImportState.DONE, 5, 5)
    applied = db.session.scalars(sa.select(ImportWritten.instrument_id).where(ImportWritten.run_id == run.id)).all()
    assert sorted(applied) == [each.id for each in ledger_rows()]


@pytest.mark.parametrize(
    ("writes", "numbers"),
    [(ImportWrites.CREATE, [3, 5, 7]), (ImportWrites.UPDATE, [2, 4, 6]), (ImportWrites.BOTH, [2, 3, 4, 5, 6, 7])],
)
def test_rows_of_the_chosen_kinds_are_written_and_no_others(
    clerk: Actor, monkeypatch: pytest.MonkeyPatch, writes: ImportWrites, numbers: list[int]
) -> None:
    write(clerk, upload(clerk, [row(number) for number in (0, 2, 4)]))
    monkeypatch.setattr(ledger_import_apply, "BATCH", 2)
    run = upload(clerk, [row(number, department="新部门") for number in range(6)])
    with unit_of_work():
        ledger_import.commit(clerk, run.id, ImportMode.ALL, writes)
    imports.apply_imports()
    db.session.refresh(run)
    written = sa.select(ImportWritten.number).where(ImportWritten.run_id == run.id).order_by(ImportWritten.number)
    assert (run.state, run.applied, list(db.session.scalars(written))) == (ImportState.DONE, len(numbers), numbers)


def test_a_batch_left_out_as_a_whole_does_not_hold_up_the_next(clerk: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_import_apply, "BATCH", 2)
    late = upload(clerk, [row(number) for number in range(5)])
    write(clerk, upload(clerk, [row(0), row(1)]))
    write(clerk, late)
    assert (late.state, late.applied, late.new, late.errors) == (ImportState.DONE, 3, 3, 2)


def test_two_workers_write_a_run_once(app: Flask, clerk: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_import_apply, "BATCH", 5)
    run = upload(clerk, [row(number) for number in range(40)])
    assert write_by_two(app, clerk, run) <= 40
    assert (run.state, run.applied, len(ledger_rows())) == (ImportState.DONE, 40, 40)


def test_writing_leaves_an_audit_row_for_the_run_and_for_each_instrument(clerk: Actor) -> None:
    run = write(clerk, upload(clerk, [row(1), row(2)]))
    write(clerk, upload(clerk, [row(1, department="一车间")]))
    found = db.session.execute(sa.select(AuditEvent.action, sa.func.count()).group_by(AuditEvent.action))
    assert dict(found.tuples().all()) == {
        "import.uploaded": 2,
        "import.committed": 2,
        "import.finished": 2,
        "instrument.created": 2,
        "instrument.changed": 1,
    }
    event = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "instrument.created")).first()
    assert event is not None and event.after == {"import_run": run.id, "row": 2}
    assert (event.actor_id, event.subject_label) == (clerk.user_id, "压力表 S00001")


def test_the_enterprise_is_told_of_errors_found_and_of_the_end(clerk: Actor) -> None:
    run = upload(clerk, [row(1), row(2, quantity=2)])
    write(clerk, run, ImportMode.GOOD)
    told = db.session.scalars(sa.select(Notice.code).order_by(Notice.id)).all()
    assert told == ["notice_import_checked", "notice_import_finished"]


@pytest.mark.parametrize(
    "content", [b"", b"%PDF-1.7 hello", b"PK\x03\x04 broken zip", b"\xd0\xcf\x11\xe0" + bytes(600)]
)
def test_a_file_that_cannot_be_read_is_refused_at_once_without_a_run(clerk: Actor, content: bytes) -> None:
    with unit_of_work(), pytest.raises(Invalid) as refused:
        ledger_import.receive(clerk, "台账.xlsx", io.BytesIO(content))
    assert refused.value.problems["file"].code.startswith("file.")
    assert db.session.scalar(sa.select(sa.func.count()).select_from(ImportRun)) == 0


@pytest.mark.parametrize(
    ("rows", "codes", "code"),
    [
        ([], ALL_CODES, "no_rows"),
        ([row(1)], tuple(code for code in ALL_CODES if code != "manufacturer"), "column_missing"),
        ([row(1)], (*ALL_CODES, "manufacturer"), "column_twice"),
    ],
)
def test_a_table_without_rows_or_columns_refuses_the_run_with_the_reason(
    clerk: Actor, rows: list[dict[str, Any]], codes: tuple[str, ...], code: str
) -> None:
    run = upload(clerk, rows, codes=codes)
    assert (run.state, counts(run)) == (ImportState.REFUSED, (0, 0, 0, 0, 0))
    (problem,) = ledger_import.as_json(run)["problems"]
    assert (problem["row"], problem["column"], problem["code"]) == (None, None, code)
    with unit_of_work(), pytest.raises(Conflict):
        ledger_import.commit(clerk, run.id, ImportMode.GOOD)


def test_a_cancelled_run_stops_and_cannot_be_written(clerk: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
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
    assert imports.apply_imports() == {}
    db.session.refresh(run)
    assert (run.state, run.applied, len(ledger_rows())) == (ImportState.CANCELLED, 2, 2)
    with unit_of_work(), pytest.raises(Conflict):
        ledger_import.cancel(clerk, run.id)


def test_only_the_enterprise_itself_uploads_commits_and_cancels(clerk: Actor) -> None:
    run = upload(clerk, [row(1)])
    with unit_of_work():
        other, regulator = actor_of(UserFactory(of_enterprise=True)), actor_of(UserFactory(regulator=True))
    with unit_of_work(), pytest.raises(NotFound):
        ledger_import.commit(other, run.id, ImportMode.ALL)
    with unit_of_work(), pytest.raises(NotFound):
        ledger_import.cancel(other, run.id)
    with unit_of_work(), pytest.raises(Forbidden):
        ledger_import.receive(regulator, "台账.xlsx", io.BytesIO(workbook([row(1)])))


def test_the_command_imports_a_file_to_its_end_and_goes_on_with_its_own_run(clerk: Actor, tmp_path: Path) -> None:
    path = tmp_path / "台账.xlsx"
    path.write_bytes(workbook([row(1), row(2, quantity=2)]))
    refused = imports.import_file(clerk, path, ImportMode.ALL)
    assert (refused["state"], refused["applied"], refused["errors"]) == ("ready", 0, 1)
    answer = imports.import_file(clerk, path, ImportMode.GOOD)
    assert (answer["state"], answer["applied"], answer["errors"]) == ("done", 1, 1)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(ImportRun)) == 1
    again = imports.import_file(clerk, path, ImportMode.GOOD)
    assert (again["state"], again["applied"], again["same"]) == ("done", 0, 1)


def test_a_row_that_is_new_stays_so_only_while_its_outcome_says_so(clerk: Actor) -> None:
    run = upload(clerk, [row(1, purpose="贸易结算")])
    assert run.warnings == 1
    stored = db.session.get(ImportRow, (run.id, 2))
    assert stored is not None and stored.outcome is RowOutcome.NEW
