"""Which faults a case could show: those that fit its layers and keep its weights."""

from __future__ import annotations

from dataclasses import is_dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from conformance.cases.model import Steps
from conformance.facets import TRAINED
from conformance.reference.engine.arithmetic import Arithmetic
from conformance.reference.errors import NoAnswer, Refused, Unsupported
from conformance.reference.faults.known import PaddedBefore, candidates
from conformance.reference.model.applications import FORM
from conformance.reference.model.network import Network
from conformance.reference.spec.layers.base import Context

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from conformance.cases.model import Case, Graph, Model, Program, Shape
    from conformance.reference.engine.array import Values
    from conformance.reference.faults.fault import Fault
    from conformance.reference.spec.initial import Part


def applicable(case: Case) -> list[Fault]:
    """The faults that this case could show: those that fit its layers and keep its weights.

    Cheap: models are rewritten and their shapes worked out, nothing is computed.
    """
    program = case.program
    if isinstance(program, Steps) or program.model.form == "function":
        faults = (fault for fault in _distinct(candidates(case)) if _changes(fault, program))
        refused = case.raises is not None
        return [fault for fault in faults if not refused or fault.edit is not None]
    try:
        honest = Network.build(program.model)
    except Refused:
        # Nothing is computed here; but the refusal itself can be told wrongly.
        return [fault for fault in candidates(case) if fault.edit is not None]
    except NoAnswer:
        return []
    return [fault for fault in _distinct(candidates(case)) if _fits(fault, program, honest)]


def explanations(case: Case) -> list[Fault]:
    """The applicable faults that have an answer of their own: what a failure may behave like."""
    return [fault for fault in applicable(case) if fault.edit is None]


def _changes(fault: Fault, program: Program) -> bool:
    """Whether a rewrite of functions or of steps comes to more than nothing."""
    if fault.model is None and fault.sequence is None:
        return True
    changed = fault.of_steps(program) if isinstance(program, Steps) else fault.program(program)
    return bool(changed != program)


def find(case: Case, name: str) -> Fault:
    """The applicable fault of this name.

    Raises:
        Unsupported: There is none.
    """
    for fault in applicable(case):
        if fault.name == name:
            return fault
    message = f"the fault {name!r} does not apply to {case.id}"
    raise Unsupported(message)


def _distinct(faults: Iterable[Fault]) -> Iterable[Fault]:
    seen: dict[str, Fault] = {}
    for fault in faults:
        seen.setdefault(fault.name, fault)
    return seen.values()


def _fits(fault: Fault, original: Graph, honest: Network) -> bool:
    """Whether the faulty model can be built and takes the honest weights and targets."""
    program = fault.program(original)
    if program == original and (fault.model or fault.train or fault.calls):
        return False
    try:
        network = Network.build(program.model)
        fits_twin = _fits_twin(program, original)
    except NoAnswer:
        return False
    if original.model.form == FORM and not original.calls:
        # No weights are handed over: what is made instead may have any.
        return fault.edit is not None or _told(network) != _told(honest)
    return fits_twin and _takes_the_same(fault, program, original, (honest, network))


def _told(network: Network) -> tuple[Any, ...]:
    """What a model says of itself before it is called."""
    return network.inputs, network.outputs, network.params


def _takes_the_same(
    fault: Fault, program: Graph, original: Graph, networks: tuple[Network, Network]
) -> bool:
    """Whether a faulty model is another one than the honest, and takes its weights and targets."""
    honest, network = networks
    asked = {"gradients", *TRAINED} & set(program.facets)
    if fault.model is not None and same_layers(honest, network):
        made = "initial" in program.facets and made_with(honest) != made_with(network)
        if not made:
            return False
    if fault.context is PaddedBefore and not _pads_oddly(honest):
        return False
    if fault.weights is not None and not _changes_weights(fault.weights, honest):
        return False
    alike = not asked or _fed(program.model) == _fed(original.model)
    return alike and _shapes(honest) == _shapes(network)


def _fits_twin(program: Graph, honest: Graph) -> bool:
    """Whether the faulty twin, where there is one, takes the honest twin's weights."""
    if program.twin is None or honest.twin is None:
        return True
    ours, theirs = Network.build(honest.twin.model), Network.build(program.twin.model)
    alike = "gradients" not in program.facets or _fed(program.twin.model) == _fed(honest.twin.model)
    return alike and _shapes(ours) == _shapes(theirs)


def made_with(network: Network) -> dict[str, tuple[Part, ...]]:
    """What makes the first numbers of each variable."""
    return {name: variable.initial for name, variable in network.variables.items()}


def _shapes(network: Network) -> dict[str, tuple[int, ...]]:
    """Of what the case gives numbers to, whatever becomes of it."""
    return {name: variable.shape for name, variable in network.drawn.items()}


def _fed(model: Model) -> list[Shape]:
    """Output shapes for the sizes that are fed, also where the model is told any size."""
    inputs = [msgspec.structs.replace(spec, declared=None) for spec in model.inputs]
    return Network.build(msgspec.structs.replace(model, inputs=inputs)).outputs


def same_layers(honest: Network, faulty: Network) -> bool:
    """Whether the rewrite came to nothing: an argument dropped that stood at its default."""
    return (
        honest.model.outputs == faulty.model.outputs
        and honest.policies == faulty.policies
        and honest.as_given == faulty.as_given
        and honest.model.functions == faulty.model.functions
        and [node.inputs for node in honest.model.nodes]
        == [node.inputs for node in faulty.model.nodes]
        and all(
            _alike(layer, faulty.layers[name])
            for name, layer in honest.layers.items()
            if name in faulty.layers
        )
    )


def _alike(ours: Any, theirs: Any) -> bool:
    """Whether two layers, or what they were made with, are the same, cells inside included."""
    if type(ours) is not type(theirs):
        return False
    if isinstance(ours, np.ndarray):
        return np.array_equal(ours, theirs, equal_nan=ours.dtype.kind == "f")
    if hasattr(ours, "__dict__") and not (callable(ours) or is_dataclass(ours)):
        # Where a layer comes from is no more than how its arguments are written.
        ours, theirs = (
            {key: value for key, value in vars(one).items() if key != "origin"}
            for one in (ours, theirs)
        )
    if isinstance(ours, dict):
        return ours.keys() == theirs.keys() and all(_alike(v, theirs[k]) for k, v in ours.items())
    if isinstance(ours, list | tuple):
        return len(ours) == len(theirs) and all(map(_alike, ours, theirs))
    return bool(ours == theirs)


def _changes_weights(rewrite: Callable[[str, Values], Values], network: Network) -> bool:
    """Whether a rewrite of weights changes any, tried on numbers that are all different."""
    for name, variable in network.drawn.items():
        probe = np.arange(1.0, 1.0 + np.prod(variable.shape)).reshape(variable.shape)
        if not np.array_equal(rewrite(name, probe), probe):
            return True
    return False


def _pads_oddly(network: Network) -> bool:
    """Whether any padding is uneven, so that it matters on which side the odd row lies."""
    context = Context(Arithmetic())
    for node in network.model.nodes:
        sliding = getattr(network.layers.get(node.name), "sliding", None)
        if sliding is None or sliding.padding != "same":
            continue
        shape = network.shapes.get(node.inputs[0])
        if shape is None:
            continue  # fed by one of several outputs: nothing slides over such
        _, space, _ = sliding.split(shape)
        amounts = sliding.amounts([n or 0 for n in space], context)
        if any(before != after for before, after in amounts):
            return True
    return False
