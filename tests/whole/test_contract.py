"""docs/outside.md, line by line, over HTTP and the command line: what programs outside rely on."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator

import openpyxl
import pytest
import sqlalchemy as sa
from flask import Flask

from backoffice import states
from backoffice.config import ConfigurationError, Settings
from backoffice.database import db
from backoffice.models import MatchingAttempt, MatchingDecision, RuleSnapshot, Slip
from ops import postgres
from tests.architecture.write_access_table import table
from tests.conftest import ROOT
from tests.journeys.support import Stack, accounts

from .crawl import Page
from .pages import read
from .people import CAST, Visitor, visitor

READY = {"database", "migrations", "jobs_last_tick_s", "waiting", "version"}
NOUNS = {
    "enterprise": "instruments appointments slips imports notices",
    "institution": "slips instruments appointments enterprises capabilities notices",
    "regulator": "instruments appointments slips enterprises registrations unmatched institutions capabilities "
    "designations kinds divisions notices job-runs",
    "auditor": "audit-events",
}
STATES = {
    "appointment": (states.AppointmentStatus, "draft submitted feedback closed withdrawn"),
    "item": (
        states.ItemStatus,
        "draft matching awaiting_acceptance unmatched accepted failed passed not_passed ended withdrawn",
    ),
    "slip": (states.SlipStatus, "awaiting partly accepted returned transferred withdrawn completed"),
    "import": (states.ImportState, "checking mapping ready applying done cancelled undone refused"),
}
KNOWN_STATES = {code for _, codes in STATES.values() for code in codes.split()}
IMPORT_FACTS = {"state", "rows", "new", "updated", "same", "errors", "warnings", "applied", "problems"}
PROBLEM_FACTS = {"row", "column", "header", "found", "code", "message"}


# 1


def test_1_health_and_readiness(visitors: dict[str, Visitor]) -> None:
    nobody = visitors["anonymous"]
    assert nobody.get("/healthz").status_code == 200
    answer = nobody.get("/readyz")
    assert answer.status_code == 200  # no job has run here: late jobs are a number, not a failure
    assert set(answer.json or {}) == READY


# 2


@pytest.mark.parametrize("name", ["enterprise", "institution", "regulator", "auditor", "admin"])
def test_2_signing_in_leads_to_the_own_panel_and_out_again(demo_app: Flask, name: str) -> None:
    person = Visitor(demo_app, demo_app.test_client())
    account = accounts()[str(CAST[name])]
    page = read(person.get("/login").get_data(as_text=True))
    form = next(each for each in page.forms if "password" in each.names())
    assert {"username", "password", "csrf_token"} <= set(form.names())
    answer = person.post("/login", {"username": account.username, "password": account.password})
    assert (answer.status_code, answer.location) == (303, f"/{account.panel}/")
    home = person.get("/").get_data(as_text=True)
    assert f'href="/{account.panel}/"' in home
    person.username = account.username
    assert person.post("/logout").status_code in (302, 303)
    assert person.get(f"/{account.panel}/").status_code in (302, 303)


def test_2_a_cookie_copied_before_signing_out_is_worth_nothing(demo_app: Flask) -> None:
    person = visitor(demo_app, CAST["enterprise"])
    cookie = person.client.get_cookie("session")
    assert cookie is not None
    thief = demo_app.test_client()
    thief.set_cookie("session", cookie.value)
    assert thief.get("/enterprise/").status_code == 200
    person.post("/logout")
    assert thief.get("/enterprise/").status_code in (302, 303)


# 3


def test_3_the_accounts_file_has_everybody_the_contract_names() -> None:
    published = (ROOT / "seeds" / "demo_accounts.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(published)))
    assert list(rows[0]) == ["username", "password", "role", "organisation", "division", "marker"]
    roles = [row["role"] for row in rows]
    assert set(roles) == {"enterprise", "institution", "regulator", "auditor", "admin"}
    assert roles.count("enterprise") >= 3
    assert roles.count("institution") >= 2
    assert {"370300", "370302", "370303"} <= {row["division"] for row in rows if row["role"] == "regulator"}
    names = {row["username"] for row in rows}
    assert any(len(name) == 20 and name[:18] in names for name in names)
    assert len({row["marker"] for row in rows}) == len(rows)


def test_3_a_marker_is_seen_by_its_tenant_and_not_by_strangers(crawled: dict[str, list[Page]]) -> None:
    pages = {name: "\n".join(page.html for page in crawled[name]) for name in crawled}
    for name, stranger in (("enterprise", "other enterprise"), ("other enterprise", "enterprise")):
        marker = accounts()[str(CAST[name])].marker
        assert marker in pages[name]
        for other in (stranger, "anonymous"):
            assert marker not in pages[other]


# 4


def test_4_answers(demo_app: Flask, visitors: dict[str, Visitor]) -> None:
    nobody, clerk = visitors["anonymous"], visitors["enterprise"]
    asked = nobody.get("/enterprise/instruments/?tab=all")
    assert asked.status_code in (302, 303)
    assert asked.location.startswith("/login?next=/enterprise/instruments/")
    assert clerk.get("/regulator/").status_code == 404
    assert clerk.get("/enterprise/instruments/999999999").status_code == 404
    assert clerk.post("/enterprise/instruments/new", {"name": "压力表"}, token=False).status_code == 400
    assert clerk.post("/enterprise/instruments/new", {"name": "压力表"}).status_code == 422
    assert clerk.get("/no/such/page").status_code == 404


def test_4_too_many_failures_are_429_for_the_account_alone(demo_app: Flask) -> None:
    person = Visitor(demo_app, demo_app.test_client())
    values = {"username": "linzi-jls", "password": "wrong-Password-1"}
    statuses = [person.post("/login", values).status_code for _ in range(6)]
    assert statuses == [422] * 5 + [429]
    assert visitor(demo_app, CAST["admin"]).username


def test_4_without_a_database_pages_are_503_and_health_is_not() -> None:
    from app import create_app

    app = create_app(Settings.from_environment({"DATABASE_URL": "postgresql://nobody@/none?host=/nonexistent"}))
    client = app.test_client()
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 503
    answer = client.get("/?q=压力表")
    assert answer.status_code == 503
    assert "Retry-After" in answer.headers


# 5


@pytest.mark.parametrize(("name", "noun"), [(name, noun) for name, nouns in NOUNS.items() for noun in nouns.split()])
def test_5_lists_and_records_answer(
    visitors: dict[str, Visitor], crawled: dict[str, list[Page]], name: str, noun: str
) -> None:
    person = visitors[name]
    panel = accounts()[str(CAST[name])].panel
    page = person.get(f"/{panel}/{noun}/")
    assert page.status_code == 200
    pattern = re.compile(rf"/{panel}/{noun}/([^/?#]+)$")
    links = [link for link in read(page.get_data(as_text=True)).links if pattern.match(link)]
    record = next((link for link in links if not link.endswith(("/new", ".xlsx"))), None)
    assert record is None or person.get(record).status_code == 200


def test_5_the_number_of_instruments(demo_app: Flask, visitors: dict[str, Visitor]) -> None:
    answer = visitors["enterprise"].get("/enterprise/instruments/count.json")
    assert isinstance((answer.json or {})["count"], int)
    assert (answer.json or {})["count"] > 0


# 6


@pytest.mark.parametrize("name", ["template", "divisions", "kinds"])
def test_6_the_three_downloads_are_workbooks(visitors: dict[str, Visitor], name: str) -> None:
    answer = visitors["enterprise"].get(f"/enterprise/imports/{name}.xlsx")
    assert answer.status_code == 200
    book = openpyxl.load_workbook(io.BytesIO(answer.get_data()), read_only=True)
    assert book.sheetnames
    book.close()


def test_6_an_import_from_upload_to_cancel(demo_app: Flask, visitors: dict[str, Visitor]) -> None:
    clerk = visitors["other enterprise"]
    page = read(clerk.get("/enterprise/imports/new").get_data(as_text=True))
    (form,) = [each for each in page.forms if any(field.kind == "file" for field in each.fields)]
    (field,) = [field.name for field in form.fields if field.kind == "file"]
    action = form.action or "/enterprise/imports/new"
    refused = clerk.post(
        action, {field: (io.BytesIO(b"PK\x03\x04 no workbook"), "x.xlsx")}, content_type="multipart/form-data"
    )
    assert refused.status_code == 422
    book = (ROOT / "tests" / "golden" / "ledger-300.xlsx").read_bytes()
    sent = clerk.post(action, {field: (io.BytesIO(book), "台账.xlsx")}, content_type="multipart/form-data")
    assert sent.status_code == 303
    assert re.fullmatch(r"/enterprise/imports/\d+", sent.location)
    run = clerk.get(f"{sent.location}.json").json or {}
    assert set(run) >= IMPORT_FACTS
    assert run["state"] in STATES["import"][1].split()
    cancelled = clerk.post(f"{sent.location}/cancel")
    assert cancelled.status_code == 303
    assert (clerk.get(f"{sent.location}.json").json or {})["state"] == "cancelled"


def test_6_a_checked_import_names_its_problems_and_offers_its_forms(visitors: dict[str, Visitor]) -> None:
    clerk = visitors["enterprise"]
    links = read(clerk.get("/enterprise/imports/").get_data(as_text=True)).links
    address = next(link for link in links if re.fullmatch(r"/enterprise/imports/\d+", link))
    run = clerk.get(f"{address}.json").json or {}
    assert (run["state"], run["rows"]) == ("ready", 300)
    assert run["new"] + run["updated"] + run["same"] + run["errors"] == run["rows"]
    assert all(set(problem) >= PROBLEM_FACTS for problem in run["problems"])
    actions = [form.action for form in read(clerk.get(address).get_data(as_text=True)).forms]
    assert any(action.endswith("/commit") for action in actions)
    assert any(action.endswith("/cancel") for action in actions)


# 7


@pytest.fixture(scope="module")
def commands(copy_of_demo: Callable[[], postgres.Urls], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The command line on a copy of the demo of its own."""
    yield Stack(database=copy_of_demo(), folder=tmp_path_factory.mktemp("commands"))


