"""What every page of a panel has in common: a permission per method, closed by default, errors that stay errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from flask import abort, url_for
from flask_admin import BaseView

from .. import permissions
from ..actor import Actor, Role
from ..permissions import Permission
from ..web.current import signed_in_actor

Method = TypeVar("Method", bound=Callable[..., Any])


class UnguardedView(TypeError):
    """A view class that does not say who may use it, or opens something this product forbids."""


def needs(permission: Permission) -> Callable[[Method], Method]:
    """The permission an exposed method needs, where it differs from the view's own."""

    def mark(method: Method) -> Method:
        method.permission = permission  # type: ignore[attr-defined]
        return method

    return mark


def holders(permission: Permission) -> frozenset[Role]:
    """Roles of which somebody may hold this permission (a person's own rights given at their widest)."""
    return frozenset(
        role for role in Role if permissions.may(Actor(role=role, name="", may_edit_reference=True), permission)
    )


class Guarded:
    """Mixin: refuses every method of a view to actors without its permission, with 404."""

    noun: ClassVar[str] = ""
    """The word in the URL: `/<panel>/<noun>/`."""
    title: ClassVar[Any] = ""
    """Heading of the page and default label of the menu."""
    permission: ClassVar[Permission | None] = None
    """Who may open this view. Without one the panel refuses the class."""

    menu_label: ClassVar[Any] = ""
    menu_group: ClassVar[Any] = ""
    menu_waits: ClassVar[bool] = True
    """Whether the menu's count waits for this person (red) or informs (grey)."""
    in_menu: ClassVar[bool] = True
    in_dock: ClassVar[bool] = False
    dock_label: ClassVar[Any] = ""

    @property
    def actor(self) -> Actor:
        return signed_in_actor()

    def menu_count(self, actor: Actor) -> int | None:
        """The count beside the menu entry; `None` shows none. Called once a request."""
        return None

    def permission_for(self, method: str) -> Permission:
        """The permission a method needs; raises `UnguardedView` when neither it nor the view names one."""
        found = getattr(getattr(type(self), method, None), "permission", None) or self.permission
        if found is None:
            raise UnguardedView(f"{type(self).__name__}.{method} names no permission")
        return Permission(found)

    def may(self, permission: Permission | None) -> bool:
        return permission is not None and permissions.may(self.actor, permission)

    def is_accessible(self) -> bool:
        return self.may(self.permission)

    def _handle_view(self, name: str, /, **_kwargs: Any) -> None:
        if not self.may(self.permission_for(name)):
            abort(404)

    def _run_view(self, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Upstream calls again on TypeError, which hides the real error; this does not."""
        return method(self, *args, **kwargs)

    def url_of(self, name: str, /, **values: Any) -> str:
        """URL of a method of this view."""
        return url_for(f"{self.endpoint}.{name}", **values)  # type: ignore[attr-defined]


class PanelView(Guarded, BaseView):
    """A page of a panel that is not about one model: homes, wizards. Expose methods; change state through `once`."""

    def endpoints(self) -> dict[str, Permission]:
        """Every exposed method with the permission it needs."""
        return {name: self.permission_for(name) for _url, name, _methods in self._urls}
