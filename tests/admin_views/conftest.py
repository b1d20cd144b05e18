"""The sample application and its people serve the base views' tests too."""

from tests.web.conftest import browser_of, clerk, regulator, sample_app, sample_application, stranger

__all__ = ["browser_of", "clerk", "regulator", "sample_app", "sample_application", "stranger"]
