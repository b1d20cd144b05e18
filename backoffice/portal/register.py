"""注册: fill in, 核对, send, and the page that says by when it is answered."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import abort, render_template, request, url_for
from flask_babel import gettext as _

from ..database import db
from ..errors import Conflict, FieldProblem, Invalid
from ..models import Registration
from ..services import areas, passwords, registration_fields, registrations, uscc
from ..web.access import public
from ..web.form_keys import Done, once
from . import drafts, steps
from .blueprint import portal
from .drafts import Draft
from .forms import RegistrationForm
from .steps import Pages


def _pages() -> Pages:
    return Pages(
        check_url=url_for("portal.register"),
        edit_url=url_for("portal.register_edit"),
        send_url=url_for("portal.register_send"),
        send_words=_("提交注册"),
        heading=_("企业注册"),
    )


@portal.route("/register", methods=("GET", "POST"))
@public
def register() -> Any:
    """The form; a POST checks all of it and shows 核对."""
    form = RegistrationForm()
    if request.method == "GET":
        return steps.form_page(form, Draft(), _pages())
    draft, found = steps.read_draft(form, request.form.get("division_code", ""))
    draft = _without_stale_password(draft, form)
    problems = _problems(form, draft)
    if not problems.keys() & {"password", "password_again"} and form.password.data:
        draft = replace(
            draft, password_hash=passwords.hashed(form.password.data), password_for=uscc.fold(draft.values["uscc"])
        )
    if problems:
        loose = steps.refuse(form, problems, found)
        return steps.form_page(form, draft, _pages(), found=found, problems=loose), 422
    return steps.check_page(draft, _pages())


@portal.post("/register/edit")
@public
def register_edit() -> Any:
    """修改: back to the form with everything still there."""
    draft = _sent_draft()
    form = steps.filled(RegistrationForm(formdata=None), draft.values)
    return steps.form_page(form, draft, _pages(), focus=request.form.get("field", ""))


@portal.post("/register/send")
@public
def register_send() -> Any:
    """Register what was checked."""
    draft = _sent_draft()

    def work() -> Done:
        enterprise = registrations.register(
            steps.service_values(draft),
            steps.licence_of(draft),
            password_hash=draft.password_hash,
            address=request.remote_addr,
        )
        return Done(url_for("portal.registered", receipt=drafts.receipt(enterprise.registrations[0].id)))

    try:
        return once(work)
    except Invalid as refused:
        return _again(draft, refused.problems), 422
    except Conflict as refused:
        if refused.code != "branch_codes_used_up":
            raise
        return _again(draft, {"uscc": FieldProblem(refused.code, refused.facts)}), 409


@portal.get("/registered/<receipt>")
@public
def registered(receipt: str) -> Any:
    """What was sent, by which working day it is answered, and the account to sign in with."""
    registration = db.session.get(Registration, drafts.registration_of(receipt) or 0)
    if registration is None:
        abort(404)
    return render_template(
        "portal/registered.html",
        registration=registration,
        enterprise=registration.enterprise,
        last_day=areas.last_day(registration.due_at),
        office=areas.regulator_office(registration.reviewer_division_code),
    )


def _sent_draft() -> Draft:
    draft = drafts.unseal(request.form.get("draft"))
    if draft is None:
        abort(400)
    return draft


def _without_stale_password(draft: Draft, form: RegistrationForm) -> Draft:
    """A kept password counts as long as no other is typed and the code it was checked against is the same."""
    if form.password.data or form.password_again.data or draft.password_for != uscc.fold(draft.values["uscc"]):
        return replace(draft, password_hash="", password_for="")
    return draft


def _problems(form: RegistrationForm, draft: Draft) -> dict[str, FieldProblem]:
    """Everything wrong with what was typed, from the service that will be asked to register it."""
    values = steps.service_values(draft) | {"password": form.password.data or ""}
    problems: dict[str, FieldProblem] = {}
    try:
        registration_fields.check(values, steps.licence_of(draft, form), password_hash=draft.password_hash)
    except Invalid as refused:
        problems = dict(refused.problems)
    if "password" not in problems and form.password.data != form.password_again.data:
        problems["password_again"] = FieldProblem("passwords_differ")
    return problems


def _again(draft: Draft, problems: dict[str, FieldProblem]) -> str:
    """The form once more: between 核对 and sending something changed."""
    form = steps.filled(RegistrationForm(formdata=None), draft.values)
    loose = steps.refuse(form, problems, steps.Found())
    return steps.form_page(form, draft, _pages(), problems=loose)
