"""The ledger: one row, one physical instrument."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..database import Model
from ..states import DeliveryMode, Outcome, ProposalState, Purpose, UseState, VerificationStatus
from .columns import Facts, Key, Moment, Stamped, code_column
from .enterprise import Enterprise
from .institution import Institution
from .reference import Division, InstrumentKind

FIRST_ONLY_SCHEME = "首次强制检定，失准报废"
ROTATION_SCHEME = "首次强制检定，限期使用，到期轮换"

KEY_COLUMNS = ("enterprise_id", "kind_code", "manufacturer", "serial_key", "sub_number")


class MeasuringInstrument(Stamped, Model):
    """计量器具 in a ledger. Certificate fields are written only by the institution that holds its item."""

    __tablename__ = "measuring_instrument"

    id: Mapped[Key]
    enterprise_id: Mapped[int] = mapped_column(sa.ForeignKey("enterprise.id"))
    name: Mapped[str] = mapped_column(sa.String(100))
    kind_code: Mapped[str] = mapped_column(sa.ForeignKey("instrument_kind.code"), index=True)
    model: Mapped[str] = mapped_column(sa.String(100), default="")
    measuring_range: Mapped[str] = mapped_column(sa.String(100), default="")
    range_low: Mapped[Decimal | None] = mapped_column(sa.Numeric)
    range_high: Mapped[Decimal | None] = mapped_column(sa.Numeric)
    range_unit: Mapped[str | None] = mapped_column(sa.String(16))
    """What was read out of `measuring_range`; all null: not stated, not compared."""
    accuracy_class: Mapped[str] = mapped_column(sa.String(50), default="")
    accuracy: Mapped[str | None] = mapped_column(sa.String(20))
    """What was read out of `accuracy_class`."""
    serial_number: Mapped[str] = mapped_column(sa.String(64))
    serial_key: Mapped[str] = mapped_column(sa.String(80))
    """出厂编号, or the 管理编号 that takes its place where there is none."""
    sub_number: Mapped[str] = mapped_column(sa.String(32), default="")
    """机号／枪号／分号: a dispenser has a row per nozzle."""
    manufacturer: Mapped[str] = mapped_column(sa.String(100))
    origin: Mapped[str] = mapped_column(sa.String(32))
    place_of_use: Mapped[str] = mapped_column(sa.String(200))
    division_code: Mapped[str] = mapped_column(sa.ForeignKey("division.code"), index=True)
    department: Mapped[str] = mapped_column(sa.String(64), default="")
    purpose: Mapped[Purpose] = mapped_column(code_column(Purpose))
    delivery_mode: Mapped[DeliveryMode] = mapped_column(code_column(DeliveryMode))
    management_number: Mapped[str] = mapped_column(sa.String(64), default="")

    purchased_on: Mapped[date | None]
    oil_product: Mapped[str] = mapped_column(sa.String(32), default="")
    """油品 of a fuel dispenser's nozzle."""
    stall_number: Mapped[str] = mapped_column(sa.String(32), default="")
    stall_operator: Mapped[str] = mapped_column(sa.String(50), default="")
    stall_phone: Mapped[str] = mapped_column(sa.String(20), default="")
    """摊位号, 经营者 and 电话 in a market's ledger."""
    season: Mapped[str] = mapped_column(sa.String(32), default="")
    """使用季节, for what is used part of the year (grain depots)."""
    production_code: Mapped[str] = mapped_column(sa.String(64), default="")
    repair_code: Mapped[str] = mapped_column(sa.String(64), default="")
    verification_code: Mapped[str] = mapped_column(sa.String(64), default="")
    seal_number: Mapped[str] = mapped_column(sa.String(64), default="")
    """三码一封 of a price-computing scale (JJG 1204-2025): 生产码, 维修码, 检定码, 封印（铅封）."""

    use_state: Mapped[UseState] = mapped_column(code_column(UseState), default=UseState.IN_USE)
    use_state_on: Mapped[date | None]
    use_state_reason: Mapped[str] = mapped_column(sa.String(200), default="")

    certificate_number: Mapped[str | None] = mapped_column(sa.String(64))
    verified_on: Mapped[date | None]
    valid_until: Mapped[date | None]
    outcome: Mapped[Outcome | None] = mapped_column(code_column(Outcome))
    verified_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("institution.id"))

    declared_verified_on: Mapped[date | None]
    declared_certificate_number: Mapped[str] = mapped_column(sa.String(64), default="")
    declared_valid_until: Mapped[date | None]
    declared_institution: Mapped[str] = mapped_column(sa.String(100), default="")

    filed_at: Mapped[Moment]
    """备案时间: saving the row is the legal filing at the division of use."""
    added_by_institution_id: Mapped[int | None] = mapped_column(sa.ForeignKey("institution.id"), index=True)
    """代办: the institution that entered the row for a walk-in."""
    added_by_division_code: Mapped[str | None] = mapped_column(sa.ForeignKey("division.code"))
    """代办: the division whose regulator entered the row."""
    import_run_id: Mapped[int | None] = mapped_column(sa.ForeignKey("import_run.id", use_alter=True), index=True)
    version: Mapped[int] = mapped_column(default=1)
    search_text: Mapped[str] = mapped_column(
        sa.Text,
        sa.Computed(
            "lower(name || ' ' || serial_number || ' ' || model || ' ' || manufacturer || ' ' || place_of_use"
            " || ' ' || department || ' ' || management_number)"
        ),
        deferred=True,
    )

    enterprise: Mapped[Enterprise] = relationship()
    kind: Mapped[InstrumentKind] = relationship()
    division: Mapped[Division] = relationship(foreign_keys=[division_code])
    verified_by: Mapped[Institution | None] = relationship(foreign_keys=[verified_by_id])

    __table_args__ = (
        sa.UniqueConstraint(*KEY_COLUMNS, name="uq_measuring_instrument_key"),
        sa.Index("ix_measuring_instrument_enterprise", "enterprise_id", "id"),
        sa.Index("ix_measuring_instrument_due", "enterprise_id", "valid_until"),
    )
    __mapper_args__ = {"version_id_col": version}

    def __str__(self) -> str:
        return f"{self.name} {self.full_serial}"

    @property
    def full_serial(self) -> str:
        """The number a person reads off the instrument, with the nozzle or part where there is one."""
        number = self.serial_key if self.serial_number == "无" else self.serial_number
        return f"{number}/{self.sub_number}" if self.sub_number else number

    @property
    def ledger_number(self) -> str:
        """台账编号: identifies the row in a downloaded workbook."""
        return str(self.id)

    @property
    def is_declared_only(self) -> bool:
        """Dates come from the enterprise's own words (企业自报，未核实): no result was recorded here."""
        return self.verified_on is None and self.declared_valid_until is not None

    def effective_valid_until(self) -> date | None:
        return self.valid_until if self.verified_on is not None else self.declared_valid_until

    def verification_status(self, *, today: date, soon_days: int) -> VerificationStatus:
        """检定状态 on a day, derived and never typed (SPEC, Ledger)."""
        if self.outcome is Outcome.NOT_PASSED:
            return VerificationStatus.FAILED
        until = self.effective_valid_until()
        if self.kind.verification_scheme == FIRST_ONLY_SCHEME and self.verified_on is not None:
            return VerificationStatus.FIRST_ONLY
        if until is None:
            return VerificationStatus.NEVER
        if until < today:
            is_rotation = self.kind.verification_scheme == ROTATION_SCHEME
            return VerificationStatus.TO_ROTATE if is_rotation else VerificationStatus.OVERDUE
        if until <= today + timedelta(days=soon_days):
            return VerificationStatus.DUE_SOON
        return VerificationStatus.VALID


