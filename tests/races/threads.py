"""People at the same moment: threads with a session each, let go together."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from flask import Flask

from backoffice.database import db
from backoffice.unit_of_work import unit_of_work

PATIENCE_SECONDS = 30


def together(app: Flask, *calls: Callable[[], Any], in_one_transaction: bool = True) -> list[Any]:
    """Run each call in a thread and transaction of its own, all at once; what they return or raise, in order."""
    gate = threading.Barrier(len(calls))
    outcomes: list[Any] = [None] * len(calls)

    def act(place: int, call: Callable[[], Any]) -> None:
        with app.app_context():
            try:
                gate.wait(PATIENCE_SECONDS)
                if in_one_transaction:
                    with unit_of_work():
                        outcomes[place] = call()
                else:
                    outcomes[place] = call()
            except Exception as error:
                outcomes[place] = error
            finally:
                db.session.remove()

    threads = [threading.Thread(target=act, args=pair, daemon=True) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive(), "a thread is stuck"
    return outcomes
