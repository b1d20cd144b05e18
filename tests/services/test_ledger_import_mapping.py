"""Lists with headers of their own: asked, read by the answer, remembered, and never written on a guess alone."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from openpyxl import load_workbook

from backoffice.actor import Actor
from backoffice.database import db
from backoffice.errors import Conflict, Forbidden, Invalid, NotFound
from backoffice.jobs import imports
from backoffice.models import AuditEvent, Enterprise, ImportRow, ImportRun, MeasuringInstrument
from backoffice.services import (
    ledger_import,
    ledger_import_annotate,
    ledger_import_check,
    ledger_import_mapping,
    ledger_import_offer,
    ledger_import_undo,
)
from backoffice.services.ledger_import_mapping import BY_NAME, Picked
from backoffice.states import ImportMode, ImportState, RowOutcome
from backoffice.unit_of_work import unit_of_work
from tests.factories import UserFactory, actor_of
from tests.services.ledger_samples import ALL_CODES, OWN_HEADERS, line, own_list, row, workbook

pytestmark = pytest.mark.usefixtures("app")

COLUMNS = {"B": "name", "C": "model", "D": "serial_number", "E": "manufacturer", "F": "place_of_use"}
FILLS = {
    "kind_code": BY_NAME,
    "origin": "国产",
    "division_code": "370303",
    "quantity": "1",
    "purpose": "安全防护",
    "delivery_mode": "送检",
}
PICKED = Picked(2, COLUMNS, FILLS)


@pytest.fixture
def clerk(app: Flask) -> Actor:
    with unit_of_work():
        return actor_of(UserFactory(of_enterprise=True))


def upload(actor: Actor, content: bytes) -> ImportRun:
    with unit_of_work():
        run = ledger_import.receive(actor, "我的台账.xlsx", io.BytesIO(content))
    return checked(run)


def checked(run: ImportRun) -> ImportRun:
    while imports.check_imports():
        pass
    db.session.refresh(run)
    return run


def choose(actor: Actor, run: ImportRun, picked: Picked = PICKED) -> ImportRun:
    with unit_of_work():
        ledger_import_mapping.choose(actor, run.id, picked)
    return checked(run)


def write(actor: Actor, run: ImportRun) -> ImportRun:
    with unit_of_work():
        ledger_import.commit(actor, run.id, ImportMode.ALL)
    imports.apply_imports()
    db.session.refresh(run)
    return run


def problems_of(actor: Actor, run: ImportRun, picked: Picked) -> dict[str, str]:
    with unit_of_work(), pytest.raises(Invalid) as refused:
        ledger_import_mapping.choose(actor, run.id, picked)
    db.session.refresh(run)
    return {name: problem.code for name, problem in refused.value.problems.items()}


def ledger_rows() -> list[MeasuringInstrument]:
    db.session.expire_all()
    return list(db.session.scalars(sa.select(MeasuringInstrument).order_by(MeasuringInstrument.serial_number)))


def test_a_list_with_headers_of_its_own_waits_for_a_person(clerk: Actor) -> None:
    run = upload(clerk, own_list(line(1), line(2)))
    assert (run.state, run.rows) == (ImportState.MAPPING, 0)
    answer = ledger_import.as_json(run)
    (problem,) = answer["problems"]
    assert (answer["state"], problem["code"]) == ("mapping", "column_missing")
    assert problem["message"].startswith("缺少必需的列：器具名称、强检器具种别代码、")
    assert "型号规格" not in problem["message"]  # 规格型号 is a name of it.
    assert imports.check_imports() == {} and ledger_import_check.claim() is None
    assert db.session.scalar(sa.select(sa.func.count()).select_from(ImportRow)) == 0


def test_the_page_is_offered_columns_samples_and_guesses(clerk: Actor) -> None:
    run = upload(clerk, own_list(line(1), line(2)))
    offered = ledger_import_offer.offer(run)
    assert offered.header_row == 2
    assert {each.letter: each.code for each in offered.columns if each.code} == COLUMNS
    assert {each.letter for each in offered.columns if each.is_guess} == {"B", "D", "E", "F"}
    assert offered.columns[3].samples == ["S00001", "S00002"]
    absent = {each.column.code: (each.value, each.is_guess) for each in offered.absent}
    own = db.session.get(Enterprise, clerk.enterprise_id)
    assert own is not None
    assert absent == {
        "kind_code": (BY_NAME, True),
        "origin": ("", False),
        "division_code": (f"{own.division_code} {own.division.name}", True),
        "quantity": ("1", True),
        "purpose": ("", False),
        "delivery_mode": ("", False),
    }
    assert ledger_import_offer.offer(run, header_row=3).columns[1].header == "压力表"
    assert ledger_import_offer.offer(run, header_row=9).header_row == 2


def test_the_answer_is_stored_audited_and_read_with(clerk: Actor) -> None:
    run = choose(clerk, upload(clerk, own_list(line(1), line(2))))
    assert (run.state, run.rows, run.new, run.errors, run.header_row) == (ImportState.READY, 2, 2, 0, 2)
    event = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "import.mapped")).one()
    assert event.actor_id == clerk.user_id and event.after is not None
    assert event.after["mapping"].startswith("B 器具名称；C 型号规格；D 出厂编号；") and event.after["header_row"] == 2
    write(clerk, run)
    first, second = ledger_rows()
    assert (first.name, first.model, first.serial_number, first.manufacturer, first.place_of_use) == (
        "压力表",
        "Y-100",
        "S00001",
        "青岛华青仪表有限公司",
        "一车间",
    )
    assert (first.kind_code, first.division_code, first.origin, first.purpose.value, first.delivery_mode.value) == (
        "1401",
        "370303",
        "domestic",
        "safety",
        "send_in",
    )
    assert second.import_run_id == run.id


def test_what_is_wrong_stands_beside_its_field_and_nothing_is_read(clerk: Actor) -> None:
    run = upload(clerk, own_list(line(1)))
    twice = Picked(2, {**COLUMNS, "G": "serial_number"}, FILLS)
    assert problems_of(clerk, run, twice) == {"column_D": "mapping_column_twice", "column_G": "mapping_column_twice"}
    lacking = Picked(2, {"B": "name"}, {**FILLS, "purpose": " "})
    assert problems_of(clerk, run, lacking) == {
        "fill_model": "mapping_column_missing",
        "fill_serial_number": "mapping_column_needed",
        "fill_manufacturer": "mapping_column_missing",
        "fill_place_of_use": "mapping_column_missing",
        "fill_purpose": "mapping_column_missing",
    }
    numbers = {code: letter for letter, code in COLUMNS.items() if code != "serial_number"}
    same = Picked(2, {letter: code for code, letter in numbers.items()}, {**FILLS, "serial_number": "1"})
    assert problems_of(clerk, run, same) == {"fill_serial_number": "mapping_column_needed"}
    wrong = {**FILLS, "division_code": "370300", "purpose": "好玩", "quantity": "3", "kind_code": "9999"}
    assert set(problems_of(clerk, run, Picked(2, COLUMNS, wrong))) == {
        "fill_division_code",
        "fill_purpose",
        "fill_quantity",
        "fill_kind_code",
    }
    for code in ("no_such", "certificate_number"):
        unknown = Picked(2, {**COLUMNS, "G": code}, FILLS)
        assert problems_of(clerk, run, unknown) == {"column_G": "mapping_column_unknown"}
    assert problems_of(clerk, run, Picked(7, COLUMNS, FILLS)) == {"header_row": "mapping_row_unknown"}
    assert (run.state, run.mapping) == (ImportState.MAPPING, None)


def test_a_column_is_worth_more_than_a_value_for_all_rows(clerk: Actor) -> None:
    picked = Picked(2, {**COLUMNS, "ZZ": "purpose"}, {**FILLS, "model": "无"})
    run = choose(clerk, upload(clerk, own_list(line(1))), picked)
    assert run.mapping is not None
    assert (run.mapping["choice"]["fills"].keys() & {"model"}, "ZZ" in run.mapping["choice"]["columns"]) == (
        set(),
        False,
    )
    write(clerk, run)
    assert ledger_rows()[0].model == "Y-100"


def test_a_file_that_is_known_by_name_goes_straight_to_its_check(clerk: Actor) -> None:
    run = upload(clerk, workbook([row(1)]))
    assert (run.state, run.headers, run.mapping) == (ImportState.READY, None, None)
    with unit_of_work(), pytest.raises(Conflict):
        ledger_import_mapping.choose(clerk, run.id, PICKED)


def with_column(header: str, *values: Any) -> bytes:
    """The template with one more column."""
    book = load_workbook(io.BytesIO(workbook([row(1), row(2)])))
    for number, value in enumerate([header, *values], start=1):
        book.active.cell(number, len(ALL_CODES) + 1).value = value
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_a_column_that_nobody_needs_stops_nobody_but_may_still_be_named(clerk: Actor) -> None:
    run = upload(clerk, with_column("备注", "旧", "新"))
    assert (run.state, run.new, [each["code"] for each in run.problems]) == (ImportState.READY, 2, ["unknown_column"])
    assert ledger_import_mapping.may_be_mapped(run)
    shown = ledger_import_offer.offer(run)
    columns = {each.letter: each.code for each in shown.columns if each.code}
    assert shown.absent == [] and len(columns) == len(ALL_CODES) - 1  # All but what institutions write.
    last = shown.columns[-1]
    assert (last.header, last.code) == ("备注", "")


@pytest.mark.parametrize(
    ("codes", "code"), [(ALL_CODES[:9], "column_missing"), ((*ALL_CODES, "model"), "column_twice")]
)
def test_a_table_that_lacks_a_column_is_refused_as_ever_and_can_still_be_explained(
    clerk: Actor, codes: tuple[str, ...], code: str
) -> None:
    run = upload(clerk, workbook([row(1)], codes=codes))
    assert (run.state, [each["code"] for each in run.problems]) == (ImportState.REFUSED, [code])
    shown = ledger_import_offer.offer(run)
    columns = {each.letter: each.code for each in shown.columns if each.code}
    fills = {**FILLS, "kind_code": "1401", "place_of_use": "一车间", "model": "Y"}
    columns = {letter: each for letter, each in columns.items() if each != "model"} | {"D": "model"}
    run = choose(clerk, run, Picked(shown.header_row, columns, fills))
    assert (run.state, run.new, run.errors) == (ImportState.READY, 1, 0)


@pytest.mark.parametrize("content", [own_list(headers=("甲", "乙"), title=""), own_list(title="甲")])
def test_nothing_is_asked_about_a_file_that_is_no_table(clerk: Actor, content: bytes) -> None:
    run = upload(clerk, content)
    assert (run.state, run.headers) == (ImportState.REFUSED, None)
    assert not ledger_import_mapping.may_be_mapped(run)


def test_the_very_same_headers_are_read_in_the_same_way_the_next_time(clerk: Actor) -> None:
    first = write(clerk, choose(clerk, upload(clerk, own_list(line(1)))))
    again = upload(clerk, own_list(line(1), line(2), title="二〇二七年", sheet="新表"))
    assert (again.state, again.same, again.new) == (ImportState.READY, 1, 1)
    assert again.mapping is not None and again.mapping["remembered_from"] == first.id
    moved = upload(clerk, own_list(("说明",), OWN_HEADERS, line(4), headers=("填表人：王工",)))
    assert (moved.state, moved.new, moved.header_row) == (ImportState.READY, 1, 4)
    other = upload(clerk, own_list((*line(3), 1), headers=(*OWN_HEADERS, "数目")))
    assert other.state is ImportState.MAPPING


def test_what_is_remembered_is_ones_own_and_was_not_given_up(clerk: Actor) -> None:
    given_up = choose(clerk, upload(clerk, own_list(line(1))))
    with unit_of_work():
        ledger_import.cancel(clerk, given_up.id)
    assert upload(clerk, own_list(line(2))).state is ImportState.MAPPING
    choose(clerk, upload(clerk, own_list(line(3))))
    with unit_of_work():
        stranger = actor_of(UserFactory(of_enterprise=True))
    assert upload(stranger, own_list(line(4))).state is ImportState.MAPPING


def test_an_optional_column_that_was_named_once_is_read_the_next_time(clerk: Actor) -> None:
    run = upload(clerk, with_column("房号", "A1", "A2"))
    letter = next(each.letter for each in ledger_import_offer.offer(run).columns if each.header == "房号")
    columns = {each.letter: each.code for each in ledger_import_offer.offer(run).columns if each.code}
    columns = {at: code for at, code in columns.items() if code != "department"} | {letter: "department"}
    assert choose(clerk, run, Picked(1, columns)).problems == []
    again = upload(clerk, with_column("房号", "B1", "B2"))
    found = db.session.scalars(sa.select(ImportRow).where(ImportRow.run_id == again.id).order_by(ImportRow.number))
    assert [each.found["department"] for each in found] == ["B1", "B2"]


def test_a_remembered_answer_that_no_longer_holds_is_asked_anew(clerk: Actor) -> None:
    run = choose(clerk, upload(clerk, own_list(line(1))))
    with unit_of_work():
        assert run.mapping is not None
        choice = {**run.mapping["choice"], "fills": {**run.mapping["choice"]["fills"], "origin": "不再有的产地"}}
        run.mapping = {**run.mapping, "choice": choice}
    assert upload(clerk, own_list(line(2))).state is ImportState.MAPPING


def test_an_answer_can_be_changed_until_it_is_written(clerk: Actor) -> None:
    run = choose(clerk, upload(clerk, own_list(line(1))))
    imports.annotate_imports()
    changed = choose(clerk, run, Picked(2, COLUMNS, {**FILLS, "purpose": "贸易结算"}))
    assert (changed.state, changed.rows, changed.annotated_file_id) == (ImportState.READY, 1, None)
    event = db.session.scalars(
        sa.select(AuditEvent).where(AuditEvent.action == "import.mapped").order_by(AuditEvent.id)
    )
    assert "安全防护" in str([each.before for each in event])
    write(clerk, run)
    with unit_of_work(), pytest.raises(Conflict):
        ledger_import_mapping.choose(clerk, run.id, PICKED)


def test_the_marked_workbook_goes_back_into_its_run_and_is_read_by_the_same_answer(clerk: Actor) -> None:
    run = choose(clerk, upload(clerk, own_list(line(1), line(2, name="怪东西"))))
    assert (run.state, run.errors) == (ImportState.READY, 1)
    imports.annotate_imports()
    db.session.refresh(run)
    assert run.annotated_file is not None
    book = load_workbook(io.BytesIO(run.annotated_file.content))
    sheet = book["Sheet"]
    assert "检查结果" in [cell.value for cell in sheet[2]]
    assert sheet["B4"].comment is not None  # The kind was read from the name: it is marked there.
    sheet["B4"].value = "压力表"
    stream = io.BytesIO()
    book.save(stream)
    again = upload(clerk, stream.getvalue())
    assert (again.id, again.state, again.errors, again.new) == (run.id, ImportState.READY, 0, 2)
    assert again.mapping is not None


def test_a_mended_file_with_other_headers_is_asked_about_anew(clerk: Actor) -> None:
    run = choose(clerk, upload(clerk, own_list(line(1, name="怪东西"))))
    imports.annotate_imports()
    db.session.refresh(run)
    assert run.annotated_file is not None
    book = load_workbook(io.BytesIO(run.annotated_file.content))
    book["Sheet"]["F2"].value = "放在哪里"
    stream = io.BytesIO()
    book.save(stream)
    again = upload(clerk, stream.getvalue())
    assert (again.id, again.state, again.mapping) == (run.id, ImportState.MAPPING, None)


def test_a_mapped_run_is_undone_like_any_other(clerk: Actor) -> None:
    run = write(clerk, choose(clerk, upload(clerk, own_list(line(1), line(2)))))
    with unit_of_work():
        ledger_import_undo.request(clerk, run.id)
    imports.undo_imports()
    db.session.refresh(run)
    assert (run.state, run.undone, ledger_rows()) == (ImportState.UNDONE, 2, [])


def test_a_value_for_all_rows_leaves_what_the_ledger_knows(clerk: Actor) -> None:
    write(clerk, choose(clerk, upload(clerk, own_list(line(1)))))
    run = upload(clerk, own_list(line(1)))
    again = choose(clerk, run, Picked(2, COLUMNS, {**FILLS, "purpose": "贸易结算", "division_code": "370302"}))
    assert (again.same, again.updated, again.errors) == (1, 0, 0)


def test_a_run_that_waits_for_its_columns_can_be_cancelled(clerk: Actor) -> None:
    run = upload(clerk, own_list(line(1)))
    with unit_of_work():
        ledger_import.cancel(clerk, run.id)
    db.session.refresh(run)
    assert run.state is ImportState.CANCELLED
    with unit_of_work(), pytest.raises(Conflict):
        ledger_import_mapping.choose(clerk, run.id, PICKED)


def test_only_the_enterprise_itself_says_what_its_columns_are(clerk: Actor) -> None:
    run = upload(clerk, own_list(line(1)))
    with unit_of_work():
        stranger, office = (actor_of(UserFactory(of_enterprise=True)), actor_of(UserFactory(regulator=True)))
    for actor, refusal in ((stranger, NotFound), (office, Forbidden)):
        with unit_of_work(), pytest.raises(refusal):
            ledger_import_mapping.choose(actor, run.id, PICKED)


def test_a_command_ends_with_what_is_missing_and_goes_on_once_it_was_said(clerk: Actor, tmp_path: Path) -> None:
    path = tmp_path / "台账.xlsx"
    path.write_bytes(own_list(line(1)))
    stopped = imports.import_file(clerk, path, ImportMode.ALL)
    assert (stopped["state"], [each["code"] for each in stopped["problems"]]) == ("mapping", ["column_missing"])
    assert imports.import_file(clerk, path, ImportMode.ALL)["state"] == "mapping"
    run = db.session.scalars(sa.select(ImportRun)).one()
    choose(clerk, run)
    done = imports.import_file(clerk, path, ImportMode.ALL)
    assert (done["state"], done["applied"]) == ("done", 1)


def test_a_reader_of_before_the_answer_stores_nothing(clerk: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Frozen with what it has read, it wakes after another has checked the run and the answer was changed."""
    run = upload(clerk, own_list(line(1)))
    with unit_of_work():
        ledger_import_mapping.choose(clerk, run.id, PICKED)
    with unit_of_work():
        work = ledger_import_check.claim(run.id)
    assert work is not None
    with ledger_import_check.FileCheck(work) as check:
        batch = check.read()
        monkeypatch.setattr(ledger_import_check, "LEASE_SECONDS", -1)
        assert checked(run).state is ImportState.READY
        with unit_of_work():
            ledger_import_mapping.choose(clerk, run.id, Picked(2, COLUMNS, {**FILLS, "purpose": "贸易结算"}))
        with unit_of_work():
            assert check.store(batch) is False
    assert db.session.scalar(sa.select(sa.func.count()).select_from(ImportRow)) == 0


