"""The workbooks of an import to download, as uploaded and as marked, for whoever may see the run."""

from __future__ import annotations

from typing import Any

from flask import abort
from flask_admin import expose
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from ..models import ImportRun
from ..web.files import attachment
from .base import Button
from .view_parts import ViewPart


class UploadedFile(ViewPart):
    """Mixin of the lists of imports: `/<key>/uploaded`."""

    @expose("/<key>/uploaded")
    def uploaded(self, key: str) -> Response:
        run: ImportRun = self.row_or_404(key)
        return attachment(run.file)

    def file_button(self, row: Any) -> Button:
        return Button(_("下载原文件"), self.url_of("uploaded", key=row.id))


class MarkedFile(ViewPart):
    """Mixin of the lists of imports: `/<key>/annotated.xlsx`, the workbook with the check's findings in it."""

    @expose("/<key>/annotated.xlsx")
    def annotated(self, key: str) -> Response:
        file = self.row_or_404(key).annotated_file
        if file is None:
            abort(404)
        return attachment(file)

    def marked_buttons(self, row: ImportRun) -> list[Button]:
        """Its download; none where nothing was to be marked."""
        if row.annotated_file_id is None:
            return []
        return [Button(_("下载标注文件"), self.url_of("annotated", key=row.id))]
