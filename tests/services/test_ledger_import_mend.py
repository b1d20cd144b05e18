"""Mending a checked import: the same rules judge again, the counts stay true, and every mending is told."""

from __future__ import annotations

import csv
import io
import random
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from openpyxl import load_workbook

from backoffice.actor import Actor
from backoffice.database import db
from backoffice.errors import Conflict, Forbidden, NotFound
from backoffice.jobs import imports
from backoffice.messages.ledger import is_warning
from backoffice.models import AuditEvent, ImportRow, ImportRun
from backoffice.services import (
    invariants,
    ledger_import,
    ledger_import_annotate,
    ledger_import_mend,
    ledger_import_undo,
)
from backoffice.services.ledger_import_mend import Edit, Mended
from backoffice.services.ledger_import_rejudge import COUNTED
from backoffice.states import ImportMode, ImportState, RowOutcome
from backoffice.unit_of_work import unit_of_work
from backoffice.workbooks.rawcells import fingerprint
from tests.factories import UserFactory, actor_of
from tests.services.ledger_samples import row, workbook
from tests.services.test_ledger_import import codes_by_row, ledger_rows, upload, write

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def clerk(app: Flask) -> Actor:
    with unit_of_work():
        return actor_of(UserFactory(of_enterprise=True))


def mend(clerk: Actor, run: ImportRun, *edits: tuple[int, str, str]) -> Mended:
    with unit_of_work():
        return ledger_import_mend.mend(clerk, run.id, [Edit(*each) for each in edits])


def mend_alike(clerk: Actor, run: ImportRun, number: int, column: str, code: str, text: str) -> Mended:
    with unit_of_work():
        return ledger_import_mend.mend_alike(clerk, run.id, number=number, column=column, code=code, text=text)


def drop(clerk: Actor, run: ImportRun, number: int) -> Mended:
    with unit_of_work():
        return ledger_import_mend.drop(clerk, run.id, number)


def restore(clerk: Actor, run: ImportRun, number: int) -> Mended:
    with unit_of_work():
        return ledger_import_mend.restore(clerk, run.id, number)


def stored(run: ImportRun, number: int) -> ImportRow:
    db.session.expire_all()
    return db.session.get_one(ImportRow, (run.id, number))


def counts(run: ImportRun) -> dict[str, int]:
    db.session.refresh(run)
    return {name: getattr(run, name) for name in (*COUNTED.values(), "dropped", "warnings", "rows")}


def recounted(run: ImportRun) -> dict[str, int]:
    """The same, counted from the rows that are there."""
    rows = db.session.execute(sa.select(ImportRow.outcome, ImportRow.problems).where(ImportRow.run_id == run.id)).all()
    outcomes = Counter(outcome for outcome, _problems in rows)
    warned = sum(any(map(is_warning, problems)) for _outcome, problems in rows)
    told = {name: outcomes[outcome] for outcome, name in COUNTED.items()}
    return {**told, "dropped": outcomes[RowOutcome.DROPPED], "warnings": warned, "rows": len(rows)}


def events(action: str) -> list[tuple[Any, Any]]:
    found = sa.select(AuditEvent).where(AuditEvent.action == action).order_by(AuditEvent.id)
    return [(each.before, each.after) for each in db.session.scalars(found)]


def test_a_mended_cell_is_judged_by_the_rules_of_the_upload(clerk: Actor) -> None:
    run = upload(clerk, [row(1), row(2, kind_code="1-2", quantity=12), row(3)])
    done = mend(clerk, run, (3, "kind_code", "压力表"), (3, "quantity", "13"))
    assert (done.cells, done.rows, done.still_wrong) == (2, 1, 1)
    assert codes_by_row(run) == {3: ["kind_by_alias", "quantity_not_one"]}
    assert stored(run, 3).found["quantity"] == "13"
    mend(clerk, run, (3, "kind_code", "1401"), (3, "quantity", "1"))
    assert codes_by_row(run) == {}
    assert counts(run) == recounted(run)
    assert write(clerk, run).applied == 3
    assert sorted(each.serial_number for each in ledger_rows()) == ["S00001", "S00002", "S00003"]


