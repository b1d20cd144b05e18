"""Reference data as files, and demo data made through the services."""
