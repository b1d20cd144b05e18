"""What is true of the whole database at every moment, each as one query for the rows that break it.

Written in SQL beside the services and not with them: a wrong rule in a service must not excuse itself here.
"""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from .. import audit, matching
from ..database import db
from ..matching import Item, Rules
from ..models import AuditEvent, MatchingDecision, RuleSnapshot

LEFT_ALONE = "(item.status = 'ended' AND item.institution_id IS NULL)"
"""Cancelled before an institution had accepted it."""
HELD = "('awaiting_acceptance', 'accepted', 'passed', 'not_passed', 'ended')"
NOBODYS = "('draft', 'matching', 'unmatched', 'failed', 'withdrawn')"
UNDECIDED = "('draft', 'matching', 'unmatched')"
OPEN = "('matching', 'awaiting_acceptance', 'unmatched', 'accepted')"
OVER = "('passed', 'not_passed', 'ended', 'withdrawn')"

ENTERPRISE_CODES = """
SELECT uscc FROM enterprise
WHERE CASE WHEN type = 'branch'
    THEN length(uscc) <> 20 OR parent_uscc IS DISTINCT FROM left(uscc, 18) OR right(uscc, 2) !~ '^[0-9]{2}$'
    ELSE length(uscc) <> 18 OR parent_uscc IS NOT NULL END
"""
ACCOUNTS = """
SELECT enterprise_id FROM app_user WHERE enterprise_id IS NOT NULL GROUP BY enterprise_id HAVING count(*) > 1
UNION ALL
SELECT id FROM app_user
WHERE CASE role WHEN 'enterprise' THEN enterprise_id IS NULL OR num_nonnulls(institution_id, division_code) > 0
    WHEN 'institution' THEN institution_id IS NULL OR num_nonnulls(enterprise_id, division_code) > 0
    WHEN 'regulator' THEN division_code IS NULL OR num_nonnulls(enterprise_id, institution_id) > 0
    ELSE num_nonnulls(enterprise_id, institution_id, division_code) > 0 END
"""
OWNERS = """
SELECT item.id FROM appointment_item AS item
JOIN appointment ON appointment.id = item.appointment_id
JOIN measuring_instrument AS instrument ON instrument.id = item.instrument_id
WHERE item.enterprise_id <> appointment.enterprise_id OR item.enterprise_id <> instrument.enterprise_id
"""
ONE_OPEN_ITEM = f"""
SELECT instrument_id FROM appointment_item WHERE status IN {OPEN} GROUP BY instrument_id HAVING count(*) > 1
"""
APPOINTMENT_STATES = f"""
WITH counted AS (
    SELECT appointment_id,
        count(*) FILTER (WHERE status <> 'draft') AS submitted,
        count(*) FILTER (WHERE status <> 'withdrawn') AS kept,
        count(*) FILTER (WHERE NOT (status IN {OVER}
            OR status = 'failed' AND num_nonnulls(superseded_by_id, put_aside_at) > 0)) AS unfinished
    FROM appointment_item GROUP BY appointment_id
)
SELECT appointment.id FROM appointment LEFT JOIN counted ON counted.appointment_id = appointment.id
WHERE appointment.status <> CASE
    WHEN coalesce(submitted, 0) = 0 THEN 'draft'
    WHEN kept = 0 THEN 'withdrawn'
    WHEN unfinished = 0 THEN 'closed'
    WHEN EXISTS (SELECT FROM receipt WHERE receipt.appointment_id = appointment.id) THEN 'feedback'
    ELSE 'submitted' END
    OR (appointment.status = 'draft') <> (appointment.submitted_at IS NULL)
    OR (appointment.submitted_at IS NULL) <> (appointment.due_at IS NULL)
"""
SLIP_STATES = f"""
WITH counted AS (
    SELECT slip_id, count(*) AS everything,
        count(*) FILTER (WHERE status <> 'withdrawn' AND NOT {LEFT_ALONE}) AS kept,
        count(*) FILTER (WHERE status = 'awaiting_acceptance') AS waiting,
        count(*) FILTER (WHERE status = 'failed') AS failed,
        count(*) FILTER (WHERE status = 'accepted') AS accepted
    FROM appointment_item AS item WHERE slip_id IS NOT NULL GROUP BY slip_id
)
SELECT slip.id FROM slip LEFT JOIN counted ON counted.slip_id = slip.id
WHERE slip.status <> CASE
    WHEN coalesce(everything, 0) = 0 THEN 'transferred'
    WHEN kept = 0 THEN 'withdrawn'
    WHEN waiting = kept THEN 'awaiting'
    WHEN waiting > 0 THEN 'partly'
    WHEN failed = kept THEN 'returned'
    WHEN accepted > 0 THEN 'accepted'
    ELSE 'completed' END
"""
HOLDERS = f"""
SELECT item.id FROM appointment_item AS item LEFT JOIN slip ON slip.id = item.slip_id
WHERE item.status IN {HELD} AND NOT {LEFT_ALONE} AND coalesce(slip.institution_id <> item.institution_id, true)
    OR {LEFT_ALONE} AND item.end_reason IS DISTINCT FROM 'by_regulator'
    OR item.status IN {NOBODYS} AND item.institution_id IS NOT NULL
    OR item.status IN {UNDECIDED} AND item.slip_id IS NOT NULL
    OR item.status = 'failed' AND slip.institution_id IS DISTINCT FROM item.returned_by_id
"""
CAPABLE_WHEN_MATCHED = f"""
SELECT item.id FROM appointment_item AS item
LEFT JOIN matching_decision AS decision ON decision.id = item.decision_id
WHERE item.status IN {HELD} AND NOT {LEFT_ALONE} AND item.assignment_reason = ''
    AND (decision.outcome IS DISTINCT FROM 'matched' OR decision.institution_id <> item.institution_id)
"""
UNMATCHED_HAVE_NOBODY = """
SELECT item.id FROM appointment_item AS item
LEFT JOIN matching_decision AS decision ON decision.id = item.decision_id
WHERE item.status = 'unmatched' AND coalesce(decision.outcome, 'matched') = 'matched'
"""
SLIPS_BELONG_TOGETHER = """
SELECT slip.id FROM slip
JOIN appointment ON appointment.id = slip.appointment_id
LEFT JOIN appointment_item AS item ON item.slip_id = slip.id
WHERE slip.enterprise_id <> appointment.enterprise_id OR item.appointment_id <> slip.appointment_id
    OR item.enterprise_id <> slip.enterprise_id
"""
ACCEPTED_OR_WITHDRAWN = """
SELECT subject_id FROM audit_event
WHERE subject_type = 'appointment_item' AND action IN ('item.accepted', 'item.withdrawn', 'item.returned')
GROUP BY subject_id HAVING count(*) > 1
"""
ITEM_PATHS = """
WITH step (event, former) AS (VALUES
    ('item.matched', ARRAY['', 'item.unmatched', 'item.requeued', 'item.rematched']),
    ('item.unmatched', ARRAY['', 'item.requeued', 'item.rematched']),
    ('item.requeued', ARRAY['item.unmatched']),
    ('item.assigned', ARRAY['item.unmatched', 'item.matched', 'item.assigned']),
    ('item.withdrawn', ARRAY['', 'item.matched', 'item.assigned', 'item.unmatched', 'item.requeued', 'item.rematched']),
    ('item.accepted', ARRAY['item.matched', 'item.assigned']),
    ('item.returned', ARRAY['item.matched', 'item.assigned']),
    ('item.rematched', ARRAY['item.matched', 'item.assigned']),
    ('item.put_aside', ARRAY['item.returned']),
    ('item.ended', ARRAY['item.accepted']),
    ('item.cancelled', ARRAY['', 'item.matched', 'item.assigned', 'item.unmatched', 'item.requeued', 'item.rematched',
        'item.accepted'])
), history AS (
    SELECT subject_id, action, coalesce(lag(action) OVER (PARTITION BY subject_id ORDER BY id), '') AS former
    FROM audit_event WHERE subject_type = 'appointment_item'
)
SELECT subject_id FROM history LEFT JOIN step ON step.event = history.action
WHERE step.event IS NULL OR NOT history.former = ANY (step.former)
"""
STATES_HAVE_EVENTS = """
WITH meaning (status, events) AS (VALUES
    ('draft', ARRAY['']), ('matching', ARRAY['', 'item.requeued', 'item.rematched']),
    ('awaiting_acceptance', ARRAY['item.matched', 'item.assigned']), ('unmatched', ARRAY['item.unmatched']),
    ('accepted', ARRAY['item.accepted']), ('failed', ARRAY['item.returned', 'item.put_aside']),
    ('withdrawn', ARRAY['item.withdrawn']), ('ended', ARRAY['item.ended', 'item.cancelled']),
    ('passed', ARRAY['item.accepted']), ('not_passed', ARRAY['item.accepted'])
), latest AS (
    SELECT DISTINCT ON (subject_id) subject_id, action FROM audit_event
    WHERE subject_type = 'appointment_item' ORDER BY subject_id, id DESC
)
SELECT item.id FROM appointment_item AS item
LEFT JOIN latest ON latest.subject_id = item.id::text
LEFT JOIN meaning ON meaning.status = item.status
WHERE NOT coalesce(coalesce(latest.action, '') = ANY (meaning.events), false)
"""
ATTEMPTS_HAVE_EVENTS = """
WITH attempted AS (
    SELECT item_id::text AS item,
        count(*) FILTER (WHERE trigger <> 'by_hand' AND outcome = 'matched') AS matched,
        count(*) FILTER (WHERE trigger = 'by_hand') AS assigned
    FROM matching_attempt JOIN matching_decision AS decision ON decision.id = decision_id GROUP BY item_id
), told AS (
    SELECT subject_id AS item, count(*) FILTER (WHERE action = 'item.matched') AS matched,
        count(*) FILTER (WHERE action = 'item.assigned') AS assigned
    FROM audit_event WHERE subject_type = 'appointment_item' GROUP BY subject_id
)
SELECT coalesce(attempted.item, told.item) FROM attempted FULL JOIN told ON told.item = attempted.item
WHERE coalesce(attempted.matched, 0) <> coalesce(told.matched, 0)
    OR coalesce(attempted.assigned, 0) <> coalesce(told.assigned, 0)
"""
SUBMITTED_ONCE = """
WITH told AS (
    SELECT subject_id, count(*) AS times FROM audit_event WHERE action = 'appointment.submitted' GROUP BY subject_id
)
SELECT appointment.id FROM appointment LEFT JOIN told ON told.subject_id = appointment.id::text
WHERE coalesce(times, 0) <> (appointment.status <> 'draft')::int
"""
REGISTRATIONS_DECIDED_ONCE = """
WITH told AS (
    SELECT subject_id, count(*) FILTER (WHERE action = 'registration.approved') AS approved,
        count(*) FILTER (WHERE action = 'registration.refused') AS refused,
        count(*) FILTER (WHERE action = 'registration.marked_late') AS late
    FROM audit_event WHERE subject_type = 'registration' GROUP BY subject_id
)
SELECT registration.id FROM registration LEFT JOIN told ON told.subject_id = registration.id::text
WHERE coalesce(approved, 0) <> (state = 'approved')::int OR coalesce(refused, 0) <> (state = 'refused')::int
    OR coalesce(late, 0) <> (marked_late_at IS NOT NULL)::int OR (state = 'pending') <> (decided_at IS NULL)
"""
RECEIPTS_ADD_UP = """
WITH answered AS (
    SELECT slip_id, sum(item_count) FILTER (WHERE decision = 'accepted') AS accepted,
        sum(item_count) FILTER (WHERE decision = 'returned') AS returned
    FROM receipt GROUP BY slip_id
), found AS (
    SELECT slip_id, count(*) FILTER (WHERE status IN ('accepted', 'passed', 'not_passed', 'ended') AND EXISTS (
            SELECT FROM audit_event WHERE subject_type = 'appointment_item' AND subject_id = item.id::text
                AND action = 'item.accepted')) AS accepted,
        count(*) FILTER (WHERE status = 'failed') AS returned
    FROM appointment_item AS item GROUP BY slip_id
)
SELECT slip.id FROM slip LEFT JOIN answered ON answered.slip_id = slip.id LEFT JOIN found ON found.slip_id = slip.id
WHERE coalesce(answered.accepted, 0) <> coalesce(found.accepted, 0)
    OR coalesce(answered.returned, 0) <> coalesce(found.returned, 0)
    OR (coalesce(answered.accepted, 0) > 0) <> (slip.accepted_at IS NOT NULL)
"""
LATE_WHEN_DUE = """
SELECT 'slip ' || id FROM slip WHERE marked_late_at < due_at
UNION ALL SELECT 'registration ' || id FROM registration WHERE marked_late_at < due_at
UNION ALL SELECT 'change request ' || id FROM change_request WHERE marked_late_at < due_at
"""
NUMBERS = """
WITH given AS (SELECT number FROM appointment UNION ALL SELECT number FROM slip)
SELECT number FROM given LEFT JOIN number_sequence AS counter
    ON counter.prefix = split_part(number, '-', 1) AND to_char(counter.day, 'YYYYMMDD') = split_part(number, '-', 2)
WHERE split_part(number, '-', 3)::int > coalesce(counter.last, 0)
"""
CERTIFICATES = """
WITH latest AS (
    SELECT DISTINCT ON (instrument_id) result.*, item.institution_id AS holder, item.status AS item_status
    FROM verification AS result LEFT JOIN appointment_item AS item ON item.id = result.item_id
    WHERE published_at IS NOT NULL AND voided_at IS NULL
    ORDER BY instrument_id, verified_on DESC, published_at DESC, result.id DESC
)
SELECT instrument.id FROM measuring_instrument AS instrument LEFT JOIN latest ON latest.instrument_id = instrument.id
WHERE (certificate_number, instrument.verified_on, instrument.valid_until, instrument.outcome, verified_by_id)
    IS DISTINCT FROM (CASE latest.outcome WHEN 'passed' THEN document_number END, latest.verified_on,
        CASE latest.outcome WHEN 'passed' THEN latest.valid_until END, latest.outcome, latest.institution_id)
    OR latest.institution_id <> holder OR latest.outcome <> item_status
    OR latest.id IS NOT NULL AND (num_nonnulls(declared_verified_on, declared_valid_until) > 0
        OR declared_certificate_number <> '' OR declared_institution <> '')
UNION
SELECT item.instrument_id FROM appointment_item AS item WHERE status IN ('passed', 'not_passed') AND NOT EXISTS (
    SELECT FROM verification WHERE item_id = item.id AND published_at IS NOT NULL)
"""
RESULTS_BY_TWO = """
SELECT id FROM verification
WHERE published_at IS NOT NULL AND (entered_by_id IS NULL OR published_by_id IS NULL
        OR entered_by_id = published_by_id OR checker = '' OR checker = verifier)
    OR published_at IS NULL AND (published_by_id IS NOT NULL OR checker <> '')
UNION
SELECT result.id FROM verification AS result
JOIN app_user AS person ON person.id IN (entered_by_id, published_by_id)
WHERE published_at IS NOT NULL AND person.institution_id IS DISTINCT FROM result.institution_id
"""
IMPORTS = """
WITH counted AS (
    SELECT run_id, count(*) AS rows, count(*) FILTER (WHERE outcome = 'error') AS errors,
        count(*) FILTER (WHERE outcome = 'dropped') AS dropped,
        count(*) FILTER (WHERE applied_at IS NOT NULL AND outcome IN ('new', 'updated')) AS stored,
        count(*) FILTER (WHERE undone_at IS NOT NULL) AS undone,
        count(*) FILTER (WHERE applied_at IS NOT NULL AND num_nonnulls(undone_at, kept) = 0) AS standing,
        count(*) FILTER (WHERE num_nonnulls(undone_at, kept) = 2) AS torn,
        count(*) FILTER (
            WHERE applied_at IS NOT NULL AND num_nonnulls(import_written.instrument_id, record_key) <> 1) AS nameless
    FROM import_row FULL JOIN import_written USING (run_id, number) GROUP BY run_id
)
SELECT id FROM import_run AS run LEFT JOIN counted ON counted.run_id = run.id
WHERE state IN ('ready', 'applying', 'done') AND (
    run.new + run.updated + run.same + run.errors + coalesce(counted.dropped, 0) <> run.rows
    OR state <> 'done' AND (coalesce(counted.rows, 0) <> run.rows OR coalesce(counted.errors, 0) <> run.errors)
    OR state = 'done' AND run.applied
        <> CASE WHEN writes = 'update' THEN 0 ELSE run.new END + CASE WHEN writes = 'create' THEN 0 ELSE run.updated END
) OR run.applied <> coalesce(counted.stored, 0)
    OR run.undone <> coalesce(counted.undone, 0)
    OR state = 'undone' AND counted.standing > 0
    OR counted.torn > 0
    OR counted.nameless > 0
"""
AUDIT_KEEPS_SECRETS = r"""
SELECT id FROM audit_event
WHERE concat(before, after) ~ '(?<!\d)1[3-9]\d{9}(?!\d)' OR concat(before, after) ~ '\$argon2|"password(_hash)?":'
"""

