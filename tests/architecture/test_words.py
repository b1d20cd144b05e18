"""Every code has its words: nothing a person sees is a code, and no sentence asks for a fact it does not get."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from enum import StrEnum

import pytest
from flask import Flask

from backoffice import actor, messages, states
from backoffice.audit import AuditAction
from backoffice.database import Base
from backoffice.jobs.schedule import SCHEDULE
from backoffice.messages import records
from backoffice.messages.labels import LABELS
from backoffice.workbooks.messages import FILE_SENTENCES, PROBLEM_SENTENCES
from backoffice.workbooks.problems import FileProblemCode, ProblemCode

from .sources import calls, literals, modules

CODE_AT = {
    "Conflict": 0,
    "TooOften": 0,
    "NotFound": 0,
    "FieldProblem": 0,
    "one": 1,
    "tell_enterprise": 1,
    "tell_institution": 1,
    "tell_regulator": 1,
}
"""Where the code stands among the arguments. `Problems.add(field, code)` is looked at by its number of texts."""
ADDED_WHEN_RAISED = {
    "already_booked": {"instrument"},
    "not_in_use": {"instrument"},
    "first_verification_only": {"instrument"},
}
"""Problems noted for one instrument; whoever raises them names it."""
_placeholder = re.compile(r"%\((\w+)\)s")
_latin_or_digit_only = re.compile(r"[A-Za-z_.]+")
CLOSED_SETS = [
    code_set
    for module in (states, actor)
    for _, code_set in inspect.getmembers(module, inspect.isclass)
    if issubclass(code_set, StrEnum) and code_set is not StrEnum
]


def codes_used() -> Iterator[tuple[str, ast.Call, str]]:
    """Every code raised, noted or told in the product: where, by which call, which code."""
    for path, tree in modules("backoffice"):
        for name, call in calls(tree):
            place = CODE_AT.get(name)
            if name == "add" and len(call.args) == 2 and literals(call.args[0]) and literals(call.args[1]):
                place = 1
            if place is not None and len(call.args) > place:
                for code in literals(call.args[place]):
                    yield f"{path}:{call.lineno}", call, code


@pytest.mark.parametrize("code_set", CLOSED_SETS, ids=lambda each: each.__name__)
def test_every_code_of_a_closed_set_has_a_word(app: Flask, code_set: type[StrEnum]) -> None:
    missing = [code.value for code in code_set if code not in LABELS.get(code_set, {})]
    assert missing == []
    assert [code for code in code_set if _latin_or_digit_only.fullmatch(messages.label(code))] == []


def test_every_audit_action_has_words() -> None:
    assert [action.value for action in AuditAction if action.value not in records.ACTIONS] == []


def test_every_job_of_the_schedule_has_words() -> None:
    assert [job.name for job in SCHEDULE if job.name not in records.JOBS] == []


def test_every_table_the_audit_tells_of_has_words() -> None:
    never_told_of = {
        "alembic_version", "form_key", "job_heartbeat", "number_sequence", "rule_revision", "rule_snapshot",
        "sign_in_attempt", "user_session", "audit_event", "matching_attempt", "matching_decision", "receipt",
        "notice", "stored_file", "import_row", "import_written", "import_earlier_file", "verification",
    }  # fmt: skip
    assert sorted(set(Base.metadata.tables) - never_told_of - set(records.TABLES)) == []


def test_every_problem_of_a_row_or_file_has_a_sentence() -> None:
    assert [code.value for code in ProblemCode if code.value not in PROBLEM_SENTENCES] == []
    assert [code.value for code in FileProblemCode if code.value not in FILE_SENTENCES] == []


def test_every_code_that_is_raised_or_told_has_a_sentence() -> None:
    missing = {f"{where} {code}" for where, _, code in codes_used() if code not in messages.SENTENCES}
    assert sorted(missing) == []


def test_the_search_for_codes_finds_them() -> None:
    """Guards the test above against looking in the wrong place."""
    found = {code for _, _, code in codes_used()}
    assert {"already_decided", "reason_required", "notice_registration_approved", "password_short"} <= found


def test_no_sentence_asks_for_a_fact_it_does_not_get() -> None:
    wrong = []
    for where, call, code in codes_used():
        asked = set(_placeholder.findall(str(messages.SENTENCES.get(code, ""))))
        names: set[str | None] = {keyword.arg for keyword in call.keywords} | ADDED_WHEN_RAISED.get(code, set())
        facts = next((arg for arg in call.args if isinstance(arg, ast.Dict)), None)
        if facts is not None:
            names |= {key.value if isinstance(key, ast.Constant) else None for key in facts.keys}
        passes_a_mapping = None in names or any(isinstance(arg, ast.Name) for arg in call.args[1:])
        if asked - names and not passes_a_mapping:
            wrong.append(f"{where} {code} lacks {sorted(asked - names)}")
    assert wrong == []


def test_sentences_are_chinese() -> None:
    assert [code for code, words in messages.SENTENCES.items() if not re.search("[一-鿿]", str(words))] == []
