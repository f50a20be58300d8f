"""Faults of a framework that show in one facet alone, made by editing an observation.

They have no answer of their own and explain no failure; they prove that each facet's check can
fail.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from conformance.adapters.host.observation import (
    CallResult,
    Failure,
    Output,
    Spec,
    Symbolic,
    Weight,
)
from conformance.facets import AGAIN
from conformance.reference.engine.dtypes import NARROW
from conformance.reference.faults.fault import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.adapters.host.observation import Observation, Shape
    from conformance.reference.engine.array import Values
    from conformance.reference.faults.fault import Observed

    _Edit = Callable[[Observed], Observed]


def _edited(observed: Observed, **changes: Any) -> Observed:
    return observed._replace(observation=msgspec.structs.replace(observed.observation, **changes))


def _replaced(struct: Any, **changes: Any) -> Any:
    return msgspec.structs.replace(struct, **changes)


def _longer_shape(observed: Observed) -> Observed:
    symbolic = observed.observation.symbolic
    if symbolic is None:
        return observed
    outputs = [[*shape, 1] for shape in symbolic.outputs]
    return _edited(observed, symbolic=_replaced(symbolic, outputs=outputs))


def _opened(facet: str, edit: Callable[[Symbolic, Observation], Symbolic]) -> _Edit:
    """Another answer to what is asked of open sizes."""

    def edited(observed: Observed) -> Observed:
        told = getattr(observed.observation, facet)
        if told is None:
            return observed
        return _edited(observed, **{facet: edit(told, observed.observation)})

    return edited


def _rank_off(told: Symbolic, _: Observation) -> Symbolic:
    outputs: list[Shape] = [[*shape, None] for shape in told.outputs]
    return msgspec.structs.replace(told, outputs=outputs)


def _sizes_off(told: Symbolic, observation: Observation) -> Symbolic:
    """Each size one larger than it is."""
    known = observation.symbolic.outputs if observation.symbolic else []
    outputs: list[Shape] = [[(size or 0) + 1 for size in shape] for shape in known]
    return msgspec.structs.replace(told, outputs=outputs)


def _dtypes_off(told: Symbolic, _: Observation) -> Symbolic:
    dtypes = ["float32" if one == "float64" else "float64" for one in told.dtypes]
    return msgspec.structs.replace(told, dtypes=dtypes)


def _last_output_lost(told: Symbolic, _: Observation) -> Symbolic:
    return msgspec.structs.replace(told, outputs=told.outputs[:-1], dtypes=told.dtypes[:-1])


def _spec_edited(question: str, edit: Callable[[Spec], Spec]) -> Callable[[Observed], Observed]:
    """Another answer to one question of every layer that is asked alone."""

    def edited(observed: Observed) -> Observed:
        specs = observed.observation.specs or {}
        changed = {
            node: {key: edit(spec) if key == question else spec for key, spec in told.items()}
            for node, told in specs.items()
        }
        return _edited(observed, specs=changed)

    return edited


_spec_off = _spec_edited(
    "spec_again", lambda spec: _replaced(spec, shapes=[[*shape, 1] for shape in spec.shapes])
)
_spec_dtype_off = _spec_edited(
    "other",
    lambda spec: _replaced(
        spec, dtypes=["float32" if one == "float64" else "float64" for one in spec.dtypes]
    ),
)


def _spec_withheld(observed: Observed) -> Observed:
    """The last question to each layer is left out."""
    specs = observed.observation.specs or {}
    fewer = {node: dict(list(told.items())[:-1]) for node, told in specs.items()}
    return _edited(observed, specs=fewer)


_EXTRA = Weight(name="extra", shape=[1], dtype="float32", trainable=True)


def _renamed_weight(observed: Observed) -> Observed:
    """Another name for each variable; one variable where there are none."""
    weights = observed.observation.weights or [_EXTRA]
    renamed = [_replaced(w, name=f"{w.name}_1") for w in weights]
    return _edited(observed, weights=renamed)


def _one_more_parameter(observed: Observed) -> Observed:
    params = observed.observation.params
    return (
        _edited(observed, params=_replaced(params, total=params.total + 1)) if params else observed
    )


def _of_configs(change: Callable[[str, Any], Any], ways: tuple[str, ...]) -> _Edit:
    """Other configs: of each argument ``change`` makes what it is; None takes it out."""

    def edit(observed: Observed) -> Observed:
        told = observed.observation.config
        if told is None:
            return observed
        changed = {
            way: {
                node: {k: new for k, v in config.items() if (new := change(k, v)) is not None}
                for node, config in getattr(told, way).items()
            }
            for way in ways
            if getattr(told, way) is not None
        }
        return _edited(observed, config=_replaced(told, **changed))

    return edit


def _another(_: str, value: Any) -> Any:
    return not value if isinstance(value, bool) else [value]


def _flat_output(observed: Observed) -> Observed:
    """Outputs with a last axis of size 1 too many."""

    def flat(call: CallResult) -> CallResult:
        outputs = [_replaced(o, shape=[*o.shape, 1]) for o in call.outputs]
        return msgspec.structs.replace(call, outputs=outputs)

    calls = [flat(call) for call in observed.observation.calls]
    names = {o.tensor for call in calls for o in call.outputs}
    tensors = {k: v[..., None] if k in names else v for k, v in observed.tensors.items()}
    return _edited(observed, calls=calls)._replace(tensors=tensors)


def _double(observed: Observed) -> Observed:
    """Outputs of float64, and those that are float64 of float32."""

    def double(call: CallResult) -> CallResult:
        outputs = [
            _replaced(o, dtype="float32" if o.dtype == "float64" else "float64")
            for o in call.outputs
        ]
        return msgspec.structs.replace(call, outputs=outputs)

    return _edited(observed, calls=[double(call) for call in observed.observation.calls])


def _blind_probe(observed: Observed) -> Observed:
    def blind(call: CallResult) -> CallResult:
        probes = {name: shape[1:] for name, shape in call.probes.items()}
        return msgspec.structs.replace(call, probes=probes)

    return _edited(observed, calls=[blind(call) for call in observed.observation.calls])


def _accepts(observed: Observed) -> Observed:
    """No refusal anywhere."""
    calls = [call for call in observed.observation.calls if call.error is None]
    return _edited(observed, status="ok", error=None, calls=calls)


def _crashes(observed: Observed) -> Observed:
    """The adapter's own code raised instead of the framework."""
    failure = Failure(stage="build", type="KeyError", message="units", internal=True)
    return _edited(observed, status="error", error=failure)


