"""How pytest-xdist's workers share the items: an adapter's all to one worker.

Imported only where pytest-xdist is installed and in use.
"""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

from conformance.pytest_plugin.items import adapter_of


class AdapterScheduling(LoadScopeScheduling):  # type: ignore[misc]  # pytest-xdist is untyped
    """A framework takes seconds to start, so each is started by one worker only."""

    def _split_scope(self, nodeid: str) -> str:
        """The adapter's name; for items of others the node id itself: each for itself."""
        return adapter_of(nodeid) or nodeid
