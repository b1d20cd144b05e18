"""The form of one instrument: the columns of the import as fields; the rules are the service's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString
from sqlalchemy import exists
from sqlalchemy.orm import aliased
from wtforms import BooleanField, HiddenField, SelectField, StringField
from wtforms.widgets import DateInput

from ...matching.quantities import read_accuracy, read_range
from ...messages.ledger import column_name
from ...models import Division, Enterprise
from ...services import ledger_reference, places
from ...services.ledger_further import DAYS, length_of
from ...services.ledger_values import DECLARED_COLUMNS, OPTIONAL_COLUMNS
from ...states import DeliveryMode, Purpose
from ...workbooks.columns import BY_CODE
from ...workbooks.reference import KindFact
from ..formatting import choices_of
from ..forms import Lookup, PanelForm, ScopedLookupField
from ..lists import clean_text

LONGEST_VERSION = 9

HELP = {
    "kind_code": _l(
        "参照《强检器具目录》：输入代码、名称或平时的叫法，如“1401”“压力表”，再从提示中选择。"
        "标“待确认”的，目录没有写明是否属于强制检定：可以登记，由市场监管部门核对。"
    ),
    "origin": _l("国产或进口，从列表中选择。"),
    "purpose": _l("按器具实际用在哪里选择；用途不同，是否属于强制检定也可能不同。"),
    "delivery_mode": _l("能拆下送去的选送检；固定安装、不便拆卸的选现场检定。"),
    "division_code": _l(
        "填器具使用地的行政区划，要具体到所属区县，可输入代码或名称，如 370303。"
        "高新技术产业开发区 370390，文昌湖区 370391，淄博经济开发区 370392。"
    ),
    "quantity": _l(
        "填“1”：强检器具逐台（件）备案，一台一个编号、一张证书；备案表上有这一栏，所以仍然列出。"
        "多台用“复制新增”或“批量新增”。"
    ),
    "purchased_on": _l("发票或验收单上的日期。新购器具尚未检定的，请先申请首次检定再使用。"),
    "oil_product": _l("加油机填这把枪加的油品，如 92 号汽油、0 号柴油。"),
    "stall_number": _l("集贸市场填摊位号，方便检定人员上门时找到。"),
    "stall_operator": _l("集贸市场填这个摊位的经营者姓名。"),
    "stall_phone": _l("填经营者的手机号，或带区号的座机号。"),
    "season": _l("只在一段时间使用的填写，如“6 月至 9 月收粮”，以便在使用之前安排检定。"),
    "production_code": _l("电子计价秤填铭牌上的生产码；没有的留空。"),
    "repair_code": _l("电子计价秤修理过的，填修理单位给的维修码。"),
    "verification_code": _l("电子计价秤填检定标志上的检定码。"),
    "seal_number": _l("填封印（铅封）上的编号；封印破损的请不要使用，并申请修理后检定。"),
    "declared_verified_on": _l("按上一张检定证书填写。登记前检定过的填写，没有检定过的留空。"),
    "declared_valid_until": _l("按上一张检定证书填写，到期提醒和到期列表按它计算。"),
    "declared_certificate_number": _l("按上一张检定证书逐字填写。今后的检定证书编号由检定技术机构填写。"),
    "declared_institution": _l("出具上一张检定证书的技术机构全称。"),
}
"""Advice of the guide in the words of a form; other fields say what the template says."""


LABELS = {
    "kind_code": _l("种别"),
    "division_code": _l("使用地点行政区划"),
    "seal_number": _l("封印（铅封）号"),
    "stall_phone": _l("经营者电话"),
    "declared_verified_on": _l("上次检定日期"),
    "declared_valid_until": _l("上次有效期至"),
    "declared_certificate_number": _l("上次证书编号"),
    "declared_institution": _l("上次检定机构"),
}
"""Where a form is not asking for a code."""


class Asked:
    """Marks a field as required on the page; the service is who refuses an empty one."""

    field_flags = {"required": True}

    def __call__(self, form: Any, field: Any) -> None:
        """Nothing to check here."""


def _facts(code: str) -> dict[str, Any]:
    column = BY_CODE[code]
    return {
        "label": LABELS.get(code) or _l(column.name),
        "description": HELP.get(code) or _l(column.help),
        "validators": [Asked()] if column.required else [],
    }


def _text(code: str) -> StringField:
    render = {"maxlength": str(BY_CODE[code].max_length)}
    return StringField(filters=[_clean], render_kw=render, **_facts(code))


def _further(code: str) -> StringField:
    """An optional or declared column; the service reads days, so that a wrong one is said like any other mistake."""
    facts = {
        "label": LABELS.get(code) or _named(code),
        "description": HELP[code],
        "filters": [_clean],
    }
    if code in DAYS:
        return DayField(**facts)
    return StringField(render_kw={"maxlength": str(length_of(code))}, **facts)


def _named(code: str) -> Any:
    return LazyString(column_name, code)


class DayField(StringField):
    """A day, as the browser's own control sends it."""

    widget = DateInput()

    def process_data(self, value: Any) -> None:
        self.data = value.isoformat() if value is not None else ""


