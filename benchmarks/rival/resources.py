"""The import of django-import-export: as its documentation shows it, and with everything it offers for speed."""

from __future__ import annotations

from typing import Any

from import_export import fields, resources, widgets
from import_export.instance_loaders import CachedInstanceLoader

from benchmarks.rival.ledger.models import Division, Instrument, Kind

HEADERS = {
    "name": "器具名称",
    "kind": "强检器具种别代码",
    "model": "型号规格",
    "measuring_range": "测量范围",
    "accuracy_class": "准确度等级",
    "serial_number": "出厂编号",
    "sub_number": "机号／枪号／分号",
    "manufacturer": "生产厂家",
    "origin": "器具产地",
    "place_of_use": "使用地点",
    "division": "使用地点行政区划代码",
    "department": "科室／部门",
    "purpose": "器具用途",
    "delivery_mode": "送检方式",
    "management_number": "管理编号",
    "purchased_on": "购置日期",
    "declared_verified_on": "上次检定日期",
    "declared_valid_until": "上次有效期至",
    "declared_certificate_number": "上次证书编号",
    "declared_institution": "上次检定机构",
}
DAYS = ("purchased_on", "declared_verified_on", "declared_valid_until")
EXAMPLE = "示例-0001"


class _ByLabel(widgets.ForeignKeyWidget):
    """The code in front of a name, as the drop-downs of the template offer it."""

    def clean(self, value: Any, row: Any = None, **options: Any) -> Any:
        return super().clean(str(value).split(" ")[0] if value else value, row, **options)


class _Remembering(widgets.CachedForeignKeyWidget):
    """The same, all kinds and divisions read once."""

    def clean(self, value: Any, row: Any = None, **options: Any) -> Any:
        return super().clean(str(value).split(" ")[0] if value else value, row, **options)


def _field(name: str, to: type[widgets.ForeignKeyWidget]) -> fields.Field:
    known: dict[str, Any] = {"kind": to(Kind, "code"), "division": to(Division, "code")}
    known |= {day: widgets.DateWidget("%Y-%m-%d") for day in DAYS}
    return fields.Field(attribute=name, column_name=HEADERS[name], widget=known.get(name, widgets.CharWidget()))


class _Ledger(resources.ModelResource):
    def skip_row(self, instance: Any, original: Any, row: Any, import_validation_errors: Any = None) -> bool:
        return row[HEADERS["serial_number"]] == EXAMPLE or super().skip_row(
            instance, original, row, import_validation_errors
        )


class Documented(_Ledger):
    """As the documentation shows a resource with foreign keys that validates its rows."""

    for _name in HEADERS:
        locals()[_name] = _field(_name, _ByLabel)

    class Meta:
        model = Instrument
        fields = tuple(HEADERS)
        import_id_fields = ("serial_number",)
        clean_model_instances = True
        skip_unchanged = True
        report_skipped = True


class Fast(_Ledger):
    """Every option for speed; rows are still validated, except that each number is looked up in the database."""

    for _name in HEADERS:
        locals()[_name] = _field(_name, _Remembering)

    class Meta:
        model = Instrument
        fields = tuple(HEADERS)
        import_id_fields = ("serial_number",)
        instance_loader_class = CachedInstanceLoader
        use_bulk = True
        batch_size = 1000
        skip_diff = True
        skip_html_diff = True
        skip_unchanged = True
        report_skipped = False
        use_transactions = True

    def validate_instance(self, instance: Any, import_validation_errors: Any = None, **options: Any) -> None:
        instance.clean_fields()
        super().validate_instance(instance, import_validation_errors, **options)


RESOURCES = {"documented": Documented, "fast": Fast}
