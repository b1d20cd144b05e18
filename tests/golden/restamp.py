"""Give a committed workbook other document properties, such as the template's stamp of the reference data in force."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from xml.sax.saxutils import escape

from backoffice.workbooks.template import DIGEST_PROPERTY, TEMPLATE_VERSION, VERSION_PROPERTY

PROPERTIES_PART = "docProps/custom.xml"


def restamped(path: Path, *, digest: str, version: str = TEMPLATE_VERSION) -> bytes:
    """The workbook with the given template version and digest of reference data; nothing else is changed."""
    return with_properties(path, {VERSION_PROPERTY: version, DIGEST_PROPERTY: digest})


def with_properties(path: Path, values: Mapping[str, str]) -> bytes:
    """The workbook with other values of document properties it has; every other part is byte for byte the same."""
    out = io.BytesIO()
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for part in source.infolist():
            content = source.read(part)
            if part.filename == PROPERTIES_PART:
                for name, value in values.items():
                    content = _with_property(content, name, value)
            target.writestr(part, content)
    return out.getvalue()


def _with_property(content: bytes, name: str, value: str) -> bytes:
    pattern = rf'(<property[^>]*name="{re.escape(name)}"[^>]*>\s*<vt:lpwstr>)[^<]*'
    changed, count = re.subn(pattern, lambda found: found[1] + escape(value), content.decode("utf-8"))
    if count != 1:
        raise ValueError(name)
    return changed.encode("utf-8")
