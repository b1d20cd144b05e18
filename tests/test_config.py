"""Settings: read once, checked before anything starts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backoffice.config import NO_DATABASE, ConfigurationError, Settings, parse_offset, sqlalchemy_url

PRODUCTION = {
    "APP_ENV": "production",
    "DATABASE_URL": "postgresql://somebody@db/qjt",
    "SECRET_KEY": "x" * 32,
    "PUBLIC_URL": "https://qjt.example.cn",
}


def refusal(**changes: str) -> str:
    with pytest.raises(ConfigurationError) as refused:
        Settings.from_environment({**PRODUCTION, **changes})
    return str(refused.value)


def test_production_starts_with_everything_in_place() -> None:
    settings = Settings.from_environment(PRODUCTION)
    assert settings.is_production
    assert settings.is_behind_tls
    assert settings.database_url.startswith("postgresql+psycopg://")


def test_production_refuses_a_moved_clock_a_short_secret_plain_http_and_no_database() -> None:
    assert "CLOCK_OFFSET" in refusal(CLOCK_OFFSET="+72h")
    assert "SECRET_KEY" in refusal(SECRET_KEY="short")
    assert "PUBLIC_URL" in refusal(PUBLIC_URL="http://qjt.example.cn")
    assert "DATABASE_URL" in refusal(DATABASE_URL=NO_DATABASE)
    without = {name: value for name, value in PRODUCTION.items() if name != "SECRET_KEY"}
    with pytest.raises(ConfigurationError):
        Settings.from_environment(without)


def test_refusals_say_what_to_do_in_chinese_and_english() -> None:
    words = refusal(SECRET_KEY="short")
    assert "正式环境" in words
    assert "Set SECRET_KEY" in words
    assert "APP_ENV" in refusal(APP_ENV="staging")
    assert "DATABASE_URL" in refusal(DATABASE_URL="")


def test_without_a_database_the_commands_that_need_none_still_start() -> None:
    settings = Settings.from_environment({})
    assert settings.database_url == NO_DATABASE
    assert settings.public_url == "http://127.0.0.1:5000"
    assert Settings.from_environment({"PORT": "5001"}).public_url.endswith(":5001")


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", timedelta()),
        ("+72h", timedelta(hours=72)),
        ("-30m", timedelta(minutes=-30)),
        ("2d", timedelta(days=2)),
        ("+5s", timedelta(seconds=5)),
    ],
)
def test_the_clock_offset_is_a_number_with_a_unit(text: str, length: timedelta) -> None:
    assert parse_offset(text) == length


@pytest.mark.parametrize("text", ["72", "h", "+1.5h", "1w", "abc"])
def test_another_clock_offset_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError):
        parse_offset(text)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_spelling_of_the_database_url_names_the_driver(scheme: str) -> None:
    assert sqlalchemy_url(f"{scheme}://u@h/d") == "postgresql+psycopg://u@h/d"
