"""A case's numbers as source: literal where they are few, else drawn as the reference does."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from conformance.cases.model import STRING, Data
from conformance.facets import TRAINED
from conformance.reference.model import data
from conformance.reference.model.feeding import make_feeds, target_spec
from conformance.reference.model.network import Network
from conformance.reference.model.written import written
from conformance.repro.numbers import as_fed
from conformance.repro.text import literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from conformance.cases.model import InputSpec
    from conformance.reference.spec.layers.base import Variable
    from conformance.repro.plan import Plan

LITERAL = 200
"""Up to so many numbers in all, they are written out."""

DRAW = '''
def draw(seed, name, shape, kind="normal", low=0.0, high=1.0):
    """Numbers from raw Philox words; all are exact in float32."""
    key = hashlib.blake2b(f"{seed}:{name}".encode(), digest_size=16).digest()
    raw = np.random.Philox(key=int.from_bytes(key, "little")).random_raw(int(np.prod(shape)))
    if kind == "integers":
        return ((raw % np.uint64(9)).astype(np.float32) - 4).reshape(shape)
    if kind == "uniform":
        steps = (raw >> np.uint64(48)).astype(np.float64)
        return (low + steps * ((high - low) / 65536)).astype(np.float32).reshape(shape)
    if kind == "indices":
        words = (raw % np.uint64(high - low)).astype(np.int64)
        return (words + int(low)).astype(np.float32).reshape(shape)
    if kind == "boolean":
        bits = (raw >> np.uint64(63)).astype(bool)
        if bits.size > 1 and (bits == bits[0]).all():
            bits[0] = not bits[0]
        return bits.reshape(shape)
    lanes = raw.astype("<u8").view("<u2").reshape(-1, 4).astype(np.int64)
    return ((lanes.sum(axis=1) - 131070) / 32768).astype(np.float32).reshape(shape)
'''


def lines(plan: Plan) -> list[str]:
    """Source that makes ``inputs``, ``weights`` and what else the plan wants.

    Weights stand by layer and variable for Keras, in its order, and by ``<node>/<variable>`` for a
    native framework. What a layer learns when it is adapted is not among them.

    Returns:
        Assignments; ``draw`` must be defined before them where they name it.

    Raises:
        NoAnswer: The reference does not know the model.
    """
    if plan.raises == "build":
        return []
    program, network = plan.graph, plan.network or Network.build(plan.program.model)
    feeds = _feeds(plan, network)
    written = [f"inputs = {{{_members(_inputs(plan, plan.call, feeds))}}}"]
    if plan.before:
        calls = [f"{{{_members(_inputs(plan, call, feeds))}}}" for call in plan.before]
        written = [f"before = [{', '.join(calls)}]", *written]
    written += _weights(plan, network, feeds)
    batch = program.every_call[plan.call].batch
    extra = {"gradients": "cotangent", **dict.fromkeys(TRAINED, "target")}.get(plan.facet)
    if plan.goes_on is not None:
        extra = "target"
    if extra == "cotangent" or (extra == "target" and program.train is not None):
        shapes = network.fed_outputs(batch)
        texts = [_extra(plan, feeds, f"{extra}/{j}", shape) for j, shape in enumerate(shapes)]
        written.append(f"{extra}s = [{', '.join(texts)}]")
    return written


def _extra(
    plan: Plan, feeds: Mapping[str, NDArray[Any]] | None, name: str, shape: tuple[int, ...]
) -> str:
    """A cotangent, or a target: drawn as weights are where the case doesn't state it."""
    kind, _, index = name.partition("/")
    train = plan.graph.train
    if written := _fed(feeds, name):
        return written
    if kind == "cotangent" or train is None or not train.targets:
        return drawn(plan.seed, name, shape, plan.graph.weights)
    spec = target_spec(train.targets[int(index)], shape)
    return _numbers(plan.seed, name, (shape[0], *spec.shape), spec)


def _feeds(plan: Plan, network: Network) -> Mapping[str, NDArray[Any]] | None:
    """All that is fed, where it is little enough to be written out."""
    program = plan.graph
    counts = [math.prod((program.calls[0].batch, *s.shape)) for s in program.model.inputs]
    variables = sum(math.prod(v.shape) for v in network.drawn.values())
    if sum(counts) + variables > LITERAL:
        return None
    if plan.answer is not None:
        return plan.answer.feeds
    return make_feeds(msgspec.structs.replace(program, twin=None), network, None, plan.seed)


def _fed(feeds: Mapping[str, NDArray[Any]] | None, name: str) -> str:
    return "" if feeds is None or name not in feeds else array(feeds[name])