QUERIES: dict[str, str] = {
    "enterprise_codes": ENTERPRISE_CODES,
    "accounts": ACCOUNTS,
    "owners": OWNERS,
    "one_open_item": ONE_OPEN_ITEM,
    "appointment_states": APPOINTMENT_STATES,
    "slip_states": SLIP_STATES,
    "holders": HOLDERS,
    "capable_when_matched": CAPABLE_WHEN_MATCHED,
    "unmatched_have_nobody": UNMATCHED_HAVE_NOBODY,
    "slips_belong_together": SLIPS_BELONG_TOGETHER,
    "accepted_or_withdrawn": ACCEPTED_OR_WITHDRAWN,
    "item_paths": ITEM_PATHS,
    "states_have_events": STATES_HAVE_EVENTS,
    "attempts_have_events": ATTEMPTS_HAVE_EVENTS,
    "submitted_once": SUBMITTED_ONCE,
    "registrations_decided_once": REGISTRATIONS_DECIDED_ONCE,
    "receipts_add_up": RECEIPTS_ADD_UP,
    "late_when_due": LATE_WHEN_DUE,
    "numbers": NUMBERS,
    "certificates": CERTIFICATES,
    "results_by_two": RESULTS_BY_TWO,
    "imports": IMPORTS,
    "audit_keeps_secrets": AUDIT_KEEPS_SECRETS,
}
"""By name: a query for the keys of rows that break the invariant."""


