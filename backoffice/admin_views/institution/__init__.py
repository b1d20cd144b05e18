"""`/institution`: the inbox of slips, its answers, and what an institution may read around them."""

from .capabilities import InstitutionCapabilities
from .corrections import InstitutionCorrections
from .home import InstitutionHome
from .notices import InstitutionNotices
from .records import InstitutionAppointments, InstitutionEnterprises, InstitutionInstruments
from .slips import InstitutionSlips, organisation
from .verifications import InstitutionVerifications, ResultsToEnter
from .walk_ins import WalkInInstruments, WalkIns

VIEWS = (
    InstitutionSlips,
    ResultsToEnter,
    InstitutionVerifications,
    InstitutionNotices,
    InstitutionInstruments,
    InstitutionEnterprises,
    InstitutionAppointments,
    InstitutionCorrections,
    InstitutionCapabilities,
    WalkIns,
    WalkInInstruments,
)
"""In the order of the menu."""

__all__ = ["VIEWS", "InstitutionHome", "InstitutionSlips", "organisation"]
