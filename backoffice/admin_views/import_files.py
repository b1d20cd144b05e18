"""The workbook of an import to download, for whoever may see the run."""

from __future__ import annotations

from typing import Any

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
