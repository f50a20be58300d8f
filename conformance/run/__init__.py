"""Drives a run: plans the cells, keeps the adapter processes busy, judges and records."""
