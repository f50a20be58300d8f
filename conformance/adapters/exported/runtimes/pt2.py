"""PyTorch's loader of exported programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.adapters.exported.runtimes.base import fed
from conformance.adapters.keras.backends.base import packed
from conformance.adapters.keras.nesting import flat
from conformance.adapters.worker.failure import Unsupported

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from conformance.adapters.exported.runtimes.base import Running
    from conformance.adapters.keras.backends.base import Feed


def open_file(path: Path) -> Running:
    """Load a file; its module is called with what the model is called with."""
    import torch

    module = torch.export.load(str(path)).module()

    def run(feeds: Sequence[Feed]) -> list[Any]:
        tensors = [torch.as_tensor(fed(feed)).to(getattr(torch, feed.dtype)) for feed in feeds]
        return [_numbers(one) for one in flat(module(packed(tensors)))]

    return run


def _numbers(tensor: Any) -> Any:
    if str(tensor.dtype) == "torch.bfloat16":
        raise Unsupported("the answer is in bfloat16, and NumPy has no bfloat16")
    return tensor.detach().numpy()
