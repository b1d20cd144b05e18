"""What the product writes about its own life: audit, notices, job runs, counters, one-time form keys."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from ..actor import Role
from ..database import Model
from ..states import RunOutcome
from .columns import Facts, Key, Moment, code_column


class AuditEvent(Model):
    """Who did what to which record, written in the same transaction; a trigger refuses changes and deletions."""

    __tablename__ = "audit_event"

    id: Mapped[Key]
    at: Mapped[Moment] = mapped_column(index=True)
    action: Mapped[str] = mapped_column(sa.String(48), index=True)
    actor_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    actor_name: Mapped[str] = mapped_column(sa.String(50))
    actor_role: Mapped[Role] = mapped_column(code_column(Role))
    address: Mapped[str | None] = mapped_column(sa.String(64))
    subject_type: Mapped[str] = mapped_column(sa.String(48))
    subject_id: Mapped[str] = mapped_column(sa.String(64))
    subject_label: Mapped[str] = mapped_column(sa.String(200), default="")
    enterprise_id: Mapped[int | None] = mapped_column(sa.BigInteger, index=True)
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    seal: Mapped[str] = mapped_column(sa.String(64))

    __table_args__ = (sa.Index("ix_audit_event_subject", "subject_type", "subject_id", "id"),)


class Notice(Model):
    """An in-app notice to one enterprise, one institution, or the regulators of one division.

    Stored as a code with facts; the sentence is made when it is read.
    """

    __tablename__ = "notice"

    id: Mapped[Key]
    code: Mapped[str] = mapped_column(sa.String(48))
    facts: Mapped[Facts]
    enterprise_id: Mapped[int | None] = mapped_column(sa.ForeignKey("enterprise.id"))
    institution_id: Mapped[int | None] = mapped_column(sa.ForeignKey("institution.id"))
    division_code: Mapped[str | None] = mapped_column(sa.ForeignKey("division.code"))
    subject_type: Mapped[str] = mapped_column(sa.String(48))
    subject_id: Mapped[str] = mapped_column(sa.String(64))
    created_at: Mapped[Moment]
    read_at: Mapped[Moment | None]

    __table_args__ = (
        sa.CheckConstraint("num_nonnulls(enterprise_id, institution_id, division_code) = 1", name="one_recipient"),
        sa.Index("ix_notice_enterprise", "enterprise_id", "id"),
        sa.Index("ix_notice_institution", "institution_id", "id"),
        sa.Index("ix_notice_division", "division_code", "id"),
    )


class OutgoingMail(Model):
    """外发邮件: an e-mail to be sent, after the commit that wrote it. Without a mail server it stays here."""

    __tablename__ = "outgoing_mail"

    id: Mapped[Key]
    code: Mapped[str] = mapped_column(sa.String(48))
    recipient: Mapped[str] = mapped_column(sa.String(100))
    subject: Mapped[str] = mapped_column(sa.String(200))
    body: Mapped[str] = mapped_column(sa.Text)
    """What the person reads. A one-time link in it is replaced by words once the mail is sent or the link is old."""
    has_link: Mapped[bool] = mapped_column(default=False)
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("app_user.id"), index=True)
    created_at: Mapped[Moment]
    sent_at: Mapped[Moment | None]
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[Moment | None]
    problem: Mapped[str] = mapped_column(sa.String(300), default="")

    __table_args__ = (
        sa.Index("ix_outgoing_mail_unsent", "id", postgresql_where=sa.text("sent_at IS NULL")),
        sa.Index("ix_outgoing_mail_link", "created_at", postgresql_where=sa.text("has_link")),
    )

    def __str__(self) -> str:
        return self.subject


class JobRun(Model):
    """A run of a job that did something (or failed); unique per job and time it was scheduled for."""

    __tablename__ = "job_run"

    id: Mapped[Key]
    job: Mapped[str] = mapped_column(sa.String(48))
    scheduled_for: Mapped[Moment]
    started_at: Mapped[Moment] = mapped_column(index=True)
    finished_at: Mapped[Moment | None]
    outcome: Mapped[RunOutcome] = mapped_column(code_column(RunOutcome), default=RunOutcome.RUNNING)
    counts: Mapped[Facts] = mapped_column(default=dict)
    problem: Mapped[str] = mapped_column(sa.String(500), default="")
    started_by: Mapped[str] = mapped_column(sa.String(50), default="")

    __table_args__ = (
        sa.UniqueConstraint("job", "scheduled_for"),
        sa.Index("ix_job_run_unfinished", "id", postgresql_where=sa.text("outcome IN ('requested', 'running')")),
    )


class JobHeartbeat(Model):
    """When a job last ticked, whether or not there was anything to do."""

    __tablename__ = "job_heartbeat"

    job: Mapped[str] = mapped_column(sa.String(48), primary_key=True)
    ticked_at: Mapped[Moment]


class NumberSequence(Model):
    """The last number given out per prefix and Shanghai day (YY-yyyymmdd-nnnn)."""

    __tablename__ = "number_sequence"

    prefix: Mapped[str] = mapped_column(sa.String(8), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    last: Mapped[int]


class FormKey(Model):
    """A used one-time key of a form: a second arrival shows the first one's result instead of acting again."""

    __tablename__ = "form_key"

    key: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    user_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    location: Mapped[str] = mapped_column(sa.Text, default="")
    said: Mapped[str] = mapped_column(sa.Text, default="")
    kind: Mapped[str] = mapped_column(sa.String(16), default="")
    created_at: Mapped[Moment] = mapped_column(index=True)
