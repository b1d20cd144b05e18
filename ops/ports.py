"""The address the web process will listen on. Standard library only."""

from __future__ import annotations

import contextlib
import errno
import socket
from collections.abc import Mapping

from ops.words import Stop

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 5000


def address_of(environment: Mapping[str, str]) -> tuple[str, int]:
    """Return host and port from HOST and PORT; raises Stop for a PORT that is no port number."""
    host = environment.get("HOST") or DEFAULT_HOST
    text = environment.get("PORT") or str(DEFAULT_PORT)
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise Stop(
            f"PORT={text} 不是端口号：请给 1 到 65535 之间的整数，例如 make run PORT=5001。",
            f"PORT={text} is not a port number: give a whole number from 1 to 65535, e.g. make run PORT=5001.",
        )
    return host, int(text)


def reachable_host(host: str) -> str:
    """Return where this machine itself reaches a server that listens on ``host``."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound


def url_of(host: str, port: int) -> str:
    """Return the address to open in a browser."""
    name = reachable_host(host)
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def require_free_port(environment: Mapping[str, str]) -> None:
    """Refuse, before anything slow begins, a port that somebody else has or that may not be taken."""
    host, port = address_of(environment)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        raise _refusal(error, host, port) from error
    if _somebody_answers(host, port):
        raise _busy(port)


def _somebody_answers(host: str, port: int) -> bool:
    """Say whether a server on all addresses already has the port: macOS lets one address of it be bound again."""
    with contextlib.suppress(OSError), socket.create_connection((reachable_host(host), port), timeout=0.5):
        return True
    return False


def _refusal(error: OSError, host: str, port: int) -> Stop:
    if error.errno == errno.EADDRINUSE:
        return _busy(port)
    if error.errno in (errno.EACCES, errno.EPERM):
        return Stop(
            f"没有权限使用端口 {port}：请换一个 1024 以上的端口，例如 make run PORT=5001。",
            f"Port {port} may not be used by this user: choose one above 1024, e.g. make run PORT=5001.",
        )
    return Stop(
        f"不能在 {host} 上监听：请检查 HOST，或去掉它使用 127.0.0.1。",
        f"Cannot listen on {host}: check HOST, or leave it out to use 127.0.0.1.",
    )


def _busy(port: int) -> Stop:
    other = port + 1 if port < 65535 else port - 1
    return Stop(
        f"端口 {port} 已被其他程序占用：请停掉那个程序，或换一个端口运行：make run PORT={other}。",
        f"Port {port} is in use by another program: stop that program, or use another port: make run PORT={other}.",
    )
