"""The web edge's plumbing: who may call what, headers, errors, the access log, one-time form keys, the page shell.

What belongs here knows requests and answers and nothing about instruments. `init_app` wires all of it.
"""

from __future__ import annotations

from flask import Flask, Response, current_app

from . import access, errors, headers, help, request_log, shell


def init_app(app: Flask) -> None:
    """Attach the plumbing; call after the extensions are bound and before panels and portal are added."""
    headers.init_app(app)
    access.init_app(app)
    request_log.init_app(app)
    errors.init_app(app)
    shell.init_app(app)
    help.init_app(app)
    app.add_url_rule("/favicon.ico", "favicon", favicon)


@access.public
def favicon() -> Response:
    """Browsers ask for it where a page names none."""
    return current_app.send_static_file("favicon.ico")
