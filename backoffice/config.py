"""Settings, read once from the environment and checked before anything starts."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

PRODUCT_NAME = "强检通"
MINIMUM_SECRET_LENGTH = 32
NO_DATABASE = "postgresql+psycopg://nobody@/none?host=/nonexistent"
"""Commands that need no database run without DATABASE_URL; whatever needs one then finds none."""
DEMO_SECRET = "demo-secret-key-for-a-machine-nobody-else-reaches"


class ConfigurationError(Exception):
    """The environment asks for something the product must not start with; the text says what to change."""


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