def _clean(value: Any) -> Any:
    return clean_text(value, limit=None) if isinstance(value, str) else value


def _choice(code: str, choices: Any) -> SelectField:
    return SelectField(choices=choices, coerce=_code, validate_choice=False, **_facts(code))


def _code(value: Any) -> str:
    return "" if value is None else str(getattr(value, "value", value))


@dataclass(frozen=True, slots=True)
class Offer:
    """A line of a browser's list of suggestions: what is written into the field, and the words it is found by."""

    value: str
    words: str


def kinds_offered() -> list[Offer]:
    """Every kind in force, by code, name and 平时的叫法; what may not be entered says so instead of being absent."""
    return [Offer(kind.label, _kind_words(kind)) for kind in ledger_reference.kinds() if not kind.retired]


def _kind_words(kind: KindFact) -> str:
    note = _("（待确认）") if kind.is_to_be_confirmed else "" if kind.may_be_in_ledger else _("（不属于强制检定）")
    called = _("，又叫：%(aliases)s", aliases="、".join(kind.aliases)) if kind.aliases else ""
    return f"{kind.name}{note}{called}"


class KindField(StringField):
    """Typed with suggestions, as code, name or 平时的叫法; the service gets what was typed and knows what is meant."""

    typed: str | None = None

    @property
    def offers(self) -> list[Offer]:
        return kinds_offered()

    def process_formdata(self, valuelist: list[str]) -> None:
        self.typed = self.data = clean_text(valuelist[0]) if valuelist else ""

    def _value(self) -> str:
        if self.typed is not None:
            return self.typed
        labels = {kind.code: kind.label for kind in ledger_reference.kinds()}
        return labels.get(str(self.data or ""), "")


def origins() -> list[tuple[str, str]]:
    return [("", _("请选择")), *ledger_reference.origins().items()]


def purposes() -> list[tuple[str, str]]:
    return [("", _("请选择")), *choices_of(Purpose)]


def modes() -> list[tuple[str, str]]:
    return [("", _("请选择")), *choices_of(DeliveryMode)]


def places_of_use(query: Any) -> Any:
    """Divisions an instrument may be used in: in force and without active children."""
    child = aliased(Division)
    has_children = exists().where(child.parent_code == Division.code, child.is_retired.is_(False))
    return query.where(Division.is_retired.is_(False), ~has_children)


class DivisionField(ScopedLookupField):
    """Typed by code or name, with suggestions; a short name that means one place is that place's code, as 张店.

    The service gets everything else as it was typed and says what is wrong with it.
    """

    def process_formdata(self, valuelist: list[str]) -> None:
        self.typed = self.data = clean_text(valuelist[0]) if valuelist else ""
        place = places.find(self.typed).place if self.typed else None
        if place is not None and (self.typed == place.code or place.name in self.typed or self.typed.isalpha()):
            self.data = place.code


