"""What a layer's variables are called, out of the paths that Keras gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def short_names(node: str, paths: Sequence[list[str]]) -> list[str]:
    """What the variables of one layer are called below it.

    The last part of each path. Where that would name two variables, as in ``Bidirectional``, the
    first part of the path that tells variables apart goes before, for all of the layer's, or, where
    that is not enough, all of it from there on.

    Args:
        node: The layer's name.
        paths: Keras's paths of its variables, in parts, in order.
    """
    names = [path[-1] for path in paths]
    if len(set(names)) == len(names):
        return names
    below = _apart([path[path.index(node) + 1 :] if node in path else path for path in paths])
    names = [f"{path[0]}/{path[-1]}" for path in below]
    if len(set(names)) == len(names):
        return names
    return ["/".join(path) for path in below]


def _apart(paths: Sequence[list[str]]) -> list[list[str]]:
    """Without the first parts that all of them share: those tell none apart.

    ``RNN`` gives the stack that it makes of a list of cells a name that is counted up for ever.
    """
    shared = 0
    while all(len(path) > shared + 1 and path[shared] == paths[0][shared] for path in paths):
        shared += 1
    return [path[shared:] for path in paths]
