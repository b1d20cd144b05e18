"""The codes a counter scans, as vector images inside the document (nothing is fetched)."""

from __future__ import annotations

import segno


def qr_data_uri(value: str) -> str:
    """A QR code, error level M with its quiet zone of four modules, as a `data:image/svg+xml` URI.

    For `<img src>`: in the PDF, and on the web page under a policy of `img-src 'self' data:`.
    """
    return segno.make(value, error="m", micro=False).svg_data_uri(border=4)
