"""Pages for everybody that read a lot out of the database: so many from one address, then none for a while."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import request

from ..services import address_limits
from ..unit_of_work import unit_of_work
from ..web.current import current_actor


def limited(view: Callable[..., Any]) -> Callable[..., Any]:
    """Count a visitor's request and refuse it (429) beyond the limit; who is signed in is known and not counted."""

    @wraps(view)
    def counted(*args: Any, **kwargs: Any) -> Any:
        if current_actor() is None:
            with unit_of_work():
                address_limits.count_reading(request.remote_addr or "")
        return view(*args, **kwargs)

    return counted
