"""A draft appointment: where each instrument will go and why, 申请类别, wishes, the last-institution question, submit.

Everything on the page is one form; whichever of its buttons is pressed, what was typed is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import abort, g, request
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response
from wtforms import DateField, StringField
from wtforms.validators import Length, Optional

from ... import messages
from ...database import db
from ...errors import Conflict, Invalid
from ...models import Appointment, AppointmentItem
from ...permissions import P
from ...services import appointment_drafts, appointment_questions, appointments, matching_runs
from ...services.appointment_questions import LastInstitutionQuestion
from ...states import ApplicationType, AppointmentStatus, LastInstitution, ReturnCode
from ...web.form_keys import Done, once
from ..base import Button, needs
from ..forms import PanelForm
from ..item_words import Answer, WhyWords, expected_answer
from ..keys import coerce_key
from ..lists import clean_text
from ..view_parts import ViewPart
from .slips import correction_button, load_items

WISHES = appointment_drafts.WISHES
TOO_LONG = _l("太长了，请缩短到 %(max)d 个字符以内。")


class WishForm(PanelForm):
    """Optional wishes for the institution."""

    wish_from = DateField(_l("期望日期从"), [Optional()])
    wish_until = DateField(_l("期望日期到"), [Optional()])
    wish_against = StringField(
        _l("不便时段"), [Length(max=200, message=TOO_LONG)], description=_l("例如“每周一上午停产检修”。")
    )
    site_contact = StringField(
        _l("现场联系人"), [Length(max=50, message=TOO_LONG)], description=_l("不填则按企业信息里的联系人。")
    )
    site_phone = StringField(_l("现场联系电话"), [Length(max=20, message=TOO_LONG)])


@dataclass(frozen=True, slots=True)
class DraftLine:
    """One instrument of a draft: the 申请类别 in the form, and where it would go today."""

    item: AppointmentItem
    type: str
    institution: str
    why: str
    nearest: Sequence[tuple[str, str]]
    correction: Button | None = None
    """To the field an institution returned it for, while it still stands as it was returned."""

    @property
    def is_matched(self) -> bool:
        return bool(self.institution)


@dataclass(frozen=True, slots=True)
class QuestionCard:
    """The last-institution question of one institution and reason, as shown."""

    question: LastInstitutionQuestion
    sentence: str
    keep_value: str
    again_value: str

    @property
    def is_kept(self) -> bool:
        return self.question.answer is LastInstitution.KEEP

    @property
    def is_matched_again(self) -> bool:
        return self.question.answer is LastInstitution.MATCH_AGAIN


class DraftPages(ViewPart):
    """Mixin of the appointments: what a draft's page shows and what its buttons do."""

    def draft_context(self, row: Appointment) -> dict[str, Any]:
        _loaded = load_items(AppointmentItem.appointment_id == row.id)  # Held, so that nothing is asked for row by row.
        asked = appointment_questions.questions(row)
        lines = draft_lines(row, asked)
        return {
            "lines": lines,
            "questions": [_card(each) for each in asked],
            "summary": _summary(lines, asked),
            "wishes": self._wishes(row),
            "has_wishes": any(getattr(row, name) for name in WISHES) or bool(self._wishes(row).errors),
            "types": [(each.value, messages.label(each)) for each in ApplicationType],
            "problems": g.get("draft_problems", {}),
        }

    def _wishes(self, row: Appointment) -> WishForm:
        if "wishes" not in g:
            g.wishes = WishForm(request.form) if request.method == "POST" else WishForm(obj=row)
        form: WishForm = g.wishes
        return form

    @expose("/<key>/save", methods=("POST",))
    @needs(P.OWN_APPOINTMENTS_EDIT)
    def save_draft(self, key: str) -> Any:
        """Keep what was typed; `then=choose` leads to the choice of instruments."""
        target = "choose_view" if request.form.get("then") == "choose" else "details_view"
        return self._change(key, lambda row: Done(self.url_of(target, key=row.id)))

    @expose("/<key>/drop/<item_id>", methods=("POST",))
    @needs(P.OWN_APPOINTMENTS_EDIT)
    def drop_item(self, key: str, item_id: str) -> Any:
        item_key = _key_or_404(item_id)

        def work(row: Appointment) -> Done:
            appointment_drafts.drop_item(self.actor, row.id, item_key)
            return Done(self.record_url(row), _("已移出 1 台（件）。"))

        return self._change(key, work, but=item_key)

    @expose("/<key>/answer", methods=("POST",))
    @needs(P.OWN_APPOINTMENTS_EDIT)
    def answer_question(self, key: str) -> Any:
        """The answer to a last-institution question, for every item it was asked about."""
        institution_id, code, choice = _read_answer(request.form.get("answer", ""))

        def work(row: Appointment) -> Done:
            appointment_questions.answer(self.actor, row.id, institution_id=institution_id, code=code, choice=choice)
            return Done(self.record_url(row) + "#questions")

        return self._change(key, work)

    @expose("/<key>/submit", methods=("POST",))
    @needs(P.OWN_APPOINTMENTS_SUBMIT)
    def submit(self, key: str) -> Any:
        """提交预约. Sent twice it submits once; what cannot be submitted says why and keeps what was typed."""

        def work(row: Appointment) -> Done:
            count = len(row.items)
            appointments.submit(self.actor, row.id)
            said = _("已提交 %(count)s 台（件），系统正在匹配技术机构。", count=count)
            return Done(self.record_url(row), said)

        row = self.row_or_404(key)
        if row.status is not AppointmentStatus.DRAFT:
            return once(lambda: Done(self.record_url(row)))
        try:
            return self._change(key, work)
        except Conflict as refused:
            if refused.code != "appointment_already_submitted":
                raise
            return once(lambda: Done(self.record_url(row)))

    def _change(self, key: str, work: Callable[[Appointment], Done], *, but: int | None = None) -> Any:
        """Keep the typed details, then do `work`, in one transaction; a refusal shows the page again."""
        row = self.row_or_404(key)
        form = self._wishes(row)
        if not form.validate():
            return self._refused(key, Invalid({}))
        try:
            return once(lambda: self._keep_and(row.id, form, work, but))
        except Invalid as refused:
            return self._refused(key, refused)

    def _keep_and(self, row_id: int, form: WishForm, work: Callable[[Appointment], Done], but: int | None) -> Done:
        appointment_drafts.find_draft(self.actor, row_id)
        loaded = load_items(AppointmentItem.appointment_id == row_id)  # Held while the service goes through them.
        types = _sent_types([item.id for item in loaded if item.id != but])
        wishes = {
            name: clean_text(value, limit=None) if isinstance(value, str) else value
            for name, value in form.data.items()
            if name in WISHES and name in request.form
        }
        return work(appointment_drafts.set_details(self.actor, row_id, types=types, wishes=wishes))

    def _refused(self, key: str, refused: Invalid) -> tuple[Response | str, int]:
        """The draft's page with the sentences beside what they are about."""
        db.session.expire_all()
        g.draft_problems = {name: messages.sentence(each.code, each.facts) for name, each in refused.problems.items()}
        for name in WISHES:
            if name in g.draft_problems:
                g.wishes[name].errors = [*g.wishes[name].errors, g.draft_problems[name]]
        return self.details_view(key), 422


