"""Mending an import in its preview: cells of a page with one button, equal values at once, rows left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import abort, request
from flask_admin import expose
from flask_babel import gettext as _

from ...database import db
from ...models import ImportRow, ImportRun
from ...services import ledger_import_mend
from ...services.ledger_import_mend import Edit, Mended
from ...web.form_keys import once
from ...workbooks.cells import MAX_SHOWN
from ...workbooks.columns import BY_CODE
from ...workbooks.rawcells import fingerprint
from ..base import Done
from ..view_parts import ViewPart
from .import_summary import alike_filter

PLACE = ("show", "after", "field", "code", "found")
"""What names the page of the preview a form was sent from."""
LARGEST_NUMBER = 10_000_000
MOST_EDITS = 2_000
"""More cells than a page of the preview has."""


class MendPages(ViewPart):
    """Mixin of the enterprise's imports: what the preview's forms send."""

    @expose("/<key>/mend", methods=("POST",))
    def mend(self, key: str) -> Any:
        """The fields of a page; besides them one value that was clicked, or one row left out or taken back in."""
        run: ImportRun = self.row_or_404(key)
        edits = edits_of(request.form)

        def work() -> Done:
            done = ledger_import_mend.mend(self.actor, run.id, edits) if edits else Mended()
            said = [mended_words(done)] if done.cells else []
            said += [overtaken_words(each) for each in done.overtaken]
            first = done.first
            for action, words in ROW_ACTIONS.items():
                if number := _number(request.form.get(action, "")):
                    ROW_SERVICES[action](self.actor, run.id, number)
                    said.append(words(number))
                    first = min(first or number, number)
            return self._done(run, said or [_("没有改动，不需要保存。")], first)

        return once(work)

    @expose("/<key>/mend-all", methods=("POST",))
    def mend_all(self, key: str) -> Any:
        """One value for all cells with the same problem."""
        run: ImportRun = self.row_or_404(key)
        sent = request.form
        number, column = _number(sent.get("row", "")), sent.get("column", "")
        if not number or column not in BY_CODE:
            abort(422)

        text = _typed(sent.get("text", ""))

        def work() -> Done:
            if not text and BY_CODE[column].required:
                return Done(self._place(run, None), _("请先填写或选择要改成什么，再按按钮。"), "warning")
            done = ledger_import_mend.mend_alike(
                self.actor, run.id, number=number, column=column, code=sent.get("problem", ""), text=text
            )
            if done.left_to_job:
                return Done(self.record_url(run), "")
            words = mended_words(done) if done.cells else _("这些内容没有变化；请填写要改成什么，或刷新后再看。")
            return self._done(run, [words], None)

        return once(work)

    def _done(self, run: ImportRun, said: list[str], first: int | None) -> Done:
        """Back to the same place, at the next row that is wrong, or to the decision when none is."""
        db.session.refresh(run)
        if run.errors:
            said.append(_("还有 %(count)s 行有错。", count=run.errors))
        else:
            said.append(_("已经没有错误，可以导入了。"))
        return Done(self._place(run, first), "".join(said))

    def _place(self, run: ImportRun, first: int | None) -> str:
        asked = {name: request.form[name] for name in PLACE if request.form.get(name)}
        if "code" in asked and not _has_rows(run, asked):
            asked = {"show": asked["show"]} if asked.get("show") else {}
        if asked.get("show", "errors") != "errors":
            return f"{self.record_url(run)}?{urlencode(asked)}#rows"
        wrong = ledger_import_mend.next_wrong(run, first or 0) if run.errors else None
        if wrong is None:
            return str(self.record_url(run))
        if wrong <= _number(asked.get("after", "")):
            asked.pop("after")
        anchor = f"#row-{wrong}" if first else "#rows"
        return f"{self.record_url(run)}{'?' if asked else ''}{urlencode(asked)}{anchor}"


def _has_rows(run: ImportRun, asked: Mapping[str, str]) -> bool:
    only, _carried = alike_filter(asked)
    statement = sa.select(ImportRow.number).where(ImportRow.run_id == run.id, only if only is not None else sa.true())
    return db.session.scalar(statement.limit(1)) is not None


def edits_of(form: Mapping[str, str]) -> list[Edit]:
    """The fields that differ from what they offered, and the value that was clicked."""
    edits: dict[tuple[int, str], Edit] = {}
    for name, text in form.items():
        if name.startswith("cell-"):
            number, column = _cell(name.removeprefix("cell-"))
            seen = form.get(f"seen-{number}-{column}")
            if seen is not None and seen != fingerprint(_typed(text)):
                edits[number, column] = Edit(number, column, _typed(text), seen)
    if "take" in form:
        place, _sign, text = form["take"].partition("=")
        number, column = _cell(place)
        edits[number, column] = Edit(number, column, _typed(text), form.get(f"seen-{number}-{column}"))
    if len(edits) > MOST_EDITS:
        abort(422)
    return list(edits.values())


def _cell(place: str) -> tuple[int, str]:
    number, _sign, column = place.partition("-")
    if not _number(number) or column not in ledger_import_mend.EDITABLE:
        abort(422)
    return int(number), column


def _number(text: str) -> int:
    """A row's number, 0 for anything else."""
    is_number = text.isascii() and text.isdigit() and len(text) < 8
    return int(text) if is_number and int(text) < LARGEST_NUMBER else 0


def _typed(text: str) -> str:
    return text.replace("\0", "").strip()


def checking_words(run: ImportRun) -> tuple[str, str]:
    """What goes on with a run that is read, or that gets one value for many cells."""
    if run.mending is None:
        return _("正在检查，已查 %(count)s 行", count=run.rows), _("可以离开本页，检查完会停在预览。")
    column, text = BY_CODE[run.mending["column"]].name, run.mending["text"]
    count = f"{run.mending['total']:,}"
    if text:
        what = _("正在把 %(count)s 行的%(column)s改为“%(text)s”", count=count, column=column, text=text[:MAX_SHOWN])
    else:
        what = _("正在清空 %(count)s 行的%(column)s", count=count, column=column)
    return what, _("可以离开本页，改完会停在预览。")


def mended_words(done: Mended) -> str:
    """What was saved, and whether it is right now."""
    said = _("已保存 %(rows)s 行的 %(cells)s 处修改", rows=done.rows, cells=done.cells)
    if done.still_wrong:
        return said + _("，其中 %(count)s 行仍然有错，请看格子下面的说明。", count=done.still_wrong)
    if done.warned:
        return said + _("，没有错误了；其中 %(count)s 行有提醒，请在“警告”里看一眼。", count=done.warned)
    return said + _("，都改对了。")


def overtaken_words(each: ledger_import_mend.Overtaken) -> str:
    return _(
        "第 %(row)s 行%(column)s刚才已被改成“%(now)s”，您填的“%(text)s”没有保存。",
        row=each.edit.number,
        column=BY_CODE[each.edit.column].name,
        now=each.now or _("空"),
        text=each.edit.text,
    )


ROW_SERVICES = {"drop": ledger_import_mend.drop, "restore": ledger_import_mend.restore}
ROW_ACTIONS = {
    "drop": lambda number: _("第 %(row)s 行不导入；可以在“不导入”里恢复。", row=number),
    "restore": lambda number: _("第 %(row)s 行已恢复，重新检查过了。", row=number),
}