def _dtype_misstated(observed: Observed) -> Observed:
    """Another symbolic dtype of every output."""
    symbolic = observed.observation.symbolic
    if symbolic is None:
        return observed
    dtypes = ["float32" if one == "float64" else "float64" for one in symbolic.dtypes]
    return _edited(observed, symbolic=_replaced(symbolic, dtypes=dtypes))


def _scaled(
    select: Callable[[Observation], list[str]], factor: float
) -> Callable[[Observed], Observed]:
    """Multiply the arrays that ``select`` names; where they are all zero, add instead.

    Infinities and NaN stay, unless there is nothing else. Of integers and booleans all bits turn.

    Numbers of half precision, where a thousandth is no more than rounding, are doubled.
    """

    def edit(observed: Observed) -> Observed:
        tensors = dict(observed.tensors)
        narrow = _narrow_outputs(observed.observation)
        for name in select(observed.observation):
            values, by = tensors[name], np.float32(2.0 if name in narrow else factor)
            if values.dtype.kind in "biu":
                tensors[name] = ~values
                continue
            finite = values[np.isfinite(values)]
            if finite.any():
                tensors[name] = (values * by).astype(values.dtype)
            else:
                tensors[name] = values + by if finite.size else np.zeros_like(values)
        return observed._replace(tensors=tensors)

    return edit


def _narrow_outputs(observation: Observation) -> set[str]:
    """The arrays of outputs in half precision."""
    models = [observation, *([observation.twin] if observation.twin else [])]
    outputs = [output for one in models for call in one.calls for output in call.outputs]
    for facet in AGAIN:
        outputs += getattr(observation, facet) or []
    if observation.exchanged:
        outputs += [one for file in observation.exchanged.loaded.values() for one in file.outputs]
    return {output.tensor for output in outputs if output.dtype in NARROW}


def _call_arrays(index: int) -> Callable[[Observation], list[str]]:
    def select(observation: Observation) -> list[str]:
        calls = observation.calls[index:]
        return [o.tensor for call in calls for o in call.outputs]

    return select


def _nan_outputs(observed: Observed) -> Observed:
    names = set(_call_arrays(0)(observed.observation))
    tensors = {
        name: _no_number(values) if name in names else values
        for name, values in observed.tensors.items()
    }
    return observed._replace(tensors=tensors)


