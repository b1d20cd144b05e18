"""The marking process: writes a marked workbook under limits of memory and time. Started by `annotated`.

Ends with 0 when the file is written; whatever else happens to it, the file could not be marked that way.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from backoffice.workbooks.child import limit_resources
from backoffice.workbooks.intake import Limits, check_file
from backoffice.workbooks.marking import mark_workbook
from backoffice.workbooks.marking_copy import mark_copy

MOST_WRITTEN = 300 * 1024 * 1024
"""Bytes of any one file the process may write, its unpacked parts included."""


def main(arguments: list[str]) -> int:
    way, source, marks, target = arguments[0], *map(Path, arguments[1:4])
    limits = Limits(**json.loads(arguments[4]))
    limit_resources(limits, written_bytes=MOST_WRITTEN)
    kind = check_file(source, limits)
    if way == "whole":
        mark_workbook(source, marks, target)
    else:
        mark_copy(source, kind, marks, target)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
