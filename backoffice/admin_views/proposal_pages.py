"""What the pages of changes and corrections share on every panel: old and new values side by side, who answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload
from wtforms import TextAreaField
from wtforms.validators import InputRequired, Length

from .. import clock, working_days
from ..actor import Actor
from ..database import db
from ..messages.labels import label
from ..messages.registrations import principal_label
from ..messages.wording import N_, day_with_weekday, moment
from ..models import ChangeRequest, CorrectionProposal, Division, MeasuringInstrument, User
from ..services import areas, change_requests, corrections, proposals
from ..services.words import LONGEST_REASON
from ..states import ProposalState
from ..workbooks.columns import BY_CODE
from .base import Button, Event, ScopedModelView, Tab
from .formatting import as_badge, badge
from .forms import PanelForm
from .institution.look_ups import working_day_overrides

REQUESTED = {
    "name": N_("单位名称"),
    "division_code": N_("所在区县"),
    "address": N_("详细地址"),
}


class ReasonForm(PanelForm):
    """Why somebody says no; the other side reads it."""

    reason = TextAreaField(
        _l("原因"),
        [InputRequired(_l("请写明原因，对方会看到这段话。")), Length(max=LONGEST_REASON)],
        description=_l("对方会看到这段话，请写清楚哪一项不对、该怎么办。"),
    )


@dataclass(frozen=True, slots=True)
class Difference:
    """One line of the table: what it was, what it is now (where somebody changed it meanwhile), what it shall be."""

    label: str
    before: Any
    now: Any
    after: Any


def answer_tabs(model: Any) -> tuple[Tab, ...]:
    """待答复 first, then everything that was answered or withdrawn."""
    is_pending = proposals.is_pending(model)
    return Tab("pending", _l("待答复"), is_pending), Tab("answered", _l("已答复"), ~is_pending)


class ProposalPages(ScopedModelView):
    """List and record of what waits for an answer. Panels add permissions, actions and who is told what."""

    details_template = "proposals/record.html"
    count_unit = _l("份")
    before_words: ClassVar[Any] = _l("原内容")
    after_words: ClassVar[Any] = _l("新内容")
    stale_words: ClassVar[Any] = ""
    submitted_column: ClassVar[str]

    def names_of(self, row: Any) -> Mapping[str, str]:
        """Chinese names of the columns it is about."""
        raise NotImplementedError

    def changed_since(self, row: Any) -> dict[str, Any]:
        """Current values of the columns that changed after it was sent."""
        raise NotImplementedError

    def shown(self, row: Any, name: str, value: Any) -> Any:
        """A value as people read it."""
        return value

    def summary(self, row: Any) -> str:
        """What it is about, in a list's cell."""
        names = self.names_of(row)
        return "、".join(names[name] for name in names if name in row.after)

    def differences(self, row: Any) -> list[Difference]:
        names, now = self.names_of(row), self.changed_since(row)
        return [
            Difference(
                names[name],
                self.shown(row, name, row.before[name]),
                self.shown(row, name, now.get(name, row.before[name])),
                self.shown(row, name, row.after[name]),
            )
            for name in names
            if name in row.after
        ]

    def record_context(self, row: Any) -> dict[str, Any]:
        return {
            "differences": self.differences(row),
            "is_stale": bool(self.changed_since(row)),
            "stale_words": self.stale_words,
            "before_words": self.before_words,
            "after_words": self.after_words,
        }

    def record_badge(self, row: Any) -> Any:
        return as_badge(self, None, row, "state")

    def is_offered(self, code: str, row: Any) -> bool:
        return row.state is ProposalState.PENDING

    def record_buttons(self, row: Any) -> list[Button]:
        """The answers stand in the strip, where a phone shows them without a menu."""
        return []

    def person(self, user_id: int | None) -> str:
        user = db.session.get(User, user_id) if user_id else None
        return user.name if user else ""

    def answer_words(self, row: Any) -> str:
        """What was answered when."""
        return _("%(state)s，%(moment)s", state=label(row.state), moment=moment(row.decided_at))

    def sent_event(self, row: Any) -> Event:
        """The line of the history that tells of its beginning."""
        raise NotImplementedError

    def late_events(self, row: Any) -> list[Event]:
        """The line that says it was let wait too long, where there is a day for the answer."""
        return []

    def history(self, row: Any) -> Sequence[Event]:
        events = [*self.late_events(row), self.sent_event(row)]
        if row.decided_at is not None:
            words = label(row.state) + (f"：{row.reason}" if row.reason else "")
            events.insert(0, Event(row.decided_at, words, who=self.person(row.decided_by_id)))
        return events


