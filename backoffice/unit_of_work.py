"""The only commit of the product.

An edge (web view, job, command) opens one unit of work for one use case; services inside it flush and never commit.
Effects outside the database wait for `after_commit` and get ids, never rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from sqlalchemy.orm import scoped_session

from .database import db

_callbacks: ContextVar[list[Callable[[], None]] | None] = ContextVar("after_commit_callbacks", default=None)


@contextmanager
def unit_of_work() -> Iterator[scoped_session[Any]]:
    """Run one use case in one transaction; a nested call joins the outer one."""
    if _callbacks.get() is not None:
        yield db.session
        return
    callbacks: list[Callable[[], None]] = []
    token = _callbacks.set(callbacks)
    try:
        yield db.session
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise
    finally:
        _callbacks.reset(token)
    for callback in callbacks:
        callback()


def is_open() -> bool:
    """Whether a unit of work is running; a test refuses commits made outside one."""
    return _callbacks.get() is not None


def after_commit(callback: Callable[[], None]) -> None:
    """Run `callback` once the current unit of work has committed; raises `RuntimeError` outside one."""
    callbacks = _callbacks.get()
    if callbacks is None:
        raise RuntimeError("after_commit needs an open unit of work")
    callbacks.append(callback)
