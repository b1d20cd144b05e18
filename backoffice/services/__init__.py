"""Use cases, one file per noun: a click, a scheduled run and a command all arrive here.

Functions take the actor first and plain values after it, flush and never commit, raise `errors.ServiceError`s, and
leave their audit rows and notices in the same transaction. Nothing here knows of requests, forms or schedules.
"""
