"""docs/add-a-view.md is true: its two blocks, run as they stand, are a whole page for every role and nobody else."""

from __future__ import annotations

import io
import re
import sys
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from flask import Flask, g
from openpyxl import load_workbook
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from app import create_app
from backoffice import models, scoping
from backoffice.actor import Role
from backoffice.admin_views import panels
from backoffice.admin_views.panel import Panel
from backoffice.admin_views.regulator import RegulatorHome, office_name
from backoffice.database import Base, db
from backoffice.messages import records
from backoffice.models import AuditEvent, User
from backoffice.web.access import access_table
from ops import postgres
from tests.conftest import ROOT, empty_business_tables, settings_for
from tests.factories import UserFactory
from tests.regulator.conftest import Browser

MOST_LINES = 25
TABLE = "seal_style"
URL = "/regulator/seal-styles"
SEAL = {"name": "一号铅封", "code": "Q1", "material": "lead", "since": "2026-03-01"}


@dataclass(frozen=True)
class Declared:
    """What the two blocks of the page make."""

    model: type[Any]
    view: type[Any]
    lines: int


def blocks() -> list[str]:
    return re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "add-a-view.md").read_text(encoding="utf-8"), re.DOTALL)


def run(code: str, package: str, name: str) -> types.ModuleType:
    """A module of this package, as if the block stood in a file there."""
    module = types.ModuleType(f"{package}.{name}")
    module.__package__ = package
    sys.modules[module.__name__] = module
    exec(compile(code, name, "exec"), module.__dict__)  # noqa: S102 - our own documentation
    return module


@pytest.fixture(scope="module")
def declared() -> Iterator[Declared]:
    model_code, view_code = blocks()
    with pytest.MonkeyPatch.context() as patch:
        model = run(model_code, "backoffice.models", "seal_style").SealStyle
        patch.setattr(models, "SealStyle", model, raising=False)
        view = run(view_code, "backoffice.admin_views.regulator", "seal_styles").SealStyles
        lines = [line for line in view_code.splitlines() if line.strip()]
        yield Declared(model, view, len(lines))
    scoping.RULES.pop(model)
    records.TABLES.pop(TABLE)
    records.TABLE_COLUMNS.pop(TABLE)
    Base.metadata.remove(model.__table__)
    for name in ("backoffice.models.seal_style", "backoffice.admin_views.regulator.seal_styles"):
        sys.modules.pop(name)


@pytest.fixture(scope="module")
def declared_app(declared: Declared, database: postgres.Urls) -> Iterator[Flask]:
    """The product with the regulator's home and this one view."""
    with psycopg.connect(database.superuser) as connection:
        connection.execute(str(CreateTable(declared.model.__table__).compile(dialect=postgresql.dialect())))
        connection.execute(f"GRANT ALL ON {TABLE} TO PUBLIC")

    def mount(app: Flask) -> None:
        panel = Panel(
            app,
            name="regulator",
            title="监管部门",
            roles={Role.REGULATOR, Role.AUDITOR, Role.ADMIN},
            home=RegulatorHome,
            organisation=office_name,
        )
        panel.add(declared.view)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(panels, "init_app", mount)
        application = create_app(settings_for(database.app))
    application.testing = True
    yield application
    with application.app_context():
        db.session.remove()
        db.engine.dispose()
    with psycopg.connect(database.superuser) as connection:
        connection.execute(f"DROP TABLE {TABLE}")


@pytest.fixture
def place(declared_app: Flask, database: postgres.Urls) -> Iterator[Flask]:
    empty_business_tables(database.superuser)
    with declared_app.app_context():
        yield declared_app
        db.session.rollback()
        db.session.remove()


SignIn = Callable[..., Browser]


@pytest.fixture
def sign_in(place: Flask) -> SignIn:
    def make(**facts: Any) -> Browser:
        user: User = UserFactory(**facts)
        db.session.commit()
        browser = Browser(place)
        answer = browser.post("/login", {"username": user.username, "password": "Zibo-2026-qj"}, page="/login")
        assert answer.status_code == 303
        return browser

    return make


def keeper(sign_in: SignIn) -> Browser:
    return sign_in(regulator=True, division_code="370300", may_edit_reference=True, name="钱芳")


def test_the_declaration_is_at_most_25_lines(declared: Declared) -> None:
    assert declared.lines <= MOST_LINES


