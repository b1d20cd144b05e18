"""A small application on the real models, so that the bases are tested without any noun's own view."""

from __future__ import annotations

from typing import Any

from flask import Flask, render_template, request
from flask_admin import expose
from flask_babel import Babel
from flask_login import LoginManager, UserMixin
from flask_wtf import CSRFProtect
from jinja2 import ChoiceLoader, DictLoader, StrictUndefined
from sqlalchemy.orm import joinedload
from wtforms import Form, StringField, TextAreaField
from wtforms.validators import InputRequired

import app as product
from backoffice import clock, scoping, web
from backoffice.actor import Actor, Role
from backoffice.admin_views.actions import batch_action, record_action
from backoffice.admin_views.base import (
    Button,
    Done,
    Event,
    Lookup,
    NextStep,
    PanelView,
    ScopedModelView,
    Tab,
    needs,
)
from backoffice.admin_views.formatting import as_badge, choices_of, state_badge
from backoffice.admin_views.lists import ChoiceFilter, DayFilter, TextFilter
from backoffice.admin_views.panel import Panel
from backoffice.config import Settings
from backoffice.database import db
from backoffice.errors import Conflict, Invalid, TooOften
from backoffice.models import Division, Enterprise, InstrumentKind, MeasuringInstrument, User
from backoffice.permissions import P
from backoffice.states import DeliveryMode, Purpose, UseState
from backoffice.web.access import public
from backoffice.web.current import actor_of
from backoffice.web.form_keys import once
from tests.conftest import ROOT

FORM = '{% import "_macros.html" as ui %}{{ ui.form_start("/form") }}{{ ui.form_end() }}'


class StopForm(Form):
    reason = TextAreaField("停用原因", [InputRequired()])


class StopManyForm(Form):
    reason = StringField("停用原因", [InputRequired()])


class Instruments(ScopedModelView):
    """The ledger of an enterprise, with everything a view can declare."""

    model, noun, title = MeasuringInstrument, "instruments", "器具台账"
    permissions = {
        "view": P.OWN_LEDGER_READ,
        "create": P.OWN_LEDGER_EDIT,
        "edit": P.OWN_LEDGER_EDIT,
        "delete": P.OWN_LEDGER_EDIT,
        "export": P.OWN_LEDGER_READ,
    }
    in_dock, dock_label = True, "台账"
    column_list = (
        "name",
        "use_state",
        "valid_until",
        "serial_number",
        "kind.name",
        "measuring_range",
        "accuracy_class",
        "division.name",
        "purpose",
    )
    column_details_list = (*column_list, "manufacturer", "filed_at", "department")
    column_labels = {
        "name": "器具名称",
        "use_state": "使用状态",
        "valid_until": "有效期至",
        "serial_number": "出厂编号",
        "kind.name": "种别",
        "measuring_range": "测量范围",
        "accuracy_class": "准确度等级",
        "division.name": "使用地点",
        "purpose": "用途",
        "manufacturer": "生产厂家",
        "filed_at": "备案时间",
        "department": "科室／部门",
        "kind_code": "种别",
        "division_code": "使用地点行政区划",
        "origin": "器具产地",
        "place_of_use": "使用地点",
        "delivery_mode": "送检方式",
    }
    column_descriptions = {"serial_number": "照铭牌填写；没有的填“无”。"}
    column_sortable_list = ("name", "valid_until", "serial_number")
    column_formatters = {
        "use_state": as_badge,
    }
    load_options = (joinedload(MeasuringInstrument.kind), joinedload(MeasuringInstrument.division))
    cell_classes = {"serial_number": "code", "accuracy_class": "hide", "purpose": "hide"}
    search_columns = (MeasuringInstrument.name, MeasuringInstrument.serial_number)
    search_label = "名称、出厂编号"
    count_unit = "台（件）"
    create_label = "新增"
    empty_title = "台账还是空的"
    empty_help = "登记后，每台器具的检定状态都会显示在这里。"
    tabs = (
        Tab("all", "全部"),
        Tab("overdue", "超期", lambda _actor: MeasuringInstrument.valid_until < clock.today()),
        Tab("stopped", "停用", MeasuringInstrument.use_state == UseState.STOPPED),
    )
    filters = (
        ChoiceFilter("purpose", "用途", options=lambda _actor: choices_of(Purpose), column=MeasuringInstrument.purpose),
        DayFilter("until", "到期日止", MeasuringInstrument.valid_until, until=True),
        TextFilter("maker", "厂家", lambda words: MeasuringInstrument.manufacturer.icontains(words, autoescape=True)),
    )
    form_columns = (
        "name",
        "kind_code",
        "serial_number",
        "manufacturer",
        "measuring_range",
        "division_code",
        "place_of_use",
        "purpose",
        "delivery_mode",
        "valid_until",
    )
    form_choices = {"purpose": lambda: choices_of(Purpose), "delivery_mode": lambda: choices_of(DeliveryMode)}
    form_lookups = {"division_code": Lookup(by="code", search=("code", "name"))}
    form_sections = (
        ("器具", ("name", "kind_code", "serial_number", "manufacturer", "measuring_range")),
        ("使用", ("division_code", "place_of_use", "purpose", "delivery_mode", "valid_until")),
    )

    def menu_count(self, actor: Actor) -> int:
        return 2

    def choices_for(self, name: str, query: Any) -> Any:
        return query.where(InstrumentKind.is_retired.is_(False)) if name == "kind_code" else query

    def create(self, actor: Actor, values: dict[str, Any]) -> MeasuringInstrument:
        if values["serial_number"] == "duplicate":
            raise Invalid.one("serial_number", "already_exists", existing="压力表 23871")
        row = MeasuringInstrument(
            enterprise_id=actor.enterprise_id,
            serial_key=values["serial_number"],
            origin="domestic",
            filed_at=clock.now(),
            **values,
        )
        db.session.add(row)
        db.session.flush()
        return row

    def update(self, actor: Actor, row: MeasuringInstrument, values: dict[str, Any]) -> None:
        if values["name"] == "taken":
            raise Conflict("changed_meanwhile")
        for name, value in values.items():
            setattr(row, name, value)
        db.session.flush()

    def remove(self, actor: Actor, row: MeasuringInstrument) -> None:
        db.session.delete(row)
        db.session.flush()

    @record_action("stop", label="停用", permission=P.OWN_LEDGER_EDIT, form=StopForm, confirm="停用期间不能预约。")
    def stop(self, actor: Actor, row: MeasuringInstrument, values: dict[str, Any]) -> Done:
        if row.use_state is not UseState.IN_USE:
            raise Conflict("already_decided", count=1)
        if values["reason"] == "短":
            raise Invalid.one("reason", "reason_required")
        row.use_state, row.use_state_reason = UseState.STOPPED, values["reason"]
        return Done("", "已停用。")

    @batch_action("stop-many", label="停用", permission=P.OWN_LEDGER_EDIT, form=StopManyForm)
    def stop_many(self, actor: Actor, rows: list[MeasuringInstrument], values: dict[str, Any]) -> Done:
        for row in rows:
            row.use_state, row.use_state_reason = UseState.STOPPED, values["reason"]
        return Done("", f"已停用 {len(rows)} 台（件）。")

    def is_offered(self, code: str, row: MeasuringInstrument) -> bool:
        return row.use_state is UseState.IN_USE

    def record_badge(self, row: MeasuringInstrument) -> Any:
        return state_badge(row.use_state)

    def next_step(self, row: MeasuringInstrument) -> NextStep:
        return NextStep(
            what="有效期至 2026-10-31，已超期 23 天。检定合格前不得使用。",
            who="下一步在您：预约检定。机构在 2 个工作日内答复。",
            primary=Button("预约检定", "/enterprise/", primary=True),
            warn=True,
        )

    def history(self, row: MeasuringInstrument) -> list[Event]:
        return [Event(row.filed_at, "登记入台账", "王建国")]


