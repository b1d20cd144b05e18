"""代办 pages that institution and regulator share: the form of an instrument, and booking in one step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import sqlalchemy as sa
from flask import abort, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from .. import messages
from ..database import db
from ..errors import Invalid
from ..models import Enterprise, MeasuringInstrument
from ..services import appointment_drafts, bookings_on_behalf, ledger, on_behalf
from ..states import AppointmentStatus
from ..web.form_keys import Done, once
from .enterprise.drafts import WISHES, WishForm
from .enterprise.instrument_form import FIELDS, SECTIONS, Asked, InstrumentForm, begin_at, say_what_was_read, version_of
from .forms import Lookup, ScopedLookupField, place_problems
from .keys import coerce_key
from .lists import clean_text
from .view_parts import ViewPart

MOST_OFFERED = 200
ENTERPRISE_LOOKUP = Lookup(by="uscc", search=("uscc", "name"))
LOOKUPS = {"division_code": InstrumentForm.division_code.kwargs["lookup"], "enterprise_id": ENTERPRISE_LOOKUP}
FORM_COLUMNS = ("enterprise_id", *FIELDS)
FORM_SECTIONS = ((_l("器具使用单位"), ("enterprise_id",)), *SECTIONS)


def instrument_form(narrow: Any) -> type[InstrumentForm]:
    """The enterprise's own form, with the enterprise in front; `narrow` says which may be chosen."""

    class InstrumentOnBehalfForm(InstrumentForm):
        enterprise_id = ScopedLookupField(
            label=_l("使用单位"),
            validators=[Asked()],
            description=_l("替哪家单位登记：输入统一社会信用代码或名称，也可以从提示中选择。"),
            target=Enterprise,
            allow_blank=True,
            narrow=narrow,
            lookup=ENTERPRISE_LOOKUP,
        )

    return InstrumentOnBehalfForm


class InstrumentsOnBehalf(ViewPart):
    """Mixin of a view of instruments: the form and the service calls behind 新增 and 修改."""

    prefilled: ClassVar[Sequence[str]] = ("enterprise_id",)
    create_only: ClassVar[Sequence[str]] = ("enterprise_id",)
    form_columns = FORM_COLUMNS
    sections: ClassVar[Sequence[tuple[Any, Sequence[str]]]] = FORM_SECTIONS
    form_lookups: ClassVar[Mapping[str, Lookup]] = LOOKUPS
    edit_template = "enterprise/instruments/edit.html"

    def enterprises_offered(self, query: Any) -> Any:
        """Narrow the visible enterprises to those an instrument may be entered for."""
        raise NotImplementedError

    def get_form(self) -> type[InstrumentForm]:
        return instrument_form(self.enterprises_offered)

    def create_form(self, obj: Any = None) -> Any:
        """Opened for an enterprise it begins at that enterprise's own place."""
        form = super().create_form(obj)  # type: ignore[misc]
        if request.method == "GET" and form.enterprise_id.data is not None:
            begin_at(form, db.session.get(Enterprise, form.enterprise_id.data))
        return form

    def form_context(self, form: Any, row: MeasuringInstrument | None) -> dict[str, Any]:
        say_what_was_read(form)
        item = ledger.open_item(row.id) if row is not None else None
        locked = sorted(ledger.locked_columns(item), key=FIELDS.index)
        return {
            "locked_slip": item.slip.number if item is not None and locked and item.slip else "",
            "locked_names": "、".join(str(form[name].label.text) for name in locked),
        }

    def create(self, actor: Any, values: dict[str, Any]) -> MeasuringInstrument:
        values.pop("version", None)
        enterprise_id = values.pop("enterprise_id")
        if enterprise_id is None:
            raise Invalid.one("enterprise_id", "required")
        return ledger.create(actor, enterprise_id, values)

    def update(self, actor: Any, row: MeasuringInstrument, values: dict[str, Any]) -> None:
        ledger.update(actor, row.id, values, version_of(values.pop("version")))


@dataclass(frozen=True, slots=True)
class Offered:
    """An instrument that may be ticked, or why not."""

    instrument: MeasuringInstrument
    is_ticked: bool
    why_not: str = ""


