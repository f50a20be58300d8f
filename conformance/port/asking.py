"""What Keras tells of a model: its variables, and what every layer answers to some inputs.

Keras runs in a process of its own (``adapters/keras/whole_model.py``); nothing here imports it.
"""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import numpy as np

from conformance.adapters.host.environment import environment, keras_pins, pins
from conformance.adapters.shared.calling import PASSES_MASK, SPREAD
from conformance.adapters.shared.variable_names import short_names
from conformance.port.graph import regular
from conformance.port.model import MERGES, PortError, Ref, Variable, recorded_name, refs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.port.model import Call, Graph

SCRIPT = Path(__file__).parents[1] / "adapters" / "keras" / "whole_model.py"
_SECONDS = 600
_LAST = 12
"""Lines of what Keras said that are shown when it failed."""
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_RAISED = re.compile(r"[A-Za-z_][\w.]*(Error|Exception): ")
_UNKNOWN = re.compile(r"Could not locate|Unknown (layer|object|function)", re.IGNORECASE)


class _Variable(msgspec.Struct):
    path: str
    shape: list[int]
    dtype: str
    trainable: bool
    place: str


class _Layer(msgspec.Struct):
    kind: str = msgspec.field(name="class")
    variables: list[_Variable]
    values: dict[str, list[float]] = {}


class _Told(msgspec.Struct):
    versions: dict[str, str]
    backend: str
    layers: dict[str, _Layer]
    calls: list[tuple[str, int]]


class Asked(NamedTuple):
    """What Keras told."""

    keras: str
    backend: str
    variables: Mapping[str, Sequence[Variable]]
    """Of each layer, by its path."""
    values: Mapping[str, Mapping[str, Sequence[float]]]
    """What layers have learned by ``adapt()``, by path and argument."""
    order: Mapping[int, int]
    """When Keras makes a call, by the call's place in the graph."""
    recorded: Mapping[str, Any]
    """Arrays by name, as the ported file looks for them: ``inputs/NAME``, and
    :func:`~conformance.port.model.recorded_name` behind ``answers/``, and behind ``holes/`` for
    what a hole was given."""


