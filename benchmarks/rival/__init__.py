"""A small Django project with django-import-export, to measure against. Runs in an environment of its own."""