def test_7_routes(commands: Stack, demo_app: Flask) -> None:
    rows = json.loads(succeeds(commands, "routes", "--json"))
    assert len(rows) == table(demo_app).count("\n") - 1
    assert all(set(row) == {"endpoint", "rule", "methods", "roles", "public"} for row in rows)


def test_7_slips_by_state(commands: Stack, demo_app: Flask) -> None:
    rows = json.loads(succeeds(commands, "slips", "--state", "accepted", "--json"))
    with demo_app.app_context():
        stored = db.session.scalars(sa.select(Slip.id).where(Slip.status == states.SlipStatus.ACCEPTED)).all()
    assert sorted(row["id"] for row in rows) == sorted(stored) != []
    assert {row["state"] for row in rows} == {"accepted"}
    assert commands.flask("slips", "--state", "no-such-state", "--json").returncode != 0


def test_7_seeding_again_changes_nothing(commands: Stack) -> None:
    assert json.loads(succeeds(commands, "seed", "demo")) == {"seeded": False}


def test_7_matching_until_idle(commands: Stack) -> None:
    assert isinstance(json.loads(succeeds(commands, "match", "--until-idle")), dict)
    again = json.loads(succeeds(commands, "match", "--until-idle"))
    assert not any(again.values())


def test_7_an_import_by_command(commands: Stack) -> None:
    arguments = ("import", "tests/golden/ledger-300.xlsx", "--as", str(CAST["other enterprise"]), "--mode", "good")
    run = json.loads(succeeds(commands, *arguments))
    assert set(run) >= IMPORT_FACTS
    assert (run["state"], run["rows"]) == ("done", 300)
    again = json.loads(succeeds(commands, *arguments))
    assert (again["new"], again["applied"]) == (0, 0)
    assert commands.flask("import", "tests/golden/ledger-300.xlsx", "--as", "nobody").returncode == 1


