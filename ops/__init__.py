"""Everything behind the Makefile: environment, embedded database, supervisor, test run and drills."""
