"""Which functions can be called symbolically while sizes are not known.

``keras.Input`` leaves the batch's size open, and documents that any other may be ``None``. So a
function answers symbolic tensors with open sizes, unless its documentation makes the number of its
outputs, or their rank, hang on one of them: :data:`HANGING` says of which, and where that stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from conformance.adapters.shared.open_sizes import opened

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from conformance.cases.model import Model, Node, Shape


class Operand(NamedTuple):
    """An array that a function takes.

    Attributes:
        sizes: of its axes, ``None`` where one is open; None altogether where another function
            answers it.
    """

    sizes: Shape | None

    def leaves_open(self, axis: int) -> bool:
        """Whether the size along an axis is not known."""
        if self.sizes is None or not -len(self.sizes) <= axis < len(self.sizes):
            return True
        return self.sizes[axis] is None


def _unstacked(node: Node, operands: Mapping[str, Operand]) -> bool:
    """``num``: "The length of the dimension axis. Automatically inferred if `None`"."""
    axis = node.arguments.get("axis", 0)
    return node.arguments.get("num") is None and operands["x"].leaves_open(axis)


def _squeezed(node: Node, operands: Mapping[str, Operand]) -> bool:
    """``squeeze``: "Remove axes of length one", all of them where none is named."""
    sizes = operands["x"].sizes
    return node.arguments.get("axis") is None and (sizes is None or None in sizes)


def _crossed(node: Node, operands: Mapping[str, Operand]) -> bool:
    """``cross``: "where both input vectors have dimension 2", the z-component alone is returned."""
    common = node.arguments.get("axis")
    axes = {
        name: node.arguments.get(own, -1) if common is None else common
        for name, own in (("x1", "axisa"), ("x2", "axisb"))
    }
    return all(operands[name].leaves_open(axis) for name, axis in axes.items() if name in operands)


HANGING: dict[str, Callable[[Node, Mapping[str, Operand]], bool]] = {
    "ops.unstack": _unstacked,
    "ops.squeeze": _squeezed,
    "ops.cross": _crossed,
}
"""Functions the number or the ranks of whose outputs hang on sizes, and whether that of a node does
on sizes that are open. Each quotes the function's docstring in Keras 3.15.1."""


def told_without(model: Model) -> frozenset[str]:
    """Which facets with open sizes a program of functions can be asked for.

    Args:
        model: Of the form ``function``.

    Returns:
        ``open_sizes`` where some array has an axis, ``open_batch`` where some has two, each only
        where the number and the ranks of all outputs hang on no open size.
    """
    rank = max((len(spec.shape) for spec in model.inputs), default=0)
    wanted = {"open_sizes": rank > 0, "open_batch": rank > 1}  # of vectors, the same is open
    return frozenset(
        facet for facet, is_wanted in wanted.items() if is_wanted and not _hangs(model, facet)
    )


def _hangs(model: Model, facet: str) -> bool:
    """Whether what some function answers hangs on sizes that are open."""
    shapes = opened(facet, [spec.shape for spec in model.inputs])
    inputs = dict(zip((spec.name for spec in model.inputs), shapes, strict=True))
    for node in model.nodes:
        if node.layer in HANGING:
            operands = {
                key: Operand(inputs.get(given))
                for key, given in node.tensors.items()
                if isinstance(given, str)
            }
            if HANGING[node.layer](node, operands):
                return True
    return False
