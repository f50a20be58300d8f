"""Faults that are put into the reference's definitions, one at a time."""
