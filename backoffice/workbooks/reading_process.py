"""Where the reading process begins: without the packages openpyxl loads wherever it finds them.

They draw and write; nothing here asks for that, and without them the process is there a sixth sooner. The marking
process, which keeps a workbook's pictures, begins elsewhere.
"""

from __future__ import annotations

import sys

_UNUSED = ("PIL", "defusedxml", "lxml", "numpy")


def main() -> int:
    """Read as the arguments say."""
    sys.modules.update(dict.fromkeys(_UNUSED))  # type: ignore[arg-type]  # None: as if they were not installed.
    from backoffice.workbooks import child

    return child.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
