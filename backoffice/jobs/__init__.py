"""Background work: a schedule as one table, a runner, and one file per family of jobs, each calling a service.

Work is rows, not messages: ticks claim rows in the transaction that does them, so nothing is lost by a kill.
"""
