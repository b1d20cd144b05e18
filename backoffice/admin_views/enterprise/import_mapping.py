"""对应列名: for a list with headers of its own: what each column is, with values, guesses, and what is missing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import redirect, request
from flask_admin import expose
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from ...errors import Invalid
from ...messages import sentence
from ...messages.imports import for_all_rows
from ...models import ImportRun
from ...services import ledger_import_mapping
from ...services.ledger_import_mapping import BY_NAME, OFFERED, Picked
from ...services.ledger_import_offer import AbsentColumn, Offer, offer
from ...states import ImportState
from ...web.form_keys import once
from ...workbooks.columns import BY_CODE
from ..base import Button, Done
from ..view_parts import ViewPart

LONGEST_FILL = 200
_COLUMN = re.compile(r"column_([A-Z]{1,3})")


@dataclass(frozen=True, slots=True)
class MappingWords:
    """What the run's page says of its columns, and the button that leads to the page about them."""

    said: str
    button: Button


def read_picked(form: MultiDict[str, str]) -> Picked:
    """What was chosen, as it was sent; a row that is no number is none."""
    row = form.get("header_row", "")
    columns = {found[1]: form[name] for name in form if (found := _COLUMN.fullmatch(name)) and form[name]}
    fills = {code: form[f"fill_{code}"][:LONGEST_FILL] for code in BY_CODE if form.get(f"fill_{code}")}
    return Picked(int(row) if row.isascii() and row.isdigit() and len(row) < 4 else 0, columns, fills)


def still_missing(shown: Offer) -> str:
    """Which required columns nobody has found yet, in words."""
    names = [each.column.name for each in shown.absent if not each.value]
    if names:
        return _("没有认出这几列：%(names)s。", names="、".join(names))
    return _("必需的列都找到了，请核对后继续。")


def mapping_words(run: ImportRun, url: str) -> MappingWords | None:
    """What to say of a run whose columns can be chosen, or were; none where all of them are known by name."""
    if not ledger_import_mapping.may_be_mapped(run) or run.state is ImportState.MAPPING:
        return None
    button = Button(_("核对列名"), url)
    if run.state is ImportState.REFUSED:
        return MappingWords(_("也可以不改文件，直接说明每一列是什么；文件里没有的列，可以整列填同一个值。"), button)
    if not run.mapping:
        return MappingWords(_("不认识的列里如果有要导入的，可以说明它是哪一列。"), button)
    if run.mapping.get("remembered_from"):
        return MappingWords(_("列名和以前导入过的文件完全相同，已照那一次的对应读取。"), button)
    return MappingWords(_("列名已按您的对应读取。"), button)


class MappingPages(ViewPart):
    """Mixin of the enterprise's imports: `/<key>/mapping`."""

    @expose("/<key>/mapping", methods=("GET", "POST"))
    def mapping(self, key: str) -> Any:
        run: ImportRun = self.row_or_404(key)
        if request.method == "GET":
            if not ledger_import_mapping.may_be_mapped(run):
                return redirect(self.record_url(run))
            asked = request.args.get("header_row", "")
            return self._mapping_page(run, offer(run, header_row=int(asked) if asked in ROWS else None))
        picked = read_picked(request.form)

        def work() -> Done:
            ledger_import_mapping.choose(self.actor, run.id, picked)
            return Done(self.record_url(run), _("列名已对应，正在逐行检查。"))

        try:
            return once(work)
        except Invalid as refused:
            said = {name: sentence(problem.code, problem.facts) for name, problem in refused.problems.items()}
            shown = offer(run, header_row=picked.header_row, picked=picked)
            return self._mapping_page(run, shown, said), 422

    def _mapping_page(self, run: ImportRun, shown: Offer, said: Mapping[str, str] | None = None) -> str:
        page: str = self.render(
            "enterprise/imports/mapping.html",
            row=run,
            heading=_("对应列名 · %(file)s", file=run.file.name),
            offer=shown,
            offered=OFFERED,
            said=said or {},
            missing=still_missing(shown),
            fill_options=fill_options,
            for_all_rows=for_all_rows,
        )
        return page

    def mapping_button(self, row: ImportRun) -> Button:
        return Button(_("对应列名"), self.url_of("mapping", key=row.id), primary=True)


ROWS = frozenset(map(str, range(1, 11)))


def fill_options(absent: AbsentColumn) -> Sequence[tuple[str, str]]:
    """Value and words of what may be chosen for every row; nothing where it is typed."""
    by_name = [(BY_NAME, _("按每一行的器具名称认"))] if absent.column.code == "kind_code" else []
    return [*by_name, *absent.options.items()]
