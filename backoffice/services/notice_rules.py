"""Who is told what, as data: for every notice the roles that may get it and the table of the record it is about.

`notices` refuses a notice to somebody this table does not name; `tests/services/test_notices.py` makes every event
happen and holds what it wrote against its row here.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..actor import Role

ENTERPRISE, INSTITUTION, REGULATOR = Role.ENTERPRISE, Role.INSTITUTION, Role.REGULATOR


@dataclass(frozen=True, slots=True)
class Rule:
    """`about` is the subject's table. Among those `told`, applicant and uploader of an import are the enterprise."""

    about: str
    told: tuple[Role, ...]


RULES: dict[str, Rule] = {
    "notice_registration_arrived": Rule(about="registration", told=(REGULATOR,)),
    "notice_registration_late": Rule(about="registration", told=(REGULATOR,)),
    "notice_registration_approved": Rule(about="registration", told=(ENTERPRISE,)),
    "notice_registration_refused": Rule(about="registration", told=(ENTERPRISE,)),
    "notice_walk_in_approved": Rule(about="enterprise", told=(INSTITUTION,)),
    "notice_walk_in_refused": Rule(about="enterprise", told=(INSTITUTION,)),
    "notice_branch_registered": Rule(about="enterprise", told=(ENTERPRISE,)),
    "notice_change_arrived": Rule(about="change_request", told=(REGULATOR,)),
    "notice_change_late": Rule(about="change_request", told=(REGULATOR,)),
    "notice_change_approved": Rule(about="change_request", told=(ENTERPRISE,)),
    "notice_change_refused": Rule(about="change_request", told=(ENTERPRISE,)),
    "notice_correction_proposed": Rule(about="correction_proposal", told=(ENTERPRISE,)),
    "notice_correction_confirmed": Rule(about="correction_proposal", told=(INSTITUTION,)),
    "notice_correction_declined": Rule(about="correction_proposal", told=(INSTITUTION,)),
    "notice_instrument_changed": Rule(about="measuring_instrument", told=(ENTERPRISE,)),
    "notice_instrument_use_changed": Rule(about="measuring_instrument", told=(ENTERPRISE,)),
    "notice_booked_on_behalf": Rule(about="appointment", told=(ENTERPRISE,)),
    "notice_slip_arrived": Rule(about="slip", told=(INSTITUTION,)),
    "notice_slip_grew": Rule(about="slip", told=(INSTITUTION,)),
    "notice_slip_late": Rule(about="slip", told=(INSTITUTION, REGULATOR)),
    "notice_items_unmatched": Rule(about="appointment", told=(ENTERPRISE,)),
    "notice_unmatched_answered": Rule(about="appointment", told=(ENTERPRISE,)),
    "notice_unmatched_arrived": Rule(about="appointment", told=(REGULATOR,)),
    "notice_items_accepted": Rule(about="slip", told=(ENTERPRISE,)),
    "notice_items_returned": Rule(about="appointment", told=(ENTERPRISE,)),
    "notice_slip_changed": Rule(about="slip", told=(ENTERPRISE,)),
    "notice_items_rematched": Rule(about="slip", told=(INSTITUTION,)),
    "notice_items_withdrawn": Rule(about="slip", told=(INSTITUTION,)),
    "notice_items_cancelled": Rule(about="appointment", told=(ENTERPRISE,)),
    "notice_slip_items_cancelled": Rule(about="slip", told=(INSTITUTION,)),
    "notice_items_moved_away": Rule(about="slip", told=(INSTITUTION,)),
    "notice_items_reassigned": Rule(about="slip", told=(ENTERPRISE,)),
    "notice_result_published": Rule(about="verification", told=(ENTERPRISE,)),
    "notice_results_published": Rule(about="slip", told=(ENTERPRISE,)),
    "notice_not_mandatory": Rule(about="measuring_instrument", told=(REGULATOR,)),
    "notice_import_finished": Rule(about="import_run", told=(ENTERPRISE, REGULATOR)),
    "notice_import_undone": Rule(about="import_run", told=(ENTERPRISE, REGULATOR)),
    "notice_import_checked": Rule(about="import_run", told=(ENTERPRISE, REGULATOR)),
    "notice_job_failed": Rule(about="job_run", told=(REGULATOR,)),
}
"""By the code of the sentence in `messages.notices`."""


def require(code: str, told: Role) -> None:
    """Raise `LookupError` for a notice the table does not know, or does not send to this role."""
    rule = RULES.get(code)
    if rule is None or told not in rule.told:
        raise LookupError(f"services/notice_rules.py has no row for {code} to {told.value}")