def draft_lines(row: Appointment, asked: Sequence[LastInstitutionQuestion]) -> list[DraftLine]:
    """Where each instrument of a draft would go if it were submitted now, and why."""
    instruments = [item.instrument for item in row.items]
    preferred = {
        item.instrument_id: question.institution.id
        for question in asked
        if question.can_still and question.answer is LastInstitution.KEEP
        for item in question.items
    }
    decisions = matching_runs.expected(instruments, preferred=preferred)
    answers = {each.id: expected_answer(each, decisions[each.id]) for each in instruments}
    words = WhyWords(answers.values())
    waiting = {key: correction_button(item) for key, item in appointment_questions.uncorrected(row).items()}
    return [_line(item, answers[item.instrument_id], words, waiting.get(item.instrument_id)) for item in row.items]


def _line(item: AppointmentItem, answer: Answer, words: WhyWords, correction: Button | None) -> DraftLine:
    return DraftLine(
        item=item,
        type=request.form.get(f"type-{item.id}", item.application_type.value),
        institution=words.name(answer.institution_id) if answer.institution_id else "",
        why=words.why(answer),
        nearest=[] if answer.institution_id else words.nearest(answer),
        correction=correction,
    )


def _card(question: LastInstitutionQuestion) -> QuestionCard:
    value, name = f"{question.institution.id}:{question.code.value}", question.institution.name
    reason = messages.label(question.code) + (f"，{question.words}" if question.words else "")
    return QuestionCard(
        question=question,
        sentence=_("该器具上次匹配%(institution)s，被退回（%(reason)s）。", institution=name, reason=reason),
        keep_value=f"{value}:{LastInstitution.KEEP.value}",
        again_value=f"{value}:{LastInstitution.MATCH_AGAIN.value}",
    )


