"""The three panels: thin, closed and scoped views on Flask-Admin. Rules live in services; see docs/views.md."""
