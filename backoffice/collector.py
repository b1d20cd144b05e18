"""The cycle collector: what lasts is kept from it, and it is held back while a batch of rows is read.

A hundred thousand cells come into being at once, and go by themselves when the batch is done. At every few hundred the
collector would look through all that is alive, to find nothing: a third of the time of a check.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_holders = 0
_was_at_work = True


def settle() -> None:
    """Take all that is there by now for lasting, once a process is ready to serve: nothing looks through it again.

    A look through the whole application takes a tenth of a second, in the middle of somebody's request.
    """
    gc.collect()
    gc.freeze()


@contextmanager
def held_back() -> Iterator[None]:
    """Nothing is collected until the last of those who ask for it at once is done. For work that ends soon."""
    global _holders, _was_at_work
    with _lock:
        if not _holders:
            _was_at_work = gc.isenabled()
            gc.disable()
        _holders += 1
    try:
        yield
    finally:
        with _lock:
            _holders -= 1
            if not _holders and _was_at_work:
                gc.enable()
