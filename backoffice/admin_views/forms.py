"""Forms of the panels: native controls, cleaned text, and relations whose choices and targets stay in scope."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from flask_admin.contrib.sqla.form import AdminModelConverter
from flask_admin.form import BaseForm
from flask_admin.model.form import converts
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Column, Integer, or_
from sqlalchemy.orm import Mapper, RelationshipProperty
from wtforms import (
    BooleanField,
    DateField,
    DateTimeLocalField,
    DecimalField,
    Field,
    Form,
    IntegerField,
    SelectField,
    SelectFieldBase,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget, Select, TextInput

from .. import messages, scoping
from ..database import db
from ..errors import Invalid
from ..web.current import signed_in_actor
from .keys import coerce_key, greatest_whole_number, key_attribute, key_of
from .lists import clean_text

MAX_CHOICES = 500
MAX_LOOKUPS = 20
MAX_WORDS = 6
MAX_NAMED = 5
MAX_ECHO = 40
MAX_TEXT = 5000
REQUIRED = _l("请填写此项。")
FIELD_KWARGS = ("label", "description", "validators", "filters", "default", "render_kw")


@dataclass(frozen=True, slots=True)
class Lookup:
    """A relation chosen by typing: `by` is the column people type (a code), `search` the columns looked through."""

    by: str
    search: tuple[str, ...]


class PanelForm(BaseForm):
    """Base of all model forms; the app-wide CSRF protection covers it, so it carries no token of its own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self:
            _say_plainly(field.validators)


