"""Where in a part of a workbook plain markup begins, of which whole elements can be read without a parser."""

from __future__ import annotations

import re

_DECLARATION = rb"(?:\xef\xbb\xbf)?(?:<\?xml(?P<declared>[^<>?\0]*)\?>)?"
_OTHER_ENCODING = re.compile(rb"encoding(?!\s*=\s*[\"']utf-8[\"'])", re.IGNORECASE)


def beginning(content: bytes, tag: bytes) -> bytes | None:
    """The content through the first start tag of this pattern; None where it may be something else than a tag.

    It is one if all before it is UTF-8 and holds no comment, no CDATA section and no instruction: an attribute's value
    holds no `<`.
    """
    found = re.match(_DECLARATION + rb"(?:[^<\0]|<(?![?!]))*?" + tag, content)
    if found is None or _OTHER_ENCODING.search(found["declared"] or b""):
        return None
    return found[0]