def test_what_a_cell_was_is_kept_through_any_number_of_mendings(clerk: Actor) -> None:
    run = upload(clerk, [row(1, quantity=12)])
    mend(clerk, run, (2, "quantity", "11"))
    mend(clerk, run, (2, "quantity", "1"))
    assert stored(run, 2).mended == {"quantity": ["integer", 12, None]}


def test_cells_nobody_touched_stay_what_the_file_says(clerk: Actor) -> None:
    """A number that lost its zero must not pass as a text because something else in its row was mended."""
    run = upload(clerk, [row(1, serial_number=20260.5, origin="国内")])
    mend(clerk, run, (2, "origin", "国产"))
    assert codes_by_row(run) == {2: ["decimal_in_number"]}


def test_an_emptied_cell_is_an_empty_cell(clerk: Actor) -> None:
    run = upload(clerk, [row(1, purchased_on="随便", name="压力表")])
    mend(clerk, run, (2, "purchased_on", "  "), (2, "name", ""))
    assert codes_by_row(run) == {2: ["required"]}
    assert "purchased_on" not in stored(run, 2).found


def test_a_column_the_file_does_not_have_can_be_mended_in(clerk: Actor) -> None:
    codes = ("name", "kind_code", "model", "serial_number", "manufacturer", "origin", "place_of_use", "division_code",
             "quantity", "purpose", "delivery_mode")  # fmt: skip
    run = upload(clerk, [row(1, serial_number="无")], codes=codes)
    assert codes_by_row(run) == {2: ["management_number_required"]}
    mend(clerk, run, (2, "management_number", "GL-1"))
    assert counts(run)["new"] == 1
    write(clerk, run)
    assert ledger_rows()[0].management_number == "GL-1"


def test_a_value_mended_into_a_missing_column_goes_before_the_ledgers(clerk: Actor) -> None:
    write(clerk, upload(clerk, [row(1, management_number="GL-0")]))
    codes = ("ledger_number", "name", "kind_code", "model", "serial_number", "manufacturer", "origin", "place_of_use",
             "division_code", "quantity", "purpose", "delivery_mode")  # fmt: skip
    run = upload(clerk, [row(1, ledger_number=str(ledger_rows()[0].id), serial_number="无")], codes=codes)
    mend(clerk, run, (2, "management_number", "GL-1"))
    assert stored(run, 2).before == {"serial_number": "S00001", "management_number": "GL-0"}
    write(clerk, run)
    assert ledger_rows()[0].management_number == "GL-1"


def test_the_same_number_twice_is_mended_in_either_row(clerk: Actor) -> None:
    run = upload(clerk, [row(1), row(2, serial_number="S00001"), row(3, serial_number="S00001")])
    assert codes_by_row(run) == {3: ["duplicate_in_file"], 4: ["duplicate_in_file"]}
    mend(clerk, run, (2, "serial_number", "S00009"))
    assert codes_by_row(run) == {4: ["duplicate_in_file"]}
    assert stored(run, 4).problems[0]["facts"] == {"earlier_row": 3}
    drop(clerk, run, 3)
    assert codes_by_row(run) == {}
    restore(clerk, run, 3)
    assert codes_by_row(run) == {4: ["duplicate_in_file"]}
    assert counts(run) == recounted(run)


def test_a_row_that_takes_the_number_of_a_later_one_goes_before_it(clerk: Actor) -> None:
    run = upload(clerk, [row(1, name=None), row(2)])
    mend(clerk, run, (2, "serial_number", "S00002"), (2, "name", "压力表"))
    assert codes_by_row(run) == {3: ["duplicate_in_file"]}
    assert counts(run) == recounted(run)


def test_a_later_row_that_takes_the_number_of_an_earlier_one_is_the_double(clerk: Actor) -> None:
    run = upload(clerk, [row(1), row(2, name=None)])
    mend(clerk, run, (3, "serial_number", "S00001"), (3, "name", "压力表"))
    assert codes_by_row(run) == {3: ["duplicate_in_file"]}


