"""The commands: only their result on standard output, 0 when it went well, 1 and Chinese words when not."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from backoffice.actor import Role
from backoffice.config import sqlalchemy_url
from backoffice.database import db
from backoffice.models import AppointmentItem, MatchingDecision, Slip
from backoffice.services import invariants, rules
from backoffice.states import ItemStatus, SlipStatus
from backoffice.web import access
from ops.postgres import Urls
from tests.jobs.processes import ROOT, environment, flask

WORKBOOK = ROOT / "tests" / "golden" / "ledger-300.xlsx"
CLERK = "91370303MA3D01010Y"


def run(database: Urls | None, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        flask(*words), cwd=ROOT, env=environment(database), input=typed, capture_output=True, text=True, timeout=120
    )


def result(database: Urls | None, *words: str, typed: str = "") -> str:
    done = run(database, *words, typed=typed)
    assert done.returncode == 0, done.stderr
    return done.stdout


def refusal(database: Urls | None, *words: str, typed: str = "") -> str:
    """What a refused command says on standard error; it prints nothing else and no traceback."""
    done = run(database, *words, typed=typed)
    assert (done.returncode, done.stdout) == (1, "")
    assert "Traceback" not in done.stderr
    assert any("一" <= mark <= "鿿" for mark in done.stderr)
    return done.stderr


def test_the_exported_rules_decide_every_current_decision_again_without_a_database(
    demo: Flask, seeded: Urls, tmp_path: Path
) -> None:
    exported = result(seeded, "rules", "export")
    file = tmp_path / "rules.json"
    file.write_text(exported, encoding="utf-8")
    assert json.loads(exported)["version"] == rules.revision()
    current = sa.select(MatchingDecision).where(MatchingDecision.rule_revision == rules.revision())
    stored = db.session.scalars(current.order_by(MatchingDecision.id)).all()
    assert stored
    items = "".join(json.dumps({"id": row.id, **row.facts}) + "\n" for row in stored)
    answers = [json.loads(line) for line in result(None, "decide", str(file), typed=items).splitlines()]
    assert answers == [invariants.answer_of(row) for row in stored]
    assert result(None, "decide", str(file), typed="\n") == ""


def test_decide_refuses_what_it_cannot_read_in_chinese(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(
        json.dumps(
            {"version": 1, "divisions": [], "kinds": [], "institutions": [], "capabilities": [], "designations": []}
        )
    )
    bad.write_text("{")
    assert "规则或器具的内容不合要求" in refusal(None, "decide", str(bad))
    assert "line 1" in refusal(None, "decide", str(good), typed='{"id": 1}\n')
    assert "line 1" in refusal(None, "decide", str(good), typed="无\n")
    assert "读不了" in refusal(None, "decide", str(tmp_path / "absent.json"))
    bad.write_bytes(b"\xff\xfe")
    assert "读不了" in refusal(None, "decide", str(bad))


def test_slips_lists_every_slip_or_those_in_a_state(demo: Flask, seeded: Urls) -> None:
    listed = json.loads(result(seeded, "slips", "--json"))
    slips = db.session.scalars(sa.select(Slip).order_by(Slip.id)).all()
    assert [(row["id"], row["number"], row["state"], row["items"]) for row in listed] == [
        (slip.id, slip.number, slip.status.value, len(slip.items)) for slip in slips
    ]
    partly = json.loads(result(seeded, "slips", "--state", "partly", "--json"))
    assert [row["id"] for row in partly] == [slip.id for slip in slips if slip.status is SlipStatus.PARTLY]
    assert partly
    plain = result(seeded, "slips", "--state", "returned").splitlines()
    assert [line.split("\t")[2] for line in plain] == ["returned"] * len(plain)
    assert run(seeded, "slips", "--state", "nonsense").returncode != 0


def test_routes_lists_every_route_with_its_roles(demo: Flask) -> None:
    rows = json.loads(result(None, "routes", "--json"))
    assert {(row["rule"], tuple(row["methods"])) for row in rows} == {
        (row.rule, row.methods) for row in access.access_table(demo)
    }
    by_rule = {row["rule"]: row for row in rows}
    assert by_rule["/login"]["public"] is True
    people = {role.value for role in Role}
    assert all(set(row["roles"]) <= people and (row["public"] or row["roles"]) for row in rows)
    assert result(None, "routes").count("\n") == len(rows)


def test_match_and_import_do_their_work_and_say_what(copy_of_demo: Callable[[], Urls], tmp_path: Path) -> None:
    database = copy_of_demo()
    assert json.loads(result(database, "match", "--until-idle")) == {
        "decided": 0,
        "matched": 0,
        "unmatched": 0,
        "slips": 0,
    }
    told = json.loads(result(database, "import", str(WORKBOOK), "--as", CLERK, "--mode", "good"))
    assert told["state"] == "done"
    assert told["new"] + told["updated"] + told["same"] + told["errors"] == told["rows"]
    assert told["applied"] == told["new"] + told["updated"] > 0
    again = json.loads(result(database, "import", str(WORKBOOK), "--as", CLERK, "--mode", "good"))
    assert (again["new"], again["updated"], again["applied"]) == (0, 0, 0)
    assert "没有账号" in refusal(database, "import", str(WORKBOOK), "--as", "nobody")
    assert "读不了" in refusal(database, "import", str(WORKBOOK.parent / "absent.xlsx"), "--as", CLERK)
    refusal(database, "import", str(WORKBOOK), "--as", "zibo-jlk")
    refusal(database, "import", str(ROOT / "LICENSE"), "--as", CLERK)
    (tmp_path / "台账.csv").write_text("甲,乙\n1,2\n", encoding="utf-8")
    no_table = run(database, "import", str(tmp_path / "台账.csv"), "--as", CLERK)
    assert (no_table.returncode, json.loads(no_table.stdout)["state"]) == (1, "refused")


def test_match_decides_what_waits(copy_of_demo: Callable[[], Urls]) -> None:
    database = copy_of_demo()
    engine = sa.create_engine(sqlalchemy_url(database.superuser), poolclass=sa.NullPool)
    with engine.begin() as connection:
        waiting = connection.execute(
            sa.update(AppointmentItem)
            .where(AppointmentItem.status == ItemStatus.UNMATCHED)
            .values(status=ItemStatus.MATCHING)
        ).rowcount
    assert waiting > 0
    told = json.loads(result(database, "match", "--until-idle"))
    assert told == {"decided": waiting, "matched": 0, "unmatched": waiting, "slips": 0}


@pytest.mark.parametrize("command", [("rules", "export"), ("match",), ("slips", "--json")])
def test_without_a_database_the_others_fail_and_say_nothing_on_standard_output(command: tuple[str, ...]) -> None:
    done = run(None, *command)
    assert done.returncode == 1
    assert done.stdout == ""
