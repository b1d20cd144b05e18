"""Column types and mixins the models share."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from .. import clock

Moment = Annotated[datetime, mapped_column(sa.DateTime(timezone=True))]
"""A point in time, stored as UTC."""

Key = Annotated[int, mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)]

Texts = Annotated[list[str], mapped_column(ARRAY(sa.Text))]
Facts = Annotated[dict[str, Any], mapped_column(JSONB)]


def code_column(codes: type[StrEnum]) -> sa.Enum:
    """A closed set of codes stored as text; SQLAlchemy refuses any other value on the way in and out."""
    return sa.Enum(
        codes,
        native_enum=False,
        length=32,
        values_callable=lambda members: [member.value for member in members],
        create_constraint=False,
    )


class Stamped:
    """When a row was made and last changed."""

    created_at: Mapped[Moment] = mapped_column(default=clock.now)
    updated_at: Mapped[Moment] = mapped_column(default=clock.now, onupdate=clock.now)
