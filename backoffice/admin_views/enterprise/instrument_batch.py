"""批量新增: what the instruments have in common once, then their numbers; a preview says how many it will be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import request
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import StringField, TextAreaField

from ... import scoping
from ...errors import Invalid
from ...models import Enterprise
from ...permissions import P
from ...services import ledger_batch
from ...services.ledger_batch import MOST_AT_ONCE, NUMBER_FIELDS, Numbering
from ...web.form_keys import Done, once
from ..base import needs
from ..forms import place_problems, values_of
from ..view_parts import ViewPart
from .instrument_form import FIELDS, MORE_SECTION, NEVER_COPIED, SECTIONS, InstrumentForm, begin_at, say_what_was_read

ONE_BY_ONE = frozenset({*NEVER_COPIED, "quantity"})
"""What is not the same for many instruments and is left out of the common fields."""
COMMON = tuple(name for name in FIELDS if name not in ONE_BY_ONE)
MOST_SHOWN = 12
"""Numbers shown in the preview, half of them from the end."""


class BatchForm(InstrumentForm):
    """The common fields of many instruments, and three ways to write their numbers."""

    numbers = TextAreaField(
        _l("逐个列出"),
        description=_l("每行一个，或用逗号、空格、顿号隔开；可从表格里整列复制后粘贴。开头的 0 不能丢。"),
        render_kw={"maxlength": "40000"},
    )
    first_number = StringField(
        _l("连号：从"), description=_l("如 A0098；字母和开头的 0 照写。"), render_kw={"maxlength": "64"}
    )
    last_number = StringField(_l("连号：到"), description=_l("如 A0103。"), render_kw={"maxlength": "64"})
    serial_number = StringField(
        _l("一机多枪：出厂编号"),
        description=_l("加油机等一台多枪的：同一个出厂编号，每把枪登记一条。"),
        render_kw={"maxlength": "64"},
    )
    nozzles = StringField(
        _l("一机多枪：枪号（分号）"), description=_l("如 1-48，或 1,2,5。"), render_kw={"maxlength": "2000"}
    )


COMMON_SECTIONS = tuple(
    (title, tuple(name for name in names if name in COMMON))
    for title, names in SECTIONS
    if any(name in COMMON for name in names)
)


class BatchPages(ViewPart):
    """Mixin of the ledger: `/new-many`."""

    @expose("/new-many", methods=("GET", "POST"))
    @needs(P.OWN_LEDGER_EDIT)
    def create_many(self) -> Any:
        """The form; POST shows what would be entered, and enters it when asked to (`go=save`)."""
        form = BatchForm(request.form if request.method == "POST" else None)
        if request.method == "GET":
            begin_at(form, scoping.find(self.actor, Enterprise, self.actor.enterprise_id))
            return self._batch_page(form)
        values = values_of(form, COMMON)
        numbering = Numbering(**{name: str(form[name].data or "") for name in NUMBER_FIELDS})
        try:
            if request.form.get("go") == "save":
                return once(lambda: self._enter_many(values, numbering))
            rows = ledger_batch.check(self.actor, self.actor.enterprise_id or 0, values, numbering)
        except Invalid as refused:
            return self._batch_page(form, problems=place_problems(form, refused)), 422
        return self._batch_page(form, preview=_preview(rows))

    def _enter_many(self, values: dict[str, Any], numbering: Numbering) -> Done:
        keys = ledger_batch.create(self.actor, self.actor.enterprise_id or 0, values, numbering)
        return Done(self.url_of("index_view"), _("已新增 %(count)s 台（件）。", count=len(keys)))

    def _batch_page(
        self, form: BatchForm, *, preview: dict[str, Any] | None = None, problems: Sequence[str] = ()
    ) -> str:
        say_what_was_read(form)
        more, names = MORE_SECTION
        common_more = [name for name in names if name in COMMON]
        return self.render(
            "enterprise/instruments/batch.html",
            form=form,
            heading=_("批量新增器具"),
            sections=COMMON_SECTIONS,
            folded=[
                {
                    "title": more,
                    "names": common_more,
                    "is_open": any(form[name].data or form[name].errors for name in common_more),
                }
            ],
            lookup_urls={"division_code": self.url_of("lookup_view", name="division_code")},
            preview=preview,
            problems=problems,
            limit=MOST_AT_ONCE,
            back_url=self.url_of("index_view"),
        )


def _preview(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """How many there would be, and the first and last of their numbers."""
    numbers = [row["serial_number"] + (f"/{row['sub_number']}" if row["sub_number"] else "") for row in rows]
    if len(numbers) > MOST_SHOWN:
        half = MOST_SHOWN // 2
        numbers = [*numbers[:half], "…", *numbers[-half:]]
    return {"count": len(rows), "numbers": "、".join(numbers)}
