"""What a model's variables hold as they are made, for the verdict; and imagined ones that do."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.invariants import Invariants
from conformance.reference.answer.drawing import drawn_theta
from conformance.reference.answer.expectation import ExpectedInitial, ExpectedLaw, ExpectedPart
from conformance.reference.engine.arithmetic import Arithmetic
from conformance.reference.engine.array import Array
from conformance.reference.engine.dtypes import held
from conformance.reference.engine.laws import Affine, Drawn
from conformance.reference.errors import Unsupported
from conformance.reference.spec.initial import Part, made, seeded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.reference.answer.book import Book
    from conformance.reference.engine.array import Values
    from conformance.reference.model.network import Network
    from conformance.reference.spec.layers.base import Variable

NO_VARIABLES = "the model has no variable of which it is documented what it is made with"
"""Why nothing can be said of initial values."""


def expected_initial(network: Network, arithmetic: Arithmetic, book: Book) -> list[ExpectedInitial]:
    """What each variable holds before it is given the case's numbers.

    What an adapted layer has learned is left out: those numbers are the case's own.

    Raises:
        Unsupported: An initializer that the reference lacks.
    """
    return [
        ExpectedInitial(
            name=name,
            shape=list(variable.shape),
            dtype=variable.dtype,
            parts=[
                _stated(
                    f"initial/{name}/{index}",
                    part,
                    made(part, shape, variable.dtype, arithmetic),
                    book,
                )
                for index, (part, shape) in enumerate(_parts(variable))
            ],
        )
        for name, variable in network.variables.items()
        if variable.initial
    ]


def _parts(variable: Variable) -> Iterator[tuple[Part, tuple[int, ...]]]:
    """Each part of a variable with its sizes."""
    for part in variable.initial:
        yield part, (*variable.shape[:-1], part.size) if part.size else variable.shape


def _stated(name: str, part: Part, found: Any, book: Book) -> ExpectedPart:
    """What is said of a part, with its arrays put into the book under the name."""
    size = part.size
    if isinstance(found, Array):
        return ExpectedPart(size=size, values=book.enter(name, found))
    if isinstance(found, Invariants):
        _, properties = book.enter_law(name, found)
        return ExpectedPart(size=size, properties=properties, seeded=seeded(part))
    law = found.law
    if not isinstance(law, Affine):
        message = f"{part.initializer!r} follows no law that the facet initial knows"
        raise Unsupported(message)
    # Location and scale are the same for all numbers of a part.
    location, scale = (
        float(a.value.flat[0]) if a.value.size else 0.0 for a in (law.location, law.scale)
    )
    stated = ExpectedLaw(law=law.law, location=location, scale=scale, low=law.low, high=law.high)
    return ExpectedPart(size=size, law=stated, seeded=seeded(part))


def imagined_initial(network: Network, seed: int) -> dict[str, Values]:
    """Variables as an honest framework makes them, by name."""
    generator = np.random.default_rng(seed)
    arithmetic = Arithmetic()
    found = {}
    for name, variable in network.variables.items():
        if variable.initial:
            parts = [
                _imagined(part, shape, variable.dtype, arithmetic, generator)
                for part, shape in _parts(variable)
            ]
            values = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=-1)
            kind = {"bfloat16": "float32"}.get(variable.dtype, variable.dtype)
            found[name] = np.asarray(held(values, variable.dtype), kind, order="C")
    return found


def _imagined(
    part: Part,
    shape: tuple[int, ...],
    dtype: str,
    arithmetic: Arithmetic,
    generator: np.random.Generator,
) -> Values:
    law = made(part, shape, dtype, arithmetic)
    if isinstance(law, Drawn) and isinstance(law.law, Affine):
        theta = drawn_theta(law.law, shape, generator)
        return np.asarray(law.law.location.value + law.law.scale.value * theta)
    if isinstance(law, Invariants):
        gram = law.properties[0].truth
        gain = math.sqrt(float(gram[0, 0])) if gram is not None and gram.size else 1.0
        return _turned(shape, generator) * gain
    values: Values = np.broadcast_to(law.value, shape)
    return values


def _turned(shape: tuple[int, ...], generator: np.random.Generator) -> Values:
    """Orthonormal columns of a matrix, or rows if these are fewer, in any direction."""
    rows, columns = math.prod(shape[:-1]), shape[-1]
    numbers = generator.standard_normal((max(rows, columns), min(rows, columns)))
    q = np.linalg.qr(numbers)[0]
    return np.asarray((q if rows >= columns else q.T).reshape(shape))
