"""Who is there: offices, institutions with what they are authorised for, enterprises with their ledgers."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from unittest import mock

import sqlalchemy as sa

from backoffice import clock
from backoffice.actor import SYSTEM, Actor, Role
from backoffice.database import db
from backoffice.models import Enterprise, Institution, Registration, User
from backoffice.services import accounts, capabilities, designations, institutions, ledger, registrations
from backoffice.states import DeliveryMode, EnterpriseType, RegistrationState

from . import files, licence

PROVINCE = Actor(role=Role.REGULATOR, name="演示数据", division_code="370000", may_edit_reference=True)
"""Sets up what no demo account's area contains: the province's own institution."""

OPENED_DAYS_AGO = 75


def days_ago(days: int, hour: int = 10, minute: int = 0) -> datetime:
    """A moment on an earlier day, in Shanghai."""
    day = clock.local(clock.now()).date() - timedelta(days=days)
    return datetime.combine(day, time(hour, minute), clock.ZONE)


def make() -> None:
    with clock.at(days_ago(OPENED_DAYS_AGO)):
        _people()
        _institutions()
        _designations()
    _enterprises()


def actor(username: str) -> Actor:
    """A demo account as an actor."""
    return accounts.person(db.session.scalars(sa.select(User).where(User.username == username)).one())


def _people() -> None:
    for username, row in files.accounts().items():
        role = Role(row["role"])
        if role in (Role.REGULATOR, Role.AUDITOR, Role.ADMIN):
            accounts.create_user(
                SYSTEM,
                username=username,
                name=NAMES[username],
                role=role,
                password=row["password"],
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


def _institutions() -> None:
    demo = files.accounts()
    for row in files.rows("institutions.csv"):
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
        accounts.create_user(
            SYSTEM,
            username=row["username"],
            name=row["contact"],
            role=Role.INSTITUTION,
            password=demo[row["username"]]["password"],
            phone=row["phone"],
            institution_id=institution.id,
        )
        _authorise(institution, row)


def _authorise(institution: Institution, row: dict[str, str]) -> None:
    laboratories: dict[str, int] = {}
    for part in row["laboratories"].split("|"):
        name, kinds = part.split(":")
        laboratory = institutions.add_laboratory(PROVINCE, institution_id=institution.id, name=name)
        laboratories |= dict.fromkeys(kinds.split(), laboratory.id)
    this_year = clock.today().year
    for kind in row["kinds"].split():
        capabilities.create(
            PROVINCE,
            institution_id=institution.id,
            kind_code=kind,
            areas=row["areas"].split(),
            delivery_modes=[mode.value for mode in DeliveryMode],
            laboratory_id=laboratories.get(kind),
            valid_from=date(this_year - 2, 1, 1),
            valid_until=date(this_year + 2, 12, 31),
            document_number=f"鲁法计〔{this_year - 2}〕{10 + institution.id} 号",
        )


def institution_id(username: str) -> int:
    return db.session.scalars(sa.select(User.institution_id).where(User.username == username)).one() or 0


def _designations() -> None:
    for row in files.rows("designations.csv"):
        designations.create(
            actor(row["username"]),
            division_code=row["division"],
            kind_code=row["kind"] or None,
            item_code=row["item"] or None,
            institution_id=institution_id(row["institution"]),
            valid_from=date.fromisoformat(row["from"]),
            document_number=row["document"],
        )


def _enterprises() -> None:
    for place, row in enumerate(files.rows("enterprises.csv")):
        registered = days_ago(OPENED_DAYS_AGO - 5 - place) if row["state"] == "approved" else days_ago(1, 15)
        with clock.at(registered):
            enterprise = _register(row)
        if row["state"] == "approved":
            with clock.at(registered + timedelta(hours=5)):
                registrations.approve(actor("zibo-jlk"), _pending(enterprise).id)
            with clock.at(registered + timedelta(hours=7)):
                _fill_ledger(enterprise, row)
        elif row["state"] == "refused":
            with clock.at(registered + timedelta(hours=1)):
                registrations.refuse(
                    actor("zibo-jlk"), _pending(enterprise).id, "营业执照上的名称与填写的名称不一致，请核对后重新提交"
                )


def _register(row: dict[str, str]) -> Enterprise:
    is_branch = row["type"] == EnterpriseType.BRANCH
    values = {
        **{name: row[name] for name in ("type", "name", "address", "principal", "contact", "mobile")},
        "division_code": row["division"],
        "email": "",
        "uscc": "" if is_branch else row["uscc"],
        "parent_uscc": row["uscc"][:18] if is_branch else "",
        "password": files.accounts()[row["uscc"]]["password"],
    }
    picture = licence.picture(name=row["name"], uscc=row["uscc"], principal=row["principal"], address=row["address"])
    # The two digits of a branch are drawn by chance; here the draw is fixed, for the account's name is published.
    drawn = int(row["uscc"][18:] or 0)
    with mock.patch("backoffice.services.uscc.secrets.randbelow", return_value=drawn):
        return registrations.register(values, picture)


def _pending(enterprise: Enterprise) -> Registration:
    return db.session.scalars(
        sa.select(Registration).where(
            Registration.enterprise_id == enterprise.id, Registration.state == RegistrationState.PENDING
        )
    ).one()


def _fill_ledger(enterprise: Enterprise, row: dict[str, str]) -> None:
    clerk = actor(row["uscc"])
    for line in files.rows("ledgers.csv"):
        if line["profile"] != row["profile"]:
            continue
        for number in range(int(line["count"])):
            ledger.create(clerk, enterprise.id, _typed(line, row, number))


def _typed(line: dict[str, str], row: dict[str, str], number: int) -> dict[str, object]:
    serial = f"{line['prefix']}{int(row['uscc'][10:14], 36) % 90 + 10}{number + 1:03d}"
    is_nozzle = line["kind"] == "0601"
    return {
        "name": line["name"],
        "kind_code": line["kind"],
        "model": line["model"],
        "measuring_range": line["range"],
        "accuracy_class": line["accuracy"],
        "serial_number": f"{line['prefix']}{2600 + number // 2}" if is_nozzle else serial,
        "sub_number": f"{number % 2 + 1} 号枪" if is_nozzle else "",
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
