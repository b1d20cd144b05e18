"""The catalogue by workbook: known by code, checked by the form's own services, stopped but not deleted, taken back."""

from __future__ import annotations

import io
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
from backoffice.messages.ledger import stored_sentence
from backoffice.models import AuditEvent, CatalogueItem, ImportRun, InstrumentKind, Notice, RuleRevision
from backoffice.services import (
    catalogue,
    invariants,
    ledger_import,
    ledger_import_apply,
    ledger_import_check,
    ledger_import_undo,
    stored_files,
)
from backoffice.states import ImportMode, ImportState, ImportSubject, ItemStatus, RowOutcome
from backoffice.unit_of_work import unit_of_work
from backoffice.workbooks.column_sets import CATALOGUE
from tests import factories
from tests.services import flow, record_samples
from tests.services.import_runs import write, write_by_two
from tests.services.record_samples import cell_of, codes_of, counts, undo, workbook
from tests.services.test_institutions import regulator_of

SUBJECT = ImportSubject.CATALOGUE
pytestmark = pytest.mark.usefixtures("kept_catalogue")


@pytest.fixture
def editor(app: Flask) -> Actor:
    with unit_of_work():
        return regulator_of("370300", may_edit_reference=True)


def upload(actor: Actor, *rows: dict[str, Any], codes: tuple[str, ...] | None = None) -> ImportRun:
    return record_samples.upload(actor, SUBJECT, workbook(CATALOGUE, rows, codes))


def kind(code: str) -> InstrumentKind | None:
    return db.session.get(InstrumentKind, code, populate_existing=True)


def new_kind(code: str = "1485", **changes: Any) -> dict[str, Any]:
    return {"code": code, "name": f"试验种别{code}", "item_code": "14", "supervision": "强制检定", **changes}


def test_the_catalogue_goes_round_and_changes_nothing(editor: Actor) -> None:
    content = record_samples.downloaded(editor, SUBJECT)
    run = record_samples.upload(editor, SUBJECT, content)
    total = db.session.query(CatalogueItem).count() + db.session.query(InstrumentKind).count()
    assert codes_of(run) == {}
    assert [(row.found, row.before) for row in record_samples.rows_of(run) if row.before] == []
    assert (run.state, counts(run)) == (ImportState.READY, (0, 0, total, 0))
    revision = db.session.scalar(sa.select(RuleRevision.revision))
    write(editor, run)
    assert (run.state, run.applied) == (ImportState.DONE, 0)
    assert db.session.scalar(sa.select(RuleRevision.revision)) == revision


def test_old_and_new_are_shown_written_and_taken_back(editor: Actor) -> None:
    def change(sheet: Any) -> None:
        cell_of(sheet, CATALOGUE, "1401", "aliases").value = "压力表、氧压表"
        cell_of(sheet, CATALOGUE, "1401", "default_period_months").value = 18
        cell_of(sheet, CATALOGUE, "14", "external_code").value = "P14"

    before = kind("1401")
    assert before is not None
    earlier, months = list(before.aliases), before.default_period_months
    run = record_samples.upload(editor, SUBJECT, record_samples.downloaded(editor, SUBJECT, change))
    assert counts(run)[:2] == (0, 2) and run.errors == 0
    changed = {row.record_key: row.before for row in record_samples.rows_of(run) if row.before}
    assert changed == {
        "1401": {"aliases": earlier, "default_period_months": months or ""},
        "14": {"external_code": ""},
    }
    assert kind("1401").aliases == earlier  # type: ignore[union-attr]  # Nothing is written before it is decided.
    write(editor, run)
    written = kind("1401")
    assert written is not None and (written.aliases, written.default_period_months) == (["压力表", "氧压表"], 18)
    undo(editor, run)
    restored = kind("1401")
    assert restored is not None and (restored.aliases, restored.default_period_months) == (earlier, months)
    assert (run.state, run.undone) == (ImportState.UNDONE, 2)
    assert db.session.get_one(CatalogueItem, "14", populate_existing=True).external_code is None


