"""The optimizer that a model was compiled with, as text for a port's file.

It is the native adapters' code, which the suite's cases of optimizers hold against the reference.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, NamedTuple

from conformance.adapters.native.functions import Own
from conformance.adapters.native.optimizers import COMMON
from conformance.adapters.torch.tables.optimizers import OPTIMIZERS as TORCH
from conformance.port.model import PortError
from conformance.repro.text import literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.port.frameworks import Framework
    from conformance.repro.native import Extract

Json = Any

_IDLE: Mapping[str, Json] = {
    "loss_scale_factor": None,
    "gradient_accumulation_steps": None,
}
"""Arguments of every optimizer that a port lacks, with the values at which they do nothing."""

_FORMULAS = {
    "SGD": ("sgd", ("learning_rate", "momentum", "nesterov")),
    "Adam": ("adam", ("learning_rate", "beta_1", "beta_2", "epsilon")),
}
"""In JAX, which has no optimizers: how the functions are called, and what they take."""
_FORMULAS_IDLE = {
    **_IDLE,
    **{key: value for key, value in COMMON.items() if key not in {"learning_rate", "ema_momentum"}},
    "amsgrad": False,
}


class Optimizer(NamedTuple):
    """What a model was compiled with."""

    function: str
    """What makes it: a class of torch's, or how the functions of a formula begin."""
    arguments: Mapping[str, float | bool | None]


def compiled(written: Json, framework: Framework, extract: Extract) -> Optimizer | None:
    """The optimizer in a ``compile_config``; None where the model is not compiled.

    Args:
        written: As the file has it.
        framework: Where to.
        extract: Takes in what the optimizer is made of.

    Raises:
        PortError: It is another one, or has arguments that a port has not.
    """
    if not isinstance(written, dict) or not isinstance(written.get("optimizer"), dict):
        return None
    kind, config = written["optimizer"]["class_name"], written["optimizer"]["config"]
    if not isinstance(config["learning_rate"], (int, float)):
        raise PortError(f"{kind}: a schedule of the learning rate is not ported")
    given = {key: value for key, value in config.items() if key != "name"}
    if framework.name == "torch":
        return _of_torch(kind, given, framework, extract)
    if kind not in _FORMULAS:
        raise PortError(f"the optimizer {kind} is not ported; {' and '.join(_FORMULAS)} are")
    name, known = _FORMULAS[kind]
    _refuse(kind, {key: (value,) for key, value in _FORMULAS_IDLE.items()}, given)
    for part in ("state", "step"):
        extract.add("formulas", f"{name}_{part}", framework.package)
    return Optimizer(name, {key: given[key] for key in known if key in given})


def _of_torch(
    kind: str, given: Mapping[str, Json], framework: Framework, extract: Extract
) -> Optimizer:
    rows = [row for row in TORCH.get(f"optimizers.{kind}", ()) if isinstance(row, Own)]
    if not rows:
        ported = [symbol.rpartition(".")[2] for symbol in TORCH if "schedules" not in symbol]
        raise PortError(f"the optimizer {kind} is not ported; {', '.join(ported)} are")
    (row,) = rows
    _refuse(kind, row.only, given)
    function = extract.add(row.module, row.function, framework.package)
    own = {
        node.arg
        for node in ast.walk(ast.parse(extract.texts[function]))
        if isinstance(node, ast.arg)
    }
    idle = {key for key, value in COMMON.items() if key not in own and given.get(key) == value}
    known = {*own, *COMMON} - (idle - {"learning_rate"})
    return Optimizer(function, {key: value for key, value in given.items() if key in known})


def _refuse(kind: str, only: Mapping[str, Any], given: Mapping[str, Json]) -> None:
    for key, some in only.items():
        if given.get(key, some[0]) not in some:
            raise PortError(f"{kind}: {key}={given[key]!r} is not ported")


def text(optimizer: Optimizer | None, framework: str) -> str:
    """What a file says of the optimizer; nothing where there is none."""
    if optimizer is None:
        return ""
    told = [f"{key}={literal(value)}," for key, value in optimizer.arguments.items()]
    frame = _TORCH if framework == "torch" else _JAX
    return frame.format(function=optimizer.function, arguments="\n        ".join(told))


_TORCH = '''

def optimizer(model):
    """The optimizer that the model was compiled with."""
    return {function}(
        [one for one in model.parameters() if one.requires_grad],
        {arguments}
    )
'''

_JAX = '''

def optimizer_state(weights):
    """What the optimizer keeps before its first step."""
    return {function}_state(weights)


def optimizer_step(gradients, state, weights):
    """(weights, state) after a step of the optimizer that the model was compiled with."""
    return {function}_step(
        gradients,
        state,
        weights,
        {arguments}
    )
'''
