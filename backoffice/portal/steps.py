"""What the pages of a new and of a corrected registration share: reading the form, showing it, showing 核对."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask import render_template, request
from flask_babel import gettext as _

from ..messages.labels import label
from ..messages.registrations import principal_label
from ..models import StoredFile
from ..services import address_limits, places, stored_files, uscc
from ..services.places import Found
from ..services.stored_files import Upload
from ..services.words import clean_text
from ..states import EnterpriseType
from ..unit_of_work import unit_of_work
from . import drafts
from .drafts import Draft
from .forms import FIELDS_OF, RegistrationForm, place, uploaded

TEXTS = ("type", "uscc", "name", "division", "address", "principal", "contact", "mobile", "email")


@dataclass(frozen=True, slots=True)
class Pages:
    """The URLs and words by which a correction differs from a new registration."""

    check_url: str
    edit_url: str
    send_url: str
    send_words: str
    heading: str
    fixed_code: str = ""


def read_draft(form: RegistrationForm, chosen: str) -> tuple[Draft, Found]:
    """The typed values as a draft, with the file kept from before or stored now; and the place that is meant."""
    kept = drafts.unseal(request.form.get("kept")) or Draft()
    values = {name: clean_text(form[name].data) for name in TEXTS if name in form}
    found = places.find(values["division"], chosen)
    values["division_code"] = found.place.code if found.place else ""
    if found.place:
        values["division"] = found.place.words
    return _with_file(replace(kept, values=values), uploaded(form)), found


def _with_file(draft: Draft, upload: Upload | None) -> Draft:
    """A good file is stored even when something else is wrong: a browser cannot fill in a file field again."""
    if upload is None or stored_files.licence_problem(upload) is not None:
        return draft
    with unit_of_work():
        address_limits.count_upload(request.remote_addr or "")
        row = stored_files.store_licence(upload)
        return replace(draft, file_id=row.id, file_name=row.name)


def licence_of(draft: Draft, form: RegistrationForm | None = None) -> StoredFile | Upload | None:
    """The file to check or claim: a refused upload itself, so that the service says what is wrong with it."""
    upload = uploaded(form) if form is not None else None
    if upload is not None and stored_files.licence_problem(upload) is not None:
        return upload
    return stored_files.unclaimed(draft.file_id)


def service_values(draft: Draft) -> dict[str, Any]:
    """A draft's values as `registrations.register` and `resubmit` take them; a branch's code field is its parent's."""
    values: dict[str, Any] = {name: value for name, value in draft.values.items() if name != "division"}
    if values.get("type") == EnterpriseType.BRANCH.value:
        values["parent_uscc"] = values.pop("uscc", "")
    return values


def form_page(
    form: RegistrationForm,
    draft: Draft,
    pages: Pages,
    *,
    found: Found | None = None,
    problems: Any = (),
    focus: str = "",
) -> str:
    """The form, with what was typed, the kept file and password, and the places to choose from."""
    return render_template(
        "portal/form.html",
        form=form,
        draft=draft,
        kept=drafts.seal(draft),
        pages=pages,
        choices=found.choices if found else (),
        problems=problems,
        focus=focus,
        principal_labels={each.value: principal_label(each) for each in EnterpriseType},
    )


def filled(form: RegistrationForm, values: Mapping[str, str]) -> RegistrationForm:
    """The form with a draft's values, for showing again."""
    for name, value in values.items():
        if name in form:
            form[name].data = value
    return form


def check_page(draft: Draft, pages: Pages) -> str:
    """核对: all that was typed, each line with 修改."""
    return render_template("portal/check.html", draft=drafts.seal(draft), lines=_lines(draft, pages), pages=pages)


def _lines(draft: Draft, pages: Pages) -> list[tuple[str, str, str]]:
    """(field, label, value) of everything typed, in the order of the form."""
    values = draft.values
    type_ = EnterpriseType(values["type"])
    code_label = _("所属法人企业的统一社会信用代码") if type_ is EnterpriseType.BRANCH else _("统一社会信用代码")
    lines = [
        ("type", _("单位类型"), label(type_)),
        ("uscc", code_label, uscc.grouped(uscc.fold(values.get("uscc")))),
        ("name", _("单位名称"), values["name"]),
        ("division", _("所在区县"), values["division"]),
        ("address", _("详细地址"), values["address"]),
        ("principal", principal_label(type_), values["principal"]),
        ("contact", _("联系人"), values["contact"]),
        ("mobile", _("手机号码"), values["mobile"]),
        ("email", _("电子邮箱"), values["email"] or "—"),
        ("licence", _("营业执照或登记证书"), draft.file_name),
    ]
    if pages.fixed_code:
        lines[1] = ("", _("统一社会信用代码"), uscc.grouped(pages.fixed_code))
    else:
        lines.append(("password", _("密码"), _("已设置")))
    return lines


def refuse(form: RegistrationForm, problems: Mapping[str, Any], found: Found) -> list[str]:
    """Place a service's problems; what the search for the place says is more exact than a missing code."""
    if found.problem is not None:
        problems = {**problems, "division_code": found.problem}
    for name in problems:
        field = FIELDS_OF.get(name, name)
        if field in form:
            form[field].errors = []
    return place(form, problems)