class ScopedSelectField(SelectFieldBase):
    """One row of another table, its key as data. Offered and accepted only within the actor's scope."""

    widget = Select()

    def __init__(self, *, target: type[Any], allow_blank: bool, narrow: Callable[[Any], Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.target, self.allow_blank, self.narrow = target, allow_blank, narrow

    def scope(self) -> Any:
        return scoping.visible(signed_in_actor(), self.target)

    def rows(self) -> Iterable[Any]:
        query = self.narrow(self.scope())
        if not query._order_by_clauses:
            query = query.order_by(key_attribute(self.target))
        return db.session.scalars(query.limit(MAX_CHOICES)).unique()

    def find(self, key: object) -> Any | None:
        """The row with this key if it is in scope and among those the view offers (or was chosen before)."""
        column = key_attribute(self.target)
        value = coerce_key(column, key)
        if value is None:
            return None
        query = self.scope() if value == self.object_data else self.narrow(self.scope())
        return db.session.scalars(query.order_by(None).where(column == value)).unique().one_or_none()

    def iter_choices(self) -> Iterable[tuple[Any, Any, bool, dict[str, Any]]]:
        if self.allow_blank:
            yield "", _("请选择"), self.data is None, {}
        offered = list(self.rows())
        keys = {key_of(row) for row in offered}
        if self.data is not None and self.data not in keys and (chosen := self.find(self.data)) is not None:
            offered.insert(0, chosen)
        for row in offered:
            yield key_of(row), str(row), key_of(row) == self.data, {}

    def has_groups(self) -> bool:
        return False

    def process_formdata(self, valuelist: list[str]) -> None:
        raw = valuelist[0].strip() if valuelist else ""
        self.data = None
        if not raw:
            return
        row = self.find(raw)
        if row is None:
            raise ValueError(_("所选内容不在可选范围内，请重新选择。"))
        self.data = key_of(row)

    def pre_validate(self, form: Form) -> None:
        """The target was looked up within scope when the form was read; nothing to compare again."""


class ScopedLookupField(ScopedSelectField):
    """The same for long tables: a text input with suggestions; people type code or name, or pick "code name"."""

    widget = TextInput()

    def __init__(self, *, lookup: Lookup, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.lookup = lookup
        self.typed: str | None = None

    def find(self, key: object) -> Any | None:
        words = clean_text(str(key)).split()
        column = getattr(self.target, self.lookup.by)
        typed = coerce_key(column, words[0].upper()) if words else None
        if typed is None:
            return None
        query = self.narrow(self.scope()).order_by(None).where(column == typed)
        return db.session.scalars(query.limit(1)).unique().first()

    def suggest(self, words: str) -> list[str]:
        """At most `MAX_LOOKUPS` rows in scope that contain every word, as "code name"."""
        return [self.words(row) for row in self.matches(words)]

    def matches(self, words: str) -> list[Any]:
        query = self.narrow(self.scope())
        for word in clean_text(words).split()[:MAX_WORDS]:
            columns = (getattr(self.target, name) for name in self.lookup.search)
            query = query.where(or_(*(column.icontains(word, autoescape=True) for column in columns)))
        rows = db.session.scalars(query.order_by(getattr(self.target, self.lookup.by)).limit(MAX_LOOKUPS)).unique()
        return list(rows)

    def find_named(self, words: str) -> Any:
        """The one row meant by typed words of its name; raises with what else they may mean."""
        found = self.matches(words)
        exact = [row for row in found if getattr(row, "name", "") == words]
        if len(found) == 1 or len(exact) == 1:
            return (exact or found)[0]
        if not found:
            raise ValueError(_("“%(words)s”不在可选范围内，请输入代码或名称，再从提示中选择。", words=words[:MAX_ECHO]))
        named = "；".join(self.words(row) for row in found[:MAX_NAMED])
        raise ValueError(
            _("符合“%(words)s”的不止一个，请写全或写代码：%(named)s。", words=words[:MAX_ECHO], named=named)
        )

    def words(self, row: Any) -> str:
        return f"{getattr(row, self.lookup.by)} {getattr(row, 'name', row)}"

    def process_formdata(self, valuelist: list[str]) -> None:
        self.typed = valuelist[0] if valuelist else ""
        self.data = None
        words = clean_text(self.typed)
        if words:
            self.data = key_of(self.find(words) or self.find_named(words))

    def _value(self) -> str:
        if self.typed is not None:
            return self.typed
        row = db.session.get(self.target, self.data) if self.data is not None else None
        return self.words(row) if row is not None else ""


class ScopedChecklistField(ScopedSelectField):
    """Several rows of another table as check boxes; data is the list of their keys."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def process_data(self, value: Any) -> None:
        self.data = [key_of(row) if hasattr(row, "_sa_instance_state") else row for row in value or ()]

    def iter_choices(self) -> Iterable[tuple[Any, Any, bool, dict[str, Any]]]:
        for row in self.rows():
            yield key_of(row), str(row), key_of(row) in (self.data or ()), {}

    def process_formdata(self, valuelist: list[str]) -> None:
        if len(valuelist) > MAX_CHOICES:
            raise ValueError(_("选择的项目太多，请分次提交。"))
        found = [self.find(raw) for raw in valuelist]
        if any(row is None for row in found):
            raise ValueError(_("所选内容不在可选范围内，请重新选择。"))
        self.data = [key_of(row) for row in found]


class ScopedConverter(AdminModelConverter):
    """Upstream's converter with native controls, and relations only as scoped fields."""

    def convert(self, model: Any, mapper: Any, name: str, prop: Any, field_args: Any, hidden_pk: bool) -> Any:
        if isinstance(prop, RelationshipProperty):
            return self._checklist(name, prop, dict(field_args or {}))
        column = prop.columns[0] if hasattr(prop, "columns") else None
        overridden = self._get_field_override(name) is not None
        choices = (self.view.form_choices or {}).get(name)
        if choices is not None and column is not None:
            return self._codes(name, column, choices, dict(field_args or {}))
        if isinstance(column, Column) and column.foreign_keys and not overridden:
            return self._reference(name, mapper, column, dict(field_args or {}))
        return _plainly_required(super().convert(model, mapper, name, prop, field_args, hidden_pk))

    def _reference(self, name: str, mapper: Mapper[Any], column: Column[Any], args: dict[str, Any]) -> Any:
        kwargs = self._common(name, args)
        kwargs["validators"].append(Optional() if column.nullable else InputRequired(REQUIRED))
        kwargs.update(target=_target_of(mapper, column), allow_blank=True, narrow=self._narrower(name))
        lookup = self.view.form_lookups.get(name)
        return ScopedLookupField(lookup=lookup, **kwargs) if lookup else ScopedSelectField(**kwargs)

    def _checklist(self, name: str, prop: RelationshipProperty[Any], args: dict[str, Any]) -> Any:
        if not prop.uselist:
            raise TypeError(f"name the foreign key column instead of {name}")
        kwargs = self._common(name, args)
        kwargs.update(target=prop.mapper.class_, allow_blank=True, narrow=self._narrower(name))
        return ScopedChecklistField(**kwargs)

    def _codes(self, name: str, column: Column[Any], choices: Any, args: dict[str, Any]) -> Any:
        kwargs = self._common(name, args)
        if not column.nullable:
            kwargs["validators"].append(InputRequired(REQUIRED))
        return CodeField(choices=choices, **kwargs)

    def _common(self, name: str, args: dict[str, Any]) -> dict[str, Any]:
        kwargs = {key: value for key, value in args.items() if key in FIELD_KWARGS}
        kwargs["validators"] = list(kwargs.get("validators", ()))
        kwargs["label"] = self._get_label(name, kwargs)
        kwargs["description"] = self._get_description(name, kwargs) or ""
        return kwargs

    def _narrower(self, name: str) -> Callable[[Any], Any]:
        return lambda query: self.view.choices_for(name, query)

    @converts("String")
    def conv_String(self, column: Any, field_args: dict[str, Any], **extra: Any) -> Field:  # noqa: N802
        _text(column, field_args)
        return StringField(**field_args)

    @converts("Text", "LargeBinary", "Binary", "CIText")
    def conv_Text(self, field_args: dict[str, Any], column: Any = None, **extra: Any) -> Field:  # noqa: N802
        _text(column, field_args)
        return TextAreaField(**field_args)

    @converts("Boolean", "sqlalchemy.dialects.mssql.base.BIT")
    def conv_Boolean(self, field_args: dict[str, Any], **extra: Any) -> Field:  # noqa: N802
        return BooleanField(**field_args)

    @converts("Date")
    def convert_date(self, field_args: dict[str, Any], **extra: Any) -> Field:
        return DateField(**field_args)

    @converts("DateTime")
    def convert_datetime(self, field_args: dict[str, Any], **extra: Any) -> Field:
        return DateTimeLocalField(**field_args)

    @converts("Time")
    def convert_time(self, field_args: dict[str, Any], **extra: Any) -> Field:
        return TimeField(**field_args)

    @converts("Integer")
    def handle_integer_types(self, column: Any, field_args: dict[str, Any], **extra: Any) -> Field:
        kind = column.type if isinstance(column.type, Integer) else Integer()
        greatest = greatest_whole_number(kind)
        field_args["validators"].append(NumberRange(min=-greatest, max=greatest))
        return IntegerField(**field_args)

    @converts("Numeric")
    def handle_decimal_types(self, column: Any, field_args: dict[str, Any], **extra: Any) -> Field:
        field_args["validators"].append(NumberRange(min=-(10**12), max=10**12))
        return DecimalField(**field_args)

    @converts("sqlalchemy.sql.sqltypes.Enum")
    def convert_enum(self, column: Any, field_args: dict[str, Any], **extra: Any) -> Field:
        raise TypeError(f"list the choices of {column.key} in form_choices: codes are not shown to people")


class CodeField(SelectField):
    """A native drop-down over codes. The first, empty choice is kept so that nothing is chosen by accident."""

    data: Any

    def __init__(self, label: Any = None, validators: Any = None, *, choices: Any, **kwargs: Any) -> None:
        required = [each for each in validators or () if not isinstance(each, Optional)]
        super().__init__(label, required, coerce=_code, choices=lambda: _with_blank(choices), **kwargs)

    def process_formdata(self, valuelist: list[str]) -> None:
        super().process_formdata(valuelist[:1])
        self.data = self.data or None

    def pre_validate(self, form: Form) -> None:
        if self.data is not None:
            super().pre_validate(form)


def _with_blank(choices: Any) -> list[tuple[str, Any]]:
    offered = choices() if callable(choices) else choices
    return [("", _("请选择")), *((_code(value), label) for value, label in offered)]


def _code(value: Any) -> str:
    return "" if value is None else str(getattr(value, "value", value))


def place_problems(form: Form, refused: Invalid) -> list[str]:
    """Put a service's messages beside their fields; returns those that belong to no field of this form."""
    loose = []
    for name, problem in refused.problems.items():
        sentence = messages.sentence(problem.code, problem.facts)
        if name in form:
            form[name].errors = [*form[name].errors, sentence]
        else:
            loose.append(sentence)
    return loose


def values_of(form: Form, names: Iterable[str]) -> dict[str, Any]:
    """The typed values of exactly these fields."""
    return {name: form[name].data for name in names}


def _text(column: Any, field_args: dict[str, Any]) -> None:
    length = getattr(getattr(column, "type", None), "length", None) or MAX_TEXT
    field_args["validators"].append(Length(max=length))
    multiline = getattr(getattr(column, "type", None), "length", None) is None
    field_args.setdefault("filters", [])
    field_args["filters"] = [*field_args["filters"], _clean_lines if multiline else _clean]
    if column is not None and column.nullable:
        field_args["filters"].append(lambda text: text or None)


def _clean(text: Any) -> Any:
    return clean_text(text, limit=None) if isinstance(text, str) else text


def _clean_lines(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    return "\n".join(clean_text(line, limit=None) for line in text.splitlines()).strip()


def _plainly_required(field: Any) -> Any:
    """Our words for a missing value where upstream added the rule itself."""
    _say_plainly(getattr(field, "kwargs", {}).get("validators", ()))
    return field


def _say_plainly(validators: Iterable[Any]) -> None:
    for rule in validators:
        if isinstance(rule, InputRequired) and rule.message is None:
            rule.message = REQUIRED


def _target_of(mapper: Mapper[Any], column: Column[Any]) -> type[Any]:
    """The model a foreign key column points at."""
    table = next(iter(column.foreign_keys)).column.table
    for each in mapper.registry.mappers:
        if each.local_table is table:
            found: type[Any] = each.class_
            return found
    raise TypeError(f"no model for {table.name}")