def test_7_every_stored_attempt_is_decided_alike_from_its_rules_and_facts(demo_app: Flask, commands: Stack) -> None:
    """The function behind `decide` is the one that matched the demo: rules and facts out, the same answer in."""
    with demo_app.app_context():
        decisions = db.session.scalars(
            sa.select(MatchingDecision).where(MatchingDecision.id.in_(sa.select(MatchingAttempt.decision_id)))
        ).all()
        groups: dict[int, list[MatchingDecision]] = {}
        for each in decisions:
            groups.setdefault(each.rule_revision, []).append(each)
        assert groups
        for revision, members in groups.items():
            rules = db.session.scalars(sa.select(RuleSnapshot.rules).where(RuleSnapshot.revision == revision)).one()
            assert answers(commands, rules, members) == [stored(each) for each in members]


def test_7_exported_rules_have_the_shape_of_the_contract(commands: Stack) -> None:
    rules = json.loads(succeeds(commands, "rules", "export"))
    assert set(rules) == {"version", "divisions", "kinds", "institutions", "capabilities", "designations"}
    assert set(rules["divisions"][0]) == {"code", "parent", "level", "retired"}
    assert "000000" not in {division["code"] for division in rules["divisions"]}


def answers(stack: Stack, rules: object, decisions: list[MatchingDecision]) -> list[dict[str, object]]:
    path = stack.folder / "rules.json"
    path.write_text(json.dumps(rules), encoding="utf-8")
    lines = "\n".join(json.dumps({"id": str(each.id), **each.facts}) for each in decisions)
    done = stack.flask("decide", str(path), stdin=lines)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def stored(decision: MatchingDecision) -> dict[str, object]:
    return {
        "id": str(decision.id),
        "outcome": decision.outcome,
        "institution": decision.institution_id,
        "capability": decision.capability_id,
        "decided_by": decision.decided_by,
        "field": decision.field,
        "candidates": decision.candidates,
    }


