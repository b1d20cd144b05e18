"""Files of visitors who have no account: so many from one address, then no more for a while."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from backoffice import clock
from backoffice.database import db
from backoffice.models import StoredFile
from backoffice.services.accounts import FAILURES_PER_ADDRESS, WINDOW
from tests.factories import PASSWORD, UserFactory
from tests.portal.conftest import Browser, typed

pytestmark = pytest.mark.usefixtures("app")


def send_file(visitor: Browser) -> int:
    """A form with a good file and a mistake, so that only the file is kept."""
    visitor.get("/register")
    return visitor.send("/register", **typed(address=""))


def files() -> int:
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(StoredFile)) or 0


def test_an_address_may_send_as_many_files_as_it_may_fail_to_sign_in(app: Flask, visitor: Browser) -> None:
    assert [send_file(visitor) for _ in range(FAILURES_PER_ADDRESS)] == [422] * FAILURES_PER_ADDRESS
    assert send_file(visitor) == 429
    assert "分钟后再试" in visitor.page
    assert files() == FAILURES_PER_ADDRESS
    # Another address is not concerned, and after a while this one may go on.
    assert send_file(Browser(app, address="10.0.0.10")) == 422
    with clock.at(clock.now() + WINDOW + timedelta(seconds=1)):
        assert send_file(visitor) == 422


def test_who_may_not_send_files_may_still_sign_in(visitor: Browser) -> None:
    user = UserFactory(regulator=True)
    db.session.commit()
    for _ in range(FAILURES_PER_ADDRESS + 1):
        send_file(visitor)
    visitor.get("/login")
    assert visitor.send("/login", username=user.username, password=PASSWORD) == 303


def test_a_file_that_is_not_kept_is_not_counted(visitor: Browser) -> None:
    for _ in range(FAILURES_PER_ADDRESS + 1):
        visitor.get("/register")
        assert visitor.send("/register", **typed(licence=None)) == 422
    assert send_file(visitor) == 422
