"""Reading measuring ranges and accuracy classes out of the text people write in a ledger.

What cannot be read is not stated (None), never a guess. The same reading serves instruments and capabilities, so
that both sides of RANGE and ACCURACY speak of one unit and one spelling.
"""

import re
import unicodedata
from decimal import Decimal

from .facts import Quantity
from .units import find_unit

_NUMBER = r"[+-]?(?:[0-9]{1,3}(?:,[0-9]{3}){1,4}|[0-9]{1,12})(?:\.[0-9]{1,9})?"
_UNIT = r"[^\d\s~<>≤≥±+,;()-][^\s~<>≤≥±+,;]*?"
# Longer texts are remarks, not ranges.
_LONGEST = 60

_BETWEEN = re.compile(rf"(?P<low>{_NUMBER})(?P<low_unit>{_UNIT})?(?P<mark>[~-])(?P<high>{_NUMBER})(?P<unit>{_UNIT})")
_UP_TO = re.compile(rf"(?:≤|<)?(?P<high>{_NUMBER})(?P<unit>{_UNIT})")
_FROM = re.compile(rf"(?:≥|>)(?P<low>{_NUMBER})(?P<unit>{_UNIT})")
_AROUND = re.compile(rf"±(?P<high>{_NUMBER})(?P<unit>{_UNIT})")

# Wave and swung dashes, tilde operators, spacing tildes, en and em dashes, and the words for "to".
_TILDES = "\u301c\u223c\u223d\u02dc\u2053\u2013\u2014\u2015至到"
# Minus sign, hyphens, figure dash, small hyphen.
_HYPHENS = "\u2212\u2010\u2011\u2012\ufe63"
_SAME_MARK = str.maketrans({
    **dict.fromkeys(_TILDES, "~"), **dict.fromkeys(_HYPHENS, "-"), **dict.fromkeys("\u2022\u22c5*", "·"),
    "≦": "≤", "≧": "≥", "⩽": "≤", "⩾": "≥", "\u00b5": "μ", "\u2126": "Ω", "[": "(", "]": ")", "【": "(", "】": ")",
})  # fmt: skip
_WORDS = re.compile(r"^(?:测量范围|量程|最大称量|最大秤量|最大|max)[:=]?", re.IGNORECASE)
# What may lie below zero: an upper limit alone says nothing of its lower one.
_BELOW_ZERO = frozenset({"℃", "dB", "D"})


def read_range(text: str | None) -> Quantity | None:
    """Low, high and unit of a range as usually written; None when it is not stated or cannot be read.

    Plain prefixes are brought to one unit (kPa to MPa, g and t to kg). "≤150 kg" and a bare "100 t" begin at zero,
    as a capacity does; "≥5 g" is open above.
    """
    if not text or len(text) > _LONGEST:
        return None
    plain = _plain(text)
    if found := _BETWEEN.fullmatch(plain):
        return _between(found)
    if found := _AROUND.fullmatch(plain):
        return _of("-" + found["high"], found["high"], found["unit"])
    if found := _FROM.fullmatch(plain):
        return _of(found["low"], None, found["unit"])
    if found := _UP_TO.fullmatch(plain):
        return _up_to(found)
    return None


def in_common_unit(quantity: Quantity) -> Quantity:
    """The same range in the unit of its family, for what was entered as numbers; an unknown unit stays as it is."""
    unit = find_unit(_folded(quantity.unit))
    if unit is None:
        return quantity
    return Quantity(_scaled(quantity.low, unit[1]), _scaled(quantity.high, unit[1]), unit[0])


def _folded(text: str) -> str:
    """One character for each thing: full-width forms, dashes, tildes, superscripts; no blanks."""
    # NFKC takes the spacing tilde apart and makes new marks of full-width ones: before and after.
    folded = unicodedata.normalize("NFKC", text.translate(_SAME_MARK)).translate(_SAME_MARK)
    return re.sub(r"\s+", "", folded)


def _plain(text: str) -> str:
    """The folded text without leading words and without the brackets around the numbers."""
    plain = _WORDS.sub("", _folded(text).rstrip("。.;"))
    plain = re.sub(r"~{2,}", "~", plain)
    bracketed = re.fullmatch(r"\(([^()]*)\)(.*)", plain)
    return bracketed[1] + bracketed[2] if bracketed else plain


