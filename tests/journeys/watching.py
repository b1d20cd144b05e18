"""Every page a test opens is watched: what a visitor's console would show fails the test."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response

REPORT_VIOLATIONS = """
document.addEventListener('securitypolicyviolation', event => console.error(
  'CSP', event.violatedDirective, event.blockedURI, event.sourceFile + ':' + event.lineNumber));
"""
# Chromium tells of answers as well; which of those are wrong is decided in `answered`.
_told_by_answer = re.compile(r"^Failed to load resource: the server responded with a status of")


@dataclass
class Watch:
    """Collects what went wrong in one or more browser contexts. `expects` are statuses a test provokes on purpose."""

    faults: list[str] = field(default_factory=list)
    expects: set[int] = field(default_factory=set)

    def over(self, context: BrowserContext) -> BrowserContext:
        """Watch all pages of a context."""
        context.add_init_script(REPORT_VIOLATIONS)
        context.on("page", self._page)
        context.on("console", self._console)
        context.on("response", self.answered)
        context.on("requestfailed", self._failed)
        return context

    def _page(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.faults.append(f"{page.url}: {error}"))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning") or _told_by_answer.match(message.text):
            return
        where = message.page.url if message.page else ""
        self.faults.append(f"{where}: console {message.type}: {message.text}")

    def answered(self, response: Response) -> None:
        """A page may be missing or refuse a form; nothing may fail, and no part of a page may be missing."""
        is_page = response.request.resource_type == "document"
        if response.status < (500 if is_page else 400) or response.status in self.expects:
            return
        self.faults.append(f"{response.request.method} {response.url}: {response.status}")

    def _failed(self, request: Request) -> None:
        # What is aborted was left for another page or became a download.
        if request.failure and "ERR_ABORTED" not in request.failure:
            self.faults.append(f"{request.method} {urlsplit(request.url).path}: {request.failure}")
