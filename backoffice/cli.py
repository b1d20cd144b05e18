"""Commands of `flask --app app`: another edge that calls services (docs/outside.md, 7).

Each prints only its result on standard output and ends with 0 when it went well, 1 when not.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import click
import sqlalchemy as sa
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext

from . import collector, messages
from .database import db
from .errors import Invalid, ServiceError
from .jobs import imports as import_jobs
from .jobs import matching as matching_jobs
from .jobs.runner import Runner
from .matching import FactsError
from .matching.io import decide_lines
from .models import Slip, User
from .services import accounts, job_runs, rules
from .states import ImportMode, ImportState, SlipStatus
from .web import access, request_log

jobs = AppGroup("jobs", help="后台任务进程。")
rule_commands = AppGroup("rules", help="匹配规则。")


def init_app(app: Flask) -> None:
    """Attach the commands."""
    # `routes` comes in by pyproject's entry point: only a plug-in may take the name of Flask's own.
    for command in (jobs, rule_commands, match, decide, import_ledger, list_slips):
        app.cli.add_command(command)


def show(result: Any) -> None:
    click.echo(json.dumps(result, ensure_ascii=False, default=str))


def refuse(words: str) -> None:
    """Say why on standard error and end with 1."""
    click.echo(words, err=True)
    sys.exit(1)


@jobs.command("run")
def run_jobs() -> None:
    """运行后台任务，直到收到停止信号。"""
    request_log.install()
    collector.settle()
    Runner(current_app._get_current_object()).run()  # type: ignore[attr-defined]


@click.command("match")
@click.option("--until-idle", is_flag=True, help="一直匹配，直到没有等待的器具。")
def match(until_idle: bool) -> None:
    """匹配等待中的器具。"""
    total: dict[str, int] = {}
    while True:
        counts = matching_jobs.match_waiting()
        total = {key: total.get(key, 0) + count for key, count in counts.items()}
        is_idle = not any(counts.values())
        if not until_idle or (is_idle and not job_runs.pulse()["waiting"]):
            break
        if is_idle:  # A job process holds what waits.
            time.sleep(0.2)
    show(total)


@rule_commands.command("export")
def export_rules() -> None:
    """把现行规则输出为 JSON。"""
    show(rules.export())


@click.command("decide")
@click.argument("rules_file", type=click.Path(path_type=Path))
def decide(rules_file: Path) -> None:
    """按规则文件逐行判定标准输入中的器具；不需要数据库。"""
    try:
        with rules_file.open(encoding="utf-8") as source, click.open_file("-", encoding="utf-8") as items:
            for line in decide_lines(source, items):
                click.echo(line)
    except FactsError as error:
        refuse(f"规则或器具的内容不合要求：{error}")
    except (OSError, UnicodeDecodeError):
        refuse(f"读不了规则文件或输入的内容：{rules_file}，须是 UTF-8 编码的文本。")


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--as", "username", required=True, help="以哪个账号导入。")
@click.option("--mode", type=click.Choice([mode.value for mode in ImportMode]), default=ImportMode.ALL.value)
def import_ledger(file: Path, username: str, mode: str) -> None:
    """导入台账；中断后再次运行会接着做完。"""
    user = db.session.scalars(sa.select(User).where(User.username == username)).one_or_none()
    if user is None:
        refuse(f"没有账号 {username}。")
        return
    try:
        result = import_jobs.import_file(accounts.person(user), file, ImportMode(mode))
    except OSError:
        refuse(f"读不了文件 {file}。")
        return
    except Invalid as error:
        refuse("；".join(messages.sentence(problem.code, problem.facts) for problem in error.problems.values()))
        return
    except ServiceError as error:
        refuse(messages.sentence(error.code, error.facts))
        return
    show(result)
    if result["state"] != ImportState.DONE:
        sys.exit(1)


@click.command("slips")
@click.option("--state", type=click.Choice([state.value for state in SlipStatus]), help="只列出这个状态的预约单。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。")
def list_slips(state: str | None, as_json: bool) -> None:
    """列出预约单。"""
    statement = sa.select(Slip).order_by(Slip.id)
    if state:
        statement = statement.where(Slip.status == SlipStatus(state))
    rows = [_slip(slip) for slip in db.session.scalars(statement)]
    if as_json:
        show(rows)
    else:
        for row in rows:
            click.echo("\t".join(str(value) for value in row.values()))


def _slip(slip: Slip) -> dict[str, Any]:
    return {
        "id": slip.id,
        "number": slip.number,
        "state": slip.status.value,
        "appointment": slip.appointment.number,
        "enterprise": slip.enterprise.uscc,
        "institution": slip.institution_id,
        "items": len(slip.items),
    }


@click.command("routes")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。")
@with_appcontext
def list_routes(as_json: bool) -> None:
    """列出全部地址：谁可以用哪种方法访问。"""
    rows = [
        {
            "endpoint": row.endpoint,
            "rule": row.rule,
            "methods": list(row.methods),
            "roles": list(row.roles),
            "public": row.public,
        }
        for row in access.access_table(current_app)
    ]
    if as_json:
        show(rows)
    else:
        for line in rows:
            click.echo("\t".join(str(value) for value in line.values()))
