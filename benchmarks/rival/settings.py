"""Settings of the Django project: one application, the database that DATABASE_URL names."""

from __future__ import annotations

import os

from psycopg.conninfo import conninfo_to_dict

_FOUND = conninfo_to_dict(os.environ["DATABASE_URL"])

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _FOUND.get("dbname", ""),
        "USER": _FOUND.get("user", ""),
        "PASSWORD": _FOUND.get("password", ""),
        "HOST": _FOUND.get("host", ""),
        "PORT": str(_FOUND.get("port", "")),
    }
}
INSTALLED_APPS = ["import_export", "benchmarks.rival.ledger"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DEBUG = False
USE_TZ = True
USE_I18N = False
