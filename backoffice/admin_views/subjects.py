"""Where a notice leads: the page of its subject on the reader's own panel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..models import Notice

SUBJECT_NOUNS: Mapping[str, str] = {
    "appointment": "appointments",
    "appointment_item": "unmatched",
    "slip": "slips",
    "registration": "registrations",
    "enterprise": "enterprises",
    "measuring_instrument": "instruments",
    "import_run": "imports catalogue-imports capability-imports",
    "job_run": "job-runs",
    "institution": "institutions",
    "change_request": "change-requests",
    "correction_proposal": "corrections",
    "verification": "verifications",
}
"""The noun in the URL by the table a notice's subject lives in; several where more than one list shows such rows."""

PAGES_OUTSIDE: Mapping[tuple[str, str], str] = {("enterprise", "registration"): "/registration"}
"""Subjects whose page stands on the portal, by panel and table."""


def record_path(panel: str, noun: str, key: object, *, page: str = "", anchor: str = "") -> str:
    """`/<panel>/<noun>/<key>`, of a view that may belong to another module."""
    path = f"/{panel}/{noun}/{key}"
    return path + (f"/{page}" if page else "") + (f"#{anchor}" if anchor else "")


def subject_url(inbox: Any, notice: Notice) -> str:
    """The page of a notice's subject on the inbox's own panel; "" where this person has none, or not any more.

    The list that shows such records is asked, so a link never leads to a page that does not exist for its reader.
    """
    if (inbox.panel_name, notice.subject_type) in PAGES_OUTSIDE:
        return PAGES_OUTSIDE[inbox.panel_name, notice.subject_type]
    nouns = SUBJECT_NOUNS.get(notice.subject_type, "").split()
    for view in inbox.admin._views:
        if getattr(view, "noun", "") in nouns and view.may(view.permissions["view"]):
            row = view.get_one(notice.subject_id)
            if row is not None:
                return str(view.record_url(row))
    return ""
