"""How things are called: variables of nested layers, and what is named by default."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence


def shortened(paths: Sequence[str]) -> list[str]:
    """The case language's names of a node's variables, from Keras's paths below the node.

    The last part, ``kernel``. Where two variables of one node would be called so, the first part
    of the path that is not the same for all stands before it, as in ``forward_lstm/kernel``, for
    all of the node's; where that is not enough, the whole path from there on does.
    """
    parts = [path.split("/") for path in paths]
    names = [part[-1] for part in parts]
    if len(set(names)) == len(names):
        return names
    shared = 0
    while all(len(part) > shared + 1 and part[shared] == parts[0][shared] for part in parts):
        shared += 1
    parts = [part[shared:] for part in parts]
    names = [f"{part[0]}/{part[-1]}" for part in parts]
    return names if len(set(names)) == len(names) else ["/".join(part) for part in parts]


class Called:
    """A class whose constructor takes a ``name``; a subclass says Keras's default of it.

    ``class LogCoshError(OfPairs, called="logcosh")`` has the constructor of ``OfPairs``, with that
    default. What has a constructor of its own writes it there.
    """

    def __init_subclass__(cls, called: str = "", **others: Any) -> None:
        """Tell the default by the signature."""
        super().__init_subclass__(**others)
        if called:
            _, *parameters = inspect.signature(cls.__init__).parameters.values()
            cls.__signature__ = _OfClass(
                [one.replace(default=called) if one.name == "name" else one for one in parameters]
            )

    __signature__: ClassVar[_OfClass]


class _OfClass(inspect.Signature):
    """The signature of a class. An instance has none of it: calling that is something else."""

    def __get__(self, instance: object, owner: type) -> inspect.Signature:
        if instance is not None:
            raise AttributeError("__signature__")
        return self