def test_a_new_item_comes_with_its_kinds_and_goes_with_them(editor: Actor) -> None:
    run = upload(
        editor, {"code": "98", "name": "新项别"}, new_kind("9801", item_code="98"), new_kind(item_code="压力仪表")
    )
    assert (counts(run), codes_of(run)) == ((3, 0, 0, 0), {})
    write(editor, run)
    made = kind("9801")
    assert made is not None and (made.item_code, made.supervision, made.confidence) == ("98", "强制检定", "unconfirmed")
    assert kind("1485").item_code == "14"  # type: ignore[union-attr]
    undo(editor, run)
    assert (run.undone, kind("9801"), db.session.get(CatalogueItem, "98")) == (3, None, None)


def test_an_item_below_its_kind_does_not_help_it(editor: Actor) -> None:
    run = upload(editor, new_kind("9801", item_code="98"), {"code": "98", "name": "新项别"})
    assert codes_of(run) == {2: [("item_code", "rule.not_a_choice")]}


def test_every_rule_of_the_form_is_said_at_its_cell(editor: Actor) -> None:
    run = upload(
        editor,
        new_kind("1486", name="一般压力表", default_period_months=999),
        new_kind("1487", supervision="强检", purposes="安全防护、娱乐"),
        new_kind("149", name="三位"),
        {"code": "0101", "name": "体温计（玻璃）", "item_code": "14"},
        {"code": "97", "name": "项别", "aliases": "甲"},
        new_kind("1488", default_period_months="半年"),
        {"code": 101, "name": "体温计（玻璃）"},
    )
    name_taken = (
        [("name", "rule.already_exists")]
        if db.session.scalar(sa.select(InstrumentKind.code).where(InstrumentKind.name == "一般压力表"))
        else []
    )
    assert codes_of(run) == {
        2: [("default_period_months", "rule.period_out_of_bounds"), *name_taken],
        3: [("supervision", "not_in_list"), ("purposes", "not_in_list")],
        4: [("code", "import_code_malformed")],
        5: [("item_code", "import_item_fixed")],
        6: [("aliases", "import_not_of_items")],
        7: [("default_period_months", "not_a_whole_number")],
        8: [("code", "leading_zero_lost")],
    }
    said = [stored_sentence(problem) for row in record_samples.rows_of(run) for problem in row.problems]
    assert said[0] == "检定周期请填 1 到 240 个月，不确定就留空。" and "是否为“0101”" in said[-1]
    with unit_of_work(), pytest.raises(Conflict):
        ledger_import.commit(editor, run.id, ImportMode.ALL)


def test_the_same_code_or_name_twice_names_both_rows(editor: Actor) -> None:
    run = upload(editor, new_kind(), new_kind(name="另一个"), new_kind("1486", name="试验种别1485"))
    assert codes_of(run) == {3: [("code", "record_twice")], 4: [("name", "name_twice")]}
    assert "第 2 行" in stored_sentence(record_samples.rows_of(run)[1].problems[0])


def test_a_kind_is_stopped_with_a_reason_and_never_deleted(editor: Actor) -> None:
    bare = {"code": "1401", "name": kind("1401").name, "status": "停用"}  # type: ignore[union-attr]
    codes = ("code", "name", "status", "reason")
    run = upload(editor, bare, codes=codes)
    assert codes_of(run) == {2: [("reason", "rule.reason_needed")]}
    run = write(editor, upload(editor, {**bare, "reason": "公告删除"}, codes=codes))
    assert kind("1401").is_retired and run.applied == 1  # type: ignore[union-attr]
    event = db.session.scalars(
        sa.select(AuditEvent).where(AuditEvent.subject_id == "1401").order_by(AuditEvent.id)
    ).all()
    assert event[-1].after == {"is_retired": True, "reason": "公告删除"}
    undo(editor, run)
    assert not kind("1401").is_retired  # type: ignore[union-attr]


def test_a_column_the_file_does_not_have_stays(editor: Actor) -> None:
    before = kind("1401")
    assert before is not None
    aliases = list(before.aliases)
    run = upload(editor, {"code": "1401", "name": "改了名的压力表"}, codes=("code", "name"))
    write(editor, run)
    after = kind("1401")
    assert after is not None and (after.name, after.aliases) == ("改了名的压力表", aliases)


