"""Environments made on the fly: an adapter with other versions of its framework.

:mod:`~conformance.adapters.host.variant` reads what is asked for (``keras==3.14.1``,
``python=/path/to/venv``), :mod:`~conformance.environments.preparing` makes it and points the
adapter at it, :mod:`~conformance.environments.releases` knows which releases there are. The package
index is asked through uv alone (:mod:`~conformance.environments.uv`).
"""

from __future__ import annotations

from conformance.adapters.host.variant import Variant, VariantError
from conformance.environments.problems import BlockedError, PreparationError

__all__ = ["BlockedError", "PreparationError", "Variant", "VariantError"]
