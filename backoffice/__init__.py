"""Back office for the mandatory verification of measuring instruments."""

__version__ = "0.1.0"
