"""What the parts of a `ScopedModelView` know of the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any


class ViewPart:
    """Base of the mixins: the rest of the view, for the type checker only."""

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...
