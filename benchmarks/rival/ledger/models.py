"""The same ledger: what an enterprise writes of an instrument, its kind and its division."""

from __future__ import annotations

from django.db import models

ORIGINS = ("国产", "进口")
PURPOSES = ("安全防护", "医疗卫生", "环境监测", "贸易结算")
DELIVERY_MODES = ("送检", "现场检定（外检）")


def _choices(labels: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(label, label) for label in labels]


class Kind(models.Model):
    code = models.CharField(max_length=8, primary_key=True)
    name = models.CharField(max_length=100)


class Division(models.Model):
    code = models.CharField(max_length=12, primary_key=True)
    name = models.CharField(max_length=100)


class Instrument(models.Model):
    name = models.CharField(max_length=100)
    kind = models.ForeignKey(Kind, models.PROTECT)
    model = models.CharField(max_length=100)
    measuring_range = models.CharField(max_length=100, blank=True)
    accuracy_class = models.CharField(max_length=50, blank=True)
    serial_number = models.CharField(max_length=64, unique=True)
    sub_number = models.CharField(max_length=64, blank=True)
    manufacturer = models.CharField(max_length=100)
    origin = models.CharField(max_length=40, choices=_choices(ORIGINS))
    place_of_use = models.CharField(max_length=200)
    division = models.ForeignKey(Division, models.PROTECT)
    department = models.CharField(max_length=64, blank=True)
    purpose = models.CharField(max_length=40, choices=_choices(PURPOSES))
    delivery_mode = models.CharField(max_length=40, choices=_choices(DELIVERY_MODES))
    management_number = models.CharField(max_length=64, blank=True)
    purchased_on = models.DateField(null=True, blank=True)
    declared_verified_on = models.DateField(null=True, blank=True)
    declared_valid_until = models.DateField(null=True, blank=True)
    declared_certificate_number = models.CharField(max_length=64, blank=True)
    declared_institution = models.CharField(max_length=100, blank=True)
