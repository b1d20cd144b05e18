"""`flask --app app seed …`: reference data and demo data."""

from __future__ import annotations

import json
import sys

import click
from flask import Flask, current_app
from flask.cli import AppGroup

from backoffice.database import db
from backoffice.unit_of_work import unit_of_work

from . import demo, reference
from .demo import reset as reset_demo

seed = AppGroup("seed", help="基础数据与演示数据。")


def init_app(app: Flask) -> None:
    app.cli.add_command(seed)


@seed.command("reference")
def seed_reference() -> None:
    """载入行政区划、目录与选项；已有的不变。"""
    with unit_of_work():
        click.echo(json.dumps(reference.load()))


@seed.command("demo")
@click.option("--reset", is_flag=True, help="先清空全部数据。")
@click.option("--core", is_flag=True, help="只要公布账号的那些单位，不要周围的一年半业务。")
def seed_demo(reset: bool, core: bool) -> None:
    """生成演示数据；已有数据时不做任何事。"""
    if not current_app.config["IS_DEMO"]:
        click.echo("正式环境不能载入演示数据。", err=True)
        sys.exit(1)
    if reset:
        if not reset_demo.is_the_demos():
            click.echo("这个数据库里不是演示数据，没有清空。", err=True)
            sys.exit(1)
        db.session.remove()  # Emptying waits for nobody, this command included.
        reset_demo.empty_everything()
    elif demo.is_seeded():
        click.echo(json.dumps({"seeded": False}))
        return
    click.echo(json.dumps({"seeded": True, **demo.load(with_town=not core)}))
