"""A panel: one Flask-Admin per group of users, its menu as data, its views named and guarded alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from flask import Flask, request, url_for
from flask_admin import Admin
from flask_admin.theme import Bootstrap4Theme

from .. import permissions
from ..actor import Actor, Role
from ..messages.labels import label
from ..permissions import Permission
from ..web import access
from ..web.headers import csp_nonce
from ..web.shell import MenuLink, Shell, register_panel
from .base import ScopedModelView
from .guards import Guarded, PanelView, UnguardedView, holders


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """One line of a panel's menu; shown to actors with its permission."""

    label: Any
    permission: Permission | None
    url: Callable[[], str]
    endpoint: str = ""
    group: Any = ""
    counter: Callable[[Actor], int | None] | None = None
    waits: bool = True
    in_dock: bool = False
    dock_label: Any = ""


class Panel:
    """`/<name>/` with its home, views, menu and frame.

    `organisation` and `unread` make the words and the number of the top bar from the actor; `notices` and `account`
    are where the bell and the person's name lead.
    """

    def __init__(
        self,
        app: Flask,
        *,
        name: str,
        title: str,
        roles: Iterable[Role],
        home: type[PanelView],
        organisation: Callable[[Actor], str] | None = None,
        unread: Callable[[Actor], int] | None = None,
        notices: str = "notices",
        account_url: str = "/account",
    ) -> None:
        self.app, self.name = app, name
        self.roles = frozenset(roles)
        self.menu: list[MenuEntry] = []
        self._organisation, self._unread, self._notices, self._account_url = organisation, unread, notices, account_url
        self._refuse_unguarded(home)
        index = home(name=name, endpoint=name, url=f"/{name}")
        self.admin = Admin(
            app,
            name=title,
            url=f"/{name}",
            endpoint=name,
            index_view=index,
            theme=Bootstrap4Theme(base_template="base.html"),
            csp_nonce_generator=csp_nonce,
        )
        self._declare(index)
        self._list_in_menu(index, f"{name}.{index._default_view}")
        register_panel(app, name, self.shell)

    def add(self, view_class: type[ScopedModelView] | type[PanelView]) -> Any:
        """Mount a view class at `/<panel>/<noun>/` with endpoint `<panel>_<noun>`; raises `UnguardedView`."""
        self._refuse_unguarded(view_class)
        if not view_class.noun:
            raise UnguardedView(f"{view_class.__name__} has no noun")
        endpoint = f"{self.name}_{view_class.noun.replace('-', '_')}"
        view = (
            view_class(endpoint=endpoint, url=view_class.noun)
            if issubclass(view_class, ScopedModelView)
            else view_class(name=view_class.noun, endpoint=endpoint, url=view_class.noun)
        )
        self.admin.add_view(view)
        self._declare(view)
        if view_class.in_menu:
            self._list_in_menu(view, f"{endpoint}.{view._default_view}")
        return view

    def link(self, label: Any, url: str, *, group: Any = "", permission: Permission | None = None) -> None:
        """A menu entry that leads elsewhere (the user guide …)."""
        self.menu.append(MenuEntry(label=label, permission=permission, url=lambda: url, group=group))

    def menu_for(self, actor: Actor) -> list[MenuLink]:
        """The menu as this actor sees it, grouped in the order in which groups first appear."""
        groups = list(dict.fromkeys(str(entry.group) for entry in self.menu))
        entries = sorted(self.menu, key=lambda entry: groups.index(str(entry.group)))
        return [
            self._link(entry, actor)
            for entry in entries
            if entry.permission is None or permissions.may(actor, entry.permission)
        ]

    def shell(self, actor: Actor) -> Shell:
        """The frame of this panel's pages; its counters run once a request."""
        reads_notices = self._unread is not None and permissions.may(actor, Permission.OWN_NOTICES_READ)
        return Shell(
            panel=self.name,
            title=label(actor.role),  # Auditors and administrators work in the regulators' panel and are none.
            organisation=self._organisation(actor) if self._organisation else "",
            user_name=actor.name,
            home_url=f"/{self.name}/",
            notices_url=f"/{self.name}/{self._notices}/" if reads_notices else "",
            unread=self._unread(actor) if self._unread and reads_notices else 0,
            account_url=self._account_url,
            menu=self.menu_for(actor),
        )

    def _link(self, entry: MenuEntry, actor: Actor) -> MenuLink:
        return MenuLink(
            label=str(entry.label),
            url=entry.url(),
            group=str(entry.group),
            count=entry.counter(actor) if entry.counter else None,
            waits=entry.waits,
            active=bool(entry.endpoint) and entry.endpoint.rsplit(".", 1)[0] == request.blueprint,
            in_dock=entry.in_dock,
            dock_label=str(entry.dock_label or entry.label),
        )

    def _list_in_menu(self, view: Guarded, endpoint: str) -> None:
        self.menu.append(
            MenuEntry(
                label=view.menu_label or view.title,
                permission=view.permission,
                url=lambda: url_for(endpoint),
                endpoint=endpoint,
                group=view.menu_group,
                counter=view.menu_count,
                waits=view.menu_waits,
                in_dock=view.in_dock,
                dock_label=view.dock_label,
            )
        )

    def _declare(self, view: Any) -> None:
        for method, permission in view.endpoints().items():
            allowed = self.roles & holders(permission)
            if not allowed:
                raise UnguardedView(f"nobody of {self.name} may call {type(view).__name__}.{method}")
            access.declare(self.app, f"{view.endpoint}.{method}", allowed=allowed)

    @staticmethod
    def _refuse_unguarded(view_class: Any) -> None:
        if not (isinstance(view_class, type) and issubclass(view_class, (ScopedModelView, PanelView))):
            raise UnguardedView(f"{view_class!r} is neither a ScopedModelView nor a PanelView")
        if view_class.permission is None or not view_class.title:
            raise UnguardedView(f"{view_class.__name__} names no permission or no title")
