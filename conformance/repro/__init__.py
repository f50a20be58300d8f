"""Standalone scripts that show one cell of a run, without this suite (docs/report.md)."""