class InstrumentForm(PanelForm):
    """One instrument."""

    name = _text("name")
    kind_code = KindField(render_kw={"autocomplete": "off", "maxlength": "80"}, **_facts("kind_code"))
    model = _text("model")
    measuring_range = _text("measuring_range")
    accuracy_class = _text("accuracy_class")
    serial_number = _text("serial_number")
    sub_number = _text("sub_number")
    manufacturer = _text("manufacturer")
    origin = _choice("origin", origins)
    management_number = _text("management_number")
    quantity = StringField(default="1", render_kw={"inputmode": "numeric"}, **_facts("quantity"))
    is_standard = BooleanField(
        _l("作计量标准使用"),
        description=_l(
            "作本单位最高计量标准或检定、校准用标准器的请勾选：它不进工作计量器具台账（勾选后不会保存），"
            "请另按计量标准器具申请检定。"
        ),
    )
    place_of_use = _text("place_of_use")
    division_code = DivisionField(
        target=Division,
        allow_blank=True,
        narrow=places_of_use,
        lookup=Lookup(by="code", search=("code", "name")),
        **_facts("division_code"),
    )
    department = _text("department")
    purpose = _choice("purpose", purposes)
    delivery_mode = _choice("delivery_mode", modes)
    purchased_on = _further("purchased_on")
    oil_product = _further("oil_product")
    stall_number = _further("stall_number")
    stall_operator = _further("stall_operator")
    stall_phone = _further("stall_phone")
    season = _further("season")
    production_code = _further("production_code")
    repair_code = _further("repair_code")
    verification_code = _further("verification_code")
    seal_number = _further("seal_number")
    declared_verified_on = _further("declared_verified_on")
    declared_valid_until = _further("declared_valid_until")
    declared_certificate_number = _further("declared_certificate_number")
    declared_institution = _further("declared_institution")
    version = HiddenField()


FIELDS = tuple(name for name in vars(InstrumentForm) if not name.startswith("_") and name != "Meta")

SECTIONS = (
    (
        _l("器具"),
        (
            "name",
            "kind_code",
            "model",
            "measuring_range",
            "accuracy_class",
            "manufacturer",
            "origin",
        ),
    ),
    (_l("编号"), ("serial_number", "sub_number", "management_number", "quantity")),
    (
        _l("使用与送检"),
        ("place_of_use", "division_code", "department", "purpose", "delivery_mode", "is_standard", "version"),
    ),
)


DECLARED_SECTION = (_l("上次检定（企业自报，未核实）"), DECLARED_COLUMNS)
MORE_SECTION = (_l("更多（选填）"), OPTIONAL_COLUMNS)

FOLDED_SECTIONS = (DECLARED_SECTION, MORE_SECTION)
"""Asked for below, folded away until somebody needs them; see `folded_sections`."""

NEVER_COPIED = (
    "serial_number",
    "sub_number",
    "management_number",
    "production_code",
    "repair_code",
    "verification_code",
    "seal_number",
    *DECLARED_COLUMNS,
    "version",
)
"""They belong to one instrument: 复制新增 leaves them empty."""


def begin_at(form: InstrumentForm, enterprise: Enterprise | None) -> None:
    """A new instrument is used where its enterprise is, unless somebody writes otherwise."""
    if enterprise is not None and not form.place_of_use.data and not form.division_code.data:
        form.place_of_use.data, form.division_code.data = enterprise.address, enterprise.division_code


def folded_sections(form: Any, *, is_verified: bool = False) -> list[dict[str, Any]]:
    """The folded sections as shown: open where something stands in them; nothing is declared beside a result."""
    return [
        {
            "title": title,
            "names": names,
            "is_open": any(form[name].data or form[name].errors for name in names),
        }
        for title, names in FOLDED_SECTIONS
        if not (is_verified and names is DECLARED_COLUMNS)
    ]


def say_what_was_read(form: Any) -> None:
    """Beside range and class: how the text was read, for what matching compares."""
    if text := form.measuring_range.data:
        form.measuring_range.description = f"{form.measuring_range.description}{_('现在读作：')}{range_words(text)}。"
    if text := form.accuracy_class.data:
        read = read_accuracy(text) or _("未读出，匹配时不比较")
        form.accuracy_class.description = f"{form.accuracy_class.description}{_('现在读作：')}{read}。"


def range_words(text: str) -> str:
    """What was read out of a measuring range, in words."""
    quantity = read_range(text)
    if quantity is None:
        return _("未读出，匹配时不比较")
    if quantity.low is None:
        return _("不超过 %(high)s %(unit)s", high=quantity.high, unit=quantity.unit)
    if quantity.high is None:
        return _("不低于 %(low)s %(unit)s", low=quantity.low, unit=quantity.unit)
    return f"{quantity.low}～{quantity.high} {quantity.unit}"


def version_of(sent: object) -> int | None:
    """The version of the row somebody began to change; `None` for what a program sends instead."""
    text = str(sent or "")
    return int(text) if len(text) <= LONGEST_VERSION and text.isascii() and text.isdecimal() else None
