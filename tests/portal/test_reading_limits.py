"""What everybody may read: so many requests from one address, then a Chinese 429 for a while."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from backoffice import clock
from backoffice.database import db
from backoffice.services import address_limits
from backoffice.services.accounts import WINDOW
from tests.factories import PASSWORD, UserFactory
from tests.portal.conftest import Browser

pytestmark = pytest.mark.usefixtures("app")
ALLOWED = 3
PAGES = ("/lookup?q=压力表", "/contacts", "/downloads/kinds.xlsx", "/downloads/divisions.xlsx")


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(address_limits, "READINGS_PER_ADDRESS", ALLOWED)


@pytest.mark.parametrize("url", PAGES)
def test_an_address_reads_so_often_and_then_waits(app: Flask, visitor: Browser, url: str) -> None:
    assert [visitor.get(url) for _ in range(ALLOWED)] == [200] * ALLOWED
    assert visitor.get(url) == 429
    assert "查询次数过多" in visitor.page and "分钟后再试" in visitor.page
    # Another address is not concerned, and after a while this one may go on.
    assert Browser(app, address="10.0.0.10").get(url) == 200
    with clock.at(clock.now() + WINDOW + timedelta(seconds=1)):
        assert visitor.get(url) == 200


def test_the_pages_are_counted_together_and_what_is_no_reading_is_not(visitor: Browser) -> None:
    assert [visitor.get(url) for url in PAGES] == [200, 200, 200, 429]
    for url in ("/", "/guide", "/login", "/register"):
        assert visitor.get(url) == 200


def test_who_read_too_often_may_sign_in_and_reads_on(visitor: Browser) -> None:
    user = UserFactory(regulator=True)
    db.session.commit()
    assert [visitor.get("/contacts") for _ in range(ALLOWED + 1)][-1] == 429
    assert visitor.sign_in(user.username, PASSWORD) == 303
    assert [visitor.get(url) for url in PAGES] == [200] * len(PAGES)