def test_a_check_killed_before_it_asked_asks_all_the_same(clerk: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    """The question and the state are one transaction; a reader that died at it left nothing."""
    with unit_of_work():
        run = ledger_import.receive(clerk, "台账.xlsx", io.BytesIO(own_list(line(1))))
    with unit_of_work():
        work = ledger_import_check.claim(run.id)
    assert work is not None
    with ledger_import_check.FileCheck(work) as check, pytest.raises(RuntimeError):
        batch = check.read()
        with unit_of_work():
            check.store(batch)
            raise RuntimeError("killed")
    db.session.refresh(run)
    assert (run.state, run.headers) == (ImportState.CHECKING, None)
    monkeypatch.setattr(ledger_import_check, "LEASE_SECONDS", -1)
    assert checked(run).state is ImportState.MAPPING


def test_marks_are_found_where_the_chosen_header_stands(clerk: Actor) -> None:
    run = choose(clerk, upload(clerk, own_list(line(1, name="怪东西"))))
    with unit_of_work():
        work = ledger_import_annotate.claim(run.id)
    assert work is not None and work.sheet.header_row == 2
    (found,) = db.session.scalars(sa.select(ImportRow))
    assert (found.outcome, found.problems[0]["column"]) == (RowOutcome.ERROR, "B")
