"""The collector rests while somebody holds it back, and works again after the last of them, whatever happened."""

from __future__ import annotations

import gc

import pytest

from backoffice.collector import held_back, settle


def test_it_works_again_after_the_last_holder() -> None:
    with held_back():
        with held_back():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_works_again_after_a_failure() -> None:
    with pytest.raises(ValueError), held_back():
        raise ValueError
    assert gc.isenabled()


def test_one_that_was_off_before_stays_off() -> None:
    gc.disable()
    try:
        with held_back():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_what_is_there_when_a_process_has_settled_is_looked_at_no_more() -> None:
    lasting = [["held", "by", "the", "application"]]
    before = gc.get_freeze_count()
    try:
        settle()
        assert gc.get_freeze_count() > before
        assert not any(each is lasting for each in gc.get_objects())
        assert gc.isenabled()
    finally:
        gc.unfreeze()
