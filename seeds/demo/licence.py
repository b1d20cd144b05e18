"""A picture to register with: visibly a demonstration, so that nobody takes it for a real licence."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from backoffice.services.stored_files import Upload

FONT = Path(__file__).parents[2] / "static" / "fonts" / "NotoSansSC-Regular.ttf"


def picture(*, name: str, uscc: str, principal: str, address: str) -> Upload:
    """A PNG with what a licence says."""
    image = Image.new("P", (840, 560), 0)
    image.putpalette([252, 250, 244, 123, 47, 61, 27, 36, 48] + [0] * 759)
    draw = ImageDraw.Draw(image)
    draw.rectangle((16, 16, 824, 544), outline=1, width=4)
    draw.text((420, 70), "营业执照（演示）", fill=1, anchor="mm", font=_font(40))
    lines = (f"名称　{name}", f"统一社会信用代码　{uscc}", f"负责人　{principal}", f"住所　{address}")
    for place, line in enumerate(lines):
        draw.text((70, 170 + place * 70), line, fill=2, font=_font(26))
    buffer = BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return Upload("营业执照.png", buffer.getvalue())


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FONT), size)