def test_what_hangs_on_what_hangs_on_a_row_is_judged_again_too(clerk: Actor) -> None:
    """Row 3 is row 2's double and so leaves its instrument to row 4; once row 2 has another number it takes it."""
    write(clerk, upload(clerk, [row(1), row(2)]))
    mine, other = (str(each.id) for each in ledger_rows())
    run = upload(
        clerk,
        [
            row(1, ledger_number=mine, serial_number="S00002"),
            row(2, department="三车间"),
            row(3, ledger_number=other, serial_number="S00077"),
        ],
    )
    assert codes_by_row(run) == {2: ["ledger_duplicate"], 3: ["duplicate_in_file"]}
    mend(clerk, run, (2, "serial_number", "S00001"))
    assert codes_by_row(run) == {4: ["ledger_number_twice"]}
    assert counts(run) == recounted(run)


def test_all_equal_values_are_mended_at_once_and_others_are_not_touched(clerk: Actor) -> None:
    rows = [row(number, kind_code="压力标") for number in range(3)]
    run = upload(clerk, [*rows, row(7, kind_code="压力标志"), row(8)])
    done = mend_alike(clerk, run, 2, "kind_code", "kind_unknown", "1401")
    assert (done.rows, done.still_wrong) == (3, 0)
    assert (counts(run), codes_by_row(run)) == (recounted(run), {5: ["kind_unknown"]})
    assert events("import.mended") == [({"kind_code": "压力标"}, {"row": "2–4", "kind_code": "1401"})]
    assert mend_alike(clerk, run, 2, "kind_code", "kind_unknown", "1401") == Mended()


def test_a_mending_of_all_that_is_still_wrong_says_so(clerk: Actor) -> None:
    run = upload(clerk, [row(number, origin="国内") for number in range(3)])
    assert mend_alike(clerk, run, 2, "origin", "not_in_list", "本地").still_wrong == 3
    assert mend_alike(clerk, run, 2, "origin", "not_in_list", "国产").still_wrong == 0


def test_each_mending_is_told_with_row_column_old_and_new(clerk: Actor) -> None:
    run = upload(clerk, [row(1, kind_code="1-2", quantity=3), row(2)])
    mend(clerk, run, (2, "kind_code", "1401"), (2, "quantity", "1"))
    drop(clerk, run, 3)
    restore(clerk, run, 3)
    assert events("import.mended") == [
        ({"kind_code": "1-2", "quantity": "3"}, {"row": 2, "kind_code": "1401", "quantity": "1"})
    ]
    assert events("import.row_dropped") == [({"dropped": False}, {"row": 3, "dropped": True})]
    assert events("import.row_restored") == [({"dropped": True}, {"row": 3, "dropped": False})]


def test_what_changes_nothing_is_not_told(clerk: Actor) -> None:
    run = upload(clerk, [row(1, name=None)])
    assert mend(clerk, run, (2, "model", "Y-100"), (2, "certificate_number", "X")) == Mended()
    assert restore(clerk, run, 2) == Mended()
    assert events("import.mended") == events("import.row_restored") == []


def test_a_row_left_out_is_not_written_and_counted_as_nothing_else(clerk: Actor) -> None:
    run = upload(clerk, [row(1), row(2, quantity=3, purpose="贸易结算"), row(3, purpose="贸易结算")])
    assert counts(run)["warnings"] == 2
    drop(clerk, run, 3)
    drop(clerk, run, 4)
    assert counts(run) == recounted(run)
    told = ledger_import.as_json(run)
    assert (told["rows"], told["new"], told["errors"], told["warnings"], told["problems"]) == (3, 1, 0, 0, [])
    assert invariants.broken() == {}
    assert write(clerk, run).applied == 1
    assert invariants.broken() == {}
    assert [each.serial_number for each in ledger_rows()] == ["S00001"]


def test_a_row_left_out_is_undone_with_nothing(clerk: Actor) -> None:
    run = upload(clerk, [row(1), row(2)])
    drop(clerk, run, 3)
    write(clerk, run)
    with unit_of_work():
        ledger_import_undo.request(clerk, run.id)
    imports.undo_imports()
    db.session.refresh(run)
    assert (run.state, run.undone, ledger_rows()) == (ImportState.UNDONE, 1, [])
    assert stored(run, 3).outcome is RowOutcome.DROPPED


