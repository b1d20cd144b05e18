"""Who is there: offices, institutions with what they are authorised for, enterprises with their ledgers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from functools import cache
from unittest import mock

import sqlalchemy as sa

from backoffice import clock
from backoffice.actor import SYSTEM, Actor, Role
from backoffice.database import db
from backoffice.models import Enterprise, Institution, Laboratory, Registration
from backoffice.services import (
    accounts,
    capabilities,
    designations,
    institutions,
    ledger,
    passwords,
    registrations,
)
from backoffice.states import DeliveryMode, EnterpriseType, RegistrationState

from . import files, licence
from .deeds import actor, institution_id
from .files import Row
from .telling import Days, Story

PROVINCE = Actor(role=Role.REGULATOR, name="演示数据", division_code="370000", may_edit_reference=True)
"""Sets up what no demo account's area contains: the province's own institution."""

OPENED_DAYS_AGO = 560
"""The offices began a year and a half ago."""
FIRST_REGISTERED_DAYS_AGO = 520
"""The enterprises of the published accounts came later, one a day; what they had verified first is due again by now."""


def offices() -> None:
    """Regulators and institutions with what they may verify, and who is named by whom."""
    _people()
    for row in files.rows("institutions.csv"):
        add_institution(row)
    for row in files.rows("designations.csv"):
        _designate(row)
    _lapsed_authority()


def _lapsed_authority() -> None:
    """声级计: the county names an institute that is not authorised, and who was is no more. Nobody can verify them."""
    province = db.session.get_one(Institution, institution_id("sheng-jlzx"))
    authorise(province, "1801", ["370000"], until=date(clock.today().year - 1, 12, 31))


def _people() -> None:
    for username, row in files.accounts().items():
        role = Role(row["role"])
        if role in (Role.REGULATOR, Role.AUDITOR, Role.ADMIN):
            accounts.add_user(
                SYSTEM,
                username=username,
                name=NAMES[username],
                role=role,
                password_hash=_hash_of(row["password"]),
                phone=PHONES[username],
                division_code=row["division"] if role is Role.REGULATOR else None,
                organisation=row["organisation"],
                may_edit_reference=username == "zibo-jlk",
            )


NAMES = {
    "zibo-jlk": "赵慧",
    "zhangdian-jlk": "刘峰",
    "zichuan-jlk": "陈静",
    "shenji": "孙正",
    "xitong": "周平",
}
PHONES = {
    "zibo-jlk": "0533-8001101",
    "zhangdian-jlk": "0533-8001102",
    "zichuan-jlk": "0533-8001103",
    "shenji": "0533-8001104",
    "xitong": "0533-8001105",
}
SECOND_PERSON = "-hy"
"""核验员: who publishes what the first person of an institution entered."""


def add_institution(row: Row) -> None:
    """An institution with its two people, its laboratories and what it is authorised for."""
    institution = institutions.create(
        PROVINCE,
        name=row["name"],
        type=row["type"],
        level=row["level"],
        seat_division_code=row["seat"],
        address=row["address"],
        phone=row["phone"],
        reception_place=row["reception"],
        contact=row["contact"],
        priority=int(row["priority"]),
    )
    for username, name in ((row["username"], row["contact"]), (row["username"] + SECOND_PERSON, row["checker"])):
        accounts.add_user(
            SYSTEM,
            username=username,
            name=name,
            role=Role.INSTITUTION,
            password_hash=_hash_of(files.accounts()[username]["password"]),
            phone=row["phone"],
            institution_id=institution.id,
        )
    laboratories = _laboratories(institution, row["laboratories"])
    for kind in row["kinds"].split():
        authorise(institution, kind, row["areas"].split(), laboratory=laboratories.get(kind))


def _laboratories(institution: Institution, text: str) -> dict[str, Laboratory]:
    """热工压力室:1401 1101|衡器室:0202: made, by the kinds they do."""
    made: dict[str, Laboratory] = {}
    for part in text.split("|"):
        name, kinds = part.split(":")
        laboratory = institutions.add_laboratory(PROVINCE, institution_id=institution.id, name=name)
        made |= dict.fromkeys(kinds.split(), laboratory)
    return made


def authorise(
    institution: Institution,
    kind: str,
    areas: list[str],
    *,
    laboratory: Laboratory | None = None,
    internal_units: list[str] | None = None,
    until: date | None = None,
) -> None:
    this_year = clock.today().year
    capabilities.create(
        PROVINCE,
        institution_id=institution.id,
        kind_code=kind,
        areas=areas,
        delivery_modes=[mode.value for mode in DeliveryMode],
        laboratory_id=laboratory.id if laboratory else None,
        valid_from=date(this_year - 2, 1, 1),
        valid_until=until or date(this_year + 3, 12, 31),
        internal_units=internal_units,
        document_number=f"鲁法计〔{this_year - 2}〕{10 + institution.id} 号",
    )


def _designate(row: Row) -> None:
    designations.create(
        actor(row["username"]),
        division_code=row["division"],
        kind_code=row["kind"] or None,
        item_code=row["item"] or None,
        institution_id=institution_id(row["institution"]),
        valid_from=date.fromisoformat(row["from"]),
        document_number=row["document"],
    )


def stories(days: Days) -> list[Story]:
    """How each enterprise of the published accounts came to be there."""
    return [_arrival(days, place, row) for place, row in enumerate(files.rows("enterprises.csv"))]


def _arrival(days: Days, place: int, row: Row) -> Story:
    registered = days.ago(FIRST_REGISTERED_DAYS_AGO - place) if row["state"] == "approved" else days.ago(1, 15)
    yield registered
    enterprise = register(row, files.accounts()[row["uscc"]]["password"])
    if row["state"] == "approved":
        yield registered + timedelta(hours=5)
        registrations.approve(actor("zibo-jlk"), pending(enterprise).id)
        yield registered + timedelta(hours=7)
        _fill_ledger(enterprise, row)
    elif row["state"] == "refused":
        yield registered + timedelta(hours=1)
        registrations.refuse(
            actor("zibo-jlk"), pending(enterprise).id, "营业执照上的名称与填写的名称不一致，请核对后重新提交"
        )


def register(row: Row, password: str) -> Enterprise:
    """Register with a licence to look at, as the enterprise would."""
    is_branch = row["type"] == EnterpriseType.BRANCH
    values = {
        **{name: row[name] for name in ("type", "name", "address", "principal", "contact", "mobile")},
        "division_code": row["division"],
        "email": "",
        "uscc": "" if is_branch else row["uscc"],
        "parent_uscc": row["uscc"][:18] if is_branch else "",
    }
    picture = licence.picture(name=row["name"], uscc=row["uscc"], principal=row["principal"], address=row["address"])
    # The two digits of a branch are drawn by chance; here the draw is fixed, for the account's name is published.
    drawn = int(row["uscc"][18:] or 0)
    with mock.patch("backoffice.services.uscc.secrets.randbelow", return_value=drawn):
        return registrations.register(values, picture, password_hash=_hash_of(password))


@cache
def _hash_of(password: str) -> str:
    """One hash for all who share the published password: hashing is slow on purpose, and this one hides nothing."""
    return passwords.hashed(password)


def pending(enterprise: Enterprise) -> Registration:
    return db.session.scalars(
        sa.select(Registration).where(
            Registration.enterprise_id == enterprise.id, Registration.state == RegistrationState.PENDING
        )
    ).one()


def _fill_ledger(enterprise: Enterprise, row: Row) -> None:
    clerk = actor(row["uscc"])
    for line in lines_of("ledgers.csv", row["profile"]):
        for number in range(int(line["count"])):
            ledger.create(clerk, enterprise.id, {**typed(line, row), **_numbers(line, row, number)})


def lines_of(file: str, profile: str) -> Iterable[Row]:
    return [line for line in files.rows(file) if line["profile"] == profile]


def typed(line: Row, row: Row) -> dict[str, str]:
    """What is typed for the instruments of a line, without their numbers."""
    return {
        "name": line["name"],
        "kind_code": line["kind"],
        "model": line["model"],
        "measuring_range": line["range"],
        "accuracy_class": line["accuracy"],
        "manufacturer": line["manufacturer"],
        "origin": line["origin"],
        "place_of_use": line["place"].format(marker=row["marker"]),
        "division_code": row["division"],
        "department": line["department"],
        "quantity": "1",
        "purpose": line["purpose"],
        "delivery_mode": line["delivery"],
        "management_number": "",
    }


def serial_prefix(line: Row, row: Row) -> str:
    """Each enterprise's instruments have numbers of their own."""
    return f"{line['prefix']}{int(row['uscc'][10:14], 36) % 90 + 10}"


def _numbers(line: Row, row: Row, number: int) -> dict[str, str]:
    if line["kind"] == "0601":  # A dispenser has a row per nozzle.
        return {"serial_number": f"{line['prefix']}{2600 + number // 2}", "sub_number": f"{number % 2 + 1} 号枪"}
    return {"serial_number": f"{serial_prefix(line, row)}{number + 1:03d}", "sub_number": ""}