def test_it_is_added_listed_searched_filtered_changed_stopped_and_removed(sign_in: SignIn) -> None:
    browser = keeper(sign_in)
    assert "还没有内容" in browser.text(f"{URL}/")
    made = browser.post(f"{URL}/new", SEAL)
    assert made.status_code == 303 and made.location == f"{URL}/Q1"
    for query, is_there in {
        "": True, "?q=一号": True, "?q=二号": False, "?material=lead": True, "?material=sticker": False,
        "?since=2026-04-01": False, "?sort=-name": True, "?tab=stopped": False,
    }.items():  # fmt: skip
        assert (f'href="{URL}/Q1"' in browser.text(f"{URL}/{query}")) == is_there, query
    record = browser.text(f"{URL}/Q1")
    assert all(words in record for words in ("一号铅封", "铅封", "2026-03-01", "历史", "新增", "钱芳"))
    changed = browser.post(f"{URL}/Q1/edit", {"name": "甲型铅封", "material": "lead", "since": "", "code": "HACK"})
    assert changed.status_code == 303
    assert "名称 一号铅封 → 甲型铅封；启用日期 2026-03-01 → —" in browser.text(f"{URL}/Q1")
    assert browser.post(f"{URL}/Q1/stop", {"reason": "不再生产"}).status_code == 303
    assert f'href="{URL}/Q1"' in browser.text(f"{URL}/?tab=stopped")
    assert browser.post(f"{URL}/Q1/restart", {"reason": "恢复生产"}).status_code == 303
    assert browser.post(f"{URL}/Q1/delete").status_code == 303
    assert browser.get(f"{URL}/Q1").status_code == 404
    told = [each.action for each in db.session.query(AuditEvent).filter_by(subject_type=TABLE).order_by(AuditEvent.id)]
    assert told == ["reference.created", *["reference.changed"] * 3, "reference.removed"]


def test_what_the_columns_forbid_is_refused_beside_the_field(sign_in: SignIn) -> None:
    browser = keeper(sign_in)
    browser.post(f"{URL}/new", SEAL)
    good = SEAL | {"code": "Q3", "name": "二号铅封"}
    wrong = ({"name": ""}, {"name": "长" * 65}, {"material": "gold"}, {"since": "昨天"}, {"code": "Q1"})
    for changes in (*wrong, {"name": SEAL["name"]}):
        answer = browser.post(f"{URL}/new", good | changes)
        assert answer.status_code == 422 and 'class="said"' in answer.get_data(as_text=True), changes
    assert browser.post(f"{URL}/new", good).status_code == 303


def test_the_export_has_the_labels_and_the_words(sign_in: SignIn) -> None:
    browser = keeper(sign_in)
    browser.post(f"{URL}/new", SEAL)
    sheet = load_workbook(io.BytesIO(browser.get(f"{URL}/export.xlsx").data)).active
    rows = [[str(cell or "") for cell in row] for row in sheet.iter_rows(values_only=True)]
    assert any({"名称", "代码", "材料", "启用日期"} <= set(row) for row in rows)
    assert any({"一号铅封", "Q1", "铅封"} <= set(row) for row in rows)


READ = {"index_view", "details_view", "export_view"}
PEOPLE: dict[str, tuple[dict[str, Any], bool, bool]] = {
    "enterprise": ({"of_enterprise": True}, False, False),
    "institution": ({"of_institution": True}, False, False),
    "auditor": ({"auditor": True}, False, False),
    "admin": ({"admin": True}, False, False),
    "regulator": ({"regulator": True}, True, False),
    "keeper": ({"regulator": True, "may_edit_reference": True}, True, True),
}
"""Who: whether they read, whether they change."""


@pytest.mark.parametrize("who", PEOPLE)
def test_every_route_admits_who_may_and_is_missing_for_all_others(place: Flask, sign_in: SignIn, who: str) -> None:
    facts, reads, changes = PEOPLE[who]
    keeper(sign_in).post(f"{URL}/new", SEAL)
    person, wrong, tried = sign_in(**facts), [], set()
    rows = [row for row in access_table(place) if row.endpoint.startswith("regulator_seal_styles.")]
    for row in sorted(rows, key=lambda row: row.rule.endswith("/delete")):  # Last, for then it is gone.
        name = row.endpoint.rsplit(".", 1)[1]
        admitted = reads if name in READ else changes
        for method in row.methods:
            url = row.rule.replace("<key>", "Q1")
            status = (person.get(url) if method == "GET" else _post(person, url)).status_code
            tried.add(name)
            allowed = {200, 303, 422, 404} if name == "do_restart" else {200, 303, 422}
            if status not in (allowed if admitted else {404}):
                wrong.append(f"{method} {url}: {status}")
            for absent in ("Q9", "x" * 300, "%00") if "<key>" in row.rule else ():
                url = row.rule.replace("<key>", absent)
                status = (person.get(url) if method == "GET" else _post(person, url)).status_code
                if status != 404:
                    wrong.append(f"{method} {url}: {status}")
    assert not wrong, "\n".join(wrong)
    assert tried == READ | {"create_view", "edit_view", "delete_view", "do_stop", "do_restart"}


def _post(person: Browser, url: str) -> Any:
    """With a valid token and nothing filled in."""
    return person.post(url, {})


def test_a_visitor_is_asked_to_sign_in(place: Flask) -> None:
    for path in ("/", "/new", "/Q1", "/export.xlsx"):
        for name in list(g):
            g.pop(name)
        answer = place.test_client().get(URL + path)
        assert answer.status_code == 302 and answer.location.startswith("/login?next=")