def ask(  # noqa: PLR0913 - a model, and how Keras is started
    model: Path,
    graph: Graph,
    inputs: Sequence[Any],
    *,
    folder: Path,
    python: str,
    backend: str | None,
    custom: Sequence[Path] = (),
) -> Asked:
    """Load a model in Keras and run it once.

    Args:
        model: The ``.keras`` file.
        graph: Its calls.
        inputs: An array for each input.
        folder: For files on the way.
        python: The interpreter that has Keras.
        backend: Keras's backend; None: the one that this Keras takes by itself.
        custom: Files of the user's that register custom objects.

    Raises:
        PortError: Keras can't load or run it; its own words are told.
    """
    for path in custom:
        regular(path)
    many = Counter(call.path for call in graph.calls)
    np.savez(folder / "inputs.npz", **{str(n): array for n, array in enumerate(inputs)})
    request = {
        "model": str(model.resolve()),
        "custom": [str(path.resolve()) for path in custom],
        "inputs": str(folder / "inputs.npz"),
        "told": str(folder / "told.json"),
        "arrays": str(folder / "arrays.npz"),
        "names": [one.name for one in graph.inputs],
        "calls": [call.path for call in graph.calls],
        "fed": [call.path for call in graph.calls if call.hole or many[call.path] > 1],
    }
    (folder / "request.json").write_text(json.dumps(request), encoding="utf-8")
    pinned = keras_pins(f"keras-{backend}", backend) if backend else {}
    env = environment({**pins(), **pinned})
    try:
        done = subprocess.run(
            [python, str(SCRIPT), str(folder / "request.json")],
            env=env,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PortError(f"Keras could not be asked about {model}: {error}") from error
    if done.returncode:
        said = _said(done.stderr.decode("utf-8", "replace"))
        where = f" on {backend}" if backend else ""
        raise PortError(f"{model}: Keras{where} does not load and run it: {said}")
    try:
        told = msgspec.json.decode((folder / "told.json").read_bytes(), type=_Told)
        with np.load(io.BytesIO((folder / "arrays.npz").read_bytes()), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (OSError, ValueError, msgspec.DecodeError) as error:
        raise PortError(f"{model}: Keras told nonsense: {error}") from error
    recorded, order = _recorded(graph, told, arrays, inputs)
    return Asked(
        told.versions.get("keras", ""),
        told.backend,
        {path: _variables(path, layer) for path, layer in told.layers.items()},
        {path: layer.values for path, layer in told.layers.items() if layer.values},
        order,
        recorded,
    )


def _said(stderr: str) -> str:
    """What an exception of Keras's says: the innermost of those that it wraps, without configs."""
    text = _COLOURS.sub("", stderr).strip()
    inner = text.rpartition("Exception encountered: ")[2]
    if inner == text:
        lines = text.splitlines()
        last = next(
            (n for n in reversed(range(len(lines))) if _RAISED.match(lines[n])),
            max(len(lines) - _LAST, 0),
        )
        inner = "\n  ".join(lines[last : last + _LAST])
    said = inner.partition(" Full object config:")[0].strip()
    if _UNKNOWN.search(said):
        said += "\n  Name the file that defines and registers it: --custom FILE"
    return said


def interpreter(given: str | None) -> str:
    """The interpreter that is asked: the one that is named, or this one."""
    return given or sys.executable


def _variables(path: str, layer: _Layer) -> list[Variable]:
    node = path.rpartition("/")[2]
    names = short_names(node, [one.path.split("/") for one in layer.variables])
    return [
        Variable(name, one.shape, one.dtype, one.place, one.trainable)
        for name, one in zip(names, layer.variables, strict=True)
    ]


def _recorded(
    graph: Graph, told: _Told, arrays: Mapping[str, Any], inputs: Sequence[Any]
) -> tuple[dict[str, Any], dict[int, int]]:
    order: dict[int, int] = {}
    found = {f"inputs/{one.name}": array for one, array in zip(graph.inputs, inputs, strict=True)}
    answered: dict[Ref, Any] = {Ref(-1 - place): array for place, array in enumerate(inputs)}
    masks: dict[Ref, Any] = {}
    left: dict[str, list[int]] = {}
    for number, (path, _) in enumerate(told.calls):
        left.setdefault(path, []).append(number)
    times: Counter[str] = Counter()
    for place, call in enumerate(graph.calls):
        if not left.get(call.path):
            continue
        number = _number(call, left[call.path], arrays, answered)
        left[call.path].remove(number)
        order[place] = number
        time = times[call.path]
        times[call.path] += 1
        for which in range(told.calls[number][1]):
            name = recorded_name(call.path, time, which)
            array = arrays[f"{number}.{which}"]
            answered[Ref(place, which)] = found[f"answers/{name}"] = array
            mask = arrays.get(f"{number}.mask.{which}")
            if which and call.symbol in SPREAD:
                mask = _scores_mask(call, masks, array)
            elif mask is None and not which:
                mask = _handed_on(call, masks)
            if mask is not None:
                masks[Ref(place, which)] = found[f"masks/{name}"] = mask
        which = 0
        while call.hole and f"{number}.in.{which}" in arrays:
            name = recorded_name(call.path, time, which)
            found[f"holes/{name}"] = arrays[f"{number}.in.{which}"]
            which += 1
    return found, order


def _scores_mask(call: Call, masks: Mapping[Ref, Any], scores: Any) -> Any:
    """Which scores of an attention are of queries that count: (batch, heads, targets)."""
    query = call.inputs[0] if call.inputs else None
    mask = masks.get(query) if isinstance(query, Ref) else None
    if mask is None or scores.shape[::2][:2] != mask.shape:
        return None
    return np.broadcast_to(mask[:, None], scores.shape[:3])


def _handed_on(call: Call, masks: Mapping[Ref, Any]) -> Any:
    """The mask of an answer that has lost it: MultiHeadAttention takes it from its inputs."""
    given = [masks.get(one) if isinstance(one, Ref) else None for one in call.inputs]
    if call.symbol in PASSES_MASK:
        return given[0] if given else None
    if call.symbol in MERGES and given and all(one is not None for one in given):
        return np.logical_or.reduce([one for one in given if one is not None])
    return None


def _number(
    call: Call, numbers: Sequence[int], arrays: Mapping[str, Any], answered: Mapping[Ref, Any]
) -> int:
    """Which of a layer's calls this is: Keras makes them in an order of its own.

    It is the first one that was given what the calls before it answered.
    """
    fed = refs([*call.inputs, *call.keywords.values()])
    if not fed or fed[0] not in answered:
        return numbers[0]
    for number in numbers:
        given = arrays.get(f"{number}.in.0")
        if given is not None and np.array_equal(given, answered[fed[0]]):
            return number
    return numbers[0]
