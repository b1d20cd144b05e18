"""Commands of `flask --app app`: another edge that calls services (docs/outside.md, 7)."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    """Attach the commands."""
