"""统一社会信用代码: what is folded, what is accepted, what is said about a wrong one, and how branches get theirs."""

from __future__ import annotations

import pytest
from stdnum.cn import uscc as standard

from backoffice.errors import Conflict
from backoffice.services import uscc
from backoffice.states import EnterpriseType
from tests.factories import EnterpriseFactory, valid_uscc

GOOD = valid_uscc(4711)


@pytest.mark.parametrize(
    "typed",
    [
        GOOD.lower(),
        f"  {GOOD[:8]} {GOOD[8:]}　",
        "".join(chr(ord(mark) + 0xFEE0) for mark in GOOD),
        f"{GOOD[:2]}-{GOOD[2:]}",
        f"\u200b{GOOD}\ufeff",
    ],
)
def test_spaces_width_case_and_invisible_characters_are_folded(typed: str) -> None:
    assert uscc.fold(typed) == GOOD


def test_a_good_code_has_no_problem() -> None:
    assert uscc.problem(GOOD) is None


def test_a_code_that_begins_with_a_letter_is_accepted_though_the_library_refuses_it() -> None:
    body = "Y1370300MA3C4D5E6"
    code = body + standard.calc_check_digit(body)
    assert not standard.is_valid(code)
    assert uscc.problem(code) is None


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("", "required"),
        (GOOD[:-1], "uscc_length"),
        (GOOD + "07", "uscc_length"),
        ("91370300MAO000001X", "uscc_lookalike"),
        ("91370300MA*000001X", "uscc_character"),
        ("91370300MA甲000001X", "uscc_character"),
        (GOOD[:-1] + ("0" if GOOD[-1] != "0" else "1"), "uscc_check"),
    ],
)
def test_a_wrong_code_is_told_precisely(code: str, expected: str) -> None:
    found = uscc.problem(code)
    assert found is not None
    assert found.code == expected


def test_a_lookalike_names_its_place_and_what_is_probably_meant() -> None:
    found = uscc.problem("91370300MAO0000011")
    assert found is not None
    assert found.facts == {"place": 11, "found": "O", "meant": "0"}


def test_every_single_wrong_character_is_noticed() -> None:
    for place in range(18):
        for mark in uscc.ALPHABET:
            if mark != GOOD[place]:
                assert uscc.problem(GOOD[:place] + mark + GOOD[place + 1 :]) is not None


def branch(code: str) -> None:
    EnterpriseFactory(uscc=code, parent_uscc=code[:18], type=EnterpriseType.BRANCH)


@pytest.mark.usefixtures("app")
def test_a_branch_code_is_the_parents_and_two_digits() -> None:
    code = uscc.branch_code(GOOD)
    assert code[:18] == GOOD
    assert len(code) == 20
    assert code[18:].isdigit()


@pytest.mark.usefixtures("app")
def test_a_taken_branch_code_is_drawn_again_and_zeros_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    branch(GOOD + "41")
    drawn = iter([41, 41, 7])
    monkeypatch.setattr(uscc.secrets, "randbelow", lambda below: next(drawn))
    assert uscc.branch_code(GOOD) == GOOD + "07"


@pytest.mark.usefixtures("app")
def test_the_last_free_branch_code_is_found_and_the_next_draw_is_refused() -> None:
    for number in range(100):
        if number != 63:
            branch(f"{GOOD}{number:02d}")
    assert uscc.branch_code(GOOD) == GOOD + "63"
    branch(GOOD + "63")
    with pytest.raises(Conflict) as refused:
        uscc.branch_code(GOOD)
    assert refused.value.code == "branch_codes_used_up"
