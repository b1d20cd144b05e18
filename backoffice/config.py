"""Settings, read once from the environment and checked before anything starts."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import unquote, urlsplit

PRODUCT_NAME = "强检通"
MINIMUM_SECRET_LENGTH = 32
NO_DATABASE = "postgresql+psycopg://nobody@/none?host=/nonexistent"
"""Commands that need no database run without DATABASE_URL; whatever needs one then finds none."""
DEMO_SECRET = "demo-secret-key-for-a-machine-nobody-else-reaches"


class ConfigurationError(Exception):
    """The environment asks for something the product must not start with; the text says what to change."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where e-mail is handed over. `security` is `tls` (from the first byte), `starttls` or `none`."""

    host: str
    port: int
    security: str
    sender: str
    username: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that differs between installations.

    `public_url` is the address people type; its scheme decides about `Secure` cookies and it is what a slip's QR code
    opens. `clock_offset` moves the product's clock (demonstrations and drills only).
    """

    environment: str
    database_url: str
    secret_key: str
    public_url: str
    clock_offset: timedelta
    is_debug: bool = False
    trusted_proxies: int = 0
    """How many proxies in front add to X-Forwarded-For; without them every visitor would have the proxy's address."""
    review_working_days: int = 2
    acceptance_working_days: int = 2
    due_soon_days: int = 30
    mail: MailServer | None = None
    """Without one, mails stay stored (外发邮件)."""

    @property
    def is_production(self) -> bool:
        return self.environment == "production"

    @property
    def is_behind_tls(self) -> bool:
        return self.public_url.startswith("https://")

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read and check the environment; raises `ConfigurationError` with a sentence in Chinese and English."""
        env = os.environ if environ is None else environ
        settings = cls(
            environment=env.get("APP_ENV", "demo"),
            database_url=sqlalchemy_url(env.get("DATABASE_URL", NO_DATABASE)),
            secret_key=env.get("SECRET_KEY", DEMO_SECRET),
            public_url=env.get("PUBLIC_URL", f"http://127.0.0.1:{env.get('PORT', '5000')}").rstrip("/"),
            clock_offset=parse_offset(env.get("CLOCK_OFFSET", "")),
            trusted_proxies=int(env.get("TRUSTED_PROXIES", "0")),
            is_debug=env.get("FLASK_DEBUG", "0") not in ("", "0"),
            mail=parse_mail_url(env.get("MAIL_URL", ""), sender=env.get("MAIL_FROM", "")),
        )
        settings.check()
        return settings

    def check(self) -> None:
        if self.environment not in ("demo", "production"):
            raise ConfigurationError("APP_ENV 只能是 demo 或 production。 APP_ENV must be demo or production.")
        if not self.database_url:
            raise ConfigurationError(
                "请设置 DATABASE_URL，或用 make run 启动。 Set DATABASE_URL, or start with make run."
            )
        if self.is_production:
            self._check_production()

    def _check_production(self) -> None:
        if self.database_url == NO_DATABASE:
            raise ConfigurationError("正式环境须设置 DATABASE_URL。 Set DATABASE_URL in production.")
        if self.is_debug:
            raise ConfigurationError("正式环境不能打开 FLASK_DEBUG。 Unset FLASK_DEBUG in production.")
        if self.clock_offset:
            raise ConfigurationError("正式环境不能设置 CLOCK_OFFSET。 Unset CLOCK_OFFSET in production.")
        if self.secret_key == DEMO_SECRET or len(self.secret_key) < MINIMUM_SECRET_LENGTH:
            raise ConfigurationError(
                "正式环境的 SECRET_KEY 须为 32 个以上随机字符。 Set SECRET_KEY to at least 32 random characters."
            )
        if not self.is_behind_tls:
            raise ConfigurationError(
                "正式环境的 PUBLIC_URL 须以 https:// 开头。 PUBLIC_URL must begin with https:// in production."
            )


def sqlalchemy_url(url: str) -> str:
    """Accept the URL spellings people have at hand and name the driver SQLAlchemy is to use."""
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


MAIL_SCHEMES = {"smtps": ("tls", 465), "smtp": ("starttls", 587), "smtp+plain": ("none", 25)}
_ADDRESS = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


def parse_mail_url(url: str, *, sender: str = "") -> MailServer | None:
    """Read `smtps://name:password@host:465` (or `smtp://`, with STARTTLS; `smtp+plain://`, a relay on this machine).

    `sender` is the address mails come from, by default the name. Nothing gives `None`; raises `ConfigurationError`.
    """
    if not url.strip():
        return None
    try:
        parts = urlsplit(url.strip())
        port, scheme = parts.port, MAIL_SCHEMES.get(parts.scheme)
    except ValueError:
        port, scheme, parts = None, None, urlsplit("")
    if scheme is None or not parts.hostname:
        raise ConfigurationError(
            "MAIL_URL 应写成 smtps://账号:密码@主机:465。 Write MAIL_URL as smtps://name:password@host:465."
        )
    username, password = unquote(parts.username or ""), unquote(parts.password or "")
    if username and scheme[0] == "none":
        raise ConfigurationError(
            "MAIL_URL 带密码时须用 smtps:// 或 smtp://。 With a password, MAIL_URL must be smtps:// or smtp://."
        )
    address = sender.strip() or username
    if not _ADDRESS.fullmatch(address):
        raise ConfigurationError("请用 MAIL_FROM 写明发件邮箱。 Set MAIL_FROM to the address mails come from.")
    return MailServer(parts.hostname, port or scheme[1], scheme[0], address, username, password)


def parse_offset(text: str) -> timedelta:
    """Read `+72h`, `-30m`, `2d` or nothing; raises `ConfigurationError` for anything else."""
    if not text:
        return timedelta()
    found = re.fullmatch(r"([+-]?)(\d+)([dhms])", text.strip())
    if not found:
        raise ConfigurationError("CLOCK_OFFSET 应写成 +72h、-30m 或 2d。 Write CLOCK_OFFSET as +72h, -30m or 2d.")
    sign, amount, unit = found.groups()
    length = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1), "s": timedelta(seconds=1)}
    return length[unit] * int(amount) * (-1 if sign == "-" else 1)
