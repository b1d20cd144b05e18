"""Imports the modules whose functions are the portal's pages, so that their routes exist."""

from __future__ import annotations

from importlib import import_module

PAGES = ("home", "sign_in", "account", "register", "progress")


def load() -> None:
    for name in PAGES:
        import_module(f"{__package__}.{name}")