class CorrectionProposal(Model):
    """更正建议: an institution read something else off the instrument; the enterprise confirms with one click."""

    __tablename__ = "correction_proposal"

    id: Mapped[Key]
    instrument_id: Mapped[int] = mapped_column(sa.ForeignKey("measuring_instrument.id"), index=True)
    enterprise_id: Mapped[int] = mapped_column(sa.ForeignKey("enterprise.id"), index=True)
    institution_id: Mapped[int] = mapped_column(sa.ForeignKey("institution.id"), index=True)
    state: Mapped[ProposalState] = mapped_column(code_column(ProposalState), default=ProposalState.PENDING)
    before: Mapped[Facts]
    after: Mapped[Facts]
    """Columns of the instrument and their values, the same keys in both."""
    words: Mapped[str] = mapped_column(sa.String(500), default="")
    proposed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("app_user.id"))
    proposed_at: Mapped[Moment]
    decided_at: Mapped[Moment | None]
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("app_user.id"))
    reason: Mapped[str] = mapped_column(sa.String(500), default="")

    instrument: Mapped[MeasuringInstrument] = relationship()
    enterprise: Mapped[Enterprise] = relationship()
    institution: Mapped[Institution] = relationship()

    __table_args__ = (
        sa.Index(
            "uq_correction_proposal_pending",
            "instrument_id",
            unique=True,
            postgresql_where=sa.text("state = 'pending'"),
        ),
    )

    def __str__(self) -> str:
        return str(self.instrument)
