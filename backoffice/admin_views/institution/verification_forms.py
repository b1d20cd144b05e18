"""The form of a result: nine fields, most of them filled before anybody types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import DateField, HiddenField, RadioField, StringField
from wtforms.validators import InputRequired, Length, Optional, StopValidation

from ... import clock
from ...actor import Actor
from ...messages import label
from ...models import AppointmentItem, MeasuringInstrument, Verification
from ...services import ledger_schemes, verification_reading
from ...services.verification_fields import FIELDS, NUMBERED, length_of, proposed_valid_until
from ...states import DocumentType, Outcome
from ..formatting import choices_of
from ..forms import REQUIRED, PanelForm
from ..lists import clean_text
from ..verification_pages import until_label


def _clean(text: Any) -> Any:
    return clean_text(text, limit=None) if isinstance(text, str) else text


def _text(name: str, words: Any, *validators: Any, help: Any = "") -> StringField:
    return StringField(
        words, [*validators, Length(max=length_of(name))], filters=[_clean], description=help,
        render_kw={"autocomplete": "off"},
    )  # fmt: skip


def follows_the_day(form: Any, field: DateField) -> None:
    """A proposal nobody touched is made anew for the day that was typed, and shown before it is stored."""
    typed, proposed = form.verified_on.data, form.proposed.data
    if not isinstance(typed, date) or not proposed or field.data is None or field.data.isoformat() != proposed:
        return
    again = proposed_valid_until(form.instrument, typed)
    if again is None or again == field.data or form.outcome.data != Outcome.PASSED:
        return
    field.data, field.raw_data, form.proposed.data = again, None, again.isoformat()
    raise StopValidation(
        _("检定日期改为 %(day)s，有效期至已按周期改为 %(until)s，请核对后再保存。", day=typed, until=again)
    )


@dataclass(frozen=True, slots=True)
class OnlyWith:
    """A field asked for with one answer of another field only; `instead` is said in its place otherwise."""

    name: str
    value: str
    instead: str


class VerificationForm(PanelForm):
    """检定结果 of one instrument."""

    verified_on = DateField(_l("检定日期"), [InputRequired(REQUIRED)])
    outcome = RadioField(_l("结论"), [InputRequired(_l("请选择合格或不合格。"))], choices=lambda: choices_of(Outcome))
    document_type = RadioField(
        _l("凭证类型"),
        [InputRequired(_l("请选择凭证类型。"))],
        choices=lambda: choices_of(DocumentType),
        description=_l("不合格的出具检定结果通知书；合格的出具其余三种之一。"),
    )
    document_number = _text(
        "document_number",
        _l("编号"),
        help=_l("在本机构内不重复。同一单位同一天、凭证类型相同的几台器具可以共用一份凭证。"),
    )
    valid_until = DateField(_l("有效期至"), [Optional(), follows_the_day])
    verifier = _text("verifier", _l("检定员"), InputRequired(_l("请填写检定员姓名。")))
    approver = _text("approver", _l("批准人"))
    regulation = _text("regulation", _l("检定依据"), help=_l("如 JJG 52-2013。"))
    seal_number = _text("seal_number", _l("封印（铅封）号"))
    proposed = HiddenField()
    """The last valid day this form proposed: untouched, it follows the day of verification."""

    instrument: MeasuringInstrument

    def about(self, instrument: MeasuringInstrument) -> None:
        """Say what the instrument's kind asks for; a kind without a cycle is not asked for a validity."""
        self.instrument = instrument
        self.document_number.optional_words = _("%(documents)s必填", documents="、".join(map(label, NUMBERED)))
        if not ledger_schemes.has_validity(instrument.kind):
            del self.valid_until
            return
        self.valid_until.label.text = until_label(instrument)
        self.valid_until.flags.required = True  # Of a pass; whether it is one is known only when it is sent.
        self.valid_until.only_with = OnlyWith(
            self.outcome.name, Outcome.PASSED.value, _("不合格的没有有效期，不用填，也不会保存。")
        )
        if self.outcome.data == Outcome.NOT_PASSED:
            self.valid_until.data, self.valid_until.raw_data, self.valid_until.process_errors = None, None, []
        months = instrument.kind.default_period_months
        self.valid_until.description = (
            _("这天仍然有效。已按周期 %(months)s 个月推算，请核对；不合格的不用填。", months=months)
            if months
            else _("这天仍然有效。这个种别没有可推算的周期，合格的请按检定规程填写；不合格的不用填。")
        )


def result_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """What was typed, as the service takes it."""
    codes = {"outcome": Outcome(values["outcome"]), "document_type": DocumentType(values["document_type"])}
    return {**{name: values[name] for name in FIELDS if name in values}, **codes}


def first_values(actor: Actor, item: AppointmentItem) -> dict[str, Any]:
    """What a new form shows: today, this person, and what was typed for the slip's last instrument."""
    before = verification_reading.typed_before(actor, item)
    day = before.verified_on if before is not None else clock.today()
    until = proposed_valid_until(item.instrument, day)
    kept = ("verifier", "approver", "regulation") if before is not None else ()
    return {
        "verified_on": day,
        "valid_until": until,
        "proposed": until.isoformat() if until else "",
        "verifier": actor.name,
        **{name: getattr(before, name) for name in kept},
    }


def stored_values(row: Verification) -> dict[str, Any]:
    """What the form shows of a result that waits to be published."""
    until = proposed_valid_until(row.instrument, row.verified_on)
    shown = {name: getattr(row, name) for name in FIELDS}
    return {**shown, "proposed": until.isoformat() if until is not None and until == row.valid_until else ""}


def form_heading(instrument: MeasuringInstrument) -> str:
    """What is verified, above the form: people compare it with the plate."""
    parts = (instrument.kind.name, instrument.model, instrument.measuring_range, instrument.accuracy_class)
    said = " · ".join(each for each in parts if each)
    return _("%(said)s · 出厂编号 %(serial)s", said=said, serial=instrument.full_serial)


class PublishForm(PanelForm):
    """When the results were shown: what was changed afterwards is not published unread."""

    seen_at = HiddenField(default=lambda: clock.now().isoformat())
