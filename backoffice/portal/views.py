"""Imports the modules whose functions are the portal's pages, so that their routes exist."""

from __future__ import annotations

from importlib import import_module

from flask import Flask

PAGES = (
    "home",
    "sign_in",
    "account",
    "register",
    "progress",
    "forgot",
    "links",
    "lookup",
    "guide",
    "contacts",
    "downloads",
)


def load() -> None:
    for name in PAGES:
        import_module(f"{__package__}.{name}")


def add_demo(app: Flask) -> None:
    """The pages that are there with demo data only; in production they are not even registered."""
    for name in ("demo", "tour"):
        import_module(f"{__package__}.{name}").init_app(app)
