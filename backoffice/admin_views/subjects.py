"""Where a notice leads: the page of its subject on the reader's own panel."""

from __future__ import annotations

from collections.abc import Mapping

from flask import current_app, url_for

SUBJECT_NOUNS: Mapping[str, str] = {
    "appointment": "appointments",
    "appointment_item": "appointments",
    "slip": "slips",
    "registration": "registrations",
    "enterprise": "enterprises",
    "measuring_instrument": "instruments",
    "import_run": "imports",
    "job_run": "job-runs",
    "institution": "institutions",
}
"""The noun in the URL by the table a notice's subject lives in."""


def record_path(panel: str, noun: str, key: object, *, page: str = "", anchor: str = "") -> str:
    """`/<panel>/<noun>/<key>`, of a view that may belong to another module."""
    path = f"/{panel}/{noun}/{key}"
    return path + (f"/{page}" if page else "") + (f"#{anchor}" if anchor else "")


def subject_url(panel: str, subject_type: str, subject_id: str) -> str:
    """The page of a notice's subject on this panel; the panel's home where it has none."""
    noun = SUBJECT_NOUNS.get(subject_type)
    endpoint = f"{panel}_{noun.replace('-', '_')}.details_view" if noun else ""
    if endpoint in current_app.view_functions:
        return url_for(endpoint, key=subject_id)
    return f"/{panel}/"
