"""Closed sets of codes: states, types, reasons. Codes only; the words for people stand in `messages.py`.

State codes are a contract with programs outside (docs/outside.md, 10): change nothing silently.
"""

from __future__ import annotations

from enum import StrEnum


class EnterpriseStatus(StrEnum):
    PENDING = "pending"
    REFUSED = "refused"
    APPROVED = "approved"
    SUSPENDED = "suspended"
    CLOSED = "closed"


class EnterpriseType(StrEnum):
    """The kinds of 器具使用单位 a registration knows."""

    COMPANY = "company"
    GOVERNMENT = "government"
    PUBLIC_INSTITUTION = "public_institution"
    SOCIAL_ORGANISATION = "social_organisation"
    PRIVATE_NON_ENTERPRISE = "private_non_enterprise"
    SOLE_TRADER = "sole_trader"
    FARMERS_COOPERATIVE = "farmers_cooperative"
    RESIDENTS_COMMITTEE = "residents_committee"
    MARKET_ORGANISER = "market_organiser"
    OTHER = "other"
    BRANCH = "branch"


class RegistrationState(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    REFUSED = "refused"


class ProposalState(StrEnum):
    """Of what one side proposes and the other decides: a change of an enterprise, a correction of a ledger row."""

    PENDING = "pending"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class LinkPurpose(StrEnum):
    """Who sets a password by a one-time link: who forgot it, a new user, the owner of an account made by 代办."""

    RESET = "reset"
    INVITATION = "invitation"
    CLAIM = "claim"


class UseState(StrEnum):
    IN_USE = "in_use"
    STOPPED = "stopped"
    SEALED = "sealed"
    SCRAPPED = "scrapped"
    LOST = "lost"
    TRANSFERRED = "transferred"


class Purpose(StrEnum):
    """The law's four purposes (计量法 article 9)."""

    SAFETY = "safety"
    MEDICAL = "medical"
    ENVIRONMENT = "environment"
    TRADE = "trade"


class DeliveryMode(StrEnum):
    SEND_IN = "send_in"
    ON_SITE = "on_site"


class VerificationStatus(StrEnum):
    """检定状态, derived from results and days, never typed."""

    NEVER = "never"
    VALID = "valid"
    DUE_SOON = "due_soon"
    OVERDUE = "overdue"
    FAILED = "failed"
    FIRST_ONLY = "first_only"
    TO_ROTATE = "to_rotate"


class Level(StrEnum):
    """Levels of divisions and institutions."""

    COUNTY = "county"
    CITY = "city"
    PROVINCE = "province"
    NATIONAL = "national"


class InstitutionType(StrEnum):
    STATUTORY = "statutory"
    AUTHORISED = "authorised"
    SPECIAL = "special"


class AppointmentStatus(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    FEEDBACK = "feedback"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


class ItemStatus(StrEnum):
    """流程状态. DRAFT exists only inside a draft appointment and never locks its instrument."""

    DRAFT = "draft"
    MATCHING = "matching"
    AWAITING_ACCEPTANCE = "awaiting_acceptance"
    UNMATCHED = "unmatched"
    ACCEPTED = "accepted"
    FAILED = "failed"
    PASSED = "passed"
    NOT_PASSED = "not_passed"
    ENDED = "ended"
    WITHDRAWN = "withdrawn"


OPEN_ITEMS = (ItemStatus.MATCHING, ItemStatus.AWAITING_ACCEPTANCE, ItemStatus.UNMATCHED, ItemStatus.ACCEPTED)
"""An instrument is in at most one item of these (a partial unique index holds it)."""

LOCKING_ITEMS = (ItemStatus.AWAITING_ACCEPTANCE, ItemStatus.ACCEPTED)
"""From 待受理 on the fields that decide matching are locked."""

OVER_ITEMS = (ItemStatus.PASSED, ItemStatus.NOT_PASSED, ItemStatus.ENDED, ItemStatus.WITHDRAWN)


class MatchTrigger(StrEnum):
    """What sent an item to be matched."""

    SUBMITTED = "submitted"
    EDITED = "edited"
    RULES_CHANGED = "rules_changed"
    DAY_CHANGED = "day_changed"
    REMATCHED = "rematched"
    BY_HAND = "by_hand"


class SlipStatus(StrEnum):
    AWAITING = "awaiting"
    PARTLY = "partly"
    ACCEPTED = "accepted"
    RETURNED = "returned"
    TRANSFERRED = "transferred"
    WITHDRAWN = "withdrawn"
    COMPLETED = "completed"


class ApplicationType(StrEnum):
    """申请类别 of an item."""

    FIRST = "first"
    PERIODIC = "periodic"
    AFTER_REPAIR = "after_repair"
    RECHECK = "recheck"
    OTHER = "other"


class ReturnCode(StrEnum):
    """Why an institution returns an item; which of them the enterprise can cure stands in `RETURN_FIELDS`."""

    WRONG_KIND = "wrong_kind"
    WRONG_ITEM = "wrong_item"
    WRONG_DIVISION = "wrong_division"
    WRONG_SERIAL = "wrong_serial"
    WRONG_INFORMATION = "wrong_information"
    OUT_OF_CAPACITY = "out_of_capacity"
    NOT_OUR_AREA = "not_our_area"
    NOT_MANDATORY = "not_mandatory"
    BOOKED_TWICE = "booked_twice"
    OUT_OF_USE = "out_of_use"
    NO_TYPE_APPROVAL = "no_type_approval"
    FIRST_BY_MAKER = "first_by_maker"
    STANDARD_AWAY = "standard_away"
    OTHER = "other"


RETURN_FIELDS: dict[ReturnCode, str] = {
    ReturnCode.WRONG_KIND: "kind_code",
    ReturnCode.WRONG_ITEM: "kind_code",
    ReturnCode.WRONG_DIVISION: "division_code",
    ReturnCode.NOT_OUR_AREA: "division_code",
    ReturnCode.WRONG_SERIAL: "serial_number",
    ReturnCode.WRONG_INFORMATION: "model",
}
"""Return codes an enterprise can cure by correcting its ledger, and the field to open."""

DOUBTED_FIELDS: dict[ReturnCode, str] = {ReturnCode.OUT_OF_CAPACITY: "measuring_range"}
"""Return codes that are nobody's mistake as a rule, and the field worth a look: once it changes, they are void."""


class EndReason(StrEnum):
    NOT_DELIVERED = "not_delivered"
    CANCELLED = "cancelled"
    BY_REGULATOR = "by_regulator"
    OUT_OF_USE = "out_of_use"
    NOT_FOUND_ON_SITE = "not_found_on_site"
    SITE_NOT_READY = "site_not_ready"
    CANNOT_VERIFY = "cannot_verify"


class LastInstitution(StrEnum):
    """The answer to the last-institution question: the guide's 确定 and 取消."""

    KEEP = "keep"
    MATCH_AGAIN = "match_again"


class Outcome(StrEnum):
    PASSED = "passed"
    NOT_PASSED = "not_passed"


class DocumentType(StrEnum):
    """凭证类型 of a result; the first two carry a number."""

    CERTIFICATE = "certificate"
    REJECTION_NOTICE = "rejection_notice"
    QUALIFIED_SLIP = "qualified_slip"
    QUALIFIED_MARK = "qualified_mark"


class ImportSubject(StrEnum):
    """What an import writes."""

    LEDGER = "ledger"
    CATALOGUE = "catalogue"
    CAPABILITIES = "capabilities"


class ImportState(StrEnum):
    CHECKING = "checking"
    MAPPING = "mapping"
    READY = "ready"
    APPLYING = "applying"
    DONE = "done"
    CANCELLED = "cancelled"
    UNDONE = "undone"
    REFUSED = "refused"


class ImportMode(StrEnum):
    ALL = "all"
    GOOD = "good"


class ImportWrites(StrEnum):
    """Which rows of a checked file are written."""

    BOTH = "both"
    CREATE = "create"
    UPDATE = "update"


class RowOutcome(StrEnum):
    NEW = "new"
    UPDATED = "updated"
    SAME = "same"
    ERROR = "error"
    DROPPED = "dropped"
    """The clerk leaves it out; it can be taken back in until the file is written."""


class RunOutcome(StrEnum):
    REQUESTED = "requested"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
