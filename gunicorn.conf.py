"""How gunicorn runs the web process; addresses, workers and threads come from its command line."""

from backoffice.slip_documents import prepare_printing
from backoffice.web import request_log

# Before the workers fork: they share the memory of fonts and printing and log one JSON line a request.
request_log.install()
prepare_printing()
