"""An institution's own note on an enterprise with instruments at it."""

from __future__ import annotations

from sqlalchemy.exc import IntegrityError

from .. import audit, scoping
from ..actor import Actor
from ..audit import AuditAction
from ..database import db
from ..errors import Conflict, Invalid
from ..models import Enterprise, EnterpriseRemark
from ..permissions import Permission, require

LONGEST = 1000


def of(actor: Actor, enterprise_id: int) -> EnterpriseRemark | None:
    """This institution's remark; nobody else's is ever found."""
    statement = scoping.visible(actor, EnterpriseRemark).where(EnterpriseRemark.enterprise_id == enterprise_id)
    found: EnterpriseRemark | None = db.session.scalars(statement).one_or_none()
    return found


def write(actor: Actor, enterprise_id: int, words: str) -> EnterpriseRemark:
    """Write or empty the remark. The audit says that it changed, not what it says: only its institution reads it.

    Raises `Invalid` when too long, `Conflict` when a colleague wrote the first one at the same moment, `NotFound`.
    """
    require(actor, Permission.MATCHED_ENTERPRISES_REMARK)
    enterprise: Enterprise = scoping.find(actor, Enterprise, enterprise_id)
    text = (words or "").strip()
    if len(text) > LONGEST:
        raise Invalid.one("words", "too_long", limit=LONGEST, length=len(text))
    remark = of(actor, enterprise.id)
    if remark is not None and remark.words == text:
        return remark
    if remark is None:
        remark = EnterpriseRemark(institution_id=actor.institution_id, enterprise=enterprise, words=text)
    else:
        remark.words = text
    try:
        with db.session.begin_nested():
            db.session.add(remark)
    except IntegrityError as refused:
        raise Conflict("changed_meanwhile") from refused
    audit.record(actor, AuditAction.REMARK_WRITTEN, remark)
    return remark