def _inputs(plan: Plan, call: int, feeds: Mapping[str, NDArray[Any]] | None) -> dict[str, str]:
    return {spec.name: _input(plan, spec, call, feeds) for spec in plan.program.model.inputs}


def _input(plan: Plan, spec: InputSpec, call: int, feeds: Mapping[str, NDArray[Any]] | None) -> str:
    """What is fed to one input in one call."""
    made = plan.program.every_call[call]
    shape = (made.batch, *made.shape(spec))
    source = f"call/{0 if made.facet == 'batch' else call}/{spec.name}"
    if spec.dtype == STRING:
        return strings(spec.data.values[:1] if made.facet == "batch" else spec.data.values)
    literally = _fed(feeds, f"call/{call}/{spec.name}")
    if literally and spec.data.kind not in {"arange", "values"}:
        return literally
    if made.facet == "batch" and spec.data.kind not in {"arange", "values"}:
        whole = (plan.program.calls[0].batch, *spec.shape)
        return f"{_numbers(plan.seed, source, whole, spec)}[:1]"
    return _numbers(plan.seed, source, shape, spec)


def _numbers(seed: int, name: str, shape: tuple[int, ...], spec: InputSpec) -> str:
    """What is fed to an input, or trained towards, of this shape."""
    kind = np.dtype(np.float32 if "float" in spec.dtype else spec.dtype)
    if spec.data.kind == "arange":
        return f"np.arange({math.prod(shape)}, dtype=np.{kind.name}).reshape({shape})"
    if spec.data.kind == "values":
        return array(np.asarray(spec.data.values, np.float64).astype(kind)[: shape[0]])
    cast = "" if "float" in spec.dtype else f".astype({spec.dtype!r})"
    return drawn_input(seed, name, shape, spec.data) + cast


def _weights(plan: Plan, network: Network, feeds: Mapping[str, NDArray[Any]] | None) -> list[str]:
    known: dict[str, dict[str, str]] = {}
    learned = network.learned
    given = {**network.held, **written(plan.graph, network)}
    stated = {name: array(numbers) for name, numbers in given.items()}
    for name, variable in network.drawn.items():
        if name not in learned:
            text = stated.get(name) or _fed(feeds, f"weight/{name}")
            text = text or _weight(plan, name, variable)
            node, own = name.split("/", 1)
            known.setdefault(node, {})[own] = text
    if plan.keras:
        members = {node: f"{{{_members(own)}}}" for node, own in known.items()}
    else:
        members = {f"{node}/{own}": t for node, parts in known.items() for own, t in parts.items()}
    if not members:
        return ["weights = {}"]
    return ["weights = {", *(f"    {name!r}: {text}," for name, text in members.items()), "}"]


def _weight(plan: Plan, name: str, variable: Variable) -> str:
    kind = plan.graph.weights
    if variable.levels is not None:
        low, high = variable.levels
        levels = Data(kind="indices", low=low, high=high + 1)
        return drawn_input(plan.seed, f"weight/{name}", variable.shape, levels)
    text = drawn(plan.seed, f"weight/{name}", variable.shape, kind)
    if variable.kind == "variance":
        positive = f"np.abs({text}) / np.float32(2) + np.float32(0.25)"
        factor = variable.gain
        return positive if factor == 1 else f"({positive}) * np.float32({factor!r})"
    return text if kind == "integers" else f"{text} * np.float32({data.weight_scale(variable)!r})"


def _members(texts: Mapping[str, str]) -> str:
    return ", ".join(f"{name!r}: {text}" for name, text in texts.items())


def drawn(seed: int, name: str, shape: tuple[int, ...], kind: str = "normal") -> str:
    """Numbers of a generator, as source that needs :data:`DRAW`."""
    tail = "" if kind == "normal" else f", {kind!r}"
    return f"draw({seed!r}, {name!r}, {shape!r}{tail})"


def drawn_input(seed: int, name: str, shape: tuple[int, ...], given: Data) -> str:
    """The same of an input, whose generator may have bounds."""
    if given.kind not in {"uniform", "indices"}:
        return drawn(seed, name, shape, given.kind)
    low = 0.0 if given.low is None else given.low
    high = 1.0 if given.high is None else given.high
    return f"draw({seed!r}, {name!r}, {shape!r}, {given.kind!r}, {low!r}, {high!r})"


def strings(values: Any) -> str:
    """Nested lists of strings as the array that is fed, as source."""
    return f"np.array({literal(values)}, object)"


def array(values: NDArray[Any]) -> str:
    """An array as source, with no more digits than its type has."""
    kind = values.dtype.name
    if values.size == 0:
        return f"np.zeros({values.shape!r}, {kind!r})"
    return f"np.array({literal(as_fed(values))}, {kind!r})"
