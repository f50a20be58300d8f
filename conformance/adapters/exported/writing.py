"""Writes a model with ``Model.export``, or a converter, as the documentation of each says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.adapters.exported.converting import convert
from conformance.adapters.exported.told import told
from conformance.adapters.keras.backends.base import packed
from conformance.adapters.shared.exporters import TFJS
from conformance.adapters.worker.failure import Unsupported

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from conformance.adapters.keras.backends.base import Feed
    from conformance.adapters.keras.build import Net
    from conformance.adapters.shared.exporters import Route

_FIXED = frozenset({"litert-torch"})
"""Formats whose files have fixed sizes, as documented: a file for each, then."""


class Refused(Unsupported):
    """The exporter wrote no file. The text is its reason."""


def write(keras: Any, route: Route, net: Net, feeds: Sequence[Feed], folder: Path) -> Path:
    """Export a model.

    Args:
        keras: The route's Keras.
        route: Which format.
        net: The model, with its weights; it has been called once.
        feeds: What its first call is fed, for formats whose files have fixed sizes.
        folder: Where to write; empty.

    Returns:
        The file, or the folder, that a runtime loads.

    Raises:
        Refused: The exporter raised.
    """
    path = folder / f"model{route.suffix}"
    try:
        if route.format == TFJS:
            convert(net.model, path)
        else:
            net.model.export(
                str(path), format=route.format, verbose=False, **_settings(keras, route, net, feeds)
            )
    except MemoryError:
        raise
    except Exception as error:
        raise Refused(f"export refused: {type(error).__name__}: {told(str(error))}") from error
    return path


def sizes_of(route: Route, feeds: Sequence[Feed]) -> Any:
    """What one file of a format is for: the sizes of a call where they are fixed, else nothing.

    Calls that give the same are made on one file.
    """
    return tuple(feed.array.shape for feed in feeds) if route.name in _FIXED else ()


def _settings(keras: Any, route: Route, net: Net, feeds: Sequence[Feed]) -> Mapping[str, Any]:
    """What the documentation of ``Model.export`` asks a user to say besides.

    "With the PyTorch backend, LiteRT export does not support dynamic input shapes": the signature
    then states the sizes of the one call. A ``.pt2`` file has the open sizes that
    ``dynamic_shapes`` names; without, each is 1.
    """
    if route.name in _FIXED:
        specs = [
            keras.InputSpec(shape=feed.array.shape, dtype=feed.dtype, name=feed.name)
            for feed in feeds
        ]
        return {"input_signature": [packed(specs)]}
    if route.format == "torch":
        import torch

        open_sizes = [
            {
                axis: torch.export.Dim.DYNAMIC
                for axis, size in enumerate(tensor.shape)
                if size is None
            }
            for tensor in net.model.inputs
        ]
        if any(open_sizes):
            # Several inputs are one argument, a list, in a tuple of arguments.
            several = len(open_sizes) > 1
            return {"dynamic_shapes": [(open_sizes,)] if several else open_sizes[0]}
    return {}