def test_only_who_may_edit_reference_data_imports_the_catalogue(editor: Actor) -> None:
    content = workbook(CATALOGUE, [new_kind()])
    run = record_samples.upload(editor, SUBJECT, content)
    for stranger in (regulator_of("370300"), factories.actor_of(factories.UserFactory(of_enterprise=True))):
        with pytest.raises(Forbidden):
            record_samples.upload(stranger, SUBJECT, content)
        for decide in (
            lambda who: ledger_import.commit(who, run.id, ImportMode.ALL),
            lambda who: ledger_import.cancel(who, run.id),
        ):
            with unit_of_work(), pytest.raises(NotFound):
                decide(stranger)
    colleague = regulator_of("370302", may_edit_reference=True)
    assert write(colleague, run).applied == 1


def test_a_regulator_commits_no_ledger_and_a_marked_file_of_another_subject_opens_a_new_run(editor: Actor) -> None:
    from tests.services.ledger_samples import row
    from tests.services.test_ledger_import import upload as upload_ledger

    with unit_of_work():
        clerk = factories.actor_of(factories.UserFactory(of_enterprise=True))
    run = upload_ledger(clerk, [row(1)])
    with unit_of_work(), pytest.raises(Forbidden):
        ledger_import.commit(editor, run.id, ImportMode.ALL)


def test_who_lost_the_right_meanwhile_writes_nothing(editor: Actor) -> None:
    run = upload(editor, new_kind())
    with unit_of_work():
        ledger_import.commit(editor, run.id, ImportMode.ALL)
        run.uploaded_by.may_edit_reference = False
    imports.apply_imports()
    db.session.refresh(run)
    assert (run.state, run.applied, run.errors, kind("1485")) == (ImportState.DONE, 0, 1, None)
    assert codes_of(run) == {2: [("name", "import_not_allowed")]}


def test_what_somebody_changed_since_the_check_is_not_overwritten(editor: Actor) -> None:
    def change(sheet: Any) -> None:
        for code in ("1401", "1801"):
            cell_of(sheet, CATALOGUE, code, "external_code").value = "X1"

    run = record_samples.upload(editor, SUBJECT, record_samples.downloaded(editor, SUBJECT, change))
    others: dict[str, dict[str, Any]] = {"1401": {"aliases": ["氧压表"]}, "1801": {"external_code": "Y2"}}
    with unit_of_work():
        for code, changed in others.items():
            catalogue.change_kind(editor, code, **{**typed_of(code), **changed})
    write(editor, run)
    first, second = kind("1401"), kind("1801")
    assert first is not None and (first.external_code, first.aliases) == ("X1", ["氧压表"])
    assert second is not None and second.external_code == "Y2"
    assert (run.applied, run.errors) == (1, 1)
    assert list(codes_of(run).values()) == [[("name", "import_record_changed")]]
    undo(editor, run)
    first = kind("1401")
    assert first is not None and (first.external_code, first.aliases) == (None, ["氧压表"])


def typed_of(code: str) -> dict[str, Any]:
    row = kind(code)
    assert row is not None
    names = ("name", "aliases", "supervision", "verification_scheme", "purposes", "scope_note")
    return {name: getattr(row, name) for name in (*names, "default_period_months", "external_code")}


def test_its_workbooks_are_nobody_s_to_claim_and_are_kept(editor: Actor) -> None:
    run = upload(editor, new_kind("149", name="三位"))
    imports.annotate_imports()
    db.session.refresh(run)
    assert run.annotated_file_id is not None
    assert stored_files.unclaimed(run.file_id) is None and stored_files.unclaimed(run.annotated_file_id) is None
    with clock.at(clock.now() + timedelta(days=30)), unit_of_work():
        assert stored_files.drop_unclaimed() == 0


def test_what_was_changed_or_used_since_stays_and_says_why(editor: Actor) -> None:
    run = write(
        editor,
        upload(
            editor, new_kind(), new_kind("1486"), {"code": "98", "name": "新项别"}, new_kind("9801", item_code="98")
        ),
    )
    with unit_of_work():
        factories.CapabilityFactory(kind_code="1485")
        catalogue.change_kind(editor, "1486", name="之后改过")
        catalogue.add_kind(editor, code="9802", item_code="98", name="之后加的")
    from backoffice.services import import_subjects

    expected = {2: "in_use", 3: "altered", 4: "in_use"}
    would = import_subjects.of(run).would_stay(run, after=0, limit=10)
    assert {each.number: each.code.value for each in would} == expected
    found = import_subjects.of(run).prospect(run)
    assert (found.removed, found.restored, found.stays) == (1, 0, 3)
    undo(editor, run)
    kept = ledger_import_undo.kept_rows(run, after=0, limit=10)
    assert {each.number: each.code.value for each in kept} == expected
    assert (kept[0].name, kept[0].serial_number) == ("试验种别1485", "1485")
    assert (run.undone, kind("9801")) == (1, None)
    assert invariants.broken() == {}


