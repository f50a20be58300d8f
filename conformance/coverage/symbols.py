"""Functions and objects of Keras, namespace by namespace: what no case touches.

Layers are all exercised, argument by argument, and that is demanded. Here it is told how far the
cases have come: a namespace without a case is one line, and nothing that is missing is a failure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from conformance.cases.model import Steps
from conformance.coverage.exercise import TENSOR, Exercised, canonical, is_exercised

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from conformance.cases.model import Case, Model, Node
    from conformance.coverage.exemptions import Exemption
    from conformance.coverage.inventory import Argument, Inventory, LayerInfo


LEFT_OUT = " left out"
"""Behind the name of an argument: that a case leaves it to its default, which might be another."""


class SymbolCoverage(Struct, frozen=True, kw_only=True):
    """One function or object."""

    symbol: str
    cases: int
    exercised: list[str]
    uncovered: list[str]
    """Arguments that no case gives another value than the default, and ``axis left out`` where none
    leaves one to it; of what no case touches, none: the symbol itself is missing."""


class NamespaceCoverage(Struct, frozen=True, kw_only=True):
    """The functions and objects of one namespace: ``ops``, ``losses``, ``optimizers.schedules``."""

    namespace: str
    symbols: list[SymbolCoverage]
    """Without those that are left out."""
    exempt: dict[str, str]
    """Symbols, and arguments (``ops.sum axis``), that need no case, each with the reason."""

    @property
    def cases(self) -> int:
        """Cases of its symbols."""
        return sum(one.cases for one in self.symbols)

    @property
    def touched(self) -> list[SymbolCoverage]:
        """The symbols that cases are about."""
        return [one for one in self.symbols if one.cases]

    @property
    def untouched(self) -> list[str]:
        """The names of the others, without the namespace."""
        return [one.symbol.rpartition(".")[2] for one in self.symbols if not one.cases]


def namespaces(
    inventory: Inventory,
    seen: Mapping[str, Exercised],
    exemptions: Sequence[Exemption],
    used: set[int],
) -> list[NamespaceCoverage]:
    """Compare; namespaces and symbols come in the order of their names.

    Args:
        inventory: What Keras has.
        seen: What the cases exercise, by symbol.
        exemptions: What need not be there.
        used: Takes the numbers of the exemptions that are about something.
    """
    found: dict[str, tuple[list[SymbolCoverage], dict[str, str]]] = {}
    for symbol, info in inventory.symbols.items():
        listed, exempt = found.setdefault(symbol.rpartition(".")[0], ([], {}))
        note = seen.get(symbol, Exercised())
        reason = None if note.cases else _reason(exemptions, symbol, None, used)
        if reason is not None:
            exempt[symbol] = reason
            continue
        done, missing = [], []
        for key, argument in _arguments(symbol, info).items():
            lacking = []
            if is_exercised(argument, key, note):
                done.append(key)
            else:
                lacking.append(key)
            if not argument.required and key not in note.left_out:
                lacking.append(f"{key}{LEFT_OUT}")
            for part in lacking if note.cases else ():
                why = _reason(exemptions, symbol, part, used)
                if why is None:
                    missing.append(part)
                else:
                    exempt[f"{symbol} {part}"] = why
        listed.append(
            SymbolCoverage(symbol=symbol, cases=note.cases, exercised=done, uncovered=missing)
        )
    return [
        NamespaceCoverage(namespace=name, symbols=listed, exempt=exempt)
        for name, (listed, exempt) in sorted(found.items())
    ]


def _arguments(symbol: str, info: LayerInfo) -> dict[str, Argument]:
    """Arguments by the name that they have here: of a metric's update ``update_state.y_true``."""
    prefix = "update_state." if symbol.startswith("metrics.") and info.constructor else ""
    own = {one.name: one for one in info.constructor}
    return own | {f"{prefix}{one.name}": one for one in info.call}


def _reason(
    exemptions: Sequence[Exemption], symbol: str, argument: str | None, used: set[int]
) -> str | None:
    for index, one in enumerate(exemptions):
        if one.covers_symbol(symbol, argument):
            used.add(index)
            return one.reason
    return None


