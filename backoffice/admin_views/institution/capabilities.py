"""授权检定项目 of one's own institution, read-only: regulators edit them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ... import clock
from ...actor import Actor
from ...messages import label
from ...models import Capability, InstrumentKind
from ...permissions import Permission
from ...services.capabilities import range_of
from ...services.regulator_work import LAPSING_DAYS
from ...states import DeliveryMode
from ..base import ScopedModelView
from ..formatting import badge
from ..lists import ListState, Tab
from ..pagination import Page
from .look_ups import division_names, joined, page_facts


def lapses_soon(_actor: Actor) -> sa.ColumnElement[bool]:
    """Still in force, but not for long."""
    today = clock.today()
    return Capability.valid_until.between(today, today + timedelta(days=LAPSING_DAYS))


def is_over(_actor: Actor) -> sa.ColumnElement[bool]:
    return Capability.valid_until < clock.today()


def validity_badge(_view: Any, _context: Any, row: Capability, _name: str) -> Any:
    today = clock.today()
    if row.valid_until is not None and row.valid_until < today:
        return badge(_("已到期"), "bad")
    if row.valid_from is not None and row.valid_from > today:
        return badge(_("尚未生效"))
    if row.valid_until is not None and row.valid_until <= today + timedelta(days=LAPSING_DAYS):
        return badge(_("即将到期"), "warn")
    return badge(_("有效"), "ok")


def area_words(_view: Any, _context: Any, row: Capability, _name: str) -> str:
    known = page_facts("divisions", dict)
    names = known if set(row.areas) <= set(known) else division_names(row.areas)
    return joined([names.get(code, code) for code in row.areas])


class InstitutionCapabilities(ScopedModelView):
    """What this institution is authorised for: why slips come here."""

    model, noun, title = Capability, "capabilities", _l("授权检定项目")
    permissions = {"view": Permission.MATCHED_SLIPS_READ}
    menu_group = _l("本机构")
    column_list = ("kind.name", "validity", "kind_code", "areas", "valid_until", "laboratory.name", "delivery_modes")
    column_details_list = (
        *column_list,
        "valid_from",
        "measuring_range",
        "accuracies",
        "served",
        "document_number",
    )
    column_labels = {
        "kind.name": _l("种别"),
        "validity": _l("状态"),
        "kind_code": _l("种别代码"),
        "areas": _l("服务区域"),
        "valid_from": _l("有效期自"),
        "valid_until": _l("有效期至"),
        "laboratory.name": _l("检定室"),
        "delivery_modes": _l("送检方式"),
        "measuring_range": _l("测量范围"),
        "accuracies": _l("准确度"),
        "served": _l("服务对象"),
        "document_number": _l("授权文号"),
    }
    column_sortable_list = ("kind_code", "valid_until")
    column_formatters = {
        "validity": validity_badge,
        "areas": area_words,
        "delivery_modes": lambda _view, _context, row, _name: joined(
            [label(DeliveryMode(mode)) for mode in row.delivery_modes]
        ),
        "measuring_range": lambda _view, _context, row, _name: range_of(row) or "—",
        "served": lambda _view, _context, row, _name: _("面向社会") if row.internal_units is None else _("仅限内部"),
    }
    default_order = ("kind_code", False)
    load_options = (sa.orm.joinedload(Capability.kind), sa.orm.joinedload(Capability.laboratory))
    cell_classes = {"kind_code": "code", "areas": "wide", "delivery_modes": "hide"}
    search_label = _l("种别名称或代码")
    empty_title = _l("还没有授权检定项目")
    empty_help = _l("由监管部门登记；登记后，覆盖区域内的预约会自动匹配到本机构。")
    tabs = (Tab("all", _l("全部")), Tab("lapsing", _l("即将到期"), lapses_soon), Tab("over", _l("已到期"), is_over))

    def apply_search(self, query: Any, text: str) -> Any:
        for word in text.split()[:6]:
            named = sa.select(InstrumentKind.code).where(
                sa.or_(
                    InstrumentKind.name.icontains(word, autoescape=True),
                    InstrumentKind.code.icontains(word, autoescape=True),
                )
            )
            query = query.where(Capability.kind_code.in_(named))
        return query

    def page_of(self, state: ListState) -> Page:
        page = super().page_of(state)
        page_facts("divisions", lambda: division_names({code for row in page.rows for code in row.areas}))
        return page

    def record_title(self, row: Capability) -> str:
        return f"{row.kind.name} {row.kind_code}"

    def record_badge(self, row: Capability) -> Any:
        return validity_badge(self, None, row, "validity")
