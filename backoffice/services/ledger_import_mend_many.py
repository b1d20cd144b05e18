"""One value for more cells than a page has time for: the job puts it in, a thousand rows a transaction.

The run is being checked meanwhile: nobody decides or mends it, and cancelling ends it after the batch under way.
"""

from __future__ import annotations

import sqlalchemy as sa

from ..database import db
from ..models import ImportRow, ImportRun, User
from ..states import ImportState
from . import accounts
from .ledger_import_annotate import put_off
from .ledger_import_mend import is_alike, put_alike
from .ledger_import_progress import note_batch
from .ledger_import_rejudge import open_rows

BATCH = 1_000


def claim(run_id: int | None = None) -> ImportRun | None:
    """A run whose cells are to be changed (or this one), held until the end of the transaction."""
    statement = sa.select(ImportRun).where(ImportRun.state == ImportState.CHECKING, ImportRun.mending.is_not(None))
    if run_id is not None:
        statement = statement.where(ImportRun.id == run_id)
    statement = statement.order_by(sa.func.random()).limit(1).with_for_update(skip_locked=True, of=ImportRun)
    return db.session.scalars(statement.execution_options(populate_existing=True)).first()


def mend_batch(run: ImportRun) -> int:
    """Change the next cells of a claimed run; returns how many rows were looked at. The last batch lets it be decided.

    Rows are gone through by number, so that a text which is as wrong as what it replaces comes to an end too.
    """
    order, since = run.mending, run.updated_at
    if order is None:
        raise LookupError("nothing is to be put in")
    rows = open_rows(run, sa.and_(is_alike(order["problem"]), ImportRow.number > order["after"]), most=BATCH)
    actor = accounts.person(db.session.get_one(User, order["by"]))
    changed = put_alike(actor, run, rows, order["column"], order["problem"]["found"], order["text"])
    run.mending = {**order, "after": max(rows, default=order["after"]), "done": order["done"] + len(changed)}
    note_batch(run, len(rows), since=since)
    if len(rows) < BATCH:
        run.state, run.mending = ImportState.READY, None
        put_off(run)
    db.session.flush()
    return len(rows)
