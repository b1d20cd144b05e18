"""Reading a page without a browser: its links, its forms, and the text people see."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset(["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"])
UNSEEN = frozenset({"script", "style", "template", "noscript"})
CODED = frozenset({"code", "kbd", "samp"})
SPOKEN = ("title", "placeholder", "aria-label", "alt")
TYPED = ("button", "submit", "reset")


@dataclass
class Field:
    """A control of a form: its name, kind (`text`, `select`, `checkbox`…), value as shown, and what it offers."""

    name: str
    kind: str
    value: str = ""
    options: list[str] = field(default_factory=list)
    is_chosen: bool = True
    is_required: bool = False


@dataclass
class Form:
    """A form of a page, as a browser would send it."""

    action: str
    method: str
    fields: list[Field] = field(default_factory=list)

    def names(self) -> list[str]:
        return list(dict.fromkeys(each.name for each in self.fields))

    def values(self) -> dict[str, list[str]]:
        """What a browser would send if nothing was changed."""
        sent: dict[str, list[str]] = {}
        for each in self.fields:
            if each.is_chosen and each.kind not in ("submit", "button", "file"):
                sent.setdefault(each.name, []).append(each.value)
        return sent


@dataclass
class PageText:
    """`texts` are what a person reads or hears, without what is marked as a code."""

    links: list[str] = field(default_factory=list)
    forms: list[Form] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    states: list[str] = field(default_factory=list)
    lang: str = ""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = PageText()
        self.open: list[tuple[str, bool]] = []
        self.form: Form | None = None
        self.select: Field | None = None
        self.area: Field | None = None

    @property
    def is_hidden(self) -> bool:
        return any(hidden for _, hidden in self.open)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        hides = tag in UNSEEN | CODED or "code" in values.get("class", "").split()
        if tag not in VOID:
            self.open.append((tag, hides))
        if tag == "html":
            self.page.lang = values.get("lang", "")
        if tag == "a" and values.get("href"):
            self.page.links.append(values["href"])
        if "data-state" in values:
            self.page.states.append(values["data-state"])
        if not hides and not self.is_hidden:
            # A cell's title repeats the cell, which may be marked as a code within.
            spoken = [name for name in SPOKEN if not (tag == "td" and name == "title")]
            self.page.texts += [values[name] for name in spoken if values.get(name)]
            if tag == "input" and values.get("type") in TYPED:
                self.page.texts.append(values.get("value", ""))
        self._control(tag, values)

    def _control(self, tag: str, values: dict[str, str]) -> None:
        if tag == "form":
            self.form = Form(values.get("action", ""), values.get("method", "get").lower())
            self.page.forms.append(self.form)
            return
        if self.form is None:
            return
        name = values.get("name", "")
        if tag == "input" and name:
            kind = values.get("type", "text")
            ticked = kind not in ("checkbox", "radio") or "checked" in values
            self.form.fields.append(Field(name, kind, values.get("value", "on" if not ticked else ""), [], ticked))
        elif tag == "button" and name:
            self.form.fields.append(Field(name, "submit", values.get("value", "")))
        elif tag == "select" and name:
            self.select = Field(name, "select", is_chosen=False, is_required="required" in values)
            self.form.fields.append(self.select)
        elif tag == "option" and self.select is not None:
            self.select.options.append(values.get("value", ""))
            if "selected" in values or (not self.select.is_chosen and len(self.select.options) == 1):
                self.select.value, self.select.is_chosen = values.get("value", ""), True
        elif tag == "textarea" and name:
            self.area = Field(name, "textarea")
            self.form.fields.append(self.area)

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass
        if tag == "form":
            self.form = None
        elif tag == "select":
            self.select = None
        elif tag == "textarea":
            self.area = None

    def handle_data(self, data: str) -> None:
        if self.area is not None:
            self.area.value += data.removeprefix("\n").removeprefix("\r\n")
        elif data.strip() and not self.is_hidden:
            self.page.texts.append(" ".join(data.split()))


def read(html: str) -> PageText:
    """The parts of a page that tests look at."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.page
