"""注册进度: the state of one's own registration, and 更正后重新提交 after a refusal."""

from __future__ import annotations

from typing import Any

from flask import abort, redirect, render_template, request, url_for
from flask_babel import gettext as _

from .. import scoping
from ..actor import Role
from ..errors import Invalid
from ..messages.registrations import principal_label
from ..models import Enterprise, Registration, StoredFile
from ..services import areas, places, registrations
from ..states import EnterpriseStatus
from ..web.access import roles
from ..web.current import signed_in_actor
from ..web.files import inline
from ..web.form_keys import Done, once
from . import drafts, steps
from .blueprint import portal
from .drafts import Draft
from .forms import CorrectionForm
from .steps import Pages


@portal.get("/registration")
@roles(Role.ENTERPRISE)
def registration() -> Any:
    """Where the own registration stands, what happens next and by when."""
    enterprise = _own()
    latest = enterprise.registrations[0] if enterprise.registrations else None
    return render_template(
        "portal/registration.html",
        enterprise=enterprise,
        latest=latest,
        earlier=enterprise.registrations[1:],
        last_day=areas.last_day(latest.due_at) if latest else None,
        office=areas.regulator_office(latest.reviewer_division_code) if latest else None,
        place=places.of(enterprise.division_code),
        principal_label=principal_label(enterprise.type),
    )


@portal.get("/registration/licence")
@roles(Role.ENTERPRISE)
def own_licence() -> Any:
    """The licence file on record."""
    enterprise = _own()
    if enterprise.licence_file_id is None:
        abort(404)
    return inline(scoping.find(signed_in_actor(), StoredFile, enterprise.licence_file_id))


@portal.route("/registration/correct", methods=("GET", "POST"))
@roles(Role.ENTERPRISE)
def correct() -> Any:
    """The refused form, filled in; a POST checks it and shows 核对."""
    enterprise = _own()
    if enterprise.status is not EnterpriseStatus.REFUSED:
        return redirect(url_for("portal.registration"), 303)
    if request.method == "GET":
        draft = _draft_of(enterprise)
        return steps.form_page(steps.filled(CorrectionForm(), draft.values), draft, _pages(enterprise))
    form = CorrectionForm()
    draft, found = steps.read_draft(form, request.form.get("division_code", ""))
    try:
        registrations.check_correction(signed_in_actor(), steps.service_values(draft), steps.licence_of(draft, form))
    except Invalid as refused:
        loose = steps.refuse(form, refused.problems, found)
        return steps.form_page(form, draft, _pages(enterprise), found=found, problems=loose), 422
    return steps.check_page(draft, _pages(enterprise))


@portal.post("/registration/correct/edit")
@roles(Role.ENTERPRISE)
def correct_edit() -> Any:
    draft = _sent_draft()
    form = steps.filled(CorrectionForm(formdata=None), draft.values)
    return steps.form_page(form, draft, _pages(_own()), focus=request.form.get("field", ""))


@portal.post("/registration/correct/send")
@roles(Role.ENTERPRISE)
def correct_send() -> Any:
    """Send the corrected registration under the same code."""
    draft = _sent_draft()

    def work() -> Done:
        registrations.resubmit(signed_in_actor(), steps.service_values(draft), steps.licence_of(draft))
        return Done(url_for("portal.registration"), _("已重新提交，请等待审核。"))

    try:
        return once(work)
    except Invalid as refused:
        form = steps.filled(CorrectionForm(formdata=None), draft.values)
        loose = steps.refuse(form, refused.problems, steps.Found())
        return steps.form_page(form, draft, _pages(_own()), problems=loose), 422


def _own() -> Enterprise:
    actor = signed_in_actor()
    enterprise: Enterprise = scoping.find(actor, Enterprise, actor.enterprise_id)
    return enterprise


def _draft_of(enterprise: Enterprise) -> Draft:
    place = places.of(enterprise.division_code)
    values = {name: str(getattr(enterprise, name) or "") for name in registrations.CORRECTABLE}
    values |= {"type": enterprise.type.value, "division": place.words if place else ""}
    return Draft(values=values, file_name=_licence_name(enterprise))


def _licence_name(enterprise: Enterprise) -> str:
    latest: Registration | None = enterprise.registrations[0] if enterprise.registrations else None
    return str(latest.submitted.get("licence_name", "")) if latest else ""


def _sent_draft() -> Draft:
    draft = drafts.unseal(request.form.get("draft"))
    if draft is None:
        abort(400)
    return draft


def _pages(enterprise: Enterprise) -> Pages:
    return Pages(
        check_url=url_for("portal.correct"),
        edit_url=url_for("portal.correct_edit"),
        send_url=url_for("portal.correct_send"),
        send_words=_("重新提交"),
        heading=_("更正后重新提交"),
        fixed_code=enterprise.uscc,
    )
