"""Stored JSON is the same whichever library writes it."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from backoffice.services.ledger_import_stored import _json
from backoffice.states import RowOutcome


@pytest.mark.parametrize(
    "value",
    [
        {"range_low": Decimal("0.10"), "day": date(2026, 5, 10), "outcome": RowOutcome.NEW},
        {"found": ["integer", 10**30, None]},
        {"words": "a\ud800b 压力表 𠮷 \x7f"},
        {3: "a number for a key"},
        [1.5, -0.0, True, None, ""],
    ],
)
def test_the_quick_library_writes_what_the_standard_one_would(value: Any) -> None:
    assert json.loads(_json(value)) == json.loads(json.dumps(value, default=str))