class BookingOnBehalf(ViewPart):
    """Mixin: one page on which instruments of one enterprise are ticked and booked."""

    booking_hint: Any = ""
    """What happens with the booking, in a sentence above the list."""

    def serve_booking(self, enterprise: Enterprise, *, instruments: Any, back_url: str) -> Any:
        """`instruments`: SELECT of what may be offered of this enterprise."""
        if request.method == "GET":
            return self._booking_page(enterprise, instruments, back_url, ticked=self._ids(request.args))
        ids, form = self._ids(request.form), WishForm(request.form)
        if not form.validate():
            return self._booking_page(enterprise, instruments, back_url, ticked=ids, form=form), 422
        wishes = {name: _clean(value) for name, value in form.data.items() if name in WISHES and name in request.form}
        try:
            return self._book(enterprise, ids, wishes, back_url)
        except Invalid as refused:
            said = place_problems(form, refused)
            db.session.expire_all()
            page = self._booking_page(enterprise, instruments, back_url, ticked=ids, form=form, problems=said)
            return page, 422

    def _book(self, enterprise: Enterprise, ids: Sequence[int], wishes: dict[str, Any], back_url: str) -> Response:
        enterprise_id = enterprise.id

        def work() -> Done:
            booked = bookings_on_behalf.book(self.actor, enterprise_id, ids, wishes=wishes)
            count = len(ids)
            if booked.status is AppointmentStatus.DRAFT:
                said = _("已登记 %(count)s 台（件）的预约，该单位审核通过后自动提交。", count=count)
                return Done(back_url, said)
            said = _("已代办预约 %(number)s，共 %(count)s 台（件）。", number=booked.number, count=count)
            return Done(self.booked_url(booked) or back_url, said)

        return once(work)

    def booked_url(self, appointment: Any) -> str:
        """Where a submitted booking leads; empty leads back."""
        return ""

    def _booking_page(
        self,
        enterprise: Enterprise,
        instruments: Any,
        back_url: str,
        *,
        ticked: Sequence[int],
        form: WishForm | None = None,
        problems: Sequence[str] = (),
    ) -> str:
        search = clean_text(request.args.get("q", ""))[:100]
        rows, is_more = self._offered(instruments, search, set(ticked))
        return str(
            self.render(
                "on_behalf/book.html",
                enterprise=enterprise,
                rows=rows,
                is_more=is_more,
                search=search,
                form=form or WishForm(None),
                problems=problems,
                hint=self.booking_hint,
                back_url=back_url,
            )
        )

    def _offered(self, instruments: Any, search: str, ticked: set[int]) -> tuple[list[Offered], bool]:
        query = instruments
        for word in search.split()[:6]:
            query = query.where(MeasuringInstrument.search_text.contains(word.lower(), autoescape=True))
        loaded = (sa.orm.joinedload(MeasuringInstrument.kind), sa.orm.joinedload(MeasuringInstrument.division))
        found = list(
            db.session.scalars(query.options(*loaded).order_by(MeasuringInstrument.id).limit(MOST_OFFERED + 1))
        )
        refusals = appointment_drafts.why_not_bookable(found)
        rows = [
            Offered(
                row,
                row.id in ticked and row.id not in refusals,
                messages.sentence(refusals[row.id].code, {"instrument": str(row), **refusals[row.id].facts})
                if row.id in refusals
                else "",
            )
            for row in found[:MOST_OFFERED]
        ]
        return rows, len(found) > MOST_OFFERED

    def _ids(self, source: Any) -> list[int]:
        keys = [coerce_key(MeasuringInstrument.id, raw) for raw in source.getlist("ids")[: MOST_OFFERED + 1]]
        if None in keys:
            abort(404)
        return [int(key) for key in keys if key is not None]

    def instruments_of(self, enterprise: Enterprise) -> Any:
        """What this person may book of the enterprise's ledger."""
        bookable = on_behalf.bookable_instruments(self.actor)
        return bookable.where(MeasuringInstrument.enterprise_id == enterprise.id)


def _clean(value: Any) -> Any:
    return clean_text(value, limit=None) if isinstance(value, str) else value