def test_only_a_run_that_waits_to_be_decided_is_mended(clerk: Actor) -> None:
    run = upload(clerk, [row(1), row(2)])
    with unit_of_work():
        ledger_import.commit(clerk, run.id, ImportMode.ALL)
    for work in (
        lambda: mend(clerk, run, (2, "name", "血压计")),
        lambda: mend_alike(clerk, run, 2, "name", "required", "血压计"),
        lambda: drop(clerk, run, 2),
        lambda: restore(clerk, run, 2),
    ):
        with pytest.raises(Conflict) as refused:
            work()
        assert refused.value.code == "import_not_mendable"
    assert counts(run)["new"] == 2


def test_strangers_find_nothing_to_mend(clerk: Actor) -> None:
    run = upload(clerk, [row(1, name=None)])
    with unit_of_work():
        stranger = actor_of(UserFactory(of_enterprise=True))
        institution = actor_of(UserFactory(of_institution=True))
    for actor, refusal in ((stranger, NotFound), (institution, Forbidden)):
        with pytest.raises(refusal):
            mend(actor, run, (2, "name", "压力表"))
        with pytest.raises(refusal):
            drop(actor, run, 2)


def test_rows_the_file_does_not_have_any_more_are_refused_in_words(clerk: Actor) -> None:
    run = upload(clerk, [row(1, name=None)])
    with pytest.raises(Conflict) as refused:
        mend(clerk, run, (2, "name", "压力表"), (77, "name", "压力表"))
    assert refused.value.code == "import_rows_changed"
    assert counts(run)["errors"] == 1


def test_what_somebody_else_has_mended_since_is_not_written_over(clerk: Actor) -> None:
    run = upload(clerk, [row(1, name=None, quantity=3)])
    mend(clerk, run, (2, "name", "压力表"))
    edits = [Edit(2, "name", "血压计", fingerprint("")), Edit(2, "quantity", "1", fingerprint("3"))]
    with unit_of_work():
        done = ledger_import_mend.mend(clerk, run.id, edits)
    assert [(each.edit.column, each.now) for each in done.overtaken] == [("name", "压力表")]
    assert (done.cells, stored(run, 2).found["name"], counts(run)["new"]) == (1, "压力表", 1)


def test_a_row_somebody_else_left_out_is_not_mended(clerk: Actor) -> None:
    run = upload(clerk, [row(1, name=None)])
    drop(clerk, run, 2)
    assert len(mend(clerk, run, (2, "name", "压力表")).overtaken) == 1
    assert stored(run, 2).outcome is RowOutcome.DROPPED


def marked(run: ImportRun) -> Any:
    """The workbook as it is marked once nobody has mended for a while."""
    with unit_of_work():
        claimed_at = db.session.get_one(ImportRun, run.id, populate_existing=True).annotation_claimed_at
        if claimed_at is not None:
            db.session.get_one(ImportRun, run.id).annotation_claimed_at = claimed_at - ledger_import_annotate.QUIET
    imports.annotate_imports()
    db.session.refresh(run)
    assert run.annotated_file is not None
    return load_workbook(io.BytesIO(run.annotated_file.content)).worksheets[0]


def test_the_marked_workbook_shows_what_is_now(clerk: Actor) -> None:
    run = upload(clerk, [row(1, name=None), row(2, quantity=3), row(3, quantity=4, kind_code="1-2")])
    assert marked(run).cell(2, 2).value is None
    mend(clerk, run, (2, "name", "压力表"), (4, "kind_code", "1401"))
    db.session.refresh(run)
    assert run.annotated_file_id is run.annotated_at is None
    assert imports.annotate_imports() == {}, "the next mending may come any moment"
    drop(clerk, run, 3)
    sheet = marked(run)
    results = [sheet.cell(number, sheet.max_column).value for number in (2, 3, 4)]
    assert results[:2] == ["新增", "不导入"] and results[2].startswith("错误：器具数量")
    assert (sheet.cell(2, 2).value, sheet.cell(4, 3).value) == ("压力表", "1401")


