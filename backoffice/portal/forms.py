"""Forms of the portal: the typed values and their words. What is right or wrong is decided by the services."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import Form, PasswordField, SelectField, StringField
from wtforms.validators import InputRequired

from .. import messages
from ..errors import FieldProblem
from ..messages.labels import label
from ..services.stored_files import LARGEST_LICENCE, Upload
from ..states import EnterpriseType

NEEDED = _l("请填写此项。")
FIELDS_OF = {"parent_uscc": "uscc", "division_code": "division"}
"""Where a problem of a service's value is shown, if the form's field has another name."""


def _text(words: Any, help_: Any = "", *, required: bool = True, **attributes: str) -> StringField:
    return StringField(
        words, [InputRequired(NEEDED)] if required else [], description=help_, render_kw=attributes or None
    )


def _types() -> list[tuple[str, str]]:
    return [("", str(_l("请选择"))), *((each.value, label(each)) for each in EnterpriseType)]


class RegistrationForm(FlaskForm):
    """A new registration: who, where, whom to ask, the licence, a password."""

    type = SelectField(
        _l("单位类型"),
        [InputRequired(_l("请选择单位类型。"))],
        choices=_types,
        validate_choice=False,
        description=_l("与营业执照或登记证书一致。同一代码下另设的分厂、分店选“非法人企业”。"),
    )
    uscc = _text(
        _l("统一社会信用代码"),
        _l(
            "营业执照上的 18 位代码，一个代码只能注册一个账号。"
            "非法人企业填所属法人企业的代码，本单位的代码由系统自动生成。"
        ),
        autocomplete="off",
        autocapitalize="characters",
        spellcheck="false",
        maxlength="40",
    )
    name = _text(
        _l("单位名称"), _l("与营业执照或登记证书上的名称一字不差。"), autocomplete="organization", maxlength="100"
    )
    division = _text(
        _l("所在区县"),
        _l("写区县名称即可，如“张店区”，从提示中点选；也可以填 6 位行政区划代码。"),
        autocomplete="off",
        maxlength="60",
    )
    address = _text(
        _l("详细地址"), _l("街道、门牌号，如“柳泉路 88 号”。"), autocomplete="street-address", maxlength="200"
    )
    principal = _text(_l("法定代表人 / 负责人 / 经营者"), _l("营业执照上的姓名。"), maxlength="50")
    contact = _text(_l("联系人"), _l("经办这项工作的人，审核有疑问时联系。"), autocomplete="name", maxlength="50")
    mobile = _text(_l("手机号码"), autocomplete="tel", inputmode="tel", maxlength="20")
    email = _text(_l("电子邮箱"), required=False, autocomplete="email", inputmode="email", maxlength="100")
    licence = FileField(
        _l("营业执照或登记证书"),
        [InputRequired(NEEDED)],
        description=_l("拍照、扫描件或 PDF 都可以，文字要清楚；照片太大时自动缩小，PDF 不超过 5 MB。"),
        render_kw={"accept": "image/jpeg,image/png,image/webp,application/pdf"},
    )
    password = PasswordField(
        _l("设置密码"),
        [InputRequired(NEEDED)],
        description=_l("至少 8 位，含大写字母、小写字母、数字、符号中的三种；不要用代码、手机号或常见词。"),
        render_kw={"autocomplete": "new-password"},
    )
    password_again = PasswordField(
        _l("再输入一次密码"), [InputRequired(NEEDED)], render_kw={"autocomplete": "new-password"}
    )


class CorrectionForm(RegistrationForm):
    """What may be corrected after a refusal: everything but the code and the password."""

    uscc = None
    password = None
    password_again = None


class SignInForm(FlaskForm):
    username = StringField(
        _l("账号"),
        [InputRequired(NEEDED)],
        description=_l("企业的账号是统一社会信用代码（非法人企业为 20 位）。"),
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )
    password = PasswordField(_l("密码"), [InputRequired(NEEDED)], render_kw={"autocomplete": "current-password"})


class PasswordForm(FlaskForm):
    current = PasswordField(_l("现在的密码"), [InputRequired(NEEDED)], render_kw={"autocomplete": "current-password"})
    new = PasswordField(
        _l("新密码"),
        [InputRequired(NEEDED)],
        description=_l("至少 8 位，含大写字母、小写字母、数字、符号中的三种；不能与最近 5 次用过的相同。"),
        render_kw={"autocomplete": "new-password"},
    )
    again = PasswordField(_l("再输入一次新密码"), [InputRequired(NEEDED)], render_kw={"autocomplete": "new-password"})


def place(form: Form, problems: Mapping[str, FieldProblem]) -> list[str]:
    """Put a service's problems beside their fields; returns the sentences that belong to no field of this form."""
    loose = []
    fields = {field.name: field for field in form}
    for name, problem in problems.items():
        words = messages.sentence(problem.code, problem.facts)
        field = fields.get(FIELDS_OF.get(name, name))
        if field is None:
            loose.append(words)
        elif words not in field.errors:
            field.errors = [*field.errors, words]
    return loose


def uploaded(form: Form) -> Upload | None:
    """The file of the licence field, read no further than is needed to see that it is too large."""
    file = form["licence"].data
    if not getattr(file, "filename", ""):
        return None
    file.stream.seek(0)
    return Upload(file.filename, file.stream.read(LARGEST_LICENCE + 1))
