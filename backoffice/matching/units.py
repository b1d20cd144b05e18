"""Units as people write them, each brought to the one unit of its family by an exact factor."""

from decimal import Decimal
from types import MappingProxyType

PREFIXES = {"G": "1e9", "M": "1e6", "k": "1e3", "h": "1e2", "d": "1e-1", "c": "1e-2", "m": "1e-3", "μ": "1e-6", "": "1"}

# Family unit -> (base symbol, exponent of the family unit over the base, prefixes in use).
_PREFIXED = {
    "MPa": ("Pa", "1e6", ("", "h", "k", "M")),
    "m": ("m", "1", ("", "k", "d", "c", "m", "μ")),
    "kg": ("g", "1e3", ("", "k", "m", "μ")),
    "L": ("L", "1", ("", "d", "m", "μ")),
    "L/min": ("L/min", "1", ("", "m")),
    "V": ("V", "1", ("", "k", "m", "μ")),
    "A": ("A", "1", ("", "k", "m", "μ")),
    "Ω": ("Ω", "1", ("", "k", "M", "m", "μ")),
    "W": ("W", "1", ("", "k", "M", "m")),
    "Hz": ("Hz", "1", ("", "k", "M", "G")),
    "N": ("N", "1", ("", "k", "M")),
    "N·m": ("N·m", "1", ("", "k", "m")),
    "kWh": ("Wh", "1e3", ("", "k", "M")),
    "Gy": ("Gy", "1", ("", "m", "μ")),
    "Sv/h": ("Sv/h", "1", ("", "m", "μ")),
    "s": ("s", "1", ("", "m", "μ")),
}

# Other spellings and units whose factor is exact by definition. Hours and minutes of flow stay apart: nobody asked
# for 3 m³/h who wrote 50 L/min, and dividing by sixty is not exact.
_NAMED = {
    "t": ("kg", "1e3"), "吨": ("kg", "1e3"), "千克": ("kg", "1"), "公斤": ("kg", "1"), "克": ("kg", "1e-3"),
    "毫克": ("kg", "1e-6"), "兆帕": ("MPa", "1"), "千帕": ("MPa", "1e-3"), "帕": ("MPa", "1e-6"),
    "bar": ("MPa", "0.1"), "mbar": ("MPa", "1e-4"),
    "千米": ("m", "1e3"), "公里": ("m", "1e3"), "米": ("m", "1"), "分米": ("m", "1e-1"), "厘米": ("m", "1e-2"),
    "毫米": ("m", "1e-3"), "微米": ("m", "1e-6"), "um": ("m", "1e-6"),
    "m3": ("L", "1e3"), "dm3": ("L", "1"), "cm3": ("L", "1e-3"), "立方米": ("L", "1e3"), "升": ("L", "1"),
    "毫升": ("L", "1e-3"), "ul": ("L", "1e-6"),
    "m3/min": ("L/min", "1e3"), "升/分": ("L/min", "1"), "升/分钟": ("L/min", "1"), "毫升/分": ("L/min", "1e-3"),
    "m3/h": ("m³/h", "1"), "立方米/小时": ("m³/h", "1"), "立方米/时": ("m³/h", "1"),
    "L/h": ("m³/h", "1e-3"), "mL/h": ("m³/h", "1e-6"), "升/小时": ("m³/h", "1e-3"), "升/时": ("m³/h", "1e-3"),
    "欧": ("Ω", "1"), "欧姆": ("Ω", "1"), "兆欧": ("Ω", "1e6"), "伏": ("V", "1"),
    "千伏": ("V", "1e3"),
    "安": ("A", "1"),
    "赫兹": ("Hz", "1"), "牛": ("N", "1"), "千牛": ("N", "1e3"), "Nm": ("N·m", "1"), "N.m": ("N·m", "1"),
    "kW·h": ("kWh", "1"), "秒": ("s", "1"), "uSv/h": ("Sv/h", "1e-6"),
    "mmHg": ("mmHg", "1"), "°C": ("℃", "1"), "摄氏度": ("℃", "1"), "%": ("%", "1"), "%RH": ("%RH", "1"),
    "dB": ("dB", "1"), "dB(A)": ("dB(A)", "1"), "lx": ("lx", "1"), "km/h": ("km/h", "1"), "公里/小时": ("km/h", "1"),
    "r/min": ("r/min", "1"), "ppm": ("ppm", "1"), "D": ("D", "1"), "m-1": ("m⁻¹", "1"), "%LEL": ("%LEL", "1"),
    "mg/L": ("mg/L", "1"), "mg/m3": ("mg/m³", "1"), "次/分": ("次/min", "1"), "次/min": ("次/min", "1"),
    "bpm": ("次/min", "1"), "μmol/mol": ("μmol/mol", "1"), "umol/mol": ("μmol/mol", "1"),
}  # fmt: skip


def _exact_spellings() -> dict[str, tuple[str, Decimal]]:
    units = {
        prefix + base: (family, Decimal(PREFIXES[prefix]) / Decimal(scale))
        for family, (base, scale, prefixes) in _PREFIXED.items()
        for prefix in prefixes
    }
    return units | {spelling: (family, Decimal(factor)) for spelling, (family, factor) in _NAMED.items()}


def _folded_spellings(exact: dict[str, tuple[str, Decimal]]) -> dict[str, tuple[str, Decimal] | None]:
    folded: dict[str, tuple[str, Decimal] | None] = {}
    for spelling, unit in exact.items():
        key = spelling.lower()
        folded[key] = unit if folded.get(key, unit) == unit else None
    return folded


#: Spelling -> its family's unit and the factor to it.
EXACT = MappingProxyType(_exact_spellings())
#: The same in lower case; None where case tells two units apart (MW, mW).
FOLDED = MappingProxyType(_folded_spellings(dict(EXACT)))
#: What begins with a small m, in lower case.
_SMALL_M = frozenset(spelling.lower() for spelling in EXACT if spelling.startswith("m"))


def find_unit(spelling: str) -> tuple[str, Decimal] | None:
    """The family's unit and the factor to it; takes "Mpa" and "KG", None for what could be two things."""
    if spelling in EXACT:
        return EXACT[spelling]
    unit = FOLDED.get(spelling.lower())
    # A capital M that stands for "milli" and one that means "mega" are nine powers of ten apart: no guess.
    return None if spelling.startswith("M") and spelling.lower() in _SMALL_M else unit
