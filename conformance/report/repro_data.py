"""A case's numbers as source: literal where they are few, else drawn as the reference does."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.reference import data
from conformance.reference.feeding import make_feeds
from conformance.reference.network import Network
from conformance.report.repro_text import literal

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from conformance.cases.model import Data, Program

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


def lines(program: Program, seed: int, call: int, extra: tuple[str, ...] = ()) -> list[str]:
    """Source that makes ``inputs``, ``weights`` and what else is wanted.

    Args:
        program: The case's program.
        seed: Of its data.
        call: Which of its calls to feed.
        extra: ``cotangent`` and ``target`` where they are needed.

    Returns:
        Assignments; ``draw`` must be defined before them.

    Raises:
        NoAnswer: The reference does not know the model.
    """
    network = Network.build(program.model)
    made = program.calls[call]
    batch = made.batch
    inputs: dict[str, str] = {}
    for spec in program.model.inputs:
        shape = (batch, *made.shape(spec))
        source = f"call/{0 if made.facet == 'batch' else call}/{spec.name}"
        cast = "" if "float" in spec.dtype else f".astype({spec.dtype!r})"
        kind = np.dtype(np.float32 if "float" in spec.dtype else spec.dtype)
        if spec.data.kind == "arange":
            count = math.prod(shape)
            inputs[spec.name] = f"np.arange({count}, dtype=np.{kind.name}).reshape({shape})"
        elif spec.data.kind == "values":
            values = np.asarray(spec.data.values, np.float64).astype(kind)
            inputs[spec.name] = _literal(values[:batch])
        elif made.facet == "batch":
            whole = (program.calls[0].batch, *spec.shape)
            inputs[spec.name] = f"{_draw_input(seed, source, whole, spec.data)}{cast}[:1]"
        else:
            inputs[spec.name] = _draw_input(seed, source, shape, spec.data) + cast
    weights = {}
    for name, variable in network.variables.items():
        text = _draw(seed, f"weight/{name}", variable.shape, program.weights)
        if variable.kind == "variance":
            weights[name] = f"np.abs({text}) / np.float32(2) + np.float32(0.25)"
            continue
        scale = data.weight_scale(variable)
        weights[name] = text if program.weights == "integers" else f"{text} * np.float32({scale!r})"
    groups = {"inputs": inputs, "weights": weights}
    feeds = make_feeds(program, network, None, seed) if _few(program, network) else None
    if feeds is not None and made.facet == "values":
        groups["inputs"] = {name: _literal(feeds[f"call/{call}/{name}"]) for name in inputs}
        groups["weights"] = {name: _literal(feeds[f"weight/{name}"]) for name in weights}
    written = []
    for group, members in groups.items():
        written += [f"{group} = {{"]
        written += [f"    {name!r}: {text}," for name, text in members.items()]
        written += ["}"]
    for group in extra:
        texts = [
            _draw(seed, f"{group}/{j}", shape, program.weights)
            for j, shape in enumerate(network.fed_outputs(batch))
        ]
        written.append(f"{group}s = [{', '.join(texts)}]")
    return written


def _few(program: Program, network: Network) -> bool:
    counts = [math.prod((program.calls[0].batch, *s.shape)) for s in program.model.inputs]
    return sum(counts) + sum(math.prod(v.shape) for v in network.variables.values()) <= LITERAL


def _draw(seed: int, name: str, shape: tuple[int, ...], kind: str) -> str:
    tail = "" if kind == "normal" else f", {kind!r}"
    return f"draw({seed!r}, {name!r}, {shape!r}{tail})"


def _draw_input(seed: int, name: str, shape: tuple[int, ...], given: Data) -> str:
    if given.kind not in {"uniform", "indices"}:
        return _draw(seed, name, shape, given.kind)
    low = 0.0 if given.low is None else given.low
    high = 1.0 if given.high is None else given.high
    return f"draw({seed!r}, {name!r}, {shape!r}, {given.kind!r}, {low!r}, {high!r})"


def _literal(values: NDArray[Any]) -> str:
    kind = values.dtype.name
    named = "bool" if kind == "bool" else f"np.{kind}"
    if values.size == 0:
        return f"np.zeros({values.shape!r}, {named})"
    return f"np.array({literal(values.tolist())}, {named})"
