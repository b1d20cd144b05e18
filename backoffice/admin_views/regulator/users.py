"""Accounts, for the system administrator."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload

from ... import messages
from ...actor import Actor, Role
from ...models import User
from ...services import users
from ..actions import record_action
from ..base import Card, Done, Fact, Tab
from ..formatting import badge, code, moment
from ..lists import ChoiceFilter
from ..reference_forms import ReasonForm, options_of
from .common import SYSTEM, P, RecordView

ROLES = tuple(role for role in Role if role is not Role.SYSTEM)


def state_badge(user: User) -> Any:
    return badge(_("可登录"), "ok") if user.is_active else badge(_("已停用"), "end")


class Users(RecordView):
    """账号."""

    model, noun, title, menu_group = User, "users", _l("账号"), SYSTEM
    permissions = {"view": P.ALL_USERS_READ}
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

    def is_offered(self, code: str, row: User) -> bool:
        return row.is_active == (code == "deactivate")

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

    @record_action("reactivate", label=_l("启用"), permission=P.ALL_USERS_EDIT, form=ReasonForm)
    def reactivate(self, actor: Actor, row: User, values: dict[str, Any]) -> Done:
        users.reactivate(actor, row.id, reason=values["reason"])
        return Done("", _("已启用“%(name)s”的账号。", name=row.name))
