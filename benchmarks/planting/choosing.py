"""A choice of faults that spreads over files, functions and kinds, the same for the same seed."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final

from planting.edits import Edit, edits

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence
    from pathlib import Path

LAYERS: Final = "src/layers"
BACKEND: Final = "src/backend/torch"
_LEFT_OUT: Final = frozenset(
    {
        "contrast_limited_adaptive_histogram_equalization.py",
        "feature_space.py",
        "flax_layer.py",
        "input_layer.py",
        "jax_layer.py",
        "max_num_bounding_box.py",
        "tfsm_layer.py",
        "torch_utils.py",
        "wrapper.py",
    }
)
"""Layers that docs/coverage.md leaves out."""
OF_TENSORFLOW: Final = frozenset(
    {
        "hashed_crossing.py",
        "hashing.py",
        "index_lookup.py",
        "integer_lookup.py",
        "string_lookup.py",
        "text_vectorization.py",
    }
)
"""Layers that need TensorFlow on every backend; keras-torch is run without."""
_IN_LAYERS: Final = 0.7
"""The share of the faults that are planted in layers; the rest is planted in the backend."""


def every(package: Path, entered: Collection[tuple[str, str]]) -> list[Edit]:
    """All edits of Keras's layers, and of what they run of the torch backend.

    Those of layers that need TensorFlow on every backend are among them: :data:`OF_TENSORFLOW`.

    Args:
        package: Keras's folder.
        entered: File and name of every function that the cases of layers enter.
    """
    found: list[Edit] = []
    for folder in (LAYERS, BACKEND):
        for path in sorted((package / folder).rglob("*.py")):
            if path.name.endswith("_test.py") or path.name in _LEFT_OUT | {"__init__.py"}:
                continue
            file = path.relative_to(package).as_posix()
            if folder == BACKEND and path.parent.name != "torch":
                continue
            made = edits(file, path.read_text(encoding="utf-8"))
            found += (one for one in made if folder == LAYERS or (file, one.function) in entered)
    return found


def choose(
    candidates: Iterable[Edit], number: int, seed: int, fits: Callable[[Edit], bool]
) -> list[Edit]:
    """So many of them, in an order in which any beginning is spread as well.

    Files take turns, of the backend functions; each gives the kind that was taken least so far,
    of a function that was taken least.

    Args:
        candidates: Edits to choose from.
        number: How many, at most.
        seed: The same one chooses the same.
        fits: Whether one may be chosen; asked of few, in their order.
    """
    rng = random.Random(seed)  # noqa: S311 - drawn alike for everybody
    layers: dict[str, list[Edit]] = defaultdict(list)
    backend: dict[str, list[Edit]] = defaultdict(list)
    for one in candidates:
        if one.file.startswith(LAYERS):
            layers[one.file].append(one)
        else:
            backend[f"{one.file}:{one.function}"].append(one)
    taken: Counter[str] = Counter()
    begun: Counter[str] = Counter()
    turns = [_turns(layers, rng), _turns(backend, rng)]
    chosen: list[Edit] = []
    while len(chosen) < number and any(turns):
        share = sum(one.file.startswith(LAYERS) for one in chosen) < _IN_LAYERS * (len(chosen) + 1)
        turn = turns[0 if (share and turns[0]) or not turns[1] else 1]
        group = turn.pop(0)
        one = _next(group, taken, begun, rng)
        group.remove(one)
        if group:
            turn.append(group)
        if not fits(one):
            continue
        taken[one.kind] += 1
        begun[f"{one.file}:{one.function}"] += 1
        chosen.append(one)
    return chosen


def _turns(groups: dict[str, list[Edit]], rng: random.Random) -> list[list[Edit]]:
    named = sorted(groups)
    rng.shuffle(named)
    return [groups[name] for name in named]


def _next(
    group: Sequence[Edit], taken: Counter[str], begun: Counter[str], rng: random.Random
) -> Edit:
    kinds = sorted({one.kind for one in group})
    rng.shuffle(kinds)
    kind = min(kinds, key=taken.__getitem__)
    fitting = [one for one in group if one.kind == kind]
    least = min(begun[f"{one.file}:{one.function}"] for one in fitting)
    return rng.choice([one for one in fitting if begun[f"{one.file}:{one.function}"] == least])