class Kinds(ScopedModelView):
    """The same panel's read-only reference list: keys are text."""

    model, noun, title = InstrumentKind, "kinds", "强检器具目录"
    permissions = {"view": P.OWN_LEDGER_READ}
    column_list = ("name", "code", "is_retired")
    column_labels = {"name": "种别", "code": "代码", "is_retired": "停用"}
    default_order = ("name", False)
    menu_group = "工具"


class EnterpriseHome(PanelView):
    title, permission, in_dock = "我的工作", P.OWN_LEDGER_READ, True

    @expose("/")
    def index(self) -> str:
        return self.render("base.html")

    @expose("/ask", methods=("POST",))
    @needs(P.OWN_LEDGER_EDIT)
    def ask(self) -> Any:
        return once(lambda: Done("/enterprise/", "好"))


class Enterprises(ScopedModelView):
    model, noun, title = Enterprise, "enterprises", "企业"
    permissions = {"view": P.AREA_ENTERPRISES_READ}
    column_list = ("name", "uscc")
    column_labels = {"name": "名称", "uscc": "统一社会信用代码"}


class RegulatorHome(PanelView):
    title, permission = "我的工作", P.OWN_NOTICES_READ

    @expose("/")
    def index(self) -> str:
        return self.render("base.html")


class SignedIn(UserMixin):
    def __init__(self, row: User) -> None:
        self.row, self.id = row, row.id

    def actor(self, *, address: str | None) -> Actor:
        return actor_of(self.row, address=address)


def load(user_id: str) -> SignedIn | None:
    row = db.session.get(User, int(user_id))
    return SignedIn(row) if row else None


@public
def boom() -> str:
    """Raises what the query names, to see how errors are answered."""
    kind = request.args.get("kind", "")
    if kind == "number":
        db.session.get(Division, "370300")
        db.session.scalars(scoping.sa.select(MeasuringInstrument).where(MeasuringInstrument.id == 10**30)).all()
    if kind == "conflict":
        raise Conflict("already_decided", count=3)
    if kind == "often":
        raise TooOften("too_often", minutes=15)
    raise RuntimeError("secret detail")


def build(settings: Settings) -> Flask:
    """The sample application with two panels; `bare` endpoints are declared like any other."""
    app = Flask(product.__name__, root_path=str(ROOT))
    product.configure(app, settings, is_job_process=False)
    app.jinja_env.undefined = StrictUndefined
    db.init_app(app)
    Babel(app)
    CSRFProtect(app)
    LoginManager(app).user_loader(load)
    web.init_app(app)
    for rule, view in (("/boom", boom), ("/boom.json", boom)):
        app.add_url_rule(rule, rule.strip("/").replace(".", "_"), view)
    app.add_url_rule("/form", "form", public(lambda: render_template("form.html")))
    app.jinja_loader = ChoiceLoader([app.jinja_loader, DictLoader({"form.html": FORM})])
    app.add_url_rule("/login", "login", public(lambda: "login"))
    enterprise = Panel(
        app,
        name="enterprise",
        title="企业",
        roles={Role.ENTERPRISE},
        home=EnterpriseHome,
        organisation=lambda actor: "淄博鲁中石化销售有限公司",
        unread=lambda actor: 3,
    )
    for view in (Instruments, Kinds):
        enterprise.add(view)
    regulator = Panel(
        app, name="regulator", title="监管", roles={Role.REGULATOR, Role.AUDITOR, Role.ADMIN}, home=RegulatorHome
    )
    regulator.add(Enterprises)
    web.access.check(app)
    return app
