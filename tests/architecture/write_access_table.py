"""Write the access table: `python -m tests.architecture.write_access_table`. A change of it is read in review."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from flask import Flask

from app import create_app
from backoffice.config import Settings
from backoffice.web import access

PATH = Path(__file__).with_name("access_table.csv")
COLUMNS = ("endpoint", "rule", "methods", "roles", "public")


def table(app: Flask) -> str:
    """The access table of an application as CSV, sorted by rule."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in access.access_table(app):
        writer.writerow(
            (row.endpoint, row.rule, " ".join(row.methods), " ".join(row.roles), "yes" if row.public else "no")
        )
    return out.getvalue()


def main() -> None:
    PATH.write_text(table(create_app(Settings.from_environment({}))), encoding="utf-8")


if __name__ == "__main__":
    main()
