"""The forms of an institution's answer: accept with time and place, return with a code and words."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, DateField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, StopValidation

from ... import clock, messages
from ...messages import label
from ...messages.wording import weekday_words
from ...models import Appointment, Slip
from ...services import arrangements, visit_days
from ...services.acceptance import LONGEST_WORDS
from ...states import RETURN_FIELDS, ReturnCode
from ..forms import REQUIRED, PanelForm
from ..lists import clean_text
from ..records import Fact


class Visit(StrEnum):
    """When the instruments come, or somebody comes to them."""

    ON_DAY = "on_day"
    WALK_IN = "walk_in"
    BY_PHONE = "by_phone"


WALK_IN_WORDS = "随到随检"
"""Kept in front of the slip's time where no day was appointed: the slip is read and printed with it."""
VISIT_LABELS = {
    Visit.ON_DAY: _l("指定日"),
    Visit.WALK_IN: _l("随到随检"),
    Visit.BY_PHONE: _l("待电话约定"),
}
CURED_BY = {
    "kind_code": _l("种别"),
    "division_code": _l("使用地点行政区划"),
    "serial_number": _l("出厂编号"),
    "model": _l("型号规格等栏目"),
}


def wish_words(appointment: Appointment) -> str:
    """The days an enterprise wishes; empty without a wish."""
    start, until = appointment.wish_from, appointment.wish_until
    if start and until:
        return _("%(start)s 至 %(until)s", start=start.isoformat(), until=until.isoformat())
    if start:
        return _("%(start)s 起", start=start.isoformat())
    return _("%(until)s 以前", until=until.isoformat()) if until else ""


def wish_facts(appointment: Appointment) -> list[Fact]:
    """What an enterprise asks for, as whoever arranges the day reads it."""
    contact = " ".join(each for each in (appointment.site_contact, appointment.site_phone) if each)
    shown = [
        Fact(_("期望日期"), wish_words(appointment)),
        Fact(_("不便时段"), appointment.wish_against),
        Fact(_("现场联系人"), contact),
    ]
    return [fact for fact in shown if fact.value]


def _clean(text: Any) -> Any:
    return clean_text(text, limit=None) if isinstance(text, str) else text


def day_where_chosen(form: Any, field: DateField) -> None:
    """An empty day is right unless 指定日 was chosen; what is no date keeps the field's own error."""
    if field.raw_data and field.raw_data[0].strip():
        return
    field.errors = []
    if form.visit.data == Visit.ON_DAY:
        raise StopValidation(_("请选择日期，或改选“随到随检”“待电话约定”。"))
    raise StopValidation


class ArrangementForm(PanelForm):
    """Date, time, place and words of an accepted slip."""

    visit = RadioField(
        _l("送检（上门）时间"),
        [InputRequired(REQUIRED)],
        choices=[(code.value, words) for code, words in VISIT_LABELS.items()],
        default=Visit.ON_DAY.value,
    )
    appointed_on = DateField(_l("日期"), [day_where_chosen], render_kw={"autocomplete": "off"})
    day_confirmed = BooleanField(_l("已与使用单位商定，仍按这一天安排"))
    """Asked only about a day something speaks against; the box holds that day, so another day is asked about anew."""
    appointed_time = StringField(
        _l("时段"), [Length(max=40)], filters=[_clean], description=_l("如 8:30–11:30；随到随检时填受理时段。")
    )
    place = StringField(_l("地点"), [InputRequired(REQUIRED), Length(max=200)], filters=[_clean])
    words = TextAreaField(
        _l("给使用单位的话"),
        [Length(max=LONGEST_WORDS)],
        description=_l("需要携带、准备的事项；会写进回执，并印在预约单上。"),
    )

    asks_about_day = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.appointed_on.optional_words = _("选“指定日”时必填")

    def is_day_settled(self, appointment: Appointment) -> bool:
        """Whether the day suits or was confirmed; else what speaks against it stands beside the field."""
        day = self.appointed_on.data if self.visit.data == Visit.ON_DAY else None
        if day is None or day < clock.today():  # A past day is refused by the service.
            return True
        found = visit_days.doubts(appointment, day)
        self.day_confirmed.render_kw = {"value": day.isoformat()}
        self.asks_about_day = bool(found)
        if not found or self.day_confirmed.raw_data == [day.isoformat()]:
            return True
        self.day_confirmed.data = False
        facts = {"wish": wish_words(appointment), "against": appointment.wish_against, "weekday": weekday_words(day)}
        self.appointed_on.errors = [
            *(messages.sentence(code, facts) for code in found),
            _("请改日期，或在下面勾选确认。"),
        ]
        return False

    def arrangement(self) -> dict[str, Any]:
        """The values as the service takes them."""
        day = self.appointed_on.data if self.visit.data == Visit.ON_DAY else None
        time = self.appointed_time.data or ""
        if self.visit.data == Visit.WALK_IN:
            time = f"{WALK_IN_WORDS} {time}".strip()
        return {
            "appointed_on": day,
            "appointed_time": time,
            "place": self.place.data or "",
            "words": self.words.data or "",
        }


def arrangement_of(slip: Slip) -> dict[str, Any]:
    """What the form shows for a slip: its own arrangement, or a day within the wish at the usual place."""
    if slip.accepted_at is None:
        return {
            "appointed_on": visit_days.proposed(slip.appointment),
            "place": arrangements.usual_place(slip),
        }
    is_walk_in = slip.appointed_on is None and slip.appointed_time.startswith(WALK_IN_WORDS)
    kind = Visit.ON_DAY if slip.appointed_on else Visit.WALK_IN if is_walk_in else Visit.BY_PHONE
    return {
        "visit": kind.value,
        "appointed_on": slip.appointed_on,
        "appointed_time": slip.appointed_time.removeprefix(WALK_IN_WORDS).strip()
        if is_walk_in
        else slip.appointed_time,
        "place": slip.place,
        "words": slip.words,
    }


def return_choices() -> dict[str, list[tuple[str, str]]]:
    """Return codes in two groups: what the enterprise can cure, naming the field, and what it cannot."""
    curable = [
        (code.value, _("%(reason)s（请企业更正：%(field)s）", reason=label(code), field=CURED_BY[field]))
        for code, field in RETURN_FIELDS.items()
    ]
    others = [(code.value, label(code)) for code in ReturnCode if code not in RETURN_FIELDS]
    return {_("使用单位更正台账后可再次预约"): curable, _("其他原因"): others}


class ReturnForm(PanelForm):
    """Why items go back: a code for programs and lists, words for people."""

    code = SelectField(_l("退回原因"), [InputRequired(REQUIRED)])
    words = TextAreaField(
        _l("给使用单位的说明"),
        [InputRequired(_l("请写明原因，对方会看到这段话。")), Length(max=LONGEST_WORDS)],
        description=_l("写清哪里不对、应怎样改，如“铭牌出厂编号为 23871-A，请更正后再预约”。"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.code.choices = {"": [("", _("请选择"))], **return_choices()}
