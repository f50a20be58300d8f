"""What the parts of the plugin leave with pytest's configuration for each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conformance.adapters.host.registry import AdapterSpec
    from conformance.pytest_plugin.run import PytestRun
    from conformance.run.touched import Narrowing

run_key: pytest.StashKey[PytestRun] = pytest.StashKey()
"""This pytest's run, there from the first case file on."""
adapters_key: pytest.StashKey[list[AdapterSpec]] = pytest.StashKey()
"""The adapters that were chosen."""
narrowing_key: pytest.StashKey[Narrowing] = pytest.StashKey()
"""The change that ``--touched-by`` names, where it does."""


def marker_of(name: str) -> str:
    """The marker of an adapter or suite: its name, as far as ``-m`` can say it."""
    return "".join(letter if letter.isalnum() else "_" for letter in name)
