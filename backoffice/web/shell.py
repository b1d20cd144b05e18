"""What the frame around every page needs: product, panel, organisation, menu, unread notices."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from flask import Flask, current_app, g, request

from ..actor import Actor, Role
from ..config import PRODUCT_NAME
from ..messages.labels import badge_class, label
from ..messages.wording import day_with_weekday, moment, readable
from .current import current_actor
from .form_keys import new_form_key

HOME = {
    Role.ENTERPRISE: "/enterprise/",
    Role.INSTITUTION: "/institution/",
    Role.REGULATOR: "/regulator/",
    Role.AUDITOR: "/regulator/",
    Role.ADMIN: "/regulator/",
}


@dataclass(frozen=True, slots=True)
class MenuLink:
    """One entry of the menu as shown: counted rows are red when they wait for this person (`waits`), else grey."""

    label: str
    url: str
    group: str = ""
    count: int | None = None
    waits: bool = False
    active: bool = False
    in_dock: bool = False
    dock_label: str = ""


@dataclass(frozen=True, slots=True)
class Shell:
    """The frame of one page. `panel` is the stripe: enterprise, institution, regulator or portal."""

    panel: str
    title: str = ""
    organisation: str = ""
    user_name: str = ""
    home_url: str = "/"
    notices_url: str = ""
    unread: int = 0
    account_url: str = ""
    menu: Sequence[MenuLink] = field(default_factory=tuple)

    @property
    def dock(self) -> list[MenuLink]:
        """At most four entries for the bar at the bottom of a phone."""
        return [link for link in self.menu if link.in_dock][:4]

    @property
    def more(self) -> list[MenuLink]:
        """The rest of the menu, behind the last place of that bar: everything is two taps away."""
        return [link for link in self.menu if link not in self.dock]

    @property
    def more_count(self) -> int:
        """What waits for this person behind 更多."""
        return sum(link.count or 0 for link in self.more if link.waits)


ShellMaker = Callable[[Actor], Shell]


def register_panel(app: Flask, prefix: str, make: ShellMaker) -> None:
    """Pages under `/<prefix>/` get their frame from `make(actor)`."""
    app.extensions.setdefault("panel_shells", {})[prefix] = make


def current_shell() -> Shell:
    """The frame of this request, made once."""
    if "shell" not in g:
        g.shell = _make_shell()
    shell: Shell = g.shell
    return shell


def plain_shell() -> Shell:
    """A frame that needs no database: for pages shown while it is away."""
    return Shell(panel="portal")


def home_of(actor: Actor) -> str:
    """The panel this person works in."""
    return HOME.get(actor.role, "/")


def _make_shell() -> Shell:
    actor = current_actor()
    if actor is None:
        return plain_shell()
    makers: Mapping[str, ShellMaker] = current_app.extensions.get("panel_shells", {})
    make = makers.get(request.path.strip("/").split("/", 1)[0])
    if make is not None and home_of(actor).strip("/") == request.path.strip("/").split("/", 1)[0]:
        return make(actor)
    return Shell(panel="portal", user_name=actor.name, home_url=home_of(actor))


def init_app(app: Flask) -> None:
    """Globals rather than context: macros imported without context use them too."""
    app.jinja_env.globals.update(
        shell=current_shell,
        form_key=new_form_key,
        product_name=app.config.get("PRODUCT_NAME", PRODUCT_NAME),
        is_demo=app.config.get("IS_DEMO", False),
    )
    app.jinja_env.filters.update(
        moment=moment, day_with_weekday=day_with_weekday, label=label, badge_class=badge_class, readable=readable
    )
