"""How gunicorn runs the web process; addresses, workers and threads come from its command line."""

from backoffice.slip_documents import register_slip_fonts
from backoffice.web import request_log

# Before the workers fork: they share the fonts' memory and log one JSON line a request.
request_log.install()
register_slip_fonts()