def broken() -> dict[str, list[str]]:
    """Every broken invariant by name, with the keys of the rows that break it; empty when all is well."""
    found = {name: _keys(query) for name, query in QUERIES.items()}
    found |= {name: check() for name, check in CHECKS.items()}
    return {name: keys for name, keys in found.items() if keys}


def _keys(query: str) -> list[str]:
    return sorted({str(key) for key in db.session.scalars(sa.text(query))})


def broken_seals() -> list[str]:
    """Audit rows whose seal does not belong to what they say: somebody changed them past the product."""
    rows = db.session.scalars(sa.select(AuditEvent).execution_options(yield_per=1000))
    return [str(row.id) for row in rows if audit.seal(row) != row.seal]


def decisions_that_differ() -> list[str]:
    """Stored decisions the decision function does not give again from the rules and facts stored with them."""
    rules: dict[int, Rules] = {}
    different = []
    for row in db.session.scalars(sa.select(MatchingDecision).order_by(MatchingDecision.rule_revision)):
        if row.rule_revision not in rules:
            kept = sa.select(RuleSnapshot.rules).where(RuleSnapshot.revision == row.rule_revision)
            rules = {row.rule_revision: Rules.from_json(db.session.execute(kept).scalar_one())}
        again = matching.decide(rules[row.rule_revision], Item.from_json({"id": row.id, **row.facts}))
        if answer_of(row) != again.to_json(row.id):
            different.append(str(row.id))
    return different


def answer_of(row: MatchingDecision) -> dict[str, object]:
    """A stored decision in the shape of `decide`'s answers (docs/outside.md), with its own id as the item's."""
    return {
        "id": row.id,
        "outcome": row.outcome,
        "institution": row.institution_id,
        "capability": row.capability_id,
        "decided_by": row.decided_by,
        "field": row.field,
        "candidates": row.candidates,
    }


CHECKS: dict[str, Callable[[], list[str]]] = {
    "audit_seals": broken_seals,
    "decisions_replay": decisions_that_differ,
}
"""Those SQL alone cannot answer."""
