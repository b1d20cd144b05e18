"""People's accounts, their sessions, and failed attempts to sign in."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..actor import Role
from ..database import Model
from ..states import LinkPurpose
from .columns import Key, Moment, Stamped, Texts, code_column
from .enterprise import Enterprise
from .institution import Institution
from .reference import Division


class User(Stamped, Model):
    """A person who signs in. Exactly one of enterprise, institution or division says for whom."""

    __tablename__ = "app_user"

    id: Mapped[Key]
    username: Mapped[str] = mapped_column(sa.String(64), unique=True)
    name: Mapped[str] = mapped_column(sa.String(50))
    role: Mapped[Role] = mapped_column(code_column(Role))
    phone: Mapped[str] = mapped_column(sa.String(20), default="")
    email: Mapped[str] = mapped_column(sa.String(100), default="")
    enterprise_id: Mapped[int | None] = mapped_column(sa.ForeignKey("enterprise.id"), index=True)
    institution_id: Mapped[int | None] = mapped_column(sa.ForeignKey("institution.id"), index=True)
    division_code: Mapped[str | None] = mapped_column(sa.ForeignKey("division.code"), index=True)
    organisation: Mapped[str] = mapped_column(sa.String(100), default="")
    """The office's name for regulators (张店区市场监督管理局); others take it from their organisation's row."""
    may_edit_reference: Mapped[bool] = mapped_column(default=False)
    password_hash: Mapped[str] = mapped_column(sa.String(200))
    previous_password_hashes: Mapped[Texts] = mapped_column(default=list)
    password_changed_at: Mapped[Moment]
    is_active: Mapped[bool] = mapped_column(default=True)

    enterprise: Mapped[Enterprise | None] = relationship()
    institution: Mapped[Institution | None] = relationship()
    division: Mapped[Division | None] = relationship()

    def __str__(self) -> str:
        return self.name

    @property
    def organisation_name(self) -> str:
        if self.enterprise is not None:
            return self.enterprise.name
        if self.institution is not None:
            return self.institution.name
        return self.organisation


class OneTimeLink(Model):
    """A link that lets its holder set a password once. Only the token's hash is kept."""

    __tablename__ = "one_time_link"

    id: Mapped[Key]
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("app_user.id"), index=True)
    purpose: Mapped[LinkPurpose] = mapped_column(code_column(LinkPurpose))
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    issued_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("app_user.id"))
    created_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    used_at: Mapped[Moment | None]
    """Used, or ended because a newer one took its place."""

    user: Mapped[User] = relationship(foreign_keys=[user_id])


class UserSession(Model):
    """A signed-in browser. The cookie carries only the token whose hash stands here, so the server can end it."""

    __tablename__ = "user_session"

    id: Mapped[Key]
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("app_user.id"), index=True)
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    created_at: Mapped[Moment]
    last_seen_at: Mapped[Moment]
    ended_at: Mapped[Moment | None]
    address: Mapped[str] = mapped_column(sa.String(64), default="")


class SignInAttempt(Model):
    """A failed attempt, counted per account and per address, exact across workers and restarts."""

    __tablename__ = "sign_in_attempt"

    id: Mapped[Key]
    account: Mapped[str] = mapped_column(sa.String(64))
    address: Mapped[str] = mapped_column(sa.String(64))
    at: Mapped[Moment]

    __table_args__ = (
        sa.Index("ix_sign_in_attempt_account_at", "account", "at"),
        sa.Index("ix_sign_in_attempt_address_at", "address", "at"),
    )
