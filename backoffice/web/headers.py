"""Security headers on every answer, errors included (SECURITY: sessions, headers)."""

from __future__ import annotations

import secrets

from flask import Flask, current_app, g, request
from werkzeug.wrappers import Response

HSTS_SECONDS = 365 * 24 * 3600


def csp_nonce() -> str:
    """This request's nonce for `<script>` and `<style>` elements."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(18)
    nonce: str = g.csp_nonce
    return nonce


def content_security_policy(nonce: str) -> str:
    """Nothing from other hosts, nothing inline without the nonce, no eval, no frames, no plug-ins."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' 'nonce-{nonce}'",
            f"style-src 'self' 'nonce-{nonce}'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "form-action 'self'",
            "manifest-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


def add_headers(answer: Response) -> Response:
    answer.headers["Content-Security-Policy"] = content_security_policy(csp_nonce())
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["X-Frame-Options"] = "DENY"
    # A page whose own address is a secret asks for a stricter one.
    answer.headers.setdefault("Referrer-Policy", "same-origin")
    answer.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    answer.headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
    settings = current_app.config.get("SETTINGS")
    if settings is not None and settings.is_behind_tls:
        answer.headers["Strict-Transport-Security"] = f"max-age={HSTS_SECONDS}; includeSubDomains"
    if _must_not_be_stored(answer):
        answer.headers["Cache-Control"] = "no-store"
    return answer


def _must_not_be_stored(answer: Response) -> bool:
    """Signed-in pages, and pages that carry a form key or a message for one person."""
    if request.endpoint == "static":
        return False
    return answer.status_code >= 400 or g.get("actor") is not None or "Set-Cookie" in answer.headers


def init_app(app: Flask) -> None:
    app.after_request(add_headers)
    app.jinja_env.globals["csp_nonce"] = csp_nonce
