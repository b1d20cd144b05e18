"""The unbound database handle and the declarative base every model stands on.

It is its own file so that layers below the web edge can import it without importing anything of Flask-Admin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import CursorResult, Executable, MetaData
from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    """Declarative base with predictable constraint names, so that migrations can name what they change."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


db = SQLAlchemy(model_class=Base, disable_autonaming=True)

if TYPE_CHECKING:
    Model = Base
else:
    Model = db.Model


def key_of(row: Model) -> Any:
    """The primary key of a flushed row; raises `ValueError` for one the database does not know yet."""
    identity = sa.inspect(row).identity
    if identity is None:
        raise ValueError("flush the row before asking for its key")
    return identity[0]


def execute_counted(statement: Executable) -> int:
    """Run a set UPDATE or DELETE and return how many rows it touched; loaded rows are not synchronised."""
    result = db.session.execute(statement, execution_options={"synchronize_session": False})
    return int(cast("CursorResult[Any]", result).rowcount)
