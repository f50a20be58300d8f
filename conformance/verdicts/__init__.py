"""Verdicts: an answer against its expectation, facet by facet, and the ledger of what is known."""
