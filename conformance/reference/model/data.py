"""Where the numbers come from: a seeded generator that anyone can write down in five lines.

Raw 64-bit words of the counter-based generator Philox, keyed by a hash of seed and name, so that a
word never depends on NumPy's distributions (which may change between versions) or on what else
was drawn before. Every number is exact in float32.
"""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, Any, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from conformance.adapters.shared.texts import encoded
from conformance.cases.model import STRING
from conformance.reference.engine.dtypes import COMPLEX, held
from conformance.reference.errors import Unsupported

if TYPE_CHECKING:
    from conformance.cases.model import InputSpec
    from conformance.reference.spec.layers.base import Variable

Kind = Literal["normal", "integers", "uniform", "indices", "boolean"]
Sizes = tuple[int, ...]
Floats = NDArray[np.float32]
Fed = NDArray[Any]
"""What is fed to an input: float32 for every float dtype, else the dtype's own."""

_LANES = 4
_MEAN = 131070  # of the sum of four 16-bit lanes
_SCALE = 32768


def raw_words(seed: int, name: str, count: int) -> NDArray[np.uint64]:
    """``count`` raw words of the stream that belongs to this seed and name."""
    key = hashlib.blake2b(f"{seed}:{name}".encode(), digest_size=16).digest()
    words = np.random.Philox(key=int.from_bytes(key, "little")).random_raw(count)
    return np.asarray(words, np.uint64)


def normal(seed: int, name: str, shape: tuple[int, ...]) -> Floats:
    """Bell-shaped numbers within ±4, standard deviation 1.15, multiples of 2**-15.

    The four 16-bit lanes of a word are added up, which is near enough to a normal distribution
    and exact.
    """
    lanes = raw_words(seed, name, math.prod(shape)).astype("<u8", copy=False).view("<u2")
    sums = lanes.reshape(-1, _LANES).sum(axis=1, dtype=np.int64) - _MEAN
    values: Floats = (sums / _SCALE).astype(np.float32).reshape(shape)
    return values


def integers(seed: int, name: str, shape: tuple[int, ...]) -> Floats:
    """Integers from -4 to 4, as float32."""
    words = raw_words(seed, name, math.prod(shape)) % np.uint64(9)
    return (words.astype(np.int64) - 4).astype(np.float32).reshape(shape)


def uniform(seed: int, name: str, shape: tuple[int, ...], low: float, high: float) -> Floats:
    """Evenly spread over [low, high), in steps of 2**-16 of the range."""
    words = raw_words(seed, name, math.prod(shape)) >> np.uint64(48)
    spread = low + words.astype(np.float64) * ((high - low) / 65536)
    return spread.astype(np.float32).reshape(shape)


def indices(seed: int, name: str, shape: tuple[int, ...], low: float, high: float) -> Floats:
    """Whole numbers from ``low`` up to, not including, ``high``, as float32."""
    words = raw_words(seed, name, math.prod(shape)) % np.uint64(int(high) - int(low))
    return (words.astype(np.int64) + int(low)).astype(np.float32).reshape(shape)