def test_each_row_is_written_once_by_two_workers_in_turn_and_after_a_kill(
    editor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_import_apply, "BATCH", 2)
    run = upload(editor, *[new_kind(f"14{number}") for number in range(60, 67)])
    with unit_of_work():
        ledger_import.commit(editor, run.id, ImportMode.ALL)
    with pytest.raises(RuntimeError), unit_of_work():
        claimed = ledger_import_apply.claim()
        assert claimed is not None and ledger_import_apply.apply_batch(claimed) == 2
        raise RuntimeError("killed before the commit")
    assert kind("1460") is None
    with unit_of_work():
        claimed = ledger_import_apply.claim()
        assert claimed is not None and ledger_import_apply.apply_batch(claimed) == 2
    imports.apply_imports()
    db.session.refresh(run)
    assert (run.state, run.applied) == (ImportState.DONE, 7)
    created = db.session.scalars(sa.select(AuditEvent.subject_id).where(AuditEvent.action == "reference.created")).all()
    assert sorted(created) == [f"14{number}" for number in range(60, 67)]
    assert invariants.broken() == {}


def test_a_check_that_was_killed_goes_on_with_what_it_knew(editor: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_import_check, "BATCH", 1)
    monkeypatch.setattr(ledger_import_check, "LEASE_SECONDS", 0)
    rows = [{"code": "98", "name": "新项别"}, new_kind("9801", item_code="98", name="甲"), new_kind("9802", name="甲")]
    with unit_of_work():
        content = io.BytesIO(workbook(CATALOGUE, [*rows, {"code": "98", "name": "又一个"}]))
        run = ledger_import.receive(editor, "目录.xlsx", content, SUBJECT)
    for _killed in range(2):
        with unit_of_work():
            work = ledger_import_check.claim()
        assert work is not None
        with ledger_import_check.FileCheck(work) as check:
            batch = check.read()
            with unit_of_work():
                assert check.store(batch)
    imports.check_imports()
    db.session.refresh(run)
    assert (run.state, counts(run)) == (ImportState.READY, (2, 0, 0, 2))
    assert codes_of(run) == {4: [("name", "name_twice")], 5: [("code", "record_twice")]}


def test_two_workers_write_a_run_once(app: Flask, editor: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_import_apply, "BATCH", 3)
    run = upload(editor, *[new_kind(f"14{number}") for number in range(60, 90)])
    assert write_by_two(app, editor, run) <= 30
    created = db.session.scalars(sa.select(AuditEvent.subject_id).where(AuditEvent.action == "reference.created")).all()
    assert (run.state, run.applied, len(created), len(set(created))) == (ImportState.DONE, 30, 30, 30)


def test_the_uploader_s_office_is_told_and_waiting_items_are_matched_anew(editor: Actor) -> None:
    world = flow.world()
    booked = flow.matched(world, flow.instruments(world, kind_code="1401"))
    assert booked.items[0].status is ItemStatus.AWAITING_ACCEPTANCE
    revision = db.session.scalar(sa.select(RuleRevision.revision)) or 0
    write(editor, upload(editor, new_kind()))
    assert (db.session.scalar(sa.select(RuleRevision.revision)) or 0) > revision
    told = db.session.scalars(sa.select(Notice).where(Notice.code == "notice_import_finished")).one()
    assert (told.division_code, told.enterprise_id) == ("370300", None)


def test_the_same_content_is_known_again(editor: Actor) -> None:
    content = workbook(CATALOGUE, [new_kind()])
    first = write(editor, record_samples.upload(editor, SUBJECT, content))
    again = record_samples.upload(editor, SUBJECT, content)
    assert ledger_import.same_content_before(again) == first
    assert record_samples.outcomes(again) == [RowOutcome.SAME]