def _between(found: re.Match[str]) -> Quantity | None:
    if found["mark"] == "-" and found["high"].startswith("-"):
        return None  # "0--60" may be a doubled dash or a negative end.
    if found["low_unit"] is None:
        return _of(found["low"], found["high"], found["unit"])
    low, high = _of(found["low"], None, found["low_unit"]), _of(None, found["high"], found["unit"])
    if low is None or high is None or low.unit != high.unit:
        return None
    return _ordered(Quantity(low.low, high.high, high.unit))


def _up_to(found: re.Match[str]) -> Quantity | None:
    read = _of(None, found["high"], found["unit"])
    if read is None or read.high is None or read.unit in _BELOW_ZERO:
        return read
    # A vacuum gauge marked "-0.1 MPa" says where it ends, not where it begins.
    return Quantity(Decimal(0), read.high, read.unit) if read.high > 0 else None


def _of(low: str | None, high: str | None, spelling: str) -> Quantity | None:
    unit = find_unit(spelling)
    if unit is None:
        return None
    family, factor = unit
    return _ordered(Quantity(_scaled(_number(low), factor), _scaled(_number(high), factor), family))


def _ordered(read: Quantity) -> Quantity | None:
    """Vacuum is often written from zero down ("0~-0.1 MPa"); any other reversed range is a mistake."""
    if read.low is None or read.high is None or read.low <= read.high:
        return read
    return Quantity(read.high, read.low, read.unit) if read.high < 0 else None


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text.replace(",", ""))


def _scaled(value: Decimal | None, factor: Decimal) -> Decimal | None:
    """Exact; without trailing zeros or exponent, so that equal ranges are written alike."""
    return None if value is None else Decimal(f"{(value * factor).normalize():f}")


_ROMAN = r"(?P<roman>VIII|VII|VI|IV|V|III|II|I)"
_CLASS = r"(?:级|等级|等)?"
_NUMERIC_CLASS = re.compile(rf"(?P<class>[0-9]{{1,4}}(?:\.[0-9]{{1,6}})?)(?P<special>S?){_CLASS}", re.IGNORECASE)
_PERCENT = re.compile(r"±(?P<percent>[0-9]{1,4}(?:\.[0-9]{1,6})?)%(?:FS|F\.S\.?)?", re.IGNORECASE)
_ROMAN_CLASS = re.compile(rf"\(?{_ROMAN}\)?{_CLASS}", re.IGNORECASE)
_LETTER_CLASS = re.compile(rf"(?P<letter>[A-Z])(?P<index>[0-9])?(?P<roman>I{{1,3}})?{_CLASS}", re.IGNORECASE)
_CHINESE_CLASSES = {"一": "I", "二": "II", "三": "III", "四": "IV"}
_ACCURACY_WORDS = re.compile(r"^(?:准确度等级|准确度|精度等级|精度|等级|MPE)[:=]?", re.IGNORECASE)


def read_accuracy(text: str | None) -> str | None:
    """An accuracy class in one spelling ("1.6级" is 1.6, "Ⅲ级" and "三级" are III, "E₂等级" is E2, "±1%" is ±1%).

    None when it is not stated or cannot be read.
    """
    if not text or len(text) > _LONGEST:
        return None
    plain = _ACCURACY_WORDS.sub("", _folded(text))
    if found := _NUMERIC_CLASS.fullmatch(plain):
        return _shortest(found["class"]) + found["special"].upper()
    if found := _PERCENT.fullmatch(plain):
        return f"±{_shortest(found['percent'])}%"
    if found := re.fullmatch(r"([一二三四])(?:级|等)", plain):
        return _CHINESE_CLASSES[found[1]]
    if found := _ROMAN_CLASS.fullmatch(plain):
        return found["roman"].upper()
    if found := _LETTER_CLASS.fullmatch(plain):
        return (found["letter"] + (found["index"] or "") + (found["roman"] or "")).upper()
    return None


def _shortest(number: str) -> str:
    """1.60 and 1.6 are one class; so are 2 and 2.0."""
    return number.rstrip("0").rstrip(".") if "." in number else number
