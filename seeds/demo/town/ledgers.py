"""What stands in the ledgers of the town, entered the way people would: many alike at once, stalls one by one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from backoffice import clock
from backoffice.models import Enterprise
from backoffice.services import ledger, ledger_batch
from backoffice.services.ledger_batch import Numbering

from ..cast import lines_of, serial_prefix, typed
from ..deeds import actor
from ..files import Row

NOZZLES_A_DISPENSER = 4
OIL = ("92 号汽油", "95 号汽油", "0 号柴油")
SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏"
DECLARED_EVERY = 2
"""Of so many kinds of instruments one came with earlier certificates."""


def fill(enterprise: Enterprise, row: Row) -> None:
    clerk = actor(row["uscc"])
    for place, line in enumerate(lines_of("town/ledgers.csv", row["profile"])):
        common = {**typed(line, row), **_further(line, row, place)}
        if row["type"] == "market_organiser":
            for number in range(int(line["count"])):
                ledger.create(clerk, enterprise.id, {**common, **_stall(line, row, number)})
        else:
            for numbering in _numberings(line, row):
                ledger_batch.create(clerk, enterprise.id, common, numbering)


def _numberings(line: Row, row: Row) -> Iterator[Numbering]:
    count, prefix = int(line["count"]), serial_prefix(line, row)
    if line["kind"] == "0601":
        for dispenser in range(count // NOZZLES_A_DISPENSER):
            yield Numbering(serial_number=f"{prefix}{dispenser + 1:02d}", nozzles=f"1-{NOZZLES_A_DISPENSER}")
    else:
        yield Numbering(numbers=" ".join(f"{prefix}{number + 1:03d}" for number in range(count)))


def _further(line: Row, row: Row, place: int) -> dict[str, str]:
    found = {"division_code": line["division"] or row["division"]}
    if line["kind"] == "0601":
        found["oil_product"] = OIL[place % len(OIL)]
    if row["profile"] == "granary":
        found["season"] = "6 月至 7 月"
    return found | _declared(line, row, place)


def _declared(line: Row, row: Row, place: int) -> dict[str, str]:
    """The certificate an enterprise brought along, as it was before this platform."""
    if line["declared_days"]:
        until = clock.today() + timedelta(days=int(line["declared_days"]))
    elif int(line["every"]) > 1 and (place + len(row["name"])) % DECLARED_EVERY == 0:
        until = clock.today() + timedelta(days=180)
    else:
        return {}
    verified = min(until - timedelta(days=365), clock.today() - timedelta(days=100))
    return {
        "declared_verified_on": verified.isoformat(),
        "declared_valid_until": until.isoformat(),
        "declared_certificate_number": f"{line['kind']}-{verified:%Y%m}-{int(row['uscc'][12:16], 36) % 10000:04d}",
        "declared_institution": "鲁中计量检定所（原）",
    }


def _stall(line: Row, row: Row, number: int) -> dict[str, str]:
    given = ["建国", "秀英", "志强", "桂兰", "海燕", "永福", "春梅", "大勇"]
    operator = SURNAMES[number % len(SURNAMES)] + given[number * 3 % len(given)]
    return {
        "serial_number": f"{serial_prefix(line, row)}{number + 1:03d}",
        "sub_number": "",
        "stall_number": f"{'ABCDEF'[number // 20 % 6]}{number % 20 + 1:02d}",
        "stall_operator": operator,
        "stall_phone": f"13800001{number:03d}",
    }
