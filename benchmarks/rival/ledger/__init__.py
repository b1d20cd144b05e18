"""The ledger of instruments as a Django application."""
