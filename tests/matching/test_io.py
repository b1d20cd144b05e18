"""A stream of items as JSON lines, without a database."""

import io
import json

import pytest

from backoffice.matching import FactsError, decide_lines

from .builders import item, rules


def test_one_answer_a_line_in_order_with_exactly_the_contracts_keys() -> None:
    lines = [json.dumps(item(id="b")), "", json.dumps(item(id=2, kind="9999"))]
    first, second = (json.loads(line) for line in decide_lines(io.StringIO(json.dumps(rules())), lines))
    assert first == {
        "id": "b", "outcome": "matched", "institution": 7, "capability": 90, "decided_by": "area", "field": None,
        "candidates": [{"institution": 7, "capability": 90, "failed": []}],
    }  # fmt: skip
    assert (second["id"], second["outcome"], second["field"]) == (2, "bad_data", "kind")


def test_rules_may_be_given_parsed() -> None:
    assert len(list(decide_lines(rules(), [json.dumps(item())]))) == 1


def test_ends_of_a_range_are_compared_as_written_not_as_binary_fractions() -> None:
    line = json.dumps(item()).replace('"high": 1.6', '"high": 60.00000000000000000001')
    (answer,) = decide_lines(io.StringIO(json.dumps(rules())), [line])
    assert json.loads(answer)["candidates"][0]["failed"] == ["RANGE"]


@pytest.mark.parametrize(("line", "where"), [
    ("{", "line 2"), ("[]", "line 2"), ('{"id": NaN}', "line 2"), ("9" * 5000, "line 2"), ("[" * 100_000, "line 2"),
    (json.dumps(item(day="x")), "line 2: day"), (json.dumps(item(range=[])), "line 2: range"),
])  # fmt: skip
def test_a_malformed_line_is_named_and_the_answers_before_it_are_given(line: str, where: str) -> None:
    answers = decide_lines(rules(), [json.dumps(item()), line])
    next(answers)
    with pytest.raises(FactsError) as caught:
        next(answers)
    assert caught.value.where == where


@pytest.mark.parametrize("text", ["", "not json", "[]", '{"version": 1}'])
def test_malformed_rules_are_refused_before_the_first_line(text: str) -> None:
    with pytest.raises(FactsError, match=r"^rules"):
        decide_lines(io.StringIO(text), [])
