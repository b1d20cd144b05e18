"""Workbooks of the ledger: the template people fill in, the files they send back, and the rules of a row.

Belongs here: the declaration of the columns, writing and reading workbooks, the checks of one row as a pure function of
the row and the reference data. Does not belong here: the database, requests, sessions; who may import, what a row
becomes in the ledger.
"""
