"""The audit, to read: who did what, when, from where, and the values before and after."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ... import messages
from ...actor import Actor
from ...messages.records import ACTIONS, action_words, table_words
from ...models import AuditEvent
from ..base import Card, Fact, ScopedModelView, Tab
from ..formatting import code, moment
from ..lists import ChoiceFilter, DayFilter
from .common import SYSTEM, P, changes_of

SIGN_IN = ("user.signed_in", "user.sign_in_failed", "user.signed_out", "user.password_changed")


def action_options(_actor: Actor) -> list[tuple[str, str]]:
    return [(action, action_words(action)) for action in ACTIONS]


def subject_words(row: AuditEvent) -> str:
    """What it was done to: the kind of record and its name at that time."""
    return f"{table_words(row.subject_type)} {row.subject_label or row.subject_id}"


class AuditEvents(ScopedModelView):
    """审计."""

    model, noun, title, menu_group = AuditEvent, "audit-events", _l("审计"), SYSTEM
    permissions = {"view": P.ALL_AUDIT_READ, "export": P.ALL_AUDIT_READ}
    in_dock = True
    shows_history = False
    count_unit = _l("条")
    details_template = "regulator/audit_event.html"
    empty_title = _l("还没有审计记录")
    empty_help = _l("登录、审核、受理和每一次修改都会在这里留下一条，不能更改或删除。")

    column_list = ("action", "at", "actor_name", "actor_role", "subject_type", "address")
    column_labels = {
        "action": _l("做了什么"),
        "at": _l("时间"),
        "actor_name": _l("操作人"),
        "actor_role": _l("角色"),
        "subject_type": _l("对象"),
        "address": _l("来自"),
    }
    column_formatters = {
        "action": lambda _view, _context, row, _name: action_words(row.action),
        "subject_type": lambda _view, _context, row, _name: subject_words(row),
        "address": lambda _view, _context, row, _name: code(row.address),
    }
    cell_classes = {"subject_type": "wide", "address": "hide", "at": "nowrap"}
    column_sortable_list = ("at",)
    search_columns = (AuditEvent.actor_name, AuditEvent.subject_label)
    search_label = _l("操作人、对象")
    tabs = (
        Tab("all", _l("全部"), counted=False),
        Tab("sign-in", _l("登录和密码"), AuditEvent.action.in_(SIGN_IN), counted=False),
        Tab("accounts", _l("账号和权限"), AuditEvent.action.in_(("user.created", "user.changed")), counted=False),
        Tab("reference", _l("基础数据"), AuditEvent.action.startswith("reference."), counted=False),
        Tab("registrations", _l("注册审核"), AuditEvent.action.startswith("registration."), counted=False),
    )
    filters = (
        ChoiceFilter("action", _l("操作"), options=action_options, column=AuditEvent.action),
        DayFilter("since", _l("从"), AuditEvent.at),
        DayFilter("until", _l("到"), AuditEvent.at, until=True),
    )

    def record_title(self, row: AuditEvent) -> str:
        return f"{action_words(row.action)} · {row.subject_label or table_words(row.subject_type)}"

    def cards(self, row: AuditEvent) -> tuple[Card, ...]:
        facts = (
            Fact(_("时间"), moment(row.at)),
            Fact(_("操作人"), row.actor_name),
            Fact(_("角色"), messages.label(row.actor_role)),
            Fact(_("来自"), row.address or _("系统内部"), code=bool(row.address)),
            Fact(_("做了什么"), action_words(row.action)),
            Fact(_("对象"), subject_words(row)),
            Fact(_("对象编号"), row.subject_id, code=True),
        )
        return (Card(_("谁、何时、何事"), facts),)

    def record_context(self, row: AuditEvent) -> dict[str, Any]:
        return {"changes": changes_of(row), "has_before": bool(row.before), "has_after": bool(row.after)}
