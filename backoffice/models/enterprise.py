"""Users of instruments and their registrations."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..database import Model
from ..states import EnterpriseStatus, EnterpriseType, ProposalState, RegistrationState
from .columns import Key, Moment, Stamped, code_column
from .reference import Division


class Enterprise(Stamped, Model):
    """器具使用单位: legal entity, branch, trader or market organiser. One code, one account, ever."""

    __tablename__ = "enterprise"

    id: Mapped[Key]
    uscc: Mapped[str] = mapped_column(sa.String(20), unique=True)
    """统一社会信用代码: 18 characters, or 20 for a branch (its parent's 18 and two digits)."""
    parent_uscc: Mapped[str | None] = mapped_column(sa.String(18), index=True)
    type: Mapped[EnterpriseType] = mapped_column(code_column(EnterpriseType))
    name: Mapped[str] = mapped_column(sa.String(100))
    division_code: Mapped[str] = mapped_column(sa.ForeignKey("division.code"), index=True)
    address: Mapped[str] = mapped_column(sa.String(200))
    principal: Mapped[str] = mapped_column(sa.String(50))
    """法定代表人, 负责人 or 经营者: the label follows the type."""
    contact: Mapped[str] = mapped_column(sa.String(50))
    mobile: Mapped[str] = mapped_column(sa.String(20))
    email: Mapped[str] = mapped_column(sa.String(100), default="")
    licence_file_id: Mapped[int | None] = mapped_column(sa.ForeignKey("stored_file.id"))
    status: Mapped[EnterpriseStatus] = mapped_column(code_column(EnterpriseStatus), default=EnterpriseStatus.PENDING)
    status_reason: Mapped[str] = mapped_column(sa.String(500), default="")
    approved_at: Mapped[Moment | None]
    registered_by_institution_id: Mapped[int | None] = mapped_column(sa.ForeignKey("institution.id"), index=True)
    """代办: the institution at whose counter the enterprise was entered; empty once it has claimed its account."""
    registered_by_division_code: Mapped[str | None] = mapped_column(sa.ForeignKey("division.code"))
    """代办: the division whose regulator entered it; empty once it has claimed its account."""

    division: Mapped[Division] = relationship(foreign_keys=[division_code])
    registrations: Mapped[list[Registration]] = relationship(
        back_populates="enterprise", order_by="Registration.id.desc()"
    )

    def __str__(self) -> str:
        return self.name

    @property
    def is_branch(self) -> bool:
        return self.type is EnterpriseType.BRANCH


class Registration(Model):
    """One submission of an enterprise for review; a corrected one is a new row of the same enterprise."""

    __tablename__ = "registration"

    id: Mapped[Key]
    enterprise_id: Mapped[int] = mapped_column(sa.ForeignKey("enterprise.id"), index=True)
    state: Mapped[RegistrationState] = mapped_column(code_column(RegistrationState), default=RegistrationState.PENDING)
    reviewer_division_code: Mapped[str | None] = mapped_column(sa.ForeignKey("division.code"), index=True)
    """The area whose regulator answers; null: no regulator has an account, the administrator's queue."""
    submitted: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """What was typed, as the reviewer read it."""
    submitted_at: Mapped[Moment]
    due_at: Mapped[Moment]
    marked_late_at: Mapped[Moment | None]
    decided_at: Mapped[Moment | None]
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("app_user.id"))
    reason: Mapped[str] = mapped_column(sa.String(500), default="")

    enterprise: Mapped[Enterprise] = relationship(back_populates="registrations")
    reviewer_division: Mapped[Division | None] = relationship()

    __table_args__ = (
        sa.Index(
            "uq_registration_pending", "enterprise_id", unique=True, postgresql_where=sa.text("state = 'pending'")
        ),
    )


class ChangeRequest(Model):
    """变更申请: what an enterprise may not change by itself (name, division, legal representative), old to new."""

    __tablename__ = "change_request"

    id: Mapped[Key]
    enterprise_id: Mapped[int] = mapped_column(sa.ForeignKey("enterprise.id"), index=True)
    reviewer_division_code: Mapped[str | None] = mapped_column(sa.ForeignKey("division.code"), index=True)
    """The area whose regulator answers, found as for a registration."""
    state: Mapped[ProposalState] = mapped_column(code_column(ProposalState), default=ProposalState.PENDING)
    before: Mapped[dict[str, Any]] = mapped_column(JSONB)
    after: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """Columns of the enterprise and their values, the same keys in both."""
    words: Mapped[str] = mapped_column(sa.String(500), default="")
    """Why, in the enterprise's words."""
    requested_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("app_user.id"))
    submitted_at: Mapped[Moment]
    due_at: Mapped[Moment]
    marked_late_at: Mapped[Moment | None]
    decided_at: Mapped[Moment | None]
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("app_user.id"))
    reason: Mapped[str] = mapped_column(sa.String(500), default="")

    enterprise: Mapped[Enterprise] = relationship()
    reviewer_division: Mapped[Division | None] = relationship()

    __table_args__ = (
        sa.Index(
            "uq_change_request_pending", "enterprise_id", unique=True, postgresql_where=sa.text("state = 'pending'")
        ),
    )

    def __str__(self) -> str:
        return self.enterprise.name


class EnterpriseRemark(Stamped, Model):
    """An institution's own note on an enterprise that has instruments with it; nobody else reads it."""

    __tablename__ = "enterprise_remark"

    id: Mapped[Key]
    institution_id: Mapped[int] = mapped_column(sa.ForeignKey("institution.id"))
    enterprise_id: Mapped[int] = mapped_column(sa.ForeignKey("enterprise.id"), index=True)
    words: Mapped[str] = mapped_column(sa.String(1000))

    enterprise: Mapped[Enterprise] = relationship()

    __table_args__ = (sa.UniqueConstraint("institution_id", "enterprise_id"),)

    def __str__(self) -> str:
        return self.enterprise.name


class StoredFile(Model):
    """An uploaded file's bytes under a row id; the original name is a label and never a path."""

    __tablename__ = "stored_file"

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(sa.String(200))
    media_type: Mapped[str] = mapped_column(sa.String(100))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(sa.String(64), index=True)
    content: Mapped[bytes] = mapped_column(sa.LargeBinary, deferred=True)
    enterprise_id: Mapped[int | None] = mapped_column(sa.ForeignKey("enterprise.id", use_alter=True), index=True)
    created_at: Mapped[Moment]
