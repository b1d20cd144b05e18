"""导入 of the area's enterprises: who uploaded what and what became of it; read only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from ... import messages
from ...models import Enterprise, ImportRun
from ...states import ImportState, ImportSubject
from ..base import Button, Card, Fact, ScopedModelView, Tab
from ..formatting import as_badge, moment
from ..import_files import MarkedFile, UploadedFile
from ..lists import DayFilter, TextFilter
from .common import BUSINESS, P


def _of_enterprise(words: str) -> Any:
    """Runs of enterprises with this code or these words in the name."""
    found = select(Enterprise.id).where(
        or_(Enterprise.uscc == words.upper(), Enterprise.name.icontains(words, autoescape=True))
    )
    return ImportRun.enterprise_id.in_(found)


def _when(at: datetime | None) -> str:
    return "" if at is None else moment(at)


class Imports(MarkedFile, UploadedFile, ScopedModelView):
    """导入."""

    model, noun, title, menu_group = ImportRun, "imports", _l("台账导入"), BUSINESS
    permissions = {"view": P.AREA_LEDGERS_READ}
    column_list = (
        "created_at",
        "state",
        "enterprise_id",
        "file_id",
        "rows",
        "errors",
        "applied",
        "undone",
        "uploaded_by_id",
    )
    column_labels = {
        "created_at": _l("上传时间"),
        "state": _l("状态"),
        "enterprise_id": _l("使用单位"),
        "file_id": _l("文件"),
        "rows": _l("行数"),
        "errors": _l("错误"),
        "applied": _l("已写入"),
        "undone": _l("已撤销"),
        "uploaded_by_id": _l("经办人"),
    }
    column_formatters = {
        "state": as_badge,
        "enterprise_id": lambda _view, _context, row, _name: row.enterprise.name if row.enterprise else "",
        "file_id": lambda _view, _context, row, _name: row.file.name,
        "uploaded_by_id": lambda _view, _context, row, _name: row.uploaded_by.name,
    }
    cell_classes = {
        **dict.fromkeys(("rows", "errors", "applied"), "num"),
        "undone": "num hide",
        "uploaded_by_id": "hide",
    }
    column_sortable_list = ("created_at",)
    default_order = ("created_at", True)
    load_options = (
        joinedload(ImportRun.file),
        joinedload(ImportRun.uploaded_by),
        joinedload(ImportRun.enterprise),
    )
    tabs = (
        Tab("all", _l("全部")),
        Tab("done", _l("已完成"), ImportRun.state == ImportState.DONE),
        Tab("undone", _l("已撤销"), ImportRun.state == ImportState.UNDONE),
    )
    filters = (
        TextFilter("enterprise", _l("使用单位"), _of_enterprise),
        DayFilter("since", _l("从"), ImportRun.created_at),
        DayFilter("until", _l("到"), ImportRun.created_at, until=True),
    )
    count_unit = _l("次")
    empty_title = _l("辖区内的单位还没有导入过台账")
    empty_help = _l("在本辖区注册的单位上传工作簿后，会列在这里，可以下载原文件。")

    def scope(self) -> Any:
        return super().scope().where(ImportRun.subject == ImportSubject.LEDGER)

    def record_title(self, row: ImportRun) -> str:
        return row.file.name

    def record_badge(self, row: ImportRun) -> Any:
        return as_badge(self, None, row, "state")

    def record_buttons(self, row: ImportRun) -> list[Button]:
        return [self.file_button(row), *self.marked_buttons(row)]

    def cards(self, row: ImportRun) -> Sequence[Card]:
        who = Card(
            _("经办"),
            [
                Fact(_("使用单位"), row.enterprise.name if row.enterprise else ""),
                Fact(_("经办人"), row.uploaded_by.name),
                Fact(_("上传时间"), moment(row.created_at)),
                Fact(_("确认时间"), _when(row.committed_at)),
                Fact(_("完成时间"), _when(row.finished_at)),
                Fact(_("撤销时间"), _when(row.undone_at)),
            ],
        )
        return who, Card(_("结果"), self._result_facts(row))

    def _result_facts(self, row: ImportRun) -> list[Fact]:
        counts = {
            _("行数"): row.rows,
            _("新增"): row.new,
            _("更新"): row.updated,
            _("不变"): row.same,
            _("错误"): row.errors,
            _("已写入"): row.applied,
            _("已撤销"): row.undone,
        }
        chosen = [
            Fact(_("导入方式"), messages.label(row.mode) if row.mode else ""),
            Fact(_("写入范围"), messages.label(row.writes) if row.writes else ""),
        ]
        return [*chosen, *(Fact(label, count) for label, count in counts.items())]