def test_the_marked_copy_of_a_text_file_shows_what_is_now(clerk: Actor) -> None:
    stream = io.StringIO()
    csv.writer(stream).writerows(
        load_workbook(io.BytesIO(workbook([row(1, quantity=3), row(2, name=None)]))).active.values
    )
    with unit_of_work():
        run = ledger_import.receive(clerk, "台账.csv", io.BytesIO(stream.getvalue().encode()))
    imports.check_imports()
    mend(clerk, run, (2, "quantity", "1"), (2, "department", ""), (3, "name", "压力表"), (3, "kind_code", "1-2"))
    sheet = marked(run)
    assert [sheet.cell(2, at).value for at in (14, 13)] == ["1", None]
    assert [sheet.cell(3, at).value for at in (2, 3)] == ["压力表", "1-2"]
    assert sheet.cell(3, sheet.max_column).value.startswith("错误：种别代码")


def test_a_marked_workbook_that_comes_back_keeps_what_was_mended(clerk: Actor) -> None:
    run = upload(clerk, [row(1, name=None), row(2, quantity=3)])
    mend(clerk, run, (2, "name", "压力表"))
    marked(run)
    with unit_of_work():
        again = ledger_import.receive(clerk, "改好.xlsx", io.BytesIO(run.annotated_file.content))
    imports.check_imports()
    assert again.id == run.id and codes_by_row(run) == {3: ["quantity_not_one"]}


WORDS: dict[str, tuple[str, ...]] = {
    "name": ("压力表", "", "血压计"),
    "kind_code": ("1401", "1-2", "压力标", "0202", "压力表"),
    "serial_number": ("S00000", "S00001", "S00002", "S00003", "无", "/", "S00090"),
    "sub_number": ("", "1"),
    "manufacturer": ("青岛华青仪表有限公司", "甲厂", ""),
    "quantity": ("1", "2"),
    "purpose": ("安全防护", "贸易结算", "随便"),
    "division_code": ("370303", "370300", "张店"),
    "management_number": ("", "GL-1"),
    "department": ("设备科", "一车间"),
}


def random_cell(chance: random.Random, ids: list[str]) -> tuple[str, str]:
    column = chance.choice([*WORDS, "ledger_number"])
    return column, chance.choice([*ids, "", "999"] if column == "ledger_number" else WORDS[column])


def as_judged(run: ImportRun) -> list[Any]:
    columns = ("number", "outcome", "found", "values", "before", "problems", "instrument_id", "key_hash", "claimed_id")
    wanted = [getattr(ImportRow, name) for name in columns]
    rows = db.session.execute(sa.select(*wanted).where(ImportRow.run_id == run.id).order_by(ImportRow.number))
    return [tuple(each) for each in rows if each.outcome is not RowOutcome.DROPPED]


@pytest.mark.parametrize("seed", range(12))
def test_any_order_of_mendings_gives_what_the_mended_file_gives(clerk: Actor, seed: int) -> None:
    chance = random.Random(seed)
    write(clerk, upload(clerk, [row(number) for number in range(4)]))
    ids = [str(each.id) for each in ledger_rows()]
    file: dict[int, dict[str, Any]] = {}
    for number in range(2, 14):
        changes = dict(random_cell(chance, ids) for _ in range(chance.randrange(4)))
        file[number] = row(chance.randrange(8), **changes)
    run = upload(clerk, file.values())
    left_out: set[int] = set()
    for _ in range(15):
        _mend_somehow(chance, clerk, run, file, left_out, ids)
        assert counts(run) == recounted(run)
    blank: Mapping[str, Any] = {}
    fresh = upload(clerk, [blank if number in left_out else file[number] for number in sorted(file)])
    assert as_judged(fresh) == as_judged(run)
    assert invariants.broken() == {}


def _mend_somehow(
    chance: random.Random,
    clerk: Actor,
    run: ImportRun,
    file: dict[int, dict[str, Any]],
    left_out: set[int],
    ids: list[str],
) -> None:
    number = chance.choice(sorted(file))
    if chance.random() < 0.2:
        (restore if number in left_out else drop)(clerk, run, number)
        left_out ^= {number}
        return
    edits = {(chance.choice(sorted(set(file) - left_out)), *random_cell(chance, ids)) for _ in range(3)}
    single = {(at, column): text for at, column, text in sorted(edits)}
    mend(clerk, run, *((at, column, text) for (at, column), text in single.items()))
    for (at, column), text in single.items():
        file[at] = {**file[at], column: text or None}
