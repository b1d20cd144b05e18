"""Every state, decision, filter and act has its words."""

from __future__ import annotations

import pytest
from flask import Flask

from backoffice import messages
from backoffice.admin_views.item_words import FIELD_WORDS, Answer, WhyWords
from backoffice.audit import AuditAction
from backoffice.database import db
from backoffice.matching import Candidate
from backoffice.matching.filters import FILTERS
from backoffice.models import Institution
from backoffice.services.appointment_history import UNTOLD
from backoffice.states import DOUBTED_FIELDS, RETURN_FIELDS, ItemStatus
from tests import factories


@pytest.mark.parametrize("status", list(ItemStatus))
def test_every_item_state_says_who_acts_what_to_do_and_the_guides_sentence(status: ItemStatus) -> None:
    for part in ("who", "do", "guide"):
        assert f"progress.{status.value}.{part}" in messages.SENTENCES


def test_every_filter_and_every_field_to_correct_has_words() -> None:
    assert {f"filter.{each.code}" for each in FILTERS} <= set(messages.SENTENCES)
    assert {*RETURN_FIELDS.values(), *DOUBTED_FIELDS.values()} <= set(FIELD_WORDS)


def test_every_act_on_an_appointment_is_told() -> None:
    acts = {each for each in AuditAction if each.value.split(".")[0] in ("item", "slip")} - set(UNTOLD)
    assert {f"history.{each.value}" for each in acts} <= set(messages.SENTENCES)


@pytest.mark.parametrize(
    ("decided_by", "others", "said"),
    [
        ("preferred", 0, "按您的选择，仍分配至上次机构"),
        ("area", 0, "张店区授权，唯一可检"),
        ("area", 1, "张店区授权，服务区域最近"),
        ("level", 1, "张店区授权，市级机构优先"),
        ("priority", 1, "张店区授权，按监管部门设定的先后"),
        ("lowest_id", 1, "张店区授权，条件相同时按登记先后"),
        ("designation", 0, "由监管部门指定"),
    ],
)
def test_why_this_institution_is_one_sentence(app: Flask, decided_by: str, others: int, said: str) -> None:
    capability = factories.CapabilityFactory(areas=["370303", "370300"])
    rivals = [factories.CapabilityFactory(areas=["370303"]) for _each in range(others)]
    assert why(capability, rivals, decided_by) == said


def test_a_designation_is_named_by_its_place_and_document(app: Flask) -> None:
    capability = factories.CapabilityFactory()
    factories.DesignationFactory(institution=capability.institution, division_code="370300", document_number="市 2 号")
    factories.DesignationFactory(institution=capability.institution, division_code="370303", document_number="区 7 号")
    assert why(capability, [], "designation") == "张店区指定（区 7 号）"


def why(capability: object, rivals: list, decided_by: str) -> str:
    rows = [capability, *rivals]
    answer = Answer(
        outcome="matched",
        institution_id=capability.institution.id,
        capability_id=capability.id,
        decided_by=decided_by,
        field=None,
        kind_code="1401",
        division_code="370303",
        delivery="send_in",
        day=factories.clock.today(),
        candidates=tuple(Candidate(row.institution.id, row.id, ()) for row in rows),
    )
    assert db.session.get(Institution, capability.institution.id)
    return WhyWords([answer]).why(answer)
