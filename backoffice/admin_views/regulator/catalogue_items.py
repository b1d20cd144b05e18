"""项别: the first level of the mandatory catalogue."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ...models import CatalogueItem
from ...services import catalogue
from ..base import Button
from ..reference_view import ReferenceView
from .record_imports import CatalogueImports, import_buttons


class CatalogueItems(ReferenceView):
    """项别."""

    model, noun, title = CatalogueItem, "catalogue-items", _l("项别")
    labels = {"name": _l("项别名称"), "code": _l("代码"), "external_code": _l("外部编码")}
    default_order = ("code", False)
    count_unit = _l("个项别")
    column_descriptions = {
        "code": _l("2 位数字，保存后不能再改。"),
        "external_code": _l("其他系统使用的编码，没有就留空。"),
    }

    def list_buttons(self) -> list[Button]:
        return import_buttons(CatalogueImports)

    def stop_words(self, row: CatalogueItem) -> str:
        return _(
            "停用后，这个项别的 %(kinds)s 个种别都不能再新增和预约。台账中有 %(all)s 台（件），"
            "其中 %(open)s 台（件）正在预约：已到技术机构的照常办理，还没有的须更正种别。",
            **catalogue.extent_of_item(row.code),
        )
