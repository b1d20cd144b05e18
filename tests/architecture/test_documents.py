"""Documents that repeat what code says are written from the code."""

from __future__ import annotations

import pytest

from ops.write_docs import DOCS, documents


@pytest.mark.parametrize("name", documents())
def test_generated_documents_are_current(name: str) -> None:
    """Run `python -m ops.write_docs`."""
    assert (DOCS / name).read_text(encoding="utf-8") == documents()[name]