def succeeds(stack: Stack, *arguments: str) -> str:
    done = stack.flask(*arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


# 9


def test_9_production_refuses_a_moved_clock_and_demo_keys() -> None:
    good = {
        "APP_ENV": "production",
        "DATABASE_URL": "postgresql://app@db/qjt",
        "SECRET_KEY": "k" * 32,
        "PUBLIC_URL": "https://qjt.example",
    }
    assert Settings.from_environment(good).is_production
    for bad in ({"CLOCK_OFFSET": "+72h"}, {"SECRET_KEY": "short"}, {"PUBLIC_URL": "http://qjt.example"}):
        with pytest.raises(ConfigurationError):
            Settings.from_environment(good | bad)


# 10


@pytest.mark.parametrize("kind", STATES)
def test_10_the_codes_of_states_are_the_contracts(kind: str) -> None:
    code_set, codes = STATES[kind]
    assert [code.value for code in code_set] == codes.split()


def test_10_badges_carry_their_state(crawled: dict[str, list[Page]]) -> None:
    for name, place in (("enterprise", "enterprise_appointments"), ("institution", "institution_slips")):
        shown = {state for page in crawled[name] if page.endpoint.startswith(place) for state in page.text.states}
        assert shown & KNOWN_STATES
    everywhere = {state for pages in crawled.values() for page in pages for state in page.text.states}
    for state in ("draft", "submitted", "awaiting_acceptance", "unmatched", "accepted"):
        assert state in everywhere


@pytest.mark.parametrize(
    ("name", "control"),
    [
        ("anonymous", "登录"), ("anonymous", "注册"), ("regulator", "通过"), ("regulator", "不通过"),
        ("enterprise", "新增"), ("enterprise", "导入"), ("enterprise", "选择器具"), ("enterprise", "提交预约"),
        ("enterprise", "撤回"), ("institution", "受理"), ("institution", "退回"), ("enterprise", "打印预约单"),
        ("regulator", "为什么"),
    ],
)  # fmt: skip
def test_10_controls_have_their_names(crawled: dict[str, list[Page]], name: str, control: str) -> None:
    named = rf"<(?:a|button|summary)\b[^>]*>\s*{control}\s*</(?:a|button|summary)>"
    labelled = rf'aria-label="{control}"'
    assert any(re.search(f"{named}|{labelled}", page.html) for page in crawled[name])
