"""The environment variables of the application's processes, and the database they name."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg

from ops import postgres
from ops.places import INSTANCE, MARK
from ops.words import Stop


@dataclass(frozen=True)
class Databases:
    """Who connects where: the application as ``app``, migrations as ``owner``; ``embedded`` says whose server it is."""

    app: str
    owner: str
    embedded: bool


def databases(environment: Mapping[str, str]) -> Databases:
    """Return the person's own database when DATABASE_URL names one, else the embedded server's, started."""
    own = environment.get("DATABASE_URL")
    if own:
        _require_reachable(own)
        return Databases(app=own, owner=environment.get("MIGRATION_DATABASE_URL") or own, embedded=False)
    urls = postgres.ensure_running(INSTANCE)
    return Databases(app=urls.app, owner=urls.owner, embedded=True)


def application_environment(environment: Mapping[str, str], found: Databases) -> dict[str, str]:
    """Return what web and jobs run with.

    The owner's URL is in it only in demo mode, where a button puts the demo data back; others have no use for it.
    """
    kept = {name: value for name, value in environment.items() if name != "MIGRATION_DATABASE_URL"}
    app_env = kept.get("APP_ENV") or "demo"
    return {
        **kept,
        "APP_ENV": app_env,
        "DATABASE_URL": found.app,
        "SECRET_KEY": kept.get("SECRET_KEY") or _secret_key(app_env),
        "PYTHONUTF8": "1",
        "PYTHONUNBUFFERED": "1",
        MARK: str(INSTANCE),
        **({"MIGRATION_DATABASE_URL": found.owner} if app_env == "demo" else {}),
    }


def preparing_environment(environment: Mapping[str, str], found: Databases) -> dict[str, str]:
    """Return what migrations and seeds run with: the application's environment and the owner's URL."""
    return {**application_environment(environment, found), "MIGRATION_DATABASE_URL": found.owner}


def _secret_key(app_env: str) -> str:
    """Return the demo's own key, made once and kept, so that a restart does not log everybody out."""
    if app_env != "demo":
        raise Stop(
            f"APP_ENV={app_env} 需要您自己的密钥：请设置 SECRET_KEY（例如 openssl rand -hex 32 的结果）后重新运行。",
            f"APP_ENV={app_env} needs a key of your own: set SECRET_KEY (openssl rand -hex 32), then run again.",
        )
    path = INSTANCE / "secret_key"
    with contextlib.suppress(FileNotFoundError):
        if key := path.read_text().strip():
            return key
    _write_private(path, secrets.token_hex(32))
    return path.read_text().strip()


def _write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, from its first byte on."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(f"{text}\n")
    fresh.replace(path)


def _require_reachable(url: str) -> None:
    plain = url.replace("postgresql+psycopg://", "postgresql://", 1)
    try:
        psycopg.connect(plain, connect_timeout=5).close()
    except psycopg.Error as error:
        reason = (str(error).strip().splitlines() or ["?"])[0]
        raise Stop(
            f"连接不上 DATABASE_URL 指定的数据库（{reason}）："
            "请检查地址、账号和服务是否启动，或去掉 DATABASE_URL 使用内置数据库。",
            f"The database in DATABASE_URL cannot be reached ({reason}): check address, account and server, "
            "or leave DATABASE_URL out to use the embedded one.",
        ) from error
