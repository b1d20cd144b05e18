"""未匹配: booked instruments no institution was found for, by place of use; and why, for any item of the area."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select
from sqlalchemy.dialects.postgresql import JSONPATH
from wtforms import SelectField, TextAreaField
from wtforms.validators import InputRequired, Length

from ... import clock, scoping
from ...actor import Actor
from ...database import db
from ...messages import label
from ...messages.wording import day_with_weekday, moment
from ...models import (
    AppointmentItem,
    Enterprise,
    InstrumentKind,
    MatchingAttempt,
    MatchingDecision,
    MeasuringInstrument,
)
from ...permissions import Permission
from ...services import areas, assignments, job_runs, rules
from ...services.regulator_work import is_unanswered_late, is_unmatched, used_in_area
from ...services.words import LONGEST_REASON
from ...states import ItemStatus
from ..actions import record_action
from ..base import Done, ScopedModelView
from ..formatting import badge, day, state_badge
from ..forms import REQUIRED, PanelForm
from ..institution.look_ups import institution_names, page_facts
from ..lists import ChoiceFilter, ListState, Tab
from ..pagination import Order, Page
from ..records import Button, Event, NextStep
from . import why
from .unmatched_causes import alike, causes, nearest_words, of_cause, steps_of


def one_step_decisions() -> Select[tuple[int]]:
    """Decisions in which some institution failed a single filter."""
    path = sa.cast("$[*] ? (@.failed.size() == 1)", JSONPATH)
    return sa.select(MatchingDecision.id).where(sa.func.jsonb_path_exists(MatchingDecision.candidates, path))


def is_one_step_away(_actor: Actor) -> sa.ColumnElement[bool]:
    return AppointmentItem.decision_id.in_(one_step_decisions())


def is_over_two_days(_actor: Actor) -> sa.ColumnElement[bool]:
    return is_unanswered_late()


def count_unmatched(actor: Actor) -> int:
    """How many rows the queue has for this regulator: the number of the menu, the home and the list."""
    return count_items(actor, is_unmatched(actor))


def count_items(actor: Actor, *clauses: sa.ColumnElement[bool]) -> int:
    statement = sa.select(sa.func.count()).select_from(AppointmentItem)
    return db.session.scalar(statement.where(scoping.criterion(actor, AppointmentItem), *clauses)) or 0


@dataclass(frozen=True, slots=True)
class OneStepFirst(Order):
    """Items one step away first, then the longest waiting. The cursor keeps the decision, which says which it was."""

    def clauses(self, *, backwards: bool) -> list[sa.ColumnElement[Any]]:
        near = _nearness(AppointmentItem.decision_id)
        return [near.desc(), self.key.desc()] if backwards else [near, self.key]

    def beyond(self, value: Any, key: Any, *, backwards: bool) -> sa.ColumnElement[bool]:
        here = sa.tuple_(_nearness(AppointmentItem.decision_id), self.key)
        there = sa.tuple_(_nearness(sa.literal(value, sa.BigInteger)), sa.literal(key))
        return here < there if backwards else here > there


def _nearness(decision_id: Any) -> sa.ColumnElement[int]:
    return sa.case((decision_id.in_(one_step_decisions()), 0), else_=1)


class AssignForm(PanelForm):
    """Which institution, and why: both are kept and the reason is read by others."""

    institution_id = SelectField(_l("指派给"), [InputRequired(REQUIRED)], coerce=str)
    reason = TextAreaField(
        _l("原因"),
        [InputRequired(REQUIRED), Length(max=500)],
        description=_l("如“本市暂无能力，就近安排”。会记入审计，机构也会看到。"),
    )


class AnswerForm(PanelForm):
    """What the office tells the enterprise; it is promised an answer within two working days."""

    words = TextAreaField(
        _l("答复内容"),
        [InputRequired(_l("请写明答复，使用单位会看到这段话。")), Length(max=LONGEST_REASON)],
        description=_l("说明现在怎么办、预计何时，如“本市正在考核建标，预计 3 月可检；急用请到省计量院”。"),
    )


def unmatched_kinds(actor: Actor) -> list[tuple[str, str]]:
    """Kinds of which something is in the queue."""
    statement = (
        sa.select(InstrumentKind.code, InstrumentKind.name)
        .join(MeasuringInstrument, MeasuringInstrument.kind_code == InstrumentKind.code)
        .join(AppointmentItem, AppointmentItem.instrument_id == MeasuringInstrument.id)
        .where(is_unmatched(actor))
        .distinct()
        .order_by(InstrumentKind.code)
    )
    return list(db.session.execute(statement).tuples())


def of_kind(code: str) -> sa.ColumnElement[bool]:
    kinds = sa.select(MeasuringInstrument.id).where(MeasuringInstrument.kind_code == code)
    return AppointmentItem.instrument_id.in_(kinds)


def _nearest(_view: Any, _context: Any, row: AppointmentItem, _name: str) -> str:
    return page_facts("nearest", dict).get(row.decision_id, "—")


def due_words(row: AppointmentItem) -> Any:
    """Until when the office answers; marked once that day has passed without an answer."""
    due_at = row.appointment.due_at
    if row.office_answered_at or due_at is None:
        return _("已答复") if row.office_answered_at else "—"
    last = areas.last_day(due_at)
    return badge(_("已过 %(day)s", day=last), "bad") if due_at <= clock.now() else day_with_weekday(last)


class RegulatorUnmatched(ScopedModelView):
    """The queue; its record is the why-matrix and stays open for an item that has since been matched."""

    model, noun, title = AppointmentItem, "unmatched", _l("未匹配")
    permissions = {"view": Permission.AREA_UNMATCHED_READ}
    in_dock = True
    list_template = "regulator/unmatched/list.html"
    details_template = "regulator/unmatched/details.html"
    column_list = ("instrument", "nearest", "enterprise", "place", "status_since", "due")
    column_labels = {
        "instrument": _l("器具"),
        "nearest": _l("最接近的机构与差的条件"),
        "enterprise": _l("器具使用单位"),
        "place": _l("使用地点"),
        "status_since": _l("未匹配自"),
        "due": _l("应答复"),
    }
    column_sortable_list = ("status_since",)
    column_formatters = {
        "nearest": _nearest,
        "place": lambda _view, _context, row, _name: row.instrument.division.name,
        "status_since": lambda _view, _context, row, _name: day(clock.local(row.status_since).date()),
        "due": lambda _view, _context, row, _name: due_words(row),
    }
    cell_classes = {"nearest": "wide", "enterprise": "wide", "place": "wide"}
    load_options = (
        sa.orm.joinedload(AppointmentItem.instrument).joinedload(MeasuringInstrument.kind),
        sa.orm.joinedload(AppointmentItem.instrument).joinedload(MeasuringInstrument.division),
        sa.orm.joinedload(AppointmentItem.enterprise),
        sa.orm.joinedload(AppointmentItem.appointment),
        sa.orm.joinedload(AppointmentItem.decision),
    )
    search_label = _l("器具、出厂编号或单位")
    count_unit = _l("台（件）")
    empty_title = _l("没有未匹配的器具")
    empty_help = _l("使用地点在本辖区、又没有机构可以检定的器具会出现在这里，差一步的排在最前。")
    tabs = (
        Tab("all", _l("全部")),
        Tab("one_step", _l("差一步"), is_one_step_away),
        Tab("late", _l("已超 2 个工作日"), is_over_two_days),
    )
    filters = (
        ChoiceFilter("kind", _l("种别"), options=unmatched_kinds, where=of_kind),
        ChoiceFilter("cause", _l("原因"), options=causes, where=of_cause),
    )

    def menu_count(self, actor: Actor) -> int | None:
        return count_unmatched(actor)

    def scope(self) -> Select[Any]:
        """Items used in the area that were ever decided about."""
        return super().scope().where(used_in_area(self.actor), AppointmentItem.decision_id.is_not(None))

    # List

    def apply_filters(self, query: Select[Any], state: ListState) -> Select[Any]:
        return super().apply_filters(query.where(AppointmentItem.status == ItemStatus.UNMATCHED), state)

    def apply_search(self, query: Select[Any], text: str) -> Select[Any]:
        for word in text.split()[:6]:
            found = sa.select(MeasuringInstrument.id).where(
                MeasuringInstrument.search_text.contains(word.lower(), autoescape=True)
            )
            named = sa.select(Enterprise.id).where(Enterprise.name.icontains(word, autoescape=True))
            query = query.where(
                sa.or_(AppointmentItem.instrument_id.in_(found), AppointmentItem.enterprise_id.in_(named))
            )
        return query

    def order(self, state: ListState) -> Order:
        return super().order(state) if state.sort else OneStepFirst(self._key, AppointmentItem.decision_id)

    def page_of(self, state: ListState) -> Page:
        page = super().page_of(state)
        decisions = list({row.decision_id: row.decision for row in page.rows}.values())
        page_facts("nearest", lambda: nearest_words(decisions))
        page_facts("steps", lambda: steps_of(self.actor, page.rows))
        return page

    def row_buttons(self, row: AppointmentItem) -> Sequence[Button]:
        """What is one step away offers that step."""
        step = page_facts("steps", dict).get(row.id)
        return (step,) if step else ()

    def render(self, template: str, **kwargs: Any) -> str:
        kwargs.setdefault("late_since", job_runs.not_running_since())
        return super().render(template, **kwargs)

    # Record

    def record_title(self, row: AppointmentItem) -> str:
        prefix = _("未匹配") if row.status is ItemStatus.UNMATCHED else _("匹配依据")
        return f"{prefix}：{row.instrument}"

    def record_badge(self, row: AppointmentItem) -> Any:
        return state_badge(row.status)

    def next_step(self, row: AppointmentItem) -> NextStep:
        matrix = self._matrix(row)
        if row.status is not ItemStatus.UNMATCHED:
            return NextStep(what=why.outcome_words(row, matrix), who=self._who(row))
        cure, assign = matrix.cure, self._assign_button(row)
        primary = cure.button or (None if assign.why_not else assign)
        others = [] if primary is assign or assign.why_not else [assign]
        answer = Button(_("答复"), self.url_of("do_answer", key=row.id), primary=primary is None)
        return NextStep(
            what=cure.sentence,
            who=self._who(row),
            primary=primary or answer,
            others=[*others, answer] if primary else others,
            warn=row.office_answer == "",
        )

    def record_buttons(self, row: AppointmentItem) -> list[Button]:
        """手工指派 and 答复 stand in the strip."""
        return [Button(label=_("预约申请"), url=url_for("regulator_appointments.details_view", key=row.appointment_id))]

    def history(self, row: AppointmentItem) -> Sequence[Event] | None:
        return None

    def record_context(self, row: AppointmentItem) -> dict[str, Any]:
        return {
            "matrix": self._matrix(row),
            "attempts": self._attempts(row),
            "same_cause": self._same_cause(row),
            "cannot_assign": self._cannot_assign(row),
            "is_decided_anew": self._is_decided_anew(row),
        }

    def _is_decided_anew(self, row: AppointmentItem) -> bool:
        """The rules changed since it was decided: the job decides it again within seconds."""
        if row.status is not ItemStatus.UNMATCHED or row.decision is None:
            return False
        return row.decision.rule_revision < rules.revision()

    def why_not(self, code: str, row: AppointmentItem) -> str:
        return "" if code != "assign" or self._assignable(row) else _("没有机构只差服务区域，不能指派")

    def _cannot_assign(self, row: AppointmentItem) -> bool:
        return row.status is ItemStatus.UNMATCHED and not self._assignable(row)

    def is_offered(self, code: str, row: AppointmentItem) -> bool:
        return row.status is ItemStatus.UNMATCHED

    def action_form(self, code: str, subject: AppointmentItem) -> Any:
        form = super().action_form(code, subject)
        if code != "assign":
            return form
        form.institution_id.choices = [
            ("", _("请选择")),
            *((str(found.id), f"{found.name}（{label(found.level)}）") for found in self._assignable(subject)),
        ]
        return form

    @record_action(
        "assign",
        label=_l("手工指派"),
        permission=Permission.AREA_UNMATCHED_ASSIGN,
        form=AssignForm,
        confirm=lambda _view, _row: _(
            "只列出除服务区域外条件全部符合的机构。指派后预约单立即到达该机构，按 2 个工作日计时。"
        ),
    )
    def assign(self, actor: Actor, row: AppointmentItem, values: dict[str, Any]) -> Done:
        slip = assignments.assign(
            actor, row.id, institution_id=int(values["institution_id"]), reason=values["reason"] or ""
        )
        said = _("已指派给%(name)s，预约单 %(number)s。", name=slip.institution.name, number=slip.number)
        return Done(url_for("regulator_slips.details_view", key=slip.id), said)

    @record_action(
        "answer",
        label=_l("答复"),
        permission=Permission.AREA_UNMATCHED_ASSIGN,
        form=AnswerForm,
        confirm=lambda _view, row: _(
            "%(name)s会在预约申请和消息里看到答复。同一预约中同种别未匹配的器具一并答复；器具仍等待匹配。",
            name=row.enterprise.name,
        ),
    )
    def answer(self, actor: Actor, row: AppointmentItem, values: dict[str, Any]) -> Done:
        count = assignments.answer(actor, row.id, words=values["words"] or "")
        return Done("", _("已答复使用单位，涉及 %(count)s 台（件）。", count=count))

    def _matrix(self, row: AppointmentItem) -> why.Matrix:
        made: why.Matrix = page_facts(f"matrix-{row.id}", lambda: why.matrix_of(self.actor, row))
        return made

    def _assignable(self, row: AppointmentItem) -> list[Any]:
        if row.status is not ItemStatus.UNMATCHED:
            return []
        made: list[Any] = page_facts(f"assignable-{row.id}", lambda: assignments.assignable(row))
        return made

    def _assign_button(self, row: AppointmentItem) -> Button:
        return Button(
            label=_("手工指派"), url=self.url_of("do_assign", key=row.id), why_not=self.why_not("assign", row)
        )

    def _who(self, row: AppointmentItem) -> str:
        appointment, instrument = row.appointment, row.instrument
        parts = [row.enterprise.name, instrument.division.name, label(instrument.delivery_mode)]
        if appointment.submitted_at and appointment.due_at:
            parts.append(
                _(
                    "%(submitted)s 提交，%(due)s 24:00 前答复",
                    submitted=moment(appointment.submitted_at),
                    due=day_with_weekday(areas.last_day(appointment.due_at)),
                )
            )
        return " · ".join(parts)

    def _same_cause(self, row: AppointmentItem) -> dict[str, Any]:
        """How many others wait for exactly the same reason, and the list of all of them."""
        if row.status is not ItemStatus.UNMATCHED:
            return {"count": 0, "url": ""}
        same = alike(row.decision) if row.decision is not None else []
        count = count_items(self.actor, is_unmatched(self.actor), AppointmentItem.decision_id.in_(same))
        mine = {value for value, _label in causes(self.actor)}
        cause = next((key for key in same if key in mine), row.decision_id)
        return {"count": count - 1, "url": self.url_of("index_view", cause=cause)}

    def _attempts(self, row: AppointmentItem) -> list[Event]:
        statement = (
            scoping.visible(self.actor, MatchingAttempt)
            .where(MatchingAttempt.item_id == row.id)
            .options(sa.orm.joinedload(MatchingAttempt.decision))
            .order_by(MatchingAttempt.id.desc())
        )
        attempts = list(db.session.scalars(statement))
        names = institution_names({each.decision.institution_id for each in attempts if each.decision.institution_id})
        return [Event(each.attempted_at, why.attempt_words(each, names)) for each in attempts]
