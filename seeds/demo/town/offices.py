"""Institutions of the town, and what those of the core are authorised for beyond it."""

from __future__ import annotations

import sqlalchemy as sa

from backoffice.database import db
from backoffice.models import Institution, Laboratory
from backoffice.services import institutions

from .. import files
from ..cast import PROVINCE, add_institution, authorise
from ..deeds import institution_id


def offices() -> None:
    for row in files.rows("town/institutions.csv"):
        add_institution(row)
    for row in files.rows("town/capabilities.csv"):
        institution = db.session.get_one(Institution, institution_id(row["username"]))
        for kind in row["kinds"].split():
            authorise(
                institution,
                kind,
                row["areas"].split(),
                laboratory=_laboratory(institution, row["laboratory"]),
                internal_units=row["internal_units"].split() or None,
            )


def _laboratory(institution: Institution, name: str) -> Laboratory:
    """The institution's laboratory of this name, made where there is none."""
    known = sa.select(Laboratory).where(Laboratory.institution_id == institution.id, Laboratory.name == name)
    return db.session.scalar(known) or institutions.add_laboratory(PROVINCE, institution_id=institution.id, name=name)
