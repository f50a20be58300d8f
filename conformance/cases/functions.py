"""Functions called on arrays: what ``function:`` says.

Whatever is called on arrays and keeps nothing is one: ``ops.where``, a loss, a schedule, an
initializer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.adapters.shared.layer_names import automatic_name
from conformance.cases import binding, fields, references
from conformance.cases.inputs import as_spec
from conformance.cases.model import Model, Node
from conformance.cases.models import Read
from conformance.cases.reading import Map

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.cases.inputs import Fed
    from conformance.cases.problems import Where


def read_function(
    tree: Map, where: Where, given: Sequence[Fed], *, incomplete: bool
) -> Read | None:
    """The one function that ``function:``, ``of:``, ``with:`` and ``config:`` say.

    Args:
        tree: The case.
        where: Its place.
        given: The inputs that the case declares.
        incomplete: Let required arguments be absent, for a case that wants the call refused.
    """
    place = where.value(tree, "function")
    symbol = fields.text(tree["function"], place, "a function's name, such as ops.where")
    if symbol is None:
        return None
    scope = ({fed.name: None for fed in given}, Map((0, 0)))
    passed = binding.read_passed(tree, where, scope)
    by_keyword = {*references.flat(passed.values())} if passed is not None else set()
    operands: list[binding.Operand] | None
    if "of" in tree:
        named = where.value(tree, "of")
        operands = binding.read_operands(tree["of"], named, scope, incomplete=incomplete)
    else:
        operands = [fed.name for fed in given if fed.name not in by_keyword]
    config_place = where.value(tree, "config") if "config" in tree else place
    literals = binding.literals_of(tree.get("config"), config_place, symbol)
    if passed is None or operands is None or literals is None:
        return None
    bound = binding.bind(
        symbol, literals, operands, passed, (place, config_place), incomplete=incomplete
    )
    if bound is None:
        return None
    used = {*references.flat([*bound.tensors.values(), *bound.inputs])}
    for fed in given:
        if fed.shape is None:
            fed.where.refuse("has no shape", expected="`shape` or `values`")
        if fed.name not in used:
            fed.where.refuse(f"the input {fed.name!r} is not used by the function")
    if any(fed.shape is None or fed.name not in used for fed in given):
        return None
    name = automatic_name(symbol.rpartition(".")[2])
    node = Node(
        name=name if name not in scope[0] else f"{name}_call", layer=symbol, **bound._asdict()
    )
    model = Model(
        form="function",
        inputs=[as_spec(fed, None) for fed in given],
        nodes=[node],
        outputs=[node.name],
    )
    return Read(model, list(given), [])
