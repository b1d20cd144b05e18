"""Tests of the pure matching decision."""