def boolean(seed: int, name: str, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """True and false; where there are two or more, both: the first is turned over if need be."""
    bits = (raw_words(seed, name, math.prod(shape)) >> np.uint64(63)).astype(bool)
    if bits.size > 1 and (bits == bits[0]).all():
        bits[0] = not bits[0]
    return bits.reshape(shape)


def draw(kind: Literal["normal", "integers"], seed: int, name: str, shape: Sizes) -> Floats:
    """One of the two generators of weights by its name."""
    return (integers if kind == "integers" else normal)(seed, name, shape)


def philox_lines(
    seed: int,
    name: str,
    shape: tuple[int, ...],
    kind: Literal["normal", "integers"] = "normal",
) -> list[str]:
    """Python lines that draw the same numbers into ``values``; they need hashlib and NumPy as np.

    For scripts that show a mismatch without this package.
    """
    lines = [
        f'key = hashlib.blake2b(b"{seed}:{name}", digest_size=16).digest()',
        f'raw = np.random.Philox(key=int.from_bytes(key, "little")).random_raw({math.prod(shape)})',
    ]
    if kind == "integers":
        lines.append(f"values = (raw % 9).astype(np.int64).astype(np.float32).reshape({shape}) - 4")
        return lines
    return [
        *lines,
        f'lanes = raw.astype("<u8").view("<u2").reshape(-1, {_LANES}).astype(np.int64)',
        f"values = ((lanes.sum(axis=1) - {_MEAN}) / {_SCALE}).astype(np.float32).reshape({shape})",
    ]


def weight_scale(variable: Variable) -> float:
    """The power of two by which a variable's normal numbers are multiplied.

    Near ``sqrt(gain / fan_in)`` for kernels, so that signals keep their size through deep models;
    1/2 for biases. A power of two keeps the numbers exact.
    """
    if variable.kind == "bias":
        return 0.5
    return float(2.0 ** round(math.log2(variable.gain / max(variable.fan_in, 1)) / 2))


def weight(kind: Literal["normal", "integers"], seed: int, name: str, variable: Variable) -> Floats:
    """A variable's numbers; ``name`` is ``weight/<node>/<variable>``.

    Variances are ``abs(number) / 2 + 1/4``: positive, and near enough to zero that a layer's
    epsilon shows. Whole numbers are any of the variable's.
    """
    if variable.levels is not None:
        low, high = variable.levels
        return indices(seed, name, variable.shape, low, high + 1)
    values: Fed = draw(kind, seed, name, variable.shape)
    if variable.kind == "variance":
        values = np.abs(values) / np.float32(2) + np.float32(0.25)
        values = values * np.float32(variable.gain)
    elif kind != "integers":
        values = values * np.float32(weight_scale(variable))
    return held(values, variable.dtype).astype(np.float32)


def input_values(spec: InputSpec, seed: int, name: str, batch: int | None) -> Fed:
    """What is fed to an input in one call; strings as ``adapters/shared/texts.py`` writes them.

    Args:
        spec: The input.
        seed: Of all data.
        name: Of this array.
        batch: Number of rows; None where ``spec.shape`` is the whole shape.

    Raises:
        Unsupported: Literal values that don't have the input's shape.
    """
    if spec.dtype in COMPLEX:
        parts = msgspec.structs.replace(spec, dtype="float32", shape=[*spec.shape, 2])
        pairs = input_values(parts, seed, name, batch)
        return np.ascontiguousarray(pairs).view(np.complex64)[..., 0]
    shape = tuple(spec.shape) if batch is None else (batch, *spec.shape)
    given = spec.data
    values: Fed
    if given.kind == "arange":
        values = np.arange(math.prod(shape), dtype=np.float32).reshape(shape)
    elif given.kind == "values" and spec.dtype == STRING:
        return np.asarray(encoded(given.values), np.uint8)
    elif given.kind == "values":
        whole = spec.dtype != "bool" and "float" not in spec.dtype
        values = np.asarray(given.values, spec.dtype if whole else np.float64)
        if values.shape != shape:
            message = f"input {spec.name}: literal values of shape {values.shape}, not {shape}"
            raise Unsupported(message)
    elif given.kind == "boolean":
        values = boolean(seed, name, shape)
    elif given.kind in {"uniform", "indices"}:
        low = 0.0 if given.low is None else given.low
        high = 1.0 if given.high is None else given.high
        values = (uniform if given.kind == "uniform" else indices)(seed, name, shape, low, high)
    elif given.kind == "integers":
        values = integers(seed, name, shape)
    else:
        values = normal(seed, name, shape)
    if "float" in spec.dtype:
        return held(values, spec.dtype).astype(np.float32)
    return values.astype(spec.dtype)
