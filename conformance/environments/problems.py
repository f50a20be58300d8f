"""What can go wrong with an environment, told so that the reader knows what to do."""

from __future__ import annotations


class PreparationError(Exception):
    """An environment cannot be made. The text says why, and what helps."""


class BlockedError(PreparationError):
    """The index did not answer, or the disk is full: any other release would fail just the same."""
