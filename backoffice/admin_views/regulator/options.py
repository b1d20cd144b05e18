"""选项表: the entries of the lists people choose from."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from ...actor import Actor
from ...models import OptionValue
from ..lists import ChoiceFilter
from ..reference_view import ReferenceView

LISTS = {"origin": _l("器具产地")}


def list_options(_actor: Actor | None = None) -> list[tuple[str, str]]:
    """The lists there are; a new one needs a field that asks from it."""
    return [(code, str(words)) for code, words in LISTS.items()]


class Options(ReferenceView):
    """选项表."""

    model, noun, title = OptionValue, "options", _l("选项表")
    labels = {"label": _l("名称"), "list_code": _l("列表"), "code": _l("代码"), "position": _l("排序")}
    column_list = ("label", "is_active", "list_code", "position")
    column_details_list = ("label", "list_code", "position")
    create_only = ("list_code", "code")
    form_choices = {"list_code": list_options}
    filters = (ChoiceFilter("list", _l("列表"), options=list_options, column=OptionValue.list_code),)
    search_columns = (OptionValue.label, OptionValue.code)
    default_order = ("position", False)
    column_descriptions = {
        "code": _l("小写字母、数字和下划线，台账里存的是它；保存后不能再改。"),
        "position": _l("小的排在前面。"),
    }

    def _list_words(self, _context: Any, row: OptionValue, _name: str) -> str:
        return str(LISTS.get(row.list_code, row.list_code))

    column_formatters = {"list_code": _list_words}