def exercised_symbols(cases: Iterable[Case], inventory: Inventory) -> dict[str, Exercised]:
    """What each symbol is seen doing; one that wants a refusal exercises nothing.

    Nor does a case that knows no right answer.
    """
    found: dict[str, Exercised] = {}
    for case in cases:
        if case.unspecified:
            continue
        refused = case.raises is not None
        noted = set()
        for symbol, values in _seen(case, inventory):
            noted.add(symbol)
            note = found.setdefault(symbol, Exercised())
            if not refused and symbol in inventory.symbols:
                note.left_out |= _left_out(symbol, inventory.symbols[symbol], values)
            for key, value in values if not refused else ():
                text = value if value == TENSOR else canonical(key, value)
                note.values.setdefault(key, set()).add(text)
        for symbol in noted:
            found[symbol].cases += not refused
            found[symbol].note_facets(case)
    return found


def _left_out(symbol: str, info: LayerInfo, values: Iterable[tuple[str, Any]]) -> set[str]:
    """Arguments that were not given where others were: an object's own, or those of its update."""
    given = {key for key, _ in values}
    updates = any(key.startswith("update_state.") for key in given)
    own = {
        key
        for key in _arguments(symbol, info)
        if key.startswith("update_state.") == updates or not symbol.startswith("metrics.")
    }
    return own - given


def _seen(case: Case, inventory: Inventory) -> Iterator[tuple[str, list[tuple[str, Any]]]]:
    """Symbols of a case, each with values of arguments."""
    program = case.program
    for node in program.model.nodes:
        info = inventory.symbols.get(node.layer)
        if info is not None:
            yield node.layer, [*_given(node.config), *_called(node, info)]
        yield from _parts(node)
    yield from _quantized(program.model)
    for callback in program.train.callbacks if program.train is not None else ():
        yield f"callbacks.{callback.name}", _given(callback.config)
    if isinstance(program, Steps):
        info = inventory.symbols.get(program.object.layer)
        names = [one.name for one in info.call] if info is not None else []
        for step in program.steps:
            if step.call == "update_state" and info is not None:
                passed = [*zip(names, step.inputs, strict=False), *step.tensors.items()]
                yield (
                    program.object.layer,
                    [
                        *((f"update_state.{key}", TENSOR) for key, _ in passed),
                        *((f"update_state.{key}", one) for key, one in step.arguments.items()),
                    ],
                )


def _quantized(model: Model) -> Iterator[tuple[str, list[tuple[str, Any]]]]:
    """Configs by which a model or a layer is quantized, and the quantizers in them."""
    held = [node.config.get("quantization_config") for node in model.nodes]
    if model.quantize is not None and model.quantize.config is not None:
        held.append(model.quantize.config)
    elif model.quantize is not None and model.quantize.mode is not None:
        mode = model.quantize.mode
        held.append({f"{mode[:1].upper()}{mode[1:]}QuantizationConfig": {}})
    while held:
        one = held.pop()
        if isinstance(one, dict) and len(one) == 1:
            ((name, config),) = one.items()
            yield f"quantizers.{name}", _given(config or {})
            held += (config or {}).values()


def _given(values: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [*values.items()]


def _called(node: Node, info: LayerInfo) -> list[tuple[str, Any]]:
    """What the call is given: arrays by name, those before a variadic parameter, and literals."""
    # What has a word or a number for its default is no array: it stands behind a variadic one.
    named = [one.name for one in info.call if one.required or one.default is None]
    place = zip(named, node.inputs, strict=False)
    arrays = [*node.tensors, *(name for name, _ in place if name not in node.arguments)]
    return [*((name, TENSOR) for name in arrays), *node.arguments.items()]


def _parts(node: Node) -> Iterator[tuple[str, list[tuple[str, Any]]]]:
    """Objects inside arguments: ``{CosineDecay: {…}}``, and ``{SeedGenerator: {…}}`` as a seed."""
    home = "optimizers.schedules" if node.layer.startswith("optimizers.") else "random"
    held = [*node.config.values()] if home != "random" else [node.arguments.get("seed")]
    for value in held:
        if isinstance(value, dict) and len(value) == 1:
            ((name, config),) = value.items()
            whole = "optimizers" if name == "OptimizerMap" else home
            yield f"{whole}.{name}", _given(config or {})
