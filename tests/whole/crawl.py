"""Walk the application as one person: every GET rule by address, then links, a few of each shape."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import parse_qsl, urljoin, urlsplit

from werkzeug.exceptions import HTTPException

from .cases import Cases, admits
from .pages import PageText, read
from .people import Visitor

MOST_OF_A_SHAPE = 2
"""Addresses visited with the same endpoint and the same names in the query."""
MOST_PAGES = 200
LOCAL = "http://localhost"


@dataclass(frozen=True)
class Page:
    """One answer to a GET."""

    url: str
    endpoint: str
    status: int
    content_type: str
    html: str

    @property
    def is_html(self) -> bool:
        return self.content_type.startswith("text/html")

    @cached_property
    def text(self) -> PageText:
        return read(self.html)


def crawl(cases: Cases, visitor: Visitor) -> list[Page]:
    """Pages in the order found; files and JSON are fetched too, but have no links."""
    queue = deque(_addresses(cases, visitor))
    seen: set[str] = set()
    shapes: Counter[tuple[str, str]] = Counter()
    pages: list[Page] = []
    while queue and len(pages) < MOST_PAGES:
        url = queue.popleft()
        endpoint = endpoint_of(cases, url)
        shape = (endpoint, " ".join(sorted(name for name, _ in parse_qsl(urlsplit(url).query))))
        if url in seen or not endpoint or endpoint == "static" or shapes[shape] >= MOST_OF_A_SHAPE:
            continue
        seen.add(url)
        shapes[shape] += 1
        answer = visitor.get(url)
        is_html = answer.mimetype == "text/html"
        page = Page(
            url, endpoint, answer.status_code, answer.content_type, answer.get_data(as_text=True) if is_html else ""
        )
        pages.append(page)
        if is_html:
            queue.extend(_targets(page))
        elif answer.status_code in (302, 303):
            queue.extend(_local(url, answer.location or ""))
    return pages


def endpoint_of(cases: Cases, url: str) -> str:
    """The endpoint a GET of this address reaches, "" for none."""
    try:
        endpoint, _ = cases.app.url_map.bind("localhost").match(urlsplit(url).path, method="GET")
    except HTTPException:
        return ""
    return str(endpoint)


def _addresses(cases: Cases, visitor: Visitor) -> list[str]:
    with cases.app.app_context():
        actor = visitor.actor()
    found = ["/"]
    for rule, declared in cases.rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint == "static":
            continue
        if declared.public:
            found.append(cases.anywhere(rule))
        elif actor is not None and admits(cases.app, rule.endpoint, actor, declared):
            found += cases.own(rule, visitor)[:1]
    return found


def _targets(page: Page) -> list[str]:
    return [url for link in page.text.links for url in _local(page.url, link)]


def _local(base: str, link: str) -> list[str]:
    parts = urlsplit(urljoin(LOCAL + base, link))
    if f"{parts.scheme}://{parts.netloc}" != LOCAL:
        return []
    return [parts.path + (f"?{parts.query}" if parts.query else "")]
