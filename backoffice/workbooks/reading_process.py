"""Where the reading process begins: without the packages openpyxl loads wherever it finds them.

They draw and write; nothing here asks for that, and without them the process is there a sixth sooner. The marking
process, which keeps a workbook's pictures, begins elsewhere.
"""

from __future__ import annotations

import json
import sys

_UNUSED = ("PIL", "defusedxml", "lxml", "numpy")


def main() -> int:
    """Load what reading takes, wait for the line that says which file and how, and read it."""
    sys.modules.update(dict.fromkeys(_UNUSED))  # type: ignore[arg-type]  # None: as if they were not installed.
    from backoffice.workbooks import child

    line = sys.stdin.buffer.readline()
    return child.main(json.loads(line)) if line else 0


if __name__ == "__main__":
    sys.exit(main())
