"""Measuring ranges and accuracy classes out of text, as people write them."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backoffice.matching import Quantity, in_common_unit, read_accuracy, read_range


@pytest.mark.parametrize(("text", "low", "high", "unit"), [
    # the usual spellings
    ("(0～1.6) MPa", "0", "1.6", "MPa"), ("0-1600kPa", "0", "1.6", "MPa"), ("(5～50) L/min", "5", "50", "L/min"),
    ("0~60MPa", "0", "60", "MPa"), ("(0—160)mmHg", "0", "160", "mmHg"), ("0——60MPa", "0", "60", "MPa"),
    ("0 至 60 MPa", "0", "60", "MPa"), ("(0~60MPa)", "0", "60", "MPa"), ("(0～250)mL", "0", "0.25", "L"),
    # a capacity begins at zero
    ("≤150 kg", "0", "150", "kg"), ("100 t", "0", "100000", "kg"), ("最大称量：15kg", "0", "15", "kg"),
    ("1,000kg", "0", "1000", "kg"),
    # open above
    ("≥5 g", "0.005", None, "kg"),
    # below zero
    ("-0.1～0 MPa", "-0.1", "0", "MPa"), ("0～-0.1MPa", "-0.1", "0", "MPa"), ("-5-5kPa", "-0.005", "0.005", "MPa"),
    ("(-30～50)℃", "-30", "50", "℃"), ("≤50℃", None, "50", "℃"), ("±100mm", "-0.1", "0.1", "m"),
    # full-width characters, units in one character, other cases, a unit on both ends
    ("（０～１．６）ＭＰａ", "0", "1.6", "MPa"), ("10㎏", "0", "10", "kg"),
    ("0~1.6Mpa", "0", "1.6", "MPa"),
    ("100KG", "0", "100", "kg"), ("100kPa~1.6MPa", "0.1", "1.6", "MPa"), ("0.5千克～15千克", "0.5", "15", "kg"),
    ("(0.016～2.5)m³/h", "0.016", "2.5", "m³/h"), ("(30～300)L/h", "0.03", "0.3", "m³/h"),
    ("5 MW", "0", "5000000", "W"),
])  # fmt: skip
def test_reads_a_range(text: str, low: str | None, high: str | None, unit: str) -> None:
    assert read_range(text) == Quantity(Decimal(low) if low else None, Decimal(high) if high else None, unit)


@pytest.mark.parametrize("text", [
    None, "", "  ", "见说明书", "MPa", "60", "0~1", "(0～1.6)",
    # two things it could be
    "0--60MPa", "10 Mg", "10 ML", "5 mw", "60~0MPa", "-0.1MPa", "100kg/200kg", "0～1.6MPa/16kgf", "1kg~2MPa",
    # no unit we know, no number we know, no end
    "0~5 furlong", "1e5kg", "1.2.3kg", "9" * 30 + "kg", "1" * 5000,
])  # fmt: skip
def test_what_cannot_be_read_is_not_stated(text: str | None) -> None:
    assert read_range(text) is None


@pytest.mark.parametrize(("entered", "unit", "common", "high"), [
    ("60", "kPa", "MPa", "0.06"), ("3", "t", "kg", "3000"), ("5", "MPa", "MPa", "5"),
    ("7", "没有的单位", "没有的单位", "7"),
])  # fmt: skip
def test_entered_numbers_come_to_the_same_unit(entered: str, unit: str, common: str, high: str) -> None:
    assert in_common_unit(Quantity(None, Decimal(entered), unit)) == Quantity(None, Decimal(high), common)


@pytest.mark.parametrize(
    "unit", ["MPa", "kg", "m", "L", "L/min", "m³/h", "mmHg", "℃", "V", "kWh", "次/min", "m⁻¹", "mg/m³"]
)
def test_a_common_unit_is_its_own_common_unit(unit: str) -> None:
    quantity = Quantity(Decimal(0), Decimal("1.5"), unit)
    assert in_common_unit(quantity) == quantity
    assert read_range(f"(0～1.5){unit}") == quantity


@settings(deadline=None, derandomize=True)
@given(st.decimals(0, 9999, places=3), st.decimals(0, 9999, places=3), st.sampled_from(["~", "～", "—", "-", "至"]))
def test_the_same_range_in_other_prefixes_is_equal(one: Decimal, other: Decimal, mark: str) -> None:
    low, high = sorted([one, other])
    in_kilo = read_range(f"({low}{mark}{high}) kPa")
    assert in_kilo == read_range(f"{low * 1000:f}{mark}{high * 1000:f}Pa")
    assert in_kilo == Quantity(low / 1000, high / 1000, "MPa")


@settings(deadline=None, derandomize=True)
@given(st.text(max_size=40))
def test_reading_never_fails(text: str) -> None:
    read = read_range(text)
    assert read is None or read.low is None or read.high is None or read.low <= read.high
    assert read_accuracy(text) != ""


@pytest.mark.parametrize(("text", "accuracy"), [
    ("1.6级", "1.6"), ("1.6", "1.6"), ("１．６级", "1.6"), ("0.05级", "0.05"), ("2.50 级", "2.5"), ("1.0级", "1"),
    ("0.5S级", "0.5S"), ("准确度等级：1.6级", "1.6"),
    ("Ⅲ级", "III"), ("III级", "III"), ("（Ⅲ）", "III"), ("ⅲ级", "III"), ("三级", "III"), ("一等", "I"),
    ("E₂等级", "E2"), ("F2级", "F2"), ("M₁", "M1"), ("A级", "A"),
    ("±1%", "±1%"), ("±0.50%FS", "±0.5%"),
    (None, None), ("", None), ("不详", None), ("±1℃", None), ("1.6/2.5", None), ("级", None), ("中等", None),
])  # fmt: skip
def test_reads_an_accuracy_class(text: str | None, accuracy: str | None) -> None:
    assert read_accuracy(text) == accuracy
