"""Chores around the ledger: checking it, proposing entries, taking out what no longer holds.

All of them hold the ledger against recorded verdicts, long after the run and without a framework.
"""
