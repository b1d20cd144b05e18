"""The demo data keeps every invariant, every decision replays, and each check finds what it is for."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask

from backoffice.database import db
from backoffice.services import invariants
from tests.seeds.replay import check_every_decision


def test_the_demo_data_keeps_every_invariant(demo: Flask) -> None:
    assert invariants.broken() == {}


def test_every_stored_attempt_is_decided_the_same_by_its_exported_rules(demo: Flask) -> None:
    assert check_every_decision() > 10


BREAKS = {
    "enterprise_codes": "UPDATE enterprise SET parent_uscc = 'x' WHERE type = 'branch'",
    "accounts": "UPDATE app_user SET enterprise_id = (SELECT min(id) FROM enterprise) WHERE role = 'enterprise'",
    "owners": "UPDATE appointment_item SET enterprise_id = (SELECT max(id) FROM enterprise)",
    "appointment_states": "UPDATE appointment SET status = 'closed' WHERE status = 'feedback'",
    "slip_states": "UPDATE slip SET status = 'completed' WHERE status = 'awaiting'",
    "holders": "UPDATE appointment_item SET institution_id = 1 WHERE status = 'unmatched'",
    "capable_when_matched": "UPDATE matching_decision SET outcome = 'no_institution' WHERE outcome = 'matched'",
    "unmatched_have_nobody": "UPDATE appointment_item SET decision_id = NULL WHERE status = 'unmatched'",
    "slips_belong_together": "UPDATE slip SET enterprise_id = (SELECT max(id) FROM enterprise)",
    "accepted_or_withdrawn": """INSERT INTO audit_event (at, action, actor_name, actor_role, subject_type, subject_id,
        subject_label, seal) SELECT at, 'item.withdrawn', actor_name, actor_role, subject_type, subject_id,
        '', seal FROM audit_event WHERE action = 'item.accepted'""",
    "item_paths": """INSERT INTO audit_event (at, action, actor_name, actor_role, subject_type, subject_id,
        subject_label, seal) SELECT at, 'item.matched', actor_name, actor_role, subject_type, subject_id, '', seal
        FROM audit_event WHERE action = 'item.accepted'""",
    "states_have_events": "UPDATE appointment_item SET status = 'ended' WHERE status = 'accepted'",
    "attempts_have_events": "DELETE FROM matching_attempt",
    "submitted_once": "UPDATE appointment SET status = 'submitted' WHERE status = 'draft'",
    "registrations_decided_once": "UPDATE registration SET state = 'refused' WHERE state = 'approved'",
    "receipts_add_up": "UPDATE receipt SET item_count = item_count + 1",
    "late_when_due": "UPDATE slip SET marked_late_at = due_at - interval '1 hour'",
    "numbers": "UPDATE number_sequence SET last = 0",
    "certificates": "UPDATE measuring_instrument SET verified_on = '2026-01-01' WHERE id = 1",
    "results_by_two": """INSERT INTO verification (instrument_id, enterprise_id, institution_id, verified_on, outcome,
        document_type, verifier, checker, approver, regulation, seal_number, revision, revision_reason, entered_by_id,
        published_by_id, published_at, created_at, updated_at) SELECT item.instrument_id, item.enterprise_id,
        item.institution_id, current_date, 'passed', 'qualified_mark', '李敏', '郑海舟', '', '', '', 1, '', person.id,
        person.id, now(), now(), now() FROM appointment_item AS item JOIN app_user AS person
        ON person.institution_id = item.institution_id LIMIT 1""",
    "audit_keeps_secrets": """INSERT INTO audit_event (at, action, actor_name, actor_role, subject_type, subject_id,
        subject_label, seal, after) SELECT at, action, actor_name, actor_role, subject_type, subject_id, '', seal,
        '{"mobile": "13905330001"}' FROM audit_event LIMIT 1""",
    "audit_seals": """INSERT INTO audit_event (at, action, actor_name, actor_role, subject_type, subject_id,
        subject_label, seal) SELECT at, action, '别人', actor_role, subject_type, subject_id, '', seal
        FROM audit_event LIMIT 1""",
    "decisions_replay": "UPDATE matching_decision SET capability_id = capability_id + 1",
    "imports": """WITH file AS (INSERT INTO stored_file (name, media_type, size, sha256, content, created_at)
        VALUES ('a', 'a', 1, 'a', 'a', now()) RETURNING id) INSERT INTO import_run (subject, enterprise_id,
        uploaded_by_id, file_id, state, rows, new, updated, same, errors, warnings, applied, undone, blank_rows,
        problems, created_at, updated_at) SELECT 'ledger', enterprise_id, app_user.id, file.id, 'done', 5, 1, 1, 1, 1,
        0, 2, 0, 0, '[]', now(), now()
        FROM file, app_user WHERE enterprise_id IS NOT NULL LIMIT 1""",
}


@pytest.mark.parametrize("name", sorted({*invariants.QUERIES, *invariants.CHECKS} - {"one_open_item"}))
def test_a_broken_invariant_is_found_by_name(demo: Flask, name: str) -> None:
    """What the database itself refuses (an instrument in two open items) needs no example."""
    db.session.execute(sa.text(BREAKS[name]))
    check = invariants.CHECKS.get(name)
    assert check() if check else db.session.scalars(sa.text(invariants.QUERIES[name])).all()
