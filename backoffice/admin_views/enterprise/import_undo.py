"""Taking an import back: what would go and what stays is shown first, by row and reason; then the job does it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import request
from flask_admin import expose
from flask_babel import gettext as _

from ...messages import label, sentence
from ...messages.imports import kept_counts, kept_words
from ...models import ImportRun
from ...services import import_subjects, ledger_import_undo
from ...services.import_rows import Kept, Prospect
from ...services.ledger_import_progress import is_undoing
from ...states import ImportState, ImportSubject
from ...web.form_keys import once
from ..base import Button, Done
from ..view_parts import ViewPart

PAGE = 50


@dataclass(frozen=True, slots=True)
class KeptRow:
    """A row that stays, in words."""

    number: int
    name: str
    serial_number: str
    why: str


@dataclass(frozen=True, slots=True)
class UndoWords:
    """What an undo would do or has done; `confirm` is "" where there is nothing to be sent."""

    what: str
    who: str = ""
    stays: int = 0
    confirm: str = ""


def undo_words(run: ImportRun) -> UndoWords | None:
    """The sentences for a run that can be taken back, is being, or was; none for any other."""
    if run.state is ImportState.UNDONE:
        kept = run.applied - run.undone
        who = (
            _("另有 %(count)s 行没有撤销，原因逐行列出。", count=kept)
            if kept
            else _("%(place)s恢复到导入之前的样子。", place=label(run.subject))
        )
        return UndoWords(_("已撤销 %(count)s 行", count=run.undone), who, kept)
    if is_undoing(run):
        return UndoWords(_("正在撤销"), _("可以离开本页，完成后会有消息；中途停机会接着撤销，不会重复。"))
    if ledger_import_undo.why_not(run):
        return None
    return _offer(import_subjects.of(run).prospect(run), unit_of(run))


def unit_of(run: ImportRun) -> str:
    """What is counted."""
    return _("台（件）") if run.subject is ImportSubject.LEDGER else _("项")


def _offer(found: Prospect, unit: str) -> UndoWords:
    stays = (
        _("%(count)s 行会保留：%(reasons)s。", count=found.stays, reasons=kept_counts(found.kept)) if found.kept else ""
    )
    if not found.removed + found.restored:
        return UndoWords(_("这次导入没有可以撤销的行"), stays, found.stays)
    what = _("撤销会%(what)s", what="，".join(_parts(found, unit)))
    return UndoWords(
        what, stays or _("导入写入的内容都可以撤销。"), found.stays, confirm=_("%(what)s，确定撤销吗？", what=what)
    )


def _parts(found: Prospect, unit: str) -> list[str]:
    removed = [_("删除新增的 %(count)s %(unit)s", count=found.removed, unit=unit)] if found.removed else []
    restored = [_("恢复更新的 %(count)s %(unit)s", count=found.restored, unit=unit)] if found.restored else []
    return removed + restored


def _lead(run: ImportRun) -> Sequence[str]:
    return import_subjects.columns_of(run).shown[:2]


def _row(each: Kept) -> KeptRow:
    return KeptRow(each.number, each.name, each.serial_number, kept_words(each.code, each.facts))


@dataclass(frozen=True, slots=True)
class KeptPage:
    """A page of the rows that stay."""

    rows: Sequence[KeptRow] = field(default_factory=tuple)
    next_url: str = ""
    is_first: bool = True

    @classmethod
    def of(cls, run: ImportRun, after: str) -> KeptPage:
        """Beyond the row that stands in the address; nonsense there shows the beginning."""
        start = int(after) if after.isascii() and after.isdigit() and len(after) < 8 else 0
        is_over = run.undo_requested_at is not None
        if is_over:
            found = ledger_import_undo.kept_rows(run, after=start, limit=PAGE + 1)
        else:
            found = import_subjects.of(run).would_stay(run, after=start, limit=PAGE + 1)
        page = found[:PAGE]
        return cls([_row(each) for each in page], f"?after={page[-1].number}" if len(found) > PAGE else "", start == 0)


class UndoPages(ViewPart):
    """Mixin of the enterprise's imports: `/<key>/undo`."""

    @expose("/<key>/undo", methods=("GET", "POST"))
    def undo(self, key: str) -> Any:
        run: ImportRun = self.row_or_404(key)
        if request.method == "GET":
            return self._undo_page(run)

        def work() -> Done:
            ledger_import_undo.request(self.actor, run.id)
            return Done(self.record_url(run), _("已开始撤销。可以离开本页，完成后会有消息。"))

        return once(work)

    def _undo_page(self, run: ImportRun) -> str:
        words = undo_words(run)
        page: str = self.render(
            "enterprise/imports/undo.html",
            row=run,
            heading=_("撤销导入 · %(file)s", file=run.file.name),
            words=words,
            headers=[import_subjects.columns_of(run).by_code[code].name for code in _lead(run)],
            why_not="" if words else sentence(ledger_import_undo.why_not(run), {"state": run.state}),
            kept=KeptPage.of(run, request.args.get("after", "")) if words and words.stays else KeptPage(),
        )
        return page

    def kept_button(self, row: ImportRun) -> Button:
        """Leads to the rows that stay."""
        return Button(_("查看保留的行和原因"), self.url_of("undo", key=row.id))

    def undo_button(self, row: ImportRun) -> Button | None:
        """Leads to the page that shows what would go."""
        if ledger_import_undo.why_not(row):
            return None
        return Button(_("撤销导入"), self.url_of("undo", key=row.id), danger=True)
