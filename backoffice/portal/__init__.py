"""The public portal: home, registration, signing in and out, a registration's progress, one's own account."""

from __future__ import annotations

from typing import Any

from flask import Flask

from ..config import Settings
from . import people, scan, views
from .blueprint import portal


def session_settings(settings: Settings) -> dict[str, Any]:
    """Flask's session cookie: `__Host-` and Secure behind TLS, a plain name on http, where a browser drops those."""
    return {
        "SESSION_COOKIE_NAME": "__Host-session" if settings.is_behind_tls else "session",
        "SESSION_COOKIE_SECURE": settings.is_behind_tls,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_PATH": "/",
    }


def init_app(app: Flask) -> None:
    """Attach sign-in and the portal's pages; the web plumbing must be there already."""
    people.init_app(app)
    views.load()
    app.register_blueprint(portal)
    views.add_demo(app)
    scan.init_app(app)