class ChangeRequestPages(ProposalPages):
    """变更申请 of an enterprise."""

    model, noun, title = ChangeRequest, "change-requests", _l("变更申请")
    load_options = (joinedload(ChangeRequest.enterprise), joinedload(ChangeRequest.reviewer_division))
    tabs = answer_tabs(ChangeRequest)
    before_words, after_words = _l("申请时"), _l("申请改为")
    stale_words = _l("提交申请之后，单位信息又有改动。同意后只改下面申请的栏目，其他栏目不动。")
    column_formatters = {
        "state": as_badge,
        "what": lambda view, _context, row, _name: view.summary(row),
        "clock": lambda view, _context, row, _name: view.clock_words(row),
        "submitted_at": lambda _view, _context, row, _name: moment(row.submitted_at),
    }
    cell_classes = {"what": "wide"}
    column_sortable_list = ("submitted_at",)

    def names_of(self, row: ChangeRequest) -> Mapping[str, str]:
        names = {name: _(words) for name, words in REQUESTED.items()}
        return {**names, "principal": principal_label(row.enterprise.type)}

    def changed_since(self, row: ChangeRequest) -> dict[str, Any]:
        return change_requests.changed_since(row)

    def shown(self, row: ChangeRequest, name: str, value: Any) -> Any:
        division = db.session.get(Division, value) if name == "division_code" and value else None
        return str(division) if division is not None else value

    def clock_words(self, row: ChangeRequest) -> Any:
        """The working day by which it is answered, or by how much that is past; for answered ones when it was."""
        if row.decided_at is not None:
            return moment(row.decided_at)
        if row.due_at > clock.now():
            return day_with_weekday(areas.last_day(row.due_at))
        past = working_days.working_days_past(row.due_at, clock.now(), working_day_overrides())
        return badge(_("超时 %(days)s 个工作日", days=max(past, 1)), "bad")

    def menu_count(self, actor: Actor) -> int | None:
        return change_requests.pending_count(actor)

    def late_events(self, row: ChangeRequest) -> list[Event]:
        words = _("超过 2 个工作日未答复，已提醒")
        return [Event(row.marked_late_at, words)] if row.marked_late_at is not None else []

    def sent_event(self, row: ChangeRequest) -> Event:
        return Event(
            row.submitted_at, _("提交变更申请：%(words)s", words=row.words), who=self.person(row.requested_by_id)
        )


class CorrectionPages(ProposalPages):
    """更正建议 about an instrument."""

    model, noun, title = CorrectionProposal, "corrections", _l("更正建议")
    load_options = (
        joinedload(CorrectionProposal.instrument).joinedload(MeasuringInstrument.kind),
        joinedload(CorrectionProposal.enterprise),
        joinedload(CorrectionProposal.institution),
    )
    tabs = answer_tabs(CorrectionProposal)
    before_words, after_words = _l("台账原内容"), _l("建议改为")
    column_labels = {
        "instrument": _l("计量器具"),
        "state": _l("状态"),
        "what": _l("台账原内容 → 建议改为"),
        "enterprise": _l("器具使用单位"),
        "institution": _l("技术机构"),
        "proposed_at": _l("提出时间"),
    }
    column_formatters = {
        "state": as_badge,
        "what": lambda view, _context, row, _name: view.change_words(row),
        "enterprise": lambda _view, _context, row, _name: row.enterprise.name,
        "institution": lambda _view, _context, row, _name: row.institution.name,
        "proposed_at": lambda _view, _context, row, _name: moment(row.proposed_at),
    }
    cell_classes = {"what": "wide", "institution": "wide", "enterprise": "wide"}
    column_sortable_list = ("proposed_at",)

    def record_title(self, row: CorrectionProposal) -> str:
        return _("更正建议 · %(instrument)s", instrument=row.instrument)

    def names_of(self, row: CorrectionProposal) -> Mapping[str, str]:
        return {name: _(BY_CODE[name].name) for name in corrections.CORRECTABLE}

    def changed_since(self, row: CorrectionProposal) -> dict[str, Any]:
        return corrections.changed_since(row)

    def change_words(self, row: CorrectionProposal) -> str:
        """Old and new values in one line: people decide from the list."""
        return "；".join(
            f"{each.label} {each.before or _('（空）')} → {each.after or _('（空）')}" for each in self.differences(row)
        )

    def menu_count(self, actor: Actor) -> int | None:
        return corrections.pending_count(actor)

    def sent_event(self, row: CorrectionProposal) -> Event:
        words = _("%(institution)s 提出建议", institution=row.institution.name)
        return Event(
            row.proposed_at, words + (f"：{row.words}" if row.words else ""), who=self.person(row.proposed_by_id)
        )
