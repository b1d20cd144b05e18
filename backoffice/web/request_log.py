"""A request id on every answer and one JSON line per request. Queries, forms and cookies are never logged."""

from __future__ import annotations

import json
import logging
import re
import secrets
import time
from datetime import UTC, datetime
from typing import Any

from flask import Flask, g, has_request_context, request
from werkzeug.wrappers import Response

access_log = logging.getLogger("backoffice.access")
HEADER = "X-Request-ID"
_acceptable = re.compile(r"[A-Za-z0-9_-]{8,64}")
_secret_path = re.compile(r"^(/link/).+")
"""Addresses whose last part lets its holder in; only what stands before it is logged."""
_EXTRA = ("method", "path", "status", "ms", "user_id", "job", "run_id")


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, request id, and the facts given as `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if has_request_context():
            line["request_id"] = request_id()
        line.update({name: getattr(record, name) for name in _EXTRA if hasattr(record, name)})
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def request_id() -> str:
    """This request's id: the proxy's `X-Request-ID` where it is well formed, else a new one."""
    if "request_id" not in g:
        given = request.headers.get(HEADER, "")
        g.request_id = given if _acceptable.fullmatch(given) else secrets.token_hex(8)
    found: str = g.request_id
    return found


def install(level: int = logging.INFO) -> None:
    """Send all logs of this process to stderr as JSON lines."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for noisy in ("alembic", "fontTools", "xhtml2pdf"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # It warns whenever a tick is still at work when its next one is due, which is how long work goes on.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)


def start() -> None:
    g.started = time.perf_counter()
    request_id()


def finish(answer: Response) -> Response:
    answer.headers[HEADER] = request_id()
    actor = g.get("actor")
    access_log.info(
        "request",
        extra={
            "method": request.method,
            "path": _secret_path.sub(r"\1…", request.path),
            "status": answer.status_code,
            "ms": round((time.perf_counter() - g.get("started", time.perf_counter())) * 1000, 1),
            "user_id": actor.user_id if actor else None,
        },
    )
    return answer


def init_app(app: Flask) -> None:
    app.before_request_funcs.setdefault(None, []).insert(0, start)
    app.after_request(finish)
