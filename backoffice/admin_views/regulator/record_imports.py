"""Imports of reference data: the catalogue and the authorised kinds, on the pages of the ledger's import."""

from __future__ import annotations

import tempfile
from typing import Any, ClassVar
from urllib.parse import quote

from flask import Response, send_file
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ...permissions import may
from ...services import import_subjects, record_workbook
from ...services.stored_files import WORKBOOK
from ...states import ImportSubject
from ...web.current import signed_in_actor
from ..base import Button
from ..enterprise.imports import Imports
from ..forms import PanelForm
from ..subjects import record_path
from .common import RULES, P

TEMPLATE, CURRENT = "template", "current"


class RecordImports(Imports):
    """What the two have in common; each is mounted with its own subject."""

    menu_group, in_menu = RULES, False
    download_ledger = None  # What there is comes with the template here.
    heading: ClassVar[Any] = ""
    about: ClassVar[Any] = ""
    """What the upload page says of how records are known."""
    records: ClassVar[str] = ""
    """The noun of the list whose rows are imported."""

    def _upload_page(self, form: PanelForm, problems: list[str] | None = None) -> str:
        title = import_subjects.declared()[self.subject].columns.title
        with_records = _("%(title)s（含现有内容）", title=title)
        downloads = [
            (title, self.url_of("download", name=TEMPLATE), _("新增时用")),
            (with_records, self.url_of("download", name=CURRENT), _("修改现有内容时用")),
        ]
        page: str = self.render(
            "regulator/record_imports/new.html",
            form=form,
            problems=problems or [],
            downloads=downloads,
            heading=self.heading,
            about=self.about,
        )
        return page

    @expose("/<any(template,current):name>.xlsx")
    def download(self, name: str) -> Response:
        """The template of live data, empty or with the present records. Written to a file that is sent and gone."""
        spool = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the answer is sent
        record_workbook.write(spool, self.actor, self.subject, with_records=name == CURRENT)
        spool.seek(0)
        answer = send_file(spool, mimetype=WORKBOOK)
        title = import_subjects.declared()[self.subject].columns.title
        file_name = quote(_("《%(name)s》", name=title) + ".xlsx")
        answer.headers["Content-Disposition"] = f"attachment; filename=\"{name}.xlsx\"; filename*=UTF-8''{file_name}"
        answer.headers["Cache-Control"] = "no-store"
        answer.call_on_close(spool.close)
        return answer

    def buttons_when_done(self) -> list[Button]:
        url = record_path("regulator", self.records, "")
        return [Button(_("查看%(what)s", what=self.subject_title()), url, primary=True)]

    def subject_title(self) -> str:
        return import_subjects.declared()[self.subject].columns.sheet


class CatalogueImports(RecordImports):
    """强检器具目录导入."""

    noun, title, subject, records = "catalogue-imports", _l("目录导入"), ImportSubject.CATALOGUE, "kinds"
    permissions = {"view": P.ALL_REFERENCE_EDIT}
    heading = _l("从 Excel 导入强检器具目录")
    about = _l("项别和种别都按代码识别，只更新有变化的行；没有列出的不变，不再使用的把状态改为“停用”并写明原因。")
    empty_help = _l("下载模板填好后上传，系统逐行检查；确认后才写入目录。")


class CapabilityImports(RecordImports):
    """授权检定项目导入."""

    noun, title, subject, records = "capability-imports", _l("授权导入"), ImportSubject.CAPABILITIES, "capabilities"
    permissions = {"view": P.AREA_CAPABILITIES_EDIT}
    heading = _l("从 Excel 导入授权检定项目")
    about = _l("修改时请勿改动授权编号；没有授权编号的，按机构、种别、区域等识别。没有列出的授权不变。")
    empty_help = _l("下载模板填好后上传，系统逐行检查；确认后才写入授权检定项目。")


def import_buttons(view: type[RecordImports]) -> list[Button]:
    """The way from the list of records to their import, for whoever may."""
    if not may(signed_in_actor(), view.permissions["view"]):
        return []
    return [Button(_("从 Excel 导入"), record_path("regulator", view.noun, "new"))]
