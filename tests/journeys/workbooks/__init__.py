"""The workbook of 600 rows with 40 mistakes, what its ledger is to be in the end, and the programs that made them."""
