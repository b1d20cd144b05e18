"""Rows of an import as they are stored: written by COPY, known again by their key, with what judging again needs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import orjson

from ..database import db
from ..workbooks.rawcells import beside
from .import_rows import JudgedRow

COLUMNS = (
    "run_id",
    "number",
    "outcome",
    "found",
    "raw",
    "mended",
    "values",
    "before",
    "problems",
    "instrument_id",
    "record_key",
    "key_hash",
    "claimed_id",
)


def store_rows(run_id: int, rows: Sequence[JudgedRow]) -> None:
    """Store rows by COPY, in the session's own transaction."""
    connection: Any = db.session.connection().connection.driver_connection
    with connection.cursor() as cursor, cursor.copy(f"COPY import_row ({', '.join(COLUMNS)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(
                (
                    run_id,
                    row.number,
                    row.outcome.value,
                    _json(row.found),
                    _json_or_null(beside(row.cells, row.found)),
                    _json_or_null(row.mended),
                    _json_or_null(row.columns),
                    _json_or_null(row.before),
                    _json(row.problems),
                    row.instrument_id,
                    row.record_key,
                    hash_of(row.key),
                    row.claimed_id,
                )
            )


def hash_of(key: tuple[str, ...] | None) -> int | None:
    """Eight bytes by which the key of a row is looked for."""
    if key is None:
        return None
    digest = hashlib.blake2b("\x1f".join(key).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def _json_or_null(value: Any) -> str | None:
    return None if value is None else _json(value)


def _json(value: Any) -> str:
    """Numbers as text, so that they come back exact. The standard library does what the quick one refuses."""
    try:
        return orjson.dumps(value, default=str, option=orjson.OPT_PASSTHROUGH_DATETIME).decode()
    except TypeError:
        return _AS_JSON(value)


_AS_JSON = json.JSONEncoder(ensure_ascii=False, default=str).encode
