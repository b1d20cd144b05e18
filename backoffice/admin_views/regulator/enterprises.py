"""Users of instruments of the area: read all that use instruments here, change those registered here."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import current_app, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from ... import messages, scoping
from ...actor import Actor
from ...database import db
from ...models import Division, Enterprise, MeasuringInstrument, Registration
from ...services import enterprise_records, one_time_links
from ...states import EnterpriseStatus, EnterpriseType
from ..actions import record_action
from ..base import Card, Done, Fact, NextStep, Tab
from ..formatting import as_badge, code, moment, plain, state_badge
from ..link_words import handed_over
from ..lists import ChoiceFilter
from ..on_behalf_words import on_behalf_facts, with_on_behalf
from ..reference_forms import ReasonForm, options_of
from .common import BUSINESS, P, RecordView, in_area


def division_options(actor: Actor) -> list[tuple[str, str]]:
    """Divisions of the area, for filters."""
    return [(row.code, row.name) for row in db.session.scalars(in_area(select(Division), actor))]


class Enterprises(RecordView):
    """器具使用单位."""

    model, noun, title, menu_group = Enterprise, "enterprises", _l("器具使用单位"), BUSINESS
    permissions = {
        "view": P.AREA_ENTERPRISES_READ,
        "create": P.AREA_ENTERPRISES_EDIT,
        "edit": P.AREA_ENTERPRISES_EDIT,
        "export": P.AREA_ENTERPRISES_READ,
    }
    count_unit, create_label = _l("家"), _l("新增")
    empty_title = _l("辖区内还没有使用单位")
    empty_help = _l("单位在门户自行注册，审核通过后出现在这里；也可以为个体户代办登记。")
    load_options = (joinedload(Enterprise.division),)

    column_list = ("name", "status", "uscc", "type", "division_code", "contact", "mobile", "approved_at")
    column_labels = {
        "name": _l("单位名称"),
        "status": _l("状态"),
        "uscc": _l("统一社会信用代码"),
        "type": _l("类型"),
        "division_code": _l("行政区划"),
        "address": _l("地址"),
        "principal": _l("法定代表人／负责人／经营者"),
        "contact": _l("联系人"),
        "mobile": _l("手机"),
        "email": _l("电子邮箱"),
        "approved_at": _l("通过时间"),
    }
    column_formatters = {
        "status": as_badge,
        "uscc": lambda _view, _context, row, _name: with_on_behalf(code(row.uscc), row),
        "division_code": lambda _view, _context, row, _name: row.division.name,
        "mobile": lambda _view, _context, row, _name: code(row.mobile),
    }
    cell_classes = {"type": "hide", "approved_at": "hide", "uscc": "wide"}
    column_sortable_list = ("name", "uscc", "approved_at")
    search_columns = (Enterprise.name, Enterprise.uscc, Enterprise.contact, Enterprise.address)
    search_label = _l("名称、代码、联系人、地址")
    tabs = (
        Tab("all", _l("全部")),
        Tab("approved", _l("正常"), Enterprise.status == EnterpriseStatus.APPROVED),
        Tab("pending", _l("待审核"), Enterprise.status == EnterpriseStatus.PENDING),
        Tab("refused", _l("未通过"), Enterprise.status == EnterpriseStatus.REFUSED),
        Tab("suspended", _l("已停用"), Enterprise.status == EnterpriseStatus.SUSPENDED),
        Tab(
            "elsewhere",
            _l("外地单位在本辖区使用"),
            lambda actor: Enterprise.division_code.not_in(scoping.area_codes(actor.division_code or "")),
        ),
    )
    filters = (
        ChoiceFilter("division", _l("行政区划"), options=division_options, column=Enterprise.division_code),
        ChoiceFilter("type", _l("类型"), options=options_of(EnterpriseType), column=Enterprise.type),
    )

    form_columns = (
        "uscc",
        "type",
        "name",
        "division_code",
        "address",
        "principal",
        "contact",
        "mobile",
        "email",
    )
    create_only = ("uscc",)
    form_choices = {"type": options_of(EnterpriseType)}
    sections = (
        (_l("单位"), ("uscc", "type", "name", "division_code", "address", "principal")),
        (_l("联系"), ("contact", "mobile", "email")),
    )
    column_descriptions = {
        "uscc": _l("照营业执照填写 18 位代码，保存后不能再改。"),
        "type": _l("分支机构（非法人企业）的代码由系统生成，请由其本人在门户注册。"),
        "name": _l("与营业执照上的名称一致。"),
        "division_code": _l("登记所在的区县；只能选本辖区内的。"),
        "mobile": _l("技术机构会按这个号码联系。"),
    }

    def choices_for(self, name: str, query: Any) -> Any:
        return in_area(query, self.actor)

    @property
    def create_heading(self) -> str:
        return _("代办登记使用单位")

    def create(self, actor: Actor, values: dict[str, Any]) -> Enterprise:
        return enterprise_records.create(actor, **values)

    def update(self, actor: Actor, row: Enterprise, values: dict[str, Any]) -> None:
        enterprise_records.update(actor, row.id, **values)

    def after_create(self, row: Enterprise) -> Done:
        return Done(self.record_url(row), _("已代办登记“%(name)s”，即时生效。", name=row.name))

    def can_edit_row(self, row: Enterprise) -> bool:
        return enterprise_records.may_edit(self.actor, row)

    def is_offered(self, code: str, row: Enterprise) -> bool:
        if code == "link":
            return one_time_links.may_issue_for(self.actor, row)
        wanted = EnterpriseStatus.APPROVED if code == "suspend" else EnterpriseStatus.SUSPENDED
        return row.status is wanted and enterprise_records.may_edit(self.actor, row)

    def record_badge(self, row: Enterprise) -> Any:
        return state_badge(row.status)

    def next_step(self, row: Enterprise) -> NextStep | None:
        if row.status is EnterpriseStatus.SUSPENDED:
            return NextStep(
                _("已停用：%(reason)s", reason=row.status_reason), _("本单位人员登录后只看到原因。"), warn=True
            )
        if row.status is EnterpriseStatus.REFUSED:
            return NextStep(_("注册未通过，等单位更正后重新提交。"), _("不必打电话催，对方登录后能看到原因。"))
        if row.status is EnterpriseStatus.PENDING:
            return NextStep(_("注册申请待审核，请到“注册审核”处理。"), warn=True)
        return None

    def cards(self, row: Enterprise) -> tuple[Card, ...]:
        facts = [
            Fact(_("统一社会信用代码"), row.uscc, code=True),
            Fact(_("类型"), messages.label(row.type)),
            Fact(_("行政区划"), str(row.division)),
            Fact(_("地址"), row.address),
            Fact(_("法定代表人／负责人／经营者"), row.principal),
            Fact(_("通过时间"), plain(row.approved_at)),
        ]
        if row.parent_uscc:
            facts.insert(1, Fact(_("总机构代码"), row.parent_uscc, code=True))
        facts.extend(on_behalf_facts(row))
        contact = (
            Fact(_("联系人"), row.contact),
            Fact(_("手机"), row.mobile, code=True),
            Fact(_("电子邮箱"), row.email),
        )
        registered = Card(_("注册和执照"), self._registration(row))
        return Card(_("单位"), facts), registered, Card(_("联系"), contact), Card(_("台账"), (self._ledger(row),))

    def _registration(self, row: Enterprise) -> tuple[Fact, ...]:
        """The latest registration this office may read, and the licence that came with it."""
        latest = db.session.scalars(
            scoping.visible(self.actor, Registration)
            .where(Registration.enterprise_id == row.id)
            .order_by(None)
            .order_by(Registration.id.desc())
            .limit(1)
        ).first()
        if latest is None:
            none = _("没有注册申请（由监管部门登记，或由其他监管部门审核）")
            return (Fact(_("注册申请"), none, wide=True),)
        words = _("%(moment)s 提交，%(state)s", moment=moment(latest.submitted_at), state=messages.label(latest.state))
        licence = latest.submitted.get("licence_name") if latest.submitted.get("licence_file_id") else ""
        url = url_for("regulator_registrations.licence", key=latest.id) if licence else ""
        return (
            Fact(_("注册申请"), words, url=url_for("regulator_registrations.details_view", key=latest.id)),
            Fact(_("营业执照或登记证书"), licence or _("没有上传文件"), url=url),
        )

    def _ledger(self, row: Enterprise) -> Fact:
        count = db.session.scalar(
            select(func.count())
            .select_from(MeasuringInstrument)
            .where(scoping.criterion(self.actor, MeasuringInstrument), MeasuringInstrument.enterprise_id == row.id)
        )
        url = url_for("regulator_instruments.index_view")
        return Fact(
            _("您能看到的器具"),
            _("%(count)s 台（件）", count=count),
            url=f"{url}?{urlencode({'tab': 'all', 'enterprise': row.uscc})}",
        )

    @record_action(
        "suspend",
        label=_l("停用"),
        permission=P.AREA_ENTERPRISES_EDIT,
        form=ReasonForm,
        confirm=_l("停用后本单位人员立即退出登录，只能看到停用原因；已预约的器具照常检定。"),
        danger=True,
    )
    def suspend(self, actor: Actor, row: Enterprise, values: dict[str, Any]) -> Done:
        enterprise_records.suspend(actor, row.id, reason=values["reason"])
        return Done("", _("已停用“%(name)s”。", name=row.name))

    @record_action("reinstate", label=_l("恢复"), permission=P.AREA_ENTERPRISES_EDIT, form=ReasonForm)
    def reinstate(self, actor: Actor, row: Enterprise, values: dict[str, Any]) -> Done:
        enterprise_records.reinstate(actor, row.id, reason=values["reason"])
        return Done("", _("已恢复“%(name)s”。", name=row.name))

    @record_action(
        "link",
        label=_l("签发一次性链接"),
        permission=P.AREA_ACCOUNTS_LINK,
        confirm=_l(
            "请先核实来人确是本单位的。对方用链接设置密码后登录；以前的链接立即失效，所有登录会在设置新密码时退出。"
        ),
    )
    def link(self, actor: Actor, row: Enterprise, values: dict[str, Any]) -> Done:
        public_url = current_app.config["SETTINGS"].public_url
        token = one_time_links.issue_for_enterprise(actor, row.id, public_url=public_url)
        return handed_over("", token, public_url=public_url)