def _no_number(values: Values) -> Values:
    """NaN everywhere, and zero where NaN stood; integers and booleans with all bits turned."""
    if values.dtype.kind in "biu":
        return ~values
    return np.where(np.isnan(values), 0, np.nan).astype(values.dtype)


def _turned_mask(observed: Observed) -> Observed:
    """Masks that say the opposite; one where there is none."""
    tensors = dict(observed.tensors)

    def turned(call: CallResult, index: int) -> CallResult:
        masks: list[Output | None] = []
        for j, (mask, output) in enumerate(zip(call.masks, call.outputs, strict=True)):
            name = f"turned/{index}/{j}" if mask is None else mask.tensor
            shape = output.shape[:2] if mask is None else mask.shape
            tensors[name] = np.zeros(shape, bool) if mask is None else ~tensors[name]
            masks.append(Output(shape=shape, dtype="bool", tensor=name))
        return msgspec.structs.replace(call, masks=masks)

    calls = [turned(call, index) for index, call in enumerate(observed.observation.calls)]
    return _edited(observed, calls=calls)._replace(tensors=tensors)


def _summary_off(observed: Observed) -> Observed:
    summary = observed.observation.summary
    if summary is None or not summary.rows:
        return observed
    first = _replaced(summary.rows[0], params=summary.rows[0].params + 1)
    return _edited(observed, summary=_replaced(summary, rows=[first, *summary.rows[1:]]))


def _of(facet: str) -> Callable[[Observation], list[str]]:
    def select(observation: Observation) -> list[str]:
        return [output.tensor for output in getattr(observation, facet) or []]

    return select


def _gradient_arrays(observation: Observation) -> list[str]:
    found = observation.gradients
    return [*found.inputs.values(), *found.weights.values()] if found else []


def _one_gradient_missing(observed: Observed) -> Observed:
    """All gradients of inputs but the last."""
    found = observed.observation.gradients
    if found is None:
        return observed
    inputs = dict(list(found.inputs.items())[:-1])
    return _edited(observed, gradients=_replaced(found, inputs=inputs))


def _gradients_exchanged(observed: Observed) -> Observed:
    """The gradients of two inputs, of one shape, in each other's place."""
    found = observed.observation.gradients
    names = list(found.inputs) if found else []
    for first, second in itertools.combinations(names, 2):
        arrays = [observed.tensors[found.inputs[name]] for name in (first, second)]  # type: ignore[union-attr] # it has inputs
        if arrays[0].shape == arrays[1].shape:
            inputs = dict(found.inputs)  # type: ignore[union-attr] # it has inputs
            inputs[first], inputs[second] = inputs[second], inputs[first]
            return _edited(observed, gradients=_replaced(found, inputs=inputs))
    return observed


def _last_state_off(observed: Observed) -> Observed:
    """One variable after the last step, and nothing else."""
    return _scaled(lambda observation: _state_arrays(observation)[-1:], 1.001)(observed)


def _outputs_reversed(observed: Observed) -> Observed:
    """Outputs with their last axis from the other end: the order of a spectrum, a triangle."""
    names = set(_call_arrays(0)(observed.observation))
    tensors = {
        name: np.flip(values, -1) if name in names and values.ndim else values
        for name, values in observed.tensors.items()
    }
    return observed._replace(tensors=tensors)


def _trained_otherwise(observed: Observed) -> Observed:
    """Other weights; one weight where there are none."""
    state = observed.observation.state
    if state is None or state.weights:
        return _scaled(_state_arrays, 1.001)(observed)
    invented = _replaced(state, weights={_EXTRA.name: _EXTRA.name})
    tensors = {**observed.tensors, _EXTRA.name: np.ones(1, np.float32)}
    return _edited(observed, state=invented)._replace(tensors=tensors)


def _loss_arrays(observation: Observation) -> list[str]:
    state = observation.state
    return [state.losses] if state and state.losses else []


def _exchanged_arrays(observation: Observation) -> list[str]:
    loaded = observation.exchanged.loaded.values() if observation.exchanged else []
    states = [one.state for one in loaded if one.state is not None]
    return [
        *(output.tensor for one in loaded for output in one.outputs),
        *(name for one in states for name in [one.losses, *one.weights.values()]),
    ]


def _part_arrays(part: str) -> Callable[[Observation], list[str]]:
    def select(observation: Observation) -> list[str]:
        return list(getattr(observation.state, part).values()) if observation.state else []

    return select


