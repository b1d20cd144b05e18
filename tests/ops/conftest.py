"""Folders and clones for the tests of the commands."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ops.clones import Clone, awkward_folder


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Clone]:
    """Give a clone in a path of 200 bytes with spaces and Chinese."""
    made = Clone.make(awkward_folder(tmp_path))
    yield made
    made.clean_up()


@pytest.fixture
def second_clone(tmp_path: Path) -> Iterator[Clone]:
    """Give another clone beside the first."""
    made = Clone.make(awkward_folder(tmp_path / "第二份"))
    yield made
    made.clean_up()
