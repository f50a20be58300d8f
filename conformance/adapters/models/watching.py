"""What the modules of a PyTorch model answer, by forward hooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.adapters.models.base import flat

if TYPE_CHECKING:
    from types import TracebackType

_CALLS = 64
"""Calls of one module that are looked at: a cell that is called for each step has no end."""


class Watch:
    """While this is entered, every module below the model notes what it answers.

    Attributes:
        seen: Name and answer, in the order in which they were made. The name is the module's; its
            second call is ``name#2``, the second array of an answer ``name[1]``.
        kinds: By name, the class of PyTorch's that the module is.
    """

    def __init__(self, torch: Any, model: Any) -> None:
        """Hold the model."""
        self._torch, self._model = torch, model
        self._handles: list[Any] = []
        self._called: dict[str, int] = {}
        self.seen: list[tuple[str, Any]] = []
        self.kinds: dict[str, str] = {}

    def __enter__(self) -> Watch:  # noqa: PYI034 - typing.Self is younger than Python 3.9
        """Put the hooks on."""
        for name, module in self._model.named_modules():
            if name:
                self._handles.append(module.register_forward_hook(self._hook(name)))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take the hooks off."""
        for handle in self._handles:
            handle.remove()

    def _hook(self, name: str) -> Any:
        def hook(module: Any, inputs: Any, output: Any) -> None:
            del inputs
            count = self._called[name] = self._called.get(name, 0) + 1
            if count > _CALLS:
                return
            called = name if count == 1 else f"{name}#{count}"
            for place, one in enumerate(flat(self._padded(output))):
                if self._torch.is_tensor(one):
                    # A later in-place operation must not change what was seen.
                    told = f"{called}[{place}]" if place else called
                    self.seen.append((told, one.detach().clone()))
                    self.kinds[told] = _kind(module)

        return hook

    def _padded(self, output: Any) -> Any:
        """Packed sequences as arrays of one length, the batch first."""
        packed = self._torch.nn.utils.rnn.PackedSequence
        if isinstance(output, packed):
            return self._torch.nn.utils.rnn.pad_packed_sequence(output, batch_first=True)[0]
        if isinstance(output, tuple):
            return tuple(self._padded(one) for one in output)
        return output


def _kind(module: Any) -> str:
    """The class of a module, or its nearest parent, that PyTorch has; empty for a container."""
    for one in type(module).__mro__:
        if one.__module__.startswith("torch.nn.modules"):
            told = one.__module__.rpartition(".")[2] not in {"container", "module"}
            return one.__name__ if told else ""
    return ""
