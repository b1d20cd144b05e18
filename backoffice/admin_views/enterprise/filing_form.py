"""备案表: the filing of one instrument or of the filtered ledger, as a page to print and as PDF."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Response, flash, make_response, redirect
from flask_admin import expose
from flask_babel import gettext as _

from ... import messages
from ...database import db
from ...models import MeasuringInstrument
from ...services import ledger_filing
from ...slip_documents.filing import MAX_FILING_ROWS, FilingContent
from ..exports import attachment
from ..lists import ListState
from ..view_parts import ViewPart


class FilingPages(ViewPart):
    """Mixin of the ledger: `/filing`, `/filing.pdf` for the list as filtered, `/<key>/filing` for one row."""

    @expose("/filing")
    def filing_view(self) -> Any:
        state = self.list_state()
        rows = self._filed_rows(state)
        if not 0 < len(rows) <= MAX_FILING_ROWS:
            return self._no_filing(state, len(rows))
        return self._filing_page(rows, self._filing_url("filing_pdf_view", state), self.list_url(state))

    @expose("/filing.pdf")
    def filing_pdf_view(self) -> Any:
        state = self.list_state()
        rows = self._filed_rows(state)
        if not 0 < len(rows) <= MAX_FILING_ROWS:
            return self._no_filing(state, len(rows))
        return _pdf(ledger_filing.content(self.actor, rows))

    @expose("/<key>/filing")
    def filing_of_one_view(self, key: str) -> str:
        row = self.row_or_404(key)
        return self._filing_page([row], self.url_of("filing_of_one_pdf_view", key=row.id), self.record_url(row))

    @expose("/<key>/filing.pdf")
    def filing_of_one_pdf_view(self, key: str) -> Response:
        return _pdf(ledger_filing.content(self.actor, [self.row_or_404(key)]))

    def _filing_url(self, endpoint: str, state: ListState) -> str:
        args = state.args()
        return self.url_of(endpoint) + (f"?{urlencode(args)}" if args else "")

    def _filed_rows(self, state: ListState) -> list[MeasuringInstrument]:
        """The rows of the list as filtered, in its order; one more than may be printed where there are more."""
        query = self.apply_state(self.get_query(), state).order_by(*self.order(state).clauses(backwards=False))
        return list(db.session.scalars(query.limit(MAX_FILING_ROWS + 1)).unique())

    def _no_filing(self, state: ListState, count: int) -> Any:
        if count:
            flash(messages.sentence("filing_too_long", {"limit": MAX_FILING_ROWS}), "warn")
        else:
            flash(_("没有可以打印的器具，请先登记，或清除筛选。"), "warn")
        return redirect(self.list_url(state), 303)

    def _filing_page(self, rows: list[MeasuringInstrument], pdf_url: str, back_url: str) -> str:
        return self.render(
            "enterprise/instruments/filing.html",
            filing=ledger_filing.content(self.actor, rows),
            pdf_url=pdf_url,
            back_url=back_url,
        )


def _pdf(content: FilingContent) -> Response:
    answer = make_response(ledger_filing.pdf(content))
    answer.content_type = "application/pdf"
    answer.headers["Content-Disposition"] = attachment(f"{content.unit.uscc}-强制检定工作计量器具备案表.pdf")
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
