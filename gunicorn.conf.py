"""How gunicorn runs the web process; addresses, workers and threads come from its command line."""

from typing import Any

from backoffice import collector
from backoffice.slip_documents import prepare_printing
from backoffice.web import request_log, server_page

# Before the workers fork: they share the memory of fonts and printing and log one JSON line a request.
request_log.install()
prepare_printing()
# What gunicorn refuses by itself never reaches the application's error pages.
server_page.speak_chinese()
limit_request_line = server_page.LONGEST_ADDRESS


def post_worker_init(_worker: Any) -> None:
    """The application is loaded and lasts as long as the worker."""
    collector.settle()
