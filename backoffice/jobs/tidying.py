"""Jobs that drop what nobody needs any more."""

from __future__ import annotations

from ..services import accounts, job_runs, stored_files
from ..unit_of_work import unit_of_work


def drop_leftovers() -> dict[str, int]:
    """Files of registrations that were never sent, and sign-in attempts nobody counts any more."""
    with unit_of_work():
        return {
            "files": stored_files.drop_unclaimed(),
            "attempts": accounts.forget_old_attempts(),
            "form_keys": job_runs.forget_used_form_keys(),
        }
