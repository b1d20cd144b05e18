"""Demo data: a small city's worth of people and work, made through the services with the clock set back.

Everything is fictive and dated relative to the day of seeding, so that what is late today is late tomorrow too. The
core is the people of the published accounts; around them the town: more enterprises, and a year and a half of work.
"""

from __future__ import annotations

import sqlalchemy as sa

from backoffice import clock
from backoffice.database import db
from backoffice.models import Enterprise, User
from backoffice.unit_of_work import unit_of_work
from seeds import reference

from . import cast, earlier, story, town
from .telling import Days, tell


def is_seeded() -> bool:
    return bool(db.session.scalar(sa.select(sa.exists(sa.select(Enterprise.id)))))


def load(*, with_town: bool = True) -> dict[str, int]:
    """Make the demo data in one transaction; raises nothing half done. Returns what there is now."""
    days = Days(clock.now())
    with unit_of_work() as session:
        reference.load()
        with clock.at(days.ago(cast.OPENED_DAYS_AGO)):
            cast.offices()
            if with_town:
                town.offices()
        core = [*cast.stories(days), *earlier.stories(days), *story.stories(days)]
        tell([*(town.stories(days) if with_town else ()), *core])
        # Passwords count from the day of seeding, or the demo accounts would be old on their first day.
        session.execute(sa.update(User).values(password_changed_at=clock.now()))
        return {"enterprises": _count(Enterprise), "accounts": _count(User)}


def _count(model: type[Enterprise] | type[User]) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(model)) or 0
