"""A browser without JavaScript: keeps cookies, fills in the hidden fields of the page it is on."""

from __future__ import annotations

from html.parser import HTMLParser
from io import BytesIO
from typing import Any

import pytest
from flask import Flask, g

from backoffice.services import passwords
from backoffice.unit_of_work import unit_of_work
from tests.factories import UserFactory, valid_uscc

PASSWORD = "Luyue-4471-gang"
CODE = valid_uscc(310)
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40


class Fields(HTMLParser):
    """Names and values of a page's inputs, and which `select` option is chosen, form by form."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: dict[str, dict[str, str]] = {}
        self._form: dict[str, str] = {}
        self._select = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = self.forms.setdefault(facts.get("action", ""), {})
        elif tag == "input" and facts.get("type") not in ("file", "radio", "checkbox"):
            self._form[facts.get("name", "")] = facts.get("value", "")
        elif tag == "select":
            self._select = facts.get("name", "")
        elif tag == "option" and "selected" in facts:
            self._form[self._select] = facts.get("value", "")


class Browser:
    """`answer` and `page` are what the last request brought."""

    def __init__(self, app: Flask, address: str = "10.0.0.9") -> None:
        self.client = app.test_client()
        self.address = {"REMOTE_ADDR": address}
        self.page = ""
        self.answer: Any = None

    def get(self, url: str, **kwargs: Any) -> int:
        self._start()
        return self._take(self.client.get(url, environ_base=self.address, **kwargs))

    def send(self, action: str, **changes: Any) -> int:
        """Send the form of the current page that leads to `action`, with its values changed."""
        return self.post(action, {**self.values(action), **changes})

    def post(self, url: str, values: dict[str, Any]) -> int:
        self._start()
        return self._take(
            self.client.post(url, data=values, environ_base=self.address, content_type="multipart/form-data")
        )

    def values(self, action: str) -> dict[str, str]:
        return Fields(self.page).forms[action]

    def follow(self) -> int:
        return self.get(self.answer.headers["Location"])

    def sign_in(self, username: str, password: str = PASSWORD, url: str = "/login") -> int:
        self.get(url)
        return self.send("/login", username=username, password=password)

    @staticmethod
    def _start() -> None:
        """The test's own application context is around the request, so what one request knew is forgotten here."""
        for name in list(g):
            g.pop(name)

    def _take(self, answer: Any) -> int:
        self.answer, self.page = answer, answer.get_data().decode(errors="replace")
        answer.request.environ["wsgi.input"].close()
        return int(answer.status_code)


def licence(name: str = "营业执照.png", content: bytes = PNG) -> tuple[BytesIO, str]:
    return BytesIO(content), name


def typed(**changes: Any) -> dict[str, Any]:
    """What an applicant types into the form."""
    return {
        "type": "company",
        "uscc": CODE,
        "name": "淄博鲁岳机械有限公司",
        "division": "张店区",
        "address": "柳泉路 88 号",
        "principal": "王建国",
        "contact": "李梅",
        "mobile": "13905331234",
        "email": "",
        "password": PASSWORD,
        "password_again": PASSWORD,
        "licence": licence(),
        **changes,
    }


PLUGIN = "tests.journeys.fixtures"


def pytest_configure(config: pytest.Config) -> None:
    """Load the fixtures of a browser once, whichever folder is collected first."""
    if not config.pluginmanager.has_plugin(PLUGIN):
        config.pluginmanager.import_plugin(PLUGIN)


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_hasher", passwords.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def visitor(app: Flask) -> Browser:
    return Browser(app)


@pytest.fixture
def regulator(app: Flask) -> Any:
    with unit_of_work():
        return UserFactory(regulator=True, phone="0533-2180001")
