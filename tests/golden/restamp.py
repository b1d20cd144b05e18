"""Give a filled-in workbook another template stamp, so that it stays current when reference data changes."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

from backoffice.workbooks.template import DIGEST_PROPERTY, TEMPLATE_VERSION, VERSION_PROPERTY

PROPERTIES_PART = "docProps/custom.xml"


def restamped(path: Path, *, digest: str, version: str = TEMPLATE_VERSION) -> bytes:
    """The workbook with the given template version and digest of reference data; nothing else is changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for part in source.infolist():
            content = source.read(part)
            if part.filename == PROPERTIES_PART:
                content = _with_property(content, VERSION_PROPERTY, version)
                content = _with_property(content, DIGEST_PROPERTY, digest)
            target.writestr(part, content)
    return out.getvalue()


def _with_property(content: bytes, name: str, value: str) -> bytes:
    pattern = rf'(<property[^>]*name="{re.escape(name)}"[^>]*>\s*<vt:lpwstr>)[^<]*'
    changed, count = re.subn(pattern, lambda found: found[1] + escape(value), content.decode("utf-8"))
    if count != 1:
        raise ValueError(name)
    return changed.encode("utf-8")
