"""People at the whole application's pages, one browser each: for records that two panels share."""

from __future__ import annotations

from typing import Any

from flask import Flask

from backoffice.database import db
from backoffice.models import User
from tests.factories import PASSWORD
from tests.portal.conftest import Browser


def as_person(app: Flask, user: User) -> Browser:
    """A browser in which this person is signed in; what the test made so far is there to be seen."""
    db.session.commit()
    visitor = Browser(app)
    assert visitor.sign_in(user.username, PASSWORD) == 303
    return visitor


def fill(browser: Browser, url: str, **typed: Any) -> int:
    """Open a page's own form, type into it and send it; returns the answer's status."""
    assert browser.get(url) == 200, url
    return browser.post(url, {**browser.values(""), **typed})


def press(browser: Browser, url: str) -> int:
    """Use the one-click button that leads to `url` on the page that is open."""
    return browser.send(url)
