"""Functions among the layers of a model: a row, called on what other nodes answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.adapters.native.functions import bound
from conformance.adapters.native.running import Calling, told
from conformance.adapters.shared.functions import answered
from conformance.adapters.worker.failure import Unsupported

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.adapters.native.running import Array, Library
    from conformance.adapters.native.spy import Call, Spy


class FunctionNode:
    """A function of a model, bound to its row.

    Args:
        library: The framework.
        node: A ``Node`` of ``conformance/cases/model.py`` as a plain dict.
    """

    def __init__(self, library: Library, node: Mapping[str, Any]) -> None:
        """Bind it.

        Raises:
            Unsupported: It, or an argument, has no native counterpart.
        """
        self._library = library
        self._node = node
        self.name: str = node["name"]
        self.operation = bound(library.table, node)
        self._casts: list[Call] = []

    def __call__(self, values: Mapping[str, Sequence[Array]]) -> list[Array]:
        """Its answers.

        Args:
            values: What every input and every earlier node has answered.

        Raises:
            Unsupported: The framework has no such operation for these dtypes.
        """
        try:
            return answered(self._node, values, self._called)
        except Unsupported:
            raise
        except Exception as error:
            if refusal := self._library.refusal(error):
                raise Unsupported(refusal) from error
            raise

    def told(self, spy: Spy) -> dict[str, Any]:
        """How it was done, as ``Native`` (``conformance/adapters/host/observation.py``).

        Args:
            spy: What has watched it.
        """
        spy.calls.setdefault(self.name, []).extend(self._casts)
        return told(self.operation, self._node.get("tensors", {}), spy)

    def _called(self, _: Mapping[str, Any], place: list[Array], keywords: dict[str, Any]) -> Any:
        self._casts = []
        return Calling(self._library, self.operation, self._casts)(place, keywords)
