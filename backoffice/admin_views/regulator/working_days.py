"""工作日调整: days a person declared working or not, which win over every calendar."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from ...models import WorkingDayOverride
from ..formatting import day_with_weekday
from ..lists import ChoiceFilter, DayFilter
from ..reference_view import ReferenceView

KINDS = [(True, _l("上班")), (False, _l("放假"))]


def kind_words(override: WorkingDayOverride) -> str:
    return str(_l("上班") if override.is_working else _l("放假"))


class WorkingDays(ReferenceView):
    """工作日调整."""

    model, noun, title = WorkingDayOverride, "working-days", _l("工作日调整")
    labels = {"day": _l("日期"), "is_working": _l("这一天上班"), "note": _l("说明")}
    column_formatters = {
        "day": lambda _view, _context, row, _name: day_with_weekday(row.day),
        "is_working": lambda _view, _context, row, _name: kind_words(row),
    }
    filters = (
        ChoiceFilter("kind", _l("上班或放假"), options=KINDS, column=WorkingDayOverride.is_working),
        DayFilter("since", _l("从"), WorkingDayOverride.day),
    )
    default_order, count_unit = ("day", True), _l("天")
    empty_title = _l("没有调整过的日子")
    empty_help = _l("法定节假日和调休已经内置；只有与它们不同的日子才需要新增。")
    column_descriptions = {
        "is_working": _l("勾上表示上班，不勾表示放假。以后的时限按它计算，已经算好的时限不变。"),
        "note": _l("例如“市政府通知调休”。"),
    }

    def record_title(self, row: WorkingDayOverride) -> str:
        return f"{day_with_weekday(row.day)} {kind_words(row)}"