def _state_arrays(observation: Observation) -> list[str]:
    return list(observation.state.weights.values()) if observation.state else []


def _twin_arrays(observation: Observation) -> list[str]:
    calls = observation.twin.calls if observation.twin else []
    return [output.tensor for call in calls for output in call.outputs]


def _repeated(kept: str, *lost: str) -> Callable[[Observed], Observed]:
    """Answer with one call's draws where others are due."""

    def edit(observed: Observed) -> Observed:
        draws = observed.observation.random
        if draws is None:
            return observed
        again = dict.fromkeys(lost, getattr(draws, kept))
        return _edited(observed, random=_replaced(draws, **again))

    return edit


def _drawn_arrays(observation: Observation) -> list[str]:
    draws = observation.random
    calls = ("first", "second", "again", "other")
    return [getattr(draws, call).tensor for call in calls] if draws else []


def _made_plain(observed: Observed) -> Observed:
    """Variables of zeros; of ones where they are zeros."""
    tensors = dict(observed.tensors)
    for name in _initial_arrays(observed.observation):
        values = tensors[name]
        tensors[name] = np.zeros_like(values) if values.any() else np.ones_like(values)
    return observed._replace(tensors=tensors)


def _initial_arrays(observation: Observation) -> list[str]:
    return [*(observation.initial or {}).values()]


def _changes_its_input(observed: Observed) -> Observed:
    draws = observed.observation.random
    return (
        observed if draws is None else _edited(observed, random=_replaced(draws, input_kept=False))
    )


def _fault(
    facet: str, name: str, says: str, edit: Callable[[Observed], Observed]
) -> tuple[str, Fault]:
    return facet, Fault(name=name, says=says, edit=edit)


