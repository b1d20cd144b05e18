"""导入: downloads, upload, the preview of every row, and what is to be written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, BinaryIO, ClassVar, cast

from flask import Response, abort, jsonify, request
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload
from wtforms import FileField
from wtforms.validators import InputRequired

from ...errors import Invalid
from ...messages import label
from ...messages.imports import time_left
from ...models import ImportRun
from ...permissions import P
from ...services import ledger, ledger_import, ledger_workbook
from ...services.ledger_import_progress import is_undoing, progress_of
from ...states import ImportMode, ImportState, ImportSubject, ImportWrites
from ...web.downloads import DOWNLOADS, WITH_LEDGER, template_with, workbook
from ...web.form_keys import once
from ...workbooks import reading_processes
from ..base import Button, Done, NextStep, ScopedModelView, Tab
from ..formatting import as_badge, moment
from ..forms import PanelForm, place_problems
from ..import_files import MarkedFile, UploadedFile
from ..subjects import record_path
from .import_annotated import annotated_of
from .import_mapping import MappingPages, mapping_words
from .import_mend import MendPages, checking_words
from .import_preview import Preview, read_filter
from .import_undo import UndoPages, undo_words

WORKING = (ImportState.CHECKING, ImportState.APPLYING)


class UploadForm(PanelForm):
    file = FileField(
        _l("填写好的工作簿"),
        [InputRequired()],
        description=_l(".xlsx 工作簿，最多 15 MB、50,000 行；原文件不会被改动。"),
        render_kw={"accept": ".xlsx,.csv"},
    )


@dataclass(frozen=True, slots=True)
class Decision:
    """What may be written of a checked file; `good_rows` is 0 where leaving rows out makes no sense."""

    what: str
    who: str
    why_not_all: str = ""
    good_rows: int = 0


def decision_of(row: ImportRun) -> Decision | None:
    """The question a checked file asks; none in any other state."""
    if row.state is not ImportState.READY:
        return None
    good = row.new + row.updated
    if row.errors:
        what = _(
            "%(rows)s 行里 %(errors)s 行有错，其余 %(good)s 行可以导入", rows=row.rows, errors=row.errors, good=good
        )
        who = _("可以在下面的格子里直接改，也可以改好文件重新上传，或只导入正确的行；有错误时不能全部导入。")
        return Decision(what, who, why_not_all=_("还有 %(count)s 行有错", count=row.errors), good_rows=good)
    if not good and not row.same:
        return Decision(_("这个文件的行都不导入"), _("没有需要写入的内容；要导入的行可以在“不导入”里恢复。"))
    if not good:
        what = _("%(count)s 行与%(place)s完全相同", count=row.same, place=label(row.subject))
        return Decision(what, _("没有需要写入的内容，%(place)s不会有变化。", place=label(row.subject)))
    what = _(
        "%(rows)s 行都可以导入：新增 %(new)s，更新 %(updated)s",
        rows=row.rows - row.dropped,
        new=row.new,
        updated=row.updated,
    )
    left_out = _("另有 %(count)s 行不导入。", count=row.dropped) if row.dropped else ""
    warned = _("%(count)s 行有提醒，请在“警告”里看一眼。", count=row.warnings) if row.warnings else ""
    return Decision(
        what, warned + left_out + _("确认后写入%(place)s；写入前%(place)s没有变化。", place=label(row.subject))
    )


class Imports(UndoPages, MendPages, MarkedFile, MappingPages, UploadedFile, ScopedModelView):
    """A run of the import."""

    model, noun, title, menu_group = ImportRun, "imports", _l("导入"), _l("工具")
    permissions = {"view": P.OWN_LEDGER_IMPORT}
    subject: ClassVar[ImportSubject] = ImportSubject.LEDGER
    column_list = (
        "created_at",
        "state",
        "file_id",
        "rows",
        "new",
        "updated",
        "same",
        "errors",
        "applied",
        "uploaded_by_id",
    )
    column_labels = {
        "created_at": _l("上传时间"),
        "state": _l("状态"),
        "file_id": _l("文件"),
        "rows": _l("行数"),
        "new": _l("新增"),
        "updated": _l("更新"),
        "same": _l("不变"),
        "errors": _l("错误"),
        "applied": _l("已写入"),
        "uploaded_by_id": _l("经办人"),
    }
    column_formatters = {
        "state": as_badge,
        "file_id": lambda _view, _context, row, _name: row.file.name,
        "uploaded_by_id": lambda _view, _context, row, _name: row.uploaded_by.name,
    }
    cell_classes = {
        **dict.fromkeys(("rows", "errors", "applied"), "num"),
        **dict.fromkeys(("new", "updated", "same"), "num hide"),
        "uploaded_by_id": "hide",
    }
    load_options = (joinedload(ImportRun.file), joinedload(ImportRun.uploaded_by))
    tabs = (
        Tab("all", _l("全部")),
        Tab("open", _l("待确认"), ImportRun.state == ImportState.READY),
        Tab("mapping", _l("待对应列"), ImportRun.state == ImportState.MAPPING),
    )
    count_unit = _l("次")
    empty_title = _l("还没有导入过")
    empty_help = _l("下载模板填好后上传，系统逐行检查；确认后才写入台账。")
    details_template = "enterprise/imports/record.html"

    def scope(self) -> Any:
        return super().scope().where(ImportRun.subject == self.subject)

    @property
    def empty_button(self) -> Button:  # type: ignore[override]
        return Button(_("导入"), self.url_of("new"), primary=True)

    def create_button(self) -> Button:
        return Button(_("导入"), self.url_of("new"), primary=True)

    # Downloads and upload

    @expose("/new", methods=("GET", "POST"))
    def new(self) -> Any:
        form = UploadForm(request.files if request.method == "POST" else None)
        if request.method == "GET":
            reading_processes.expect()
            return self._upload_page(form)
        try:
            return once(self._receive)
        except Invalid as refused:
            return self._upload_page(form, place_problems(form, refused)), 422

    def _upload_page(self, form: PanelForm, problems: list[str] | None = None) -> str:
        downloads = [(name, self.url_of("download", name=code)) for code, name in DOWNLOADS.items()]
        if ledger.count(self.actor):
            downloads.insert(1, (WITH_LEDGER, self.url_of("download_ledger")))
        page: str = self.render("enterprise/imports/new.html", form=form, problems=problems or [], downloads=downloads)
        return page

    def _receive(self) -> Done:
        sent = request.files.get("file")
        if sent is None or not sent.filename:
            raise Invalid.one("file", "import_file_required")
        run = ledger_import.receive(self.actor, sent.filename, cast(BinaryIO, sent.stream), self.subject)
        return Done(self.record_url(run), "")

    @expose("/<any(template,divisions,kinds):name>.xlsx")
    def download(self, name: str) -> Response:
        return workbook(name)

    @expose("/ledger.xlsx")
    def download_ledger(self) -> Response:
        """The template with the own ledger in it, to change many rows at once."""
        return template_with(ledger_workbook.rows(self.actor))

    # Record

    @expose("/<int:number>.json")
    def as_json(self, number: int) -> Response:
        return jsonify(ledger_import.as_json(self.row_or_404(number)))

    @expose("/<key>/commit", methods=("POST",))
    def commit(self, key: str) -> Any:
        run = self.row_or_404(key)
        mode, writes = request.form.get("mode", ""), request.form.get("writes", ImportWrites.BOTH)
        if mode not in list(ImportMode) or writes not in list(ImportWrites):
            abort(422)

        def work() -> Done:
            ledger_import.commit(self.actor, run.id, ImportMode(mode), ImportWrites(writes))
            place = label(run.subject)
            return Done(self.record_url(run), _("已开始写入%(place)s。可以离开本页，完成后会有消息。", place=place))

        return once(work)

    @expose("/<key>/cancel", methods=("POST",))
    def cancel(self, key: str) -> Any:
        run = self.row_or_404(key)

        def work() -> Done:
            ledger_import.cancel(self.actor, run.id)
            return Done(self.record_url(run), _("已取消这次导入。"))

        return once(work)

    def record_title(self, row: ImportRun) -> str:
        return row.file.name

    def record_badge(self, row: ImportRun) -> Any:
        return as_badge(self, None, row, "state")

    def record_buttons(self, row: ImportRun) -> list[Button]:
        if row.state not in ledger_import.UNFINISHED:
            undo = self.undo_button(row)
            files = [self.file_button(row), *self.marked_buttons(row)]
            return [Button(_("再次导入"), self.url_of("new")), *files, *([undo] if undo else [])]
        cancel = self.url_of("cancel", key=row.id)
        words = _("取消后不再继续；已写入%(place)s的 %(count)s 行保留。", place=label(row.subject), count=row.applied)
        return [Button(_("取消导入"), cancel, post=True, confirm=words), self.file_button(row)]

    def next_step(self, row: ImportRun) -> NextStep | None:
        """What goes on; what is to be decided has forms of its own on the page (`Decision`)."""
        if row.undo_requested_at is not None and (undo := undo_words(row)) is not None:
            return NextStep(undo.what, undo.who, others=[self.kept_button(row)] if undo.stays else [])
        if row.state is ImportState.MAPPING:
            who = _("请指出每一列是什么；对应好以后接着逐行检查，台账没有变化。")
            return NextStep(_("这个文件的列名和模板不同"), who, primary=self.mapping_button(row))
        done = _("已完成，写入 %(count)s 行", count=row.applied)
        left_out = _("%(count)s 行有错误，没有写入。", count=row.errors) if row.errors else ""
        said = {
            ImportState.CHECKING: checking_words(row),
            ImportState.APPLYING: (
                _("正在写入%(place)s", place=label(row.subject)),
                _("可以离开本页，完成后会有消息；中途停机会接着写，不会重复。"),
            ),
            ImportState.DONE: (done, left_out),
            ImportState.CANCELLED: (_("已取消，已写入 %(count)s 行", count=row.applied), ""),
            ImportState.REFUSED: (
                _("这个文件没有导入"),
                _("请按下面的说明改好后重新上传；%(place)s没有变化。", place=label(row.subject)),
            ),
        }.get(row.state)
        if said is None:
            return None
        if row.state is ImportState.DONE and row.applied:
            primary, *others = self.buttons_when_done()
            return NextStep(*said, primary=primary, others=others)
        return NextStep(*said, warn=row.state is ImportState.REFUSED)

    def buttons_when_done(self) -> list[Button]:
        """What is to be done with what was written, the likeliest first."""
        ledger_url = record_path("enterprise", "instruments", "")
        booking = Button(_("新增预约"), "/enterprise/appointments/new", post=True)
        return [Button(_("查看台账"), ledger_url, primary=True), booking]

    def record_context(self, row: ImportRun) -> dict[str, Any]:
        preview = Preview.of(
            row, show=read_filter(request.args), after=request.args.get("after", ""), args=request.args
        )
        return {
            "preview": preview,
            "earlier": ledger_import.same_content_before(row),
            "is_working": row.state in WORKING or is_undoing(row),
            "progress": progress_of(row),
            "time_left": time_left,
            "writes": list(ImportWrites),
            "undo": undo_words(row) if row.undo_requested_at is None else None,
            "show_link": True,
            "decision": decision_of(row),
            "lookup_url": record_path("enterprise", "instruments", "lookup/division_code"),
            "annotated": annotated_of(row),
            "mapping": mapping_words(row, self.url_of("mapping", key=row.id)),
            "uploaded": _("%(name)s · %(at)s", name=row.uploaded_by.name, at=moment(row.created_at)),
        }
