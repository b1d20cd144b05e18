"""The tables, one file per aggregate: columns, constraints and derived properties; no decisions."""

from .appointment import Appointment, AppointmentItem, Receipt, Slip
from .enterprise import ChangeRequest, Enterprise, EnterpriseRemark, Registration, StoredFile
from .institution import Capability, Designation, Institution, InstitutionSuspension, Laboratory
from .instrument import CorrectionProposal, MeasuringInstrument
from .journal import AuditEvent, FormKey, JobHeartbeat, JobRun, Notice, NumberSequence, OutgoingMail
from .ledger_import import ImportEarlierFile, ImportRow, ImportRun, ImportWritten
from .matching import MatchingAttempt, MatchingDecision, RuleRevision, RuleSnapshot
from .people import OneTimeLink, SignInAttempt, User, UserSession
from .reference import WHOLE_COUNTRY, CatalogueItem, Division, InstrumentKind, OptionValue, WorkingDayOverride
from .verification import Verification

__all__ = [
    "WHOLE_COUNTRY",
    "Appointment",
    "AppointmentItem",
    "AuditEvent",
    "Capability",
    "CatalogueItem",
    "ChangeRequest",
    "CorrectionProposal",
    "Designation",
    "Division",
    "Enterprise",
    "EnterpriseRemark",
    "FormKey",
    "ImportEarlierFile",
    "ImportRow",
    "ImportRun",
    "ImportWritten",
    "Institution",
    "InstitutionSuspension",
    "InstrumentKind",
    "JobHeartbeat",
    "JobRun",
    "Laboratory",
    "MatchingAttempt",
    "MatchingDecision",
    "MeasuringInstrument",
    "Notice",
    "NumberSequence",
    "OneTimeLink",
    "OptionValue",
    "OutgoingMail",
    "Receipt",
    "Registration",
    "RuleRevision",
    "RuleSnapshot",
    "SignInAttempt",
    "Slip",
    "StoredFile",
    "User",
    "UserSession",
    "Verification",
    "WorkingDayOverride",
]