def _summary(lines: Sequence[DraftLine], asked: Sequence[LastInstitutionQuestion]) -> Mapping[str, Any]:
    """The numbers of the strip on top, and what to do next."""
    matched = [line for line in lines if line.is_matched]
    institutions = len({line.institution for line in matched})
    unmatched = len(lines) - len(matched)
    open_questions = sum(each.can_still and each.answer is None for each in asked)
    if not lines:
        return {"what": _("还没有选择器具"), "who": _("下一步在您：从台账选择要检定的器具。")}
    what = _(
        "%(count)s 台（件）：预计 %(matched)s 台分配给 %(institutions)s 家机构",
        count=len(lines),
        matched=len(matched),
        institutions=institutions,
    )
    if not matched:
        what = _("%(count)s 台（件）暂无机构可检", count=len(lines))
    elif unmatched:
        what += _("，%(count)s 台暂无机构可检", count=unmatched)
    still = sum(line.correction is not None for line in lines)
    if still:
        who = _("下一步在您：有 %(count)s 台退回后还没有更正，请先点下面的更正，保存后回到这里。", count=still)
    elif open_questions:
        who = _("下一步在您：先回答下面的 %(count)s 个问题，再提交。", count=open_questions)
    elif unmatched:
        who = _("下一步在您：核对后提交。暂无机构可检的也可以一起提交，由监管部门在 2 个工作日内答复。")
    else:
        who = _("下一步在您：核对后提交。机构在 2 个工作日内答复，强制检定不收取检定费。")
    return {"what": what, "who": who}


def _sent_types(item_ids: Sequence[int]) -> dict[int, ApplicationType]:
    """申请类别 by item as sent; raises `Invalid` for a code that is none."""
    types = {}
    for item_id in item_ids:
        raw = request.form.get(f"type-{item_id}")
        if raw is None:
            continue
        if raw not in {each.value for each in ApplicationType}:
            raise Invalid.one("instruments", "not_a_choice")
        types[item_id] = ApplicationType(raw)
    return types


def _read_answer(text: str) -> tuple[int, ReturnCode, LastInstitution]:
    """`<institution>:<reason>:<choice>` of an answer's button; anything else is a page that does not exist."""
    try:
        institution, code, choice = text.split(":")
        return _key_or_404(institution), ReturnCode(code), LastInstitution(choice)
    except ValueError:
        abort(404)


def _key_or_404(raw: str) -> int:
    key = coerce_key(AppointmentItem.id, raw)
    if key is None:
        abort(404)
    return int(key)