EDITS: list[tuple[str, Fault]] = [
    _fault("symbolic_shape", "shape-misstated", "stated another symbolic shape", _longer_shape),
    _fault("symbolic_shape", "dtype-misstated", "stated another dtype", _dtype_misstated),
    *(
        _fault(facet, f"{word}-{facet.replace('_', '-')}", f"{says} of {of}", _opened(facet, edit))
        for facet, of in (("open_sizes", "open sizes"), ("open_batch", "an open batch"))
        for word, says, edit in (
            ("rank", "stated one axis more", _rank_off),
            ("sizes", "stated other sizes", _sizes_off),
            ("dtypes", "stated other dtypes", _dtypes_off),
            ("fewer", "stated one output less", _last_output_lost),
        )
    ),
    _fault("output_spec", "spec-misstated", "stated another shape when asked again", _spec_off),
    _fault("output_spec", "spec-dtype-misstated", "stated another dtype alone", _spec_dtype_off),
    _fault("output_spec", "spec-withheld", "stated no shape by itself", _spec_withheld),
    _fault("weights", "weights-renamed", "named its weights otherwise", _renamed_weight),
    _fault("params", "one-parameter-more", "counted one parameter more", _one_more_parameter),
    _fault(
        "config",
        "config-silent",
        "left every argument out of its config",
        _of_configs(lambda _, __: None, ("made", "rebuilt", "loaded")),
    ),
    _fault(
        "config",
        "config-of-another",
        "put other values into its config",
        _of_configs(_another, ("made",)),
    ),
    _fault("shape", "axis-too-many", "returned one axis too many", _flat_output),
    _fault("dtype", "double-claimed", "returned float64, or float32 for it", _double),
    _fault("probes", "probe-blind", "hid the batch axis from Lambda", _blind_probe),
    _fault("mask", "mask-turned", "masked what counts, and nothing else", _turned_mask),
    _fault("values", "not-a-number", "returned NaN", _nan_outputs),
    _fault(
        "values",
        "outputs-scaled",
        "answered a thousandth more",
        _scaled(_call_arrays(0), 1.001),
    ),
    _fault(
        "values",
        "outputs-reversed",
        "answered in the other order",
        _outputs_reversed,
    ),
    _fault("raises", "accepts", "accepted what it must refuse", _accepts),
    _fault("raises", "crashes", "failed inside the adapter", _crashes),
    _fault(
        "batch",
        "batch-dependent",
        "depended on the size of the batch",
        _scaled(_call_arrays(1), 1.001),
    ),
    # Where a layer amid others computes in half precision, a thousandth is rounding in any dtype.
    _fault(
        "batch",
        "batch-doubles",
        "answered twice as much in a batch of another size",
        _scaled(_call_arrays(1), 2.0),
    ),
    _fault(
        "influence",
        "everything-moves",
        "let every input change every output",
        _scaled(_call_arrays(1), 1.001),
    ),
    _fault(
        "gradients", "gradients-doubled", "doubled the gradients", _scaled(_gradient_arrays, 2.0)
    ),
    _fault(
        "gradients", "gradient-missing", "lost the gradient of one input", _one_gradient_missing
    ),
    _fault(
        "gradients",
        "gradients-exchanged",
        "took the gradients of two inputs for each other",
        _gradients_exchanged,
    ),
    _fault(
        "equals", "twin-differs", "answered otherwise by the twin", _scaled(_twin_arrays, 1.001)
    ),
    _fault(
        "compiled",
        "compiled-differs",
        "answered otherwise when compiled",
        _scaled(_of("compiled"), 1.001),
    ),
    _fault(
        "config_round_trip",
        "config-lost",
        "lost something on the way through its config",
        _scaled(_of("config_round_trip"), 1.001),
    ),
    _fault(
        "save_round_trip",
        "saved-otherwise",
        "lost something when saved",
        _scaled(_of("save_round_trip"), 1.001),
    ),
    _fault(
        "clone",
        "cloned-otherwise",
        "lost something when cloned",
        _scaled(_of("clone"), 1.001),
    ),
    _fault(
        "from_numpy",
        "numpy-differs",
        "answered otherwise to arrays of NumPy",
        _scaled(_of("from_numpy"), 1.001),
    ),
    _fault(
        "from_numpy",
        "numpy-overwritten",
        "wrote into an array of NumPy that it was given",
        lambda observed: (
            _edited(observed, changed=["x"]) if observed.observation.from_numpy else observed
        ),
    ),
    _fault(
        "from_lists",
        "lists-differ",
        "answered otherwise to lists of numbers",
        _scaled(_of("from_lists"), 1.001),
    ),
    _fault(
        "exchange",
        "exchanged-otherwise",
        "lost something on the way from another's file",
        _scaled(_exchanged_arrays, 1.001),
    ),
    _fault("losses", "losses-off", "told other losses", _scaled(_loss_arrays, 1.001)),
    _fault("metrics", "metrics-off", "told other metrics", _scaled(_part_arrays("metrics"), 1.001)),
    _fault(
        "optimizer",
        "optimizer-off",
        "kept other variables in its optimizer",
        _scaled(_part_arrays("optimizer"), 1.001),
    ),
    _fault(
        "checkpoint",
        "checkpoint-off",
        "wrote other weights to its files",
        _scaled(_part_arrays("checkpoint"), 1.001),
    ),
    _fault("state", "training-off", "trained to other weights", _trained_otherwise),
    _fault("state", "one-state-off", "held another last variable", _last_state_off),
    _fault(
        "random", "seed-ignored", "drew otherwise with the same seed", _repeated("other", "again")
    ),
    _fault("random", "draws-once", "drew the same in every call", _repeated("first", "second")),
    _fault(
        "random", "draws-anew", "drew otherwise when called again", _repeated("other", "second")
    ),
    _fault("random", "seed-fixed", "drew the same with every seed", _repeated("first", "other")),
    _fault("random", "seeds-overlap", "went from seed to seed", _repeated("second", "other")),
    _fault("random", "changes-its-input", "changed what it was fed", _changes_its_input),
    _fault("random", "draws-scaled", "scaled what it drew", _scaled(_drawn_arrays, 1.5)),
    _fault(
        "initial",
        "made-too-large",
        "made its variables a hundred times too large, or zeros something else",
        _scaled(_initial_arrays, 100.0),
    ),
    _fault("initial", "made-of-nothing", "made its variables of zeros or ones", _made_plain),
    _fault("summary", "summary-off", "printed another count", _summary_off),
]
"""Facet by facet, what can be wrong with it alone."""

UNLIKE_FUNCTIONS = frozenset({"draws-once"})
"""Those that are none of functions and objects: with a whole number as its seed, a function that is
called again answers the same."""

UNLIKE_MODELS = frozenset(
    {
        "dtype-misstated",
        "outputs-scaled",
        "outputs-reversed",
        "gradient-missing",
        "gradients-exchanged",
        "one-state-off",
        "draws-anew",
    }
)
"""Those that are tried on functions and objects alone."""
