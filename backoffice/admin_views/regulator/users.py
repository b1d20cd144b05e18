"""Accounts, for the system administrator."""

from __future__ import annotations

from typing import Any

from flask import current_app, g
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload

from ... import messages
from ...actor import Actor, Role
from ...models import Institution, User
from ...services import user_records, users
from ..actions import record_action
from ..base import Card, Done, Fact, Lookup, Tab
from ..formatting import badge, code, moment
from ..link_words import handed_over
from ..lists import ChoiceFilter
from ..reference_forms import ReasonForm, options_of
from .common import SYSTEM, P, RecordView

ROLES = tuple(role for role in Role if role is not Role.SYSTEM)


def state_badge(user: User) -> Any:
    return badge(_("可登录"), "ok") if user.is_active else badge(_("已停用"), "end")


class Users(RecordView):
    """账号."""

    model, noun, title, menu_group = User, "users", _l("账号"), SYSTEM
    permissions = {"view": P.ALL_USERS_READ, "create": P.ALL_USERS_EDIT, "edit": P.ALL_USERS_EDIT}
    in_dock = True
    count_unit = _l("个")
    empty_title = _l("还没有账号")
    load_options = (joinedload(User.enterprise), joinedload(User.institution), joinedload(User.division))

    column_list = ("name", "is_active", "username", "role", "organisation", "division_code", "phone")
    column_labels = {
        "name": _l("姓名"),
        "is_active": _l("状态"),
        "username": _l("登录名"),
        "role": _l("角色"),
        "organisation": _l("单位"),
        "division_code": _l("辖区"),
        "phone": _l("电话"),
        "email": _l("电子邮箱"),
        "institution_id": _l("技术机构"),
        "may_edit_reference": _l("可维护基础数据"),
    }
    column_formatters = {
        "is_active": lambda _view, _context, row, _name: state_badge(row),
        "username": lambda _view, _context, row, _name: code(row.username),
        "organisation": lambda _view, _context, row, _name: row.organisation_name,
        "division_code": lambda _view, _context, row, _name: row.division.name if row.division else "—",
        "phone": lambda _view, _context, row, _name: code(row.phone),
    }
    cell_classes = {"division_code": "hide", "organisation": "wide"}
    column_sortable_list = ("name", "username", "role")
    search_columns = (User.name, User.username, User.phone, User.organisation)
    search_label = _l("姓名、登录名、电话")
    tabs = (
        Tab("all", _l("全部")),
        Tab("active", _l("可登录"), User.is_active.is_(True)),
        Tab("stopped", _l("已停用"), User.is_active.is_(False)),
    )
    filters = (ChoiceFilter("role", _l("角色"), options=options_of(ROLES), column=User.role),)

    form_columns = (
        "username",
        "name",
        "role",
        "institution_id",
        "division_code",
        "organisation",
        "phone",
        "email",
        "may_edit_reference",
    )
    create_only = ("username", "role", "institution_id", "division_code")
    form_choices = {"role": options_of(user_records.MADE_BY_ADMINISTRATOR)}
    form_lookups = {"division_code": Lookup(by="code", search=("code", "name"))}
    sections = (
        (_l("账号"), ("username", "name", "role")),
        (_l("单位"), ("institution_id", "division_code", "organisation")),
        (_l("联系"), ("phone", "email")),
        (_l("权限"), ("may_edit_reference",)),
    )
    column_descriptions = {
        "username": _l("3 到 64 位字母、数字、点、横线或下划线，保存后不能再改。"),
        "role": _l("企业在门户自己注册，不在这里新增。"),
        "institution_id": _l("技术机构的人员必填，其他角色留空。"),
        "division_code": _l("监管部门的人员必填：输入代码或名称后从提示中选；其他角色留空。"),
        "organisation": _l("监管部门写单位全称，例如“张店区市场监督管理局”。"),
        "phone": _l("监管部门的人员必填，企业和机构会按它联系。"),
        "email": _l("填了就把设置密码的链接发到这里。"),
        "may_edit_reference": _l("只有监管部门的人员可以：目录、行政区划、选项表、工作日。"),
    }

    def choices_for(self, name: str, query: Any) -> Any:
        return query.order_by(Institution.name) if name == "institution_id" else query

    @property
    def create_heading(self) -> str:
        return _("新增账号")

    def create(self, actor: Actor, values: dict[str, Any]) -> User:
        user = user_records.create(actor, **values)
        g.handed_over = user_records.welcome(actor, user, public_url=_public_url())
        return user

    def update(self, actor: Actor, row: User, values: dict[str, Any]) -> None:
        user_records.update(actor, row.id, **values)

    def after_create(self, row: User) -> Done:
        said = _("已新增“%(name)s”的账号。", name=row.name)
        return handed_over(self.record_url(row), g.pop("handed_over"), public_url=_public_url(), said=said)

    def is_offered(self, code: str, row: User) -> bool:
        return row.is_active == (code != "reactivate")

    def why_not(self, code: str, row: User) -> str:
        is_own = code == "deactivate" and row.id == self.actor.user_id
        return _("自己的账号要由另一位系统管理员停用。") if is_own else ""

    def record_badge(self, row: User) -> Any:
        return state_badge(row)

    def cards(self, row: User) -> tuple[Card, ...]:
        facts = (
            Fact(_("登录名"), row.username, code=True),
            Fact(_("角色"), messages.label(row.role)),
            Fact(_("单位"), row.organisation_name),
            Fact(_("辖区"), str(row.division) if row.division else None),
            Fact(_("电话"), row.phone, code=True),
            Fact(_("电子邮箱"), row.email),
            Fact(_("可维护基础数据"), _("是") if row.may_edit_reference else _("否")),
            Fact(_("密码修改时间"), moment(row.password_changed_at)),
            Fact(_("正在登录"), _("%(count)s 个浏览器", count=users.open_sessions(row.id))),
        )
        return (Card(_("账号"), facts),)

    @record_action(
        "deactivate",
        label=_l("停用"),
        permission=P.ALL_USERS_EDIT,
        form=ReasonForm,
        confirm=_l("停用后立即退出所有登录，不能再登录；单位的记录不受影响。"),
        danger=True,
    )
    def deactivate(self, actor: Actor, row: User, values: dict[str, Any]) -> Done:
        users.deactivate(actor, row.id, reason=values["reason"])
        return Done("", _("已停用“%(name)s”的账号。", name=row.name))

    @record_action(
        "link",
        label=_l("签发一次性链接"),
        permission=P.ALL_USERS_EDIT,
        confirm=_l("本人用它设置密码。新签发后，以前的链接立即失效；现在的密码在设置新密码前仍然有效。"),
    )
    def link(self, actor: Actor, row: User, values: dict[str, Any]) -> Done:
        token = user_records.invite(actor, row.id, public_url=_public_url())
        return handed_over("", token, public_url=_public_url())

    @record_action("reactivate", label=_l("启用"), permission=P.ALL_USERS_EDIT, form=ReasonForm)
    def reactivate(self, actor: Actor, row: User, values: dict[str, Any]) -> Done:
        users.reactivate(actor, row.id, reason=values["reason"])
        return Done("", _("已启用“%(name)s”的账号。", name=row.name))


def _public_url() -> str:
    address: str = current_app.config["SETTINGS"].public_url
    return address
