"""Mend the marked workbook in LibreOffice Calc, cell by cell as the table of fixes says, and save it.

Used by `tests/journeys/test_import_by_workbook.py` when it renews the committed workbooks; by itself, from the root of
the repository: `python -m tests.journeys.workbooks.mend_in_libreoffice MARKED FIXES TARGET` in the Python with `uno`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tests.golden import office

TEXT = "@"


def mend(marked: Path, fixes: Path, target: Path) -> None:
    with office.desktop() as desktop, office.document(desktop, marked) as document:
        sheet = document.Sheets.getByIndex(0)
        columns = office.columns_of(sheet)
        for fix in json.loads(fixes.read_text(encoding="utf-8")):
            cell = sheet.getCellByPosition(columns[fix["header"]], fix["row"] - 1)
            _type(document, cell, fix["value"])
        office.save(document, target)


def _type(document: Any, cell: Any, text: str) -> None:
    """As a person does: set a cell that is no text to text, then type; what is typed is taken as the program takes it.

    The cell keeps its colour and its comment; whoever reads the file must not be led by them.
    """
    formats = document.NumberFormats
    if formats.getByKey(cell.NumberFormat).FormatString in ("General", "m-d", "M-D", "000000"):
        locale = formats.getByKey(cell.NumberFormat).Locale
        key = formats.queryKey(TEXT, locale, False)
        cell.NumberFormat = key if key >= 0 else formats.addNew(TEXT, locale)
    cell.FormulaLocal = text


if __name__ == "__main__":
    mend(*map(Path, sys.argv[1:4]))
