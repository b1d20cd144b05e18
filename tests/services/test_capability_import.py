"""Authorised kinds by workbook: known by number or by what is done where, within the area, warned of overlaps."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from backoffice.actor import Actor
from backoffice.database import db
from backoffice.errors import Forbidden, NotFound
from backoffice.jobs import imports
from backoffice.messages.ledger import stored_sentence
from backoffice.models import AuditEvent, Capability, ImportRun, InstrumentKind, Laboratory, Notice
from backoffice.services import (
    capabilities,
    import_subjects,
    invariants,
    ledger_import,
    ledger_import_apply,
    ledger_import_undo,
    matching_runs,
)
from backoffice.states import ImportMode, ImportState, ImportSubject, ItemStatus
from backoffice.unit_of_work import unit_of_work
from backoffice.workbooks.column_sets import CAPABILITIES
from tests import factories
from tests.services import flow, record_samples
from tests.services.import_runs import write
from tests.services.record_samples import cell_of, codes_of, counts, undo, workbook
from tests.services.test_institutions import regulator_of

SUBJECT = ImportSubject.CAPABILITIES
NAME = "淄博市计量技术研究院"
pytestmark = pytest.mark.usefixtures("kept_catalogue")


@pytest.fixture
def city(app: Flask) -> Actor:
    with unit_of_work():
        institution = factories.InstitutionFactory(name=NAME)
        db.session.add(Laboratory(institution_id=institution.id, name="压力室"))
        return regulator_of("370300")


@pytest.fixture
def district(city: Actor) -> Actor:
    with unit_of_work():
        return regulator_of("370303")


def typed(**changes: Any) -> dict[str, Any]:
    return {
        "institution_id": NAME,
        "kind_code": "1401",
        "areas": "张店区",
        "delivery_modes": "送检、现场检定",
        **changes,
    }


def upload(actor: Actor, *rows: dict[str, Any], codes: tuple[str, ...] | None = None) -> ImportRun:
    return record_samples.upload(actor, SUBJECT, workbook(CAPABILITIES, rows, codes))


def all_rows() -> list[Capability]:
    db.session.expire_all()
    return list(db.session.scalars(sa.select(Capability).order_by(Capability.id)))


def test_everything_the_form_asks_is_read_and_written(city: Actor) -> None:
    full = typed(
        laboratory_id="压力室",
        areas="370303、沂源县",
        valid_from=date(2026, 1, 1),
        valid_until="2030年12月31日",
        document_number="鲁法计〔2026〕1 号",
        unit_scope="仅限内部",
        internal_units="91370303MA3D01010Y、12370302493120110H",
        measuring_range="0-60000kPa",
        accuracies="1.6级、Ⅲ级",
    )
    run = write(city, upload(city, full))
    (made,) = all_rows()
    assert (run.state, run.applied, made.institution.name) == (ImportState.DONE, 1, NAME)
    assert (made.kind_code, made.areas, made.delivery_modes) == ("1401", ["370303", "370323"], ["send_in", "on_site"])
    assert (made.valid_from, made.valid_until) == (date(2026, 1, 1), date(2030, 12, 31))
    assert made.laboratory is not None and made.laboratory.name == "压力室"
    assert (capabilities.range_of(made), made.accuracies) == ("0～60 MPa", ["1.6", "III"])
    assert made.internal_units == ["91370303MA3D01010Y", "12370302493120110H"]
    assert made.document_number == "鲁法计〔2026〕1 号"


def test_the_same_file_again_changes_nothing(city: Actor) -> None:
    rows = [typed(), typed(kind_code="1402", measuring_range="≤150 kPa", accuracies="1.6级")]
    write(city, upload(city, *rows))
    again = write(city, upload(city, *rows))
    assert (counts(again), again.applied) == ((0, 0, 2, 0), 0)
    assert len(all_rows()) == 2


def test_the_present_ones_go_round_even_where_a_kind_or_place_is_out_of_force(city: Actor) -> None:
    with unit_of_work():
        factories.CapabilityFactory(
            accuracies=["1.6"],
            institution=db.session.query(Laboratory).one().institution,
            laboratory_id=db.session.query(Laboratory).one().id,
        )
        factories.CapabilityFactory(areas=["370000"])
        stopped = db.session.get_one(InstrumentKind, "1402")
        factories.CapabilityFactory(kind_code="1402", areas=["370303", "370305"], document_number="；、，")
        stopped.is_retired = True
    run = record_samples.upload(city, SUBJECT, record_samples.downloaded(city, SUBJECT))
    assert codes_of(run) == {}
    assert counts(run) == (0, 0, 2, 0), "the province's is not the city's to change and is not in its file"


def test_a_change_by_number_is_shown_written_and_taken_back(city: Actor) -> None:
    write(city, upload(city, typed(), typed(kind_code="1402")))
    first, second = all_rows()

    def change(sheet: Any) -> None:
        cell_of(sheet, CAPABILITIES, str(first.id), "valid_until").value = "2027-12-31"
        cell_of(sheet, CAPABILITIES, str(first.id), "areas").value = "370303 张店区、临淄区"

    run = record_samples.upload(city, SUBJECT, record_samples.downloaded(city, SUBJECT, change))
    assert counts(run) == (0, 1, 1, 0)
    assert [row.before for row in record_samples.rows_of(run) if row.before] == [
        {"areas": ["370303"], "valid_until": ""}
    ]
    write(city, run)
    assert (all_rows()[0].valid_until, all_rows()[0].areas) == (date(2027, 12, 31), ["370303", "370305"])
    undo(city, run)
    assert (all_rows()[0].valid_until, all_rows()[0].areas) == (None, ["370303"])
    events = db.session.scalars(
        sa.select(AuditEvent.action).where(AuditEvent.subject_type == "capability").order_by(AuditEvent.id)
    ).all()
    assert events == ["reference.created"] * 2 + ["reference.changed"] * 2
    assert second.document_number == ""


def test_every_wrong_cell_is_named_with_what_was_meant(city: Actor) -> None:
    run = upload(
        city,
        typed(institution_id="淄博市计量技术研究所"),
        typed(laboratory_id="长度室"),
        typed(kind_code="压力便送器"),
        typed(areas="张店、济南市"),
        typed(areas="济南市"),
        typed(delivery_modes="邮寄"),
        typed(measuring_range="大约六十", accuracies="很准"),
        typed(valid_from="2026-05-01", valid_until="2026-04-01"),
        typed(unit_scope="仅限内部"),
        typed(internal_units="91370303MA3D01010Y"),
        typed(number="9999"),
        typed(areas=None),
    )
    assert codes_of(run) == {
        2: [("institution_id", "name_unknown")],
        3: [("laboratory_id", "not_in_list")],
        4: [("kind_code", "kind_unknown")],
        5: [("areas", "division_unknown")],
        6: [("areas", "rule.outside_your_area")],
        7: [("delivery_modes", "not_in_list")],
        8: [("measuring_range", "rule.range_unreadable"), ("accuracies", "rule.accuracy_unreadable")],
        9: [("valid_until", "rule.dates_reversed")],
        10: [("internal_units", "rule.units_missing")],
        11: [("internal_units", "import_units_of_public")],
        12: [("number", "import_number_unknown")],
        13: [("areas", "required")],
    }
    said = {row.number: stored_sentence(row.problems[0]) for row in record_samples.rows_of(run)}
    assert f"是否为“{NAME}”" in said[2] and "压力室" in said[3] and said[5]
    assert said[5].startswith("“张店”不在") and "是否为“370303 张店区、济南市”" in said[5]
    assert "济南市" in said[6]


def test_a_kind_is_known_by_code_name_and_alias(city: Actor) -> None:
    with unit_of_work():
        db.session.get_one(InstrumentKind, "1401").aliases = ["精密压力表"]
    run = upload(city, typed(kind_code="精密压力表"), typed(kind_code="压力变送器、压力传感器", areas="临淄区"))
    assert counts(run) == (2, 0, 0, 0)
    assert codes_of(run) == {2: [("kind_code", "kind_by_alias")]}


def test_a_kind_that_was_stopped_is_refused_by_the_form_s_own_rule(city: Actor) -> None:
    with unit_of_work():
        db.session.get_one(InstrumentKind, "1401").is_retired = True
    assert codes_of(upload(city, typed())) == {2: [("kind_code", "rule.kind_retired")]}


def test_equal_rows_are_refused_and_overlapping_ones_named(city: Actor) -> None:
    with unit_of_work():
        old = factories.CapabilityFactory(
            institution=db.session.query(Laboratory).one().institution, areas=["370300"], kind_code="1402"
        )
    run = upload(
        city,
        typed(),
        typed(),
        typed(areas="370300"),
        typed(kind_code="1402"),
        typed(areas="临淄区", measuring_range="(0～1) MPa"),
        typed(areas="临淄区", measuring_range="(1～60) MPa"),
        typed(kind_code="0601", measuring_range="(0～1) MPa"),
        typed(kind_code="0601", measuring_range="(1～60) MPa"),
        typed(kind_code="0601", measuring_range="(1～60) MPa", valid_until="2020-01-01", areas="临淄区"),
        typed(kind_code="0601", measuring_range="(1～60) MPa", valid_from="2020-01-02", areas="临淄区"),
    )
    assert codes_of(run) == {
        3: [("areas", "record_twice")],
        4: [("areas", "overlaps_row")],
        5: [("areas", "overlaps_record")],
        6: [("areas", "overlaps_row")],
        7: [("areas", "overlaps_row")],
    }
    found = {row.number: row.problems[0]["facts"] for row in record_samples.rows_of(run) if row.problems}
    assert (found[3], found[4], found[6]) == ({"earlier_row": 2}, {"earlier_row": 2}, {"earlier_row": 4})
    assert found[5] == {"number": str(old.id)} and found[7] == {"earlier_row": 4}
    assert (run.errors, run.warnings) == (1, 4)


def test_only_a_regulator_whose_area_contains_all_areas_writes(city: Actor, district: Actor) -> None:
    run = upload(district, typed(), typed(areas="370300"), typed(areas="张店区、临淄区"))
    assert codes_of(run) == {3: [("areas", "rule.outside_your_area")], 4: [("areas", "rule.outside_your_area")]}
    with unit_of_work():
        wide = factories.CapabilityFactory(areas=["370303", "370305"])
    run = upload(district, typed(number=str(wide.id), institution_id=wide.institution.name))
    assert codes_of(run) == {2: [("kind_code", "rule.import_not_yours")]}


def test_a_run_is_its_office_s_and_of_the_offices_above(city: Actor, district: Actor) -> None:
    run = upload(district, typed())
    with unit_of_work():
        neighbour = regulator_of("370302")
    for stranger, refusal in (
        (neighbour, NotFound),
        (factories.actor_of(factories.UserFactory(of_enterprise=True)), Forbidden),
    ):
        with unit_of_work(), pytest.raises((refusal, NotFound)):
            ledger_import.commit(stranger, run.id, ImportMode.ALL)
    assert write(city, run).applied == 1
    told = db.session.scalars(sa.select(Notice)).all()
    assert [(each.code, each.division_code) for each in told] == [("notice_import_finished", "370303")]


def test_what_was_considered_or_changed_since_stays(city: Actor) -> None:
    run = write(city, upload(city, typed(), typed(kind_code="1402"), typed(areas="临淄区")))
    used, changed, _free = all_rows()
    with unit_of_work():
        capabilities.end(city, changed.id, last_day=date(2030, 1, 1), reason="停用")
    world = flow.world()
    flow.matched(world, flow.instruments(world))
    db.session.commit()
    expected = {2: "in_use", 3: "altered"}
    would = import_subjects.of(run).would_stay(run, after=0, limit=9)
    assert {each.number: each.code.value for each in would}.items() >= expected.items()
    undo(city, run)
    kept = {each.number: each.code.value for each in ledger_import_undo.kept_rows(run, after=0, limit=9)}
    assert kept.items() >= expected.items()
    assert run.undone + len(kept) == 3 and {used.id, changed.id} <= {row.id for row in all_rows()}
    assert invariants.broken() == {}


def test_saving_matches_what_waits_anew(city: Actor) -> None:
    world = flow.world()
    booked = flow.matched(world, flow.instruments(world, kind_code="1402"))
    assert booked.items[0].status is ItemStatus.UNMATCHED
    db.session.commit()
    write(city, upload(city, typed(kind_code="1402", areas="370300")))
    with unit_of_work():
        matching_runs.match_batch()
    db.session.refresh(booked.items[0])
    assert booked.items[0].status is ItemStatus.AWAITING_ACCEPTANCE


def test_each_row_is_written_once_though_killed_between_batches(city: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_import_apply, "BATCH", 2)
    kinds = db.session.scalars(sa.select(InstrumentKind.code).order_by(InstrumentKind.code).limit(5)).all()
    run = upload(city, *(typed(kind_code=code) for code in kinds))
    with unit_of_work():
        ledger_import.commit(city, run.id, ImportMode.ALL)
    for is_killed in (False, True):
        try:
            with unit_of_work():
                claimed = ledger_import_apply.claim()
                assert claimed is not None and ledger_import_apply.apply_batch(claimed) == 2
                if is_killed:
                    raise RuntimeError("killed")
        except RuntimeError:
            assert len(all_rows()) == 2
    imports.apply_imports()
    db.session.refresh(run)
    assert (run.state, run.applied) == (ImportState.DONE, 5)
    assert [row.kind_code for row in all_rows()] == kinds
    monkeypatch.setattr(ledger_import_undo, "BATCH", 2)
    undo(city, run)
    assert (run.state, run.undone, all_rows()) == (ImportState.UNDONE, 5, [])
    assert invariants.broken() == {}
