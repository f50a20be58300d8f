"""Where the numbers come from: a seeded generator that anyone can write down in five lines.

Raw 64-bit words of the counter-based generator Philox, keyed by a hash of seed and name, so that a
word never depends on NumPy's distributions (which may change between versions) or on what else
was drawn before. Every number is exact in float32.
"""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from conformance.reference.errors import Unsupported

if TYPE_CHECKING:
    from conformance.cases.model import InputSpec
    from conformance.reference.layer import Variable

Kind = Literal["normal", "integers"]
Floats = NDArray[np.float32]

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


def draw(kind: Kind, seed: int, name: str, shape: tuple[int, ...]) -> Floats:
    """One of the two generators by its name."""
    return (integers if kind == "integers" else normal)(seed, name, shape)


def philox_lines(seed: int, name: str, shape: tuple[int, ...], kind: Kind = "normal") -> list[str]:
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


def weight(kind: Kind, seed: int, name: str, variable: Variable) -> Floats:
    """A variable's numbers; ``name`` is ``weight/<node>/<variable>``.

    Variances are ``abs(number) / 2 + 1/4``: positive, and near enough to zero that a layer's epsilon
    shows.
    """
    values = draw(kind, seed, name, variable.shape)
    if variable.kind == "variance":
        return np.abs(values) / np.float32(2) + np.float32(0.25)
    return values if kind == "integers" else values * np.float32(weight_scale(variable))


def input_values(spec: InputSpec, seed: int, name: str, batch: int) -> Floats:
    """What is fed to an input in one call.

    Raises:
        Unsupported: The dtype, or literal values that don't have the input's shape.
    """
    if spec.dtype != "float32":
        message = f"input {spec.name}: dtype {spec.dtype} is not in the reference, only float32"
        raise Unsupported(message)
    shape = (batch, *spec.shape)
    if spec.data.kind == "arange":
        return np.arange(math.prod(shape), dtype=np.float32).reshape(shape)
    if spec.data.kind == "values":
        values = np.asarray(spec.data.values, np.float64)
        if values.shape != shape:
            message = f"input {spec.name}: literal values of shape {values.shape}, not {shape}"
            raise Unsupported(message)
        return values.astype(np.float32)
    return draw(spec.data.kind, seed, name, shape)
