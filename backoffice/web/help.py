"""Which section of 《使用指南》 a panel's page belongs to: what its ？ opens. One table, by view."""

from __future__ import annotations

from flask import Flask, request

SECTION_OF: dict[str, str] = {
    # enterprise
    "enterprise": "start",
    "enterprise_instruments": "ledger",
    "enterprise_imports": "import",
    "enterprise_appointments": "booking",
    "enterprise_slips": "print",
    "enterprise_returned_items": "returned",
    "enterprise_corrections": "corrections",
    "enterprise_results": "results",
    "enterprise_verifications": "results",
    "enterprise_notices": "notices",
    "enterprise_own_record": "changes",
    "enterprise_change_requests": "changes",
    # institution
    "institution": "institution",
    "institution_slips": "institution",
    "institution_notices": "notices",
    "institution_corrections": "corrections",
    "institution_results": "results",
    "institution_verifications": "results",
    "institution_results_to_enter": "results",
    "institution_walk_ins": "walk-ins",
    # regulator, administrator, auditor
    "regulator": "regulator",
    "regulator_registrations": "reviews",
    "regulator_unassigned_registrations": "reviews",
    "regulator_change_requests": "reviews",
    "regulator_unassigned_change_requests": "reviews",
    "regulator_unmatched": "unmatched",
    "regulator_capabilities": "unmatched",
    "regulator_designations": "unmatched",
    "regulator_notices": "notices",
    "regulator_results": "results",
    "regulator_verifications": "results",
    "regulator_users": "administrator",
    "regulator_mails": "administrator",
    "regulator_job_runs": "administrator",
    "regulator_audit_events": "administrator",
}
"""Blueprint of a view → anchor of the guide. A view that is not named opens its panel's own section."""


def section_of(blueprint: str | None) -> str:
    """The guide's section for a view's pages; "" for pages of no panel."""
    name = blueprint or ""
    return SECTION_OF.get(name) or SECTION_OF.get(name.split("_", 1)[0], "")


def help_url() -> str:
    """Where the ？ of the page being shown leads; "" where it has none."""
    section = section_of(request.blueprint)
    return f"/guide#{section}" if section else ""


def init_app(app: Flask) -> None:
    app.jinja_env.globals["help_url"] = help_url
