"""What the web server itself says of a request it cannot read (an address too long, headers too large): in Chinese.

The application never sees such a request, so its error pages cannot answer it.
"""

from __future__ import annotations

import html
import socket
from http import HTTPStatus
from typing import Any

from ..config import PRODUCT_NAME
from .errors import explain

LONGEST_ADDRESS = 8190
"""What gunicorn reads at most: some nine hundred Chinese characters as browsers encode them."""

_PAGE = """<!doctype html>
<html lang="zh-CN">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · {product}</title></head>
<body><h1>{title}</h1><p>{help}</p><p><a href="/">{product}</a></p></body>
</html>
"""


def answer_to(status: int) -> bytes:
    """The whole answer as bytes; unknown statuses are read as a request that makes no sense."""
    words = explain(status)
    page = _PAGE.format(title=html.escape(words.title), help=html.escape(words.help), product=html.escape(PRODUCT_NAME))
    body = page.encode()
    head = (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        "Connection: close",
        "Content-Type: text/html; charset=utf-8",
        "Cache-Control: no-store",
        "X-Content-Type-Options: nosniff",
        f"Content-Length: {len(body)}",
    )
    return "\r\n".join((*head, "", "")).encode("ascii") + body


def write_error(client: socket.socket, status: int, reason: str, detail: str) -> None:
    """Takes the place of gunicorn's own, which is English and repeats what was sent."""
    from gunicorn import util

    util.write_nonblock(client, answer_to(status))


def speak_chinese() -> None:
    """Let gunicorn's workers answer with this page; call before they fork."""
    from gunicorn import util

    module: Any = util
    module.write_error = write_error
