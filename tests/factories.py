"""factory_boy factories: each gives a valid thing, its traits give its states. They flush and never commit."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import factory
from argon2 import PasswordHasher
from factory.alchemy import SQLAlchemyModelFactory
from stdnum.cn import uscc

from backoffice import clock
from backoffice.actor import Actor, Role
from backoffice.database import db
from backoffice.models import Capability, Designation, Enterprise, Institution, MeasuringInstrument, User
from backoffice.states import (
    DeliveryMode,
    EnterpriseStatus,
    EnterpriseType,
    InstitutionType,
    Level,
    Purpose,
)

PASSWORD = "Zibo-2026-qj"
_hash = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


def valid_uscc(number: int) -> str:
    """A code with the right check character."""
    body = f"91370300MA{number:07d}"
    return body + uscc.calc_check_digit(body)


class Base(SQLAlchemyModelFactory):
    class Meta:
        abstract = True
        sqlalchemy_session_factory = lambda: db.session  # noqa: E731 - factory_boy's own way of naming the session
        sqlalchemy_session_persistence = "flush"


class EnterpriseFactory(Base):
    class Meta:
        model = Enterprise

    uscc = factory.Sequence(valid_uscc)
    type = EnterpriseType.COMPANY
    name = factory.Sequence(lambda n: f"淄博鲁岳机械有限公司{n}厂")
    division_code = "370303"
    address = "张店区柳泉路 88 号"
    principal = "王建国"
    contact = "王建国"
    mobile = "13905330001"
    status = EnterpriseStatus.APPROVED
    approved_at = factory.LazyFunction(clock.now)


class InstitutionFactory(Base):
    class Meta:
        model = Institution

    name = factory.Sequence(lambda n: f"淄博市第{n}计量技术研究院")
    type = InstitutionType.STATUTORY
    level = Level.CITY
    seat_division_code = "370300"
    address = "张店区华光路 188 号"
    reception_place = "华光路 188 号收发室"
    contact = "李敏"
    phone = "0533-2180188"


class CapabilityFactory(Base):
    class Meta:
        model = Capability

    institution = factory.SubFactory(InstitutionFactory)
    kind_code = "1401"
    areas = factory.LazyFunction(lambda: ["370300"])
    valid_from = date(2024, 1, 1)
    valid_until = date(2029, 12, 31)
    delivery_modes = factory.LazyFunction(lambda: ["send_in", "on_site"])


class DesignationFactory(Base):
    class Meta:
        model = Designation

    division_code = "370303"
    kind_code = "1401"
    institution = factory.SubFactory(InstitutionFactory)
    valid_from = date(2024, 1, 1)
    document_number = "张市监计〔2024〕7 号"


class InstrumentFactory(Base):
    class Meta:
        model = MeasuringInstrument

    enterprise = factory.SubFactory(EnterpriseFactory)
    name = "压力表"
    kind_code = "1401"
    model = "Y-100"
    measuring_range = "(0～1.6) MPa"
    range_low = 0
    range_high = Decimal("1.6")
    range_unit = "MPa"
    accuracy_class = "1.6级"
    accuracy = "1.6"
    serial_number = factory.Sequence(lambda n: f"{20000 + n}")
    serial_key = factory.SelfAttribute("serial_number")
    manufacturer = "青岛华青仪表有限公司"
    origin = "domestic"
    place_of_use = "一车间空压机房"
    division_code = "370303"
    purpose = Purpose.SAFETY
    delivery_mode = DeliveryMode.SEND_IN
    filed_at = factory.LazyFunction(clock.now)


class UserFactory(Base):
    class Meta:
        model = User

    username = factory.Sequence(lambda n: f"user{n}")
    name = "王建国"
    role = Role.ENTERPRISE
    phone = "13905330001"
    password_hash = _hash
    password_changed_at = factory.LazyFunction(clock.now)

    class Params:
        of_enterprise = factory.Trait(role=Role.ENTERPRISE, enterprise=factory.SubFactory(EnterpriseFactory))
        of_institution = factory.Trait(
            role=Role.INSTITUTION, name="李敏", institution=factory.SubFactory(InstitutionFactory)
        )
        regulator = factory.Trait(
            role=Role.REGULATOR, name="赵慧", division_code="370303", organisation="张店区市场监督管理局"
        )
        auditor = factory.Trait(role=Role.AUDITOR, name="孙正", organisation="审计室")
        admin = factory.Trait(role=Role.ADMIN, name="周平", organisation="信息中心")


def actor_of(user: User, **changes: Any) -> Actor:
    """The actor a user is, as services get it."""
    facts: dict[str, Any] = {
        "role": user.role,
        "name": user.name,
        "user_id": user.id,
        "enterprise_id": user.enterprise_id or (user.enterprise.id if user.enterprise else None),
        "institution_id": user.institution_id or (user.institution.id if user.institution else None),
        "division_code": user.division_code,
        "may_edit_reference": user.may_edit_reference,
    }
    return Actor(**(facts | changes))
