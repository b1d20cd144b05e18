"""检定结果 on every panel: the columns of the list, the facts of the record. What each side does is its own file's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select
from sqlalchemy.orm import joinedload

from ..database import db
from ..messages import label
from ..messages.wording import moment
from ..models import AppointmentItem, Enterprise, Institution, MeasuringInstrument, Slip, User, Verification
from ..models.instrument import ROTATION_SCHEME
from ..states import Outcome
from .base import Card, Fact, ScopedModelView, Tab
from .formatting import as_badge, badge, choices_of, day, plain, state_badge
from .lists import ChoiceFilter, DayFilter
from .subjects import record_path

OUTCOME_FILTER = ChoiceFilter(
    "outcome", _l("结论"), options=lambda _actor: choices_of(Outcome), column=Verification.outcome
)
DAY_FILTERS = (
    DayFilter("from", _l("检定日期自"), Verification.verified_on),
    DayFilter("until", _l("至"), Verification.verified_on, until=True),
)


def document_words(row: Verification) -> str:
    """The document and its number as people say it: 检定证书 QD-2026-00151."""
    return " ".join(each for each in (label(row.document_type), row.document_number or "") if each)


def result_words(row: Verification) -> str:
    """A result in one line."""
    until = _("，有效期至 %(day)s", day=day(row.valid_until)) if row.valid_until else ""
    return _(
        "%(institution)s 检定%(outcome)s，%(document)s%(until)s",
        institution=row.institution.name,
        outcome=label(row.outcome),
        document=document_words(row),
        until=until,
    )


def until_label(row: Verification | MeasuringInstrument) -> str:
    """有效期至; of what is rotated rather than verified again, 使用期限至."""
    instrument = row.instrument if isinstance(row, Verification) else row
    return _("使用期限至") if instrument.kind.verification_scheme == ROTATION_SCHEME else _("有效期至")


class VerificationPages(ScopedModelView):
    """List and record of results. Panels add permissions, tabs and actions."""

    model, noun, title = Verification, "verifications", _l("检定结果")
    count_unit = _l("台（件）")
    load_options = (
        joinedload(Verification.instrument).joinedload(MeasuringInstrument.kind),
        joinedload(Verification.enterprise),
        joinedload(Verification.institution),
        joinedload(Verification.item).joinedload(AppointmentItem.slip),
    )
    column_labels = {
        "instrument": _l("计量器具"),
        "outcome": _l("结论"),
        "state": _l("状态"),
        "document_number": _l("凭证"),
        "verified_on": _l("检定日期"),
        "valid_until": _l("有效期至"),
        "enterprise": _l("器具使用单位"),
        "institution": _l("技术机构"),
        "verifier": _l("检定员"),
        "slip": _l("预约单"),
    }
    column_formatters = {
        "outcome": as_badge,
        "state": lambda view, _context, row, _name: view.record_badge(row),
        "document_number": lambda _view, _context, row, _name: document_words(row),
        "enterprise": lambda _view, _context, row, _name: row.enterprise.name,
        "institution": lambda _view, _context, row, _name: row.institution.name,
        "slip": lambda _view, _context, row, _name: row.item.slip.number if row.item and row.item.slip else "—",
    }
    column_sortable_list = ("verified_on", "valid_until", "document_number")
    cell_classes = {"document_number": "nowrap", "enterprise": "wide", "institution": "wide", "slip": "code hide"}
    search_label = _l("编号、器具、预约单或单位")
    filters = (OUTCOME_FILTER, *DAY_FILTERS)
    tabs = (
        Tab("all", _l("全部")),
        Tab("passed", _l("合格"), Verification.outcome == Outcome.PASSED),
        Tab("not_passed", _l("不合格"), Verification.outcome == Outcome.NOT_PASSED),
    )

    def apply_search(self, query: Select[Any], text: str) -> Select[Any]:
        for word in text.split()[:6]:
            found = MeasuringInstrument.search_text.contains(word.lower(), autoescape=True)
            slips = sa.select(AppointmentItem.id).join(Slip, Slip.id == AppointmentItem.slip_id)
            query = query.where(
                sa.or_(
                    Verification.document_number.icontains(word, autoescape=True),
                    Verification.instrument_id.in_(sa.select(MeasuringInstrument.id).where(found)),
                    Verification.item_id.in_(slips.where(Slip.number.icontains(word, autoescape=True))),
                    *(self._named(column, model, word) for column, model in self._parties()),
                )
            )
        return query

    def _parties(self) -> Sequence[tuple[Any, Any]]:
        """Whom a search by name looks through."""
        return ((Verification.enterprise_id, Enterprise), (Verification.institution_id, Institution))

    def _named(self, column: Any, model: Any, word: str) -> sa.ColumnElement[bool]:
        made: sa.ColumnElement[bool] = column.in_(
            sa.select(model.id).where(model.name.icontains(word, autoescape=True))
        )
        return made

    # Record

    def record_title(self, row: Verification) -> str:
        return _("检定结果 · %(instrument)s", instrument=row.instrument)

    def record_badge(self, row: Verification) -> Any:
        if row.published_at is None:
            return badge(_("待核验发布"), "now")
        return state_badge(row.outcome)

    def cards(self, row: Verification) -> Sequence[Card]:
        return (Card(_("结果"), self.result_facts(row)), Card(_("器具"), self.instrument_facts(row)))

    def result_facts(self, row: Verification) -> list[Fact]:
        return [
            Fact(_("结论"), state_badge(row.outcome)),
            Fact(_("检定日期"), day(row.verified_on)),
            Fact(until_label(row), self.until_words(row)),
            Fact(_("凭证类型"), label(row.document_type)),
            Fact(_("编号"), row.document_number, code=True),
            Fact(_("检定员"), row.verifier),
            Fact(_("核验员"), row.checker or _("发布时由发布人署名")),
            Fact(_("批准人"), row.approver),
            Fact(_("检定依据"), row.regulation),
            Fact(_("封印号"), row.seal_number, code=True),
            Fact(_("登记人"), self.person(row.entered_by_id)),
            Fact(_("发布时间"), plain(row.published_at and moment(row.published_at))),
        ]

    def until_words(self, row: Verification) -> str:
        """The last valid day, or why there is none."""
        if row.outcome is Outcome.NOT_PASSED:
            return _("不合格，没有有效期")
        return day(row.valid_until) if row.valid_until else _("首检合格，不设周期")

    def instrument_facts(self, row: Verification) -> list[Fact]:
        instrument, slip = row.instrument, row.item.slip if row.item else None
        return [
            Fact(_("计量器具"), instrument.name, url=self.instrument_url(row)),
            Fact(_("出厂编号"), instrument.full_serial, code=True),
            Fact(_("种别"), instrument.kind.name),
            Fact(_("型号规格"), instrument.model),
            Fact(_("器具使用单位"), row.enterprise.name),
            Fact(_("技术机构"), row.institution.name),
            Fact(_("预约单"), slip.number if slip else None, code=True, url=self.slip_url(row)),
        ]

    def instrument_url(self, row: Verification) -> str:
        return record_path(self.panel_name, "instruments", row.instrument_id)

    def slip_url(self, row: Verification) -> str:
        slip = row.item.slip if row.item else None
        return record_path(self.panel_name, "slips", slip.id) if slip else ""

    def person(self, user_id: int | None) -> str:
        user = db.session.get(User, user_id) if user_id else None
        return user.name if user else ""
