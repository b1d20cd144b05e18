"""What an applicant typed, carried through 核对 and back in a signed field, so that nothing is lost or forged.

The password is carried only as its argon2 hash, the file only as the number of its stored row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from flask import current_app
from itsdangerous import BadSignature, URLSafeTimedSerializer

LONGEST_AGE = 24 * 3600
"""Seconds a page may stay open; an unclaimed file is kept longer than that."""


@dataclass(frozen=True, slots=True)
class Draft:
    """`values`: by the form's field names, and `division_code`.

    `password_for`: the code the password was checked against.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    password_hash: str = ""
    password_for: str = ""
    file_id: int | None = None
    file_name: str = ""


def seal(draft: Draft) -> str:
    return _signer("registration-draft").dumps(asdict(draft))


def unseal(text: str | None) -> Draft | None:
    """The draft of a signed field, `None` when there is none, it is too old or was not made by us."""
    try:
        return Draft(**_signer("registration-draft").loads(text, max_age=LONGEST_AGE)) if text else None
    except (BadSignature, TypeError):
        return None


def receipt(registration_id: int) -> str:
    """The address part under which an applicant without an open session sees what it sent."""
    return _signer("registration-receipt").dumps(registration_id)


def registration_of(text: str) -> int | None:
    try:
        return int(_signer("registration-receipt").loads(text, max_age=30 * LONGEST_AGE))
    except (BadSignature, TypeError, ValueError):
        return None


def _signer(purpose: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.secret_key or "", salt=purpose)
