"""《行政区划信息》 and 《强检器具目录》 for everybody."""

from __future__ import annotations

from flask import Response

from ..web.access import public
from ..web.downloads import workbook
from .blueprint import portal
from .limits import limited


@portal.get("/downloads/divisions.xlsx")
@public
@limited
def download_divisions() -> Response:
    """《行政区划信息》: every division in force with its code."""
    return workbook("divisions")


@portal.get("/downloads/kinds.xlsx")
@public
@limited
def download_kinds() -> Response:
    """《强检器具目录》: every kind in force with its code, purposes and scheme."""
    return workbook("kinds")
