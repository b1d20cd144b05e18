"""The three panels, put together: which views stand on each, in the order of the menu."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    """Add the panels of enterprise, institution and regulator."""
