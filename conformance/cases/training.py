"""What ``train:`` and ``targets:`` say: optimizer, loss, weights of samples, metrics, targets."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from conformance.adapters.shared.layer_names import automatic_name
from conformance.cases import fields, fitting, inputs, names
from conformance.cases.model import Named, Train
from conformance.cases.problems import described
from conformance.cases.reading import Map, Seq

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from conformance.cases.model import Target
    from conformance.cases.models import Read
    from conformance.cases.names import Kind
    from conformance.cases.problems import Where

KEYS = (
    "optimizer",
    "loss",
    "steps",
    "class_weight",
    "sample_weight",
    "loss_weights",
    "metrics",
    "weighted_metrics",
    "optimizer_variables",
    "batch_size",
    "evaluate",
    "eager",
    "freeze",
    "freeze_late",
    "fit",
    "callbacks",
)
REQUIRED = ("optimizer", "loss", "steps")
MAX_STEPS = 10_000
MAX_METRICS = 32
BY_SHAPES = "accuracy"
"""A word for one of three metrics, by the shapes of target and output."""
_CLASSES = ("values", "indices")
"""Data of which it is known that they are indices."""


def read_train(tree: Map, where: Where) -> Train | None:
    """The training that a case asks for, with what it is trained towards.

    Args:
        tree: The case.
        where: Its place.
    """
    targets = _targets(tree, where) if "targets" in tree else []
    if "train" not in tree:
        if "targets" in tree:
            where.key(tree, "targets").refuse("is here without `train`")
        return None
    where = where.value(tree, "train")
    given = fields.mapping(tree["train"], where, KEYS, required=REQUIRED)
    if given is None or any(key not in given for key in REQUIRED):
        return None
    optimizer = _named("optimizers", given["optimizer"], where.value(given, "optimizer"))
    loss = _named("losses", given["loss"], where.value(given, "loss"))
    place = where.value(given, "steps")
    steps = fields.whole(given["steps"], place, least=1, most=MAX_STEPS, what="a number of steps")
    more = _more(given, where)
    if optimizer is None or loss is None or steps is None or targets is None:
        return None
    train = Train(optimizer=optimizer, loss=loss, steps=steps, targets=targets, **more)
    told = [one.config.get("name") or automatic_name(one.name) for one in train.every_metric]
    for name in {one for one in told if told.count(one) > 1}:
        where.refuse(f"has two metrics named {name}", hint="one may be given another `name`")
    return train


def _more(given: Map, where: Where) -> dict[str, Any]:
    """What a training needn't have."""
    if "class_weight" in given and "sample_weight" in given:
        where.key(given, "sample_weight").refuse("is beside `class_weight`", expected="one of both")
    return {
        key: read(given[key], where.value(given, key))
        for key, read in _OPTIONAL.items()
        if key in given
    }


def check(train: Train, tree: Map, where: Where, read: Read, rows: int) -> None:
    """Note what of a training doesn't fit the model that is trained.

    Args:
        train: What was read.
        tree: The case.
        where: Its place.
        read: The model.
        rows: Number of rows that it is trained on.
    """
    outputs = len(read.model.outputs)
    if "targets" in tree:
        place = where.value(tree, "targets")
        if len(train.targets) != outputs:
            place.refuse(f"has {len(train.targets)} targets", expected=f"{outputs}: one an output")
        for one in train.targets:
            if one.data.kind == "values" and len(one.data.values) != rows:
                place.refuse(
                    f"has {len(one.data.values)} rows", expected=f"{rows}, as the first call is fed"
                )
    place = where.value(tree, "train")
    body = tree["train"]
    for key in ("class_weight", "sample_weight", "metrics", "weighted_metrics"):
        if getattr(train, key) and outputs > 1:
            place.key(body, key).refuse(
                f"is given for {outputs} outputs", expected="a model of one output"
            )
    counts = {"loss_weights": (outputs, "an output"), "sample_weight": (rows, "a row")}
    _check_counts(train, body, place, counts)
    fitting.check(train, body, place, rows, outputs)
    _check_frozen(train, body, place, {node.name for node in read.model.layers})
    if train.class_weight is not None:
        if train.evaluate:
            place.key(body, "evaluate").refuse(
                "is beside `class_weight`", expected="`sample_weight`: evaluating knows no classes"
            )
        _check_classes(train, len(train.class_weight), place.value(body, "class_weight"))


def _check_counts(
    train: Train, body: Map, where: Where, counts: Mapping[str, tuple[int, str]]
) -> None:
    """There must be as many weights as what they weigh."""
    for key, (count, each) in counts.items():
        weights = getattr(train, key)
        if weights is not None and len(weights) != count:
            where.value(body, key).refuse(
                f"has {len(weights)} weights", expected=f"{count}: one {each}"
            )


def _check_frozen(train: Train, body: Map, where: Where, known: set[str]) -> None:
    """What is made not trainable must be there."""
    for key in ("freeze", "freeze_late"):
        for i, name in enumerate(getattr(train, key)):
            if name not in known:
                place = where.value(body, key).item(body[key], i)
                place.refuse(f"is {name!r}, which is no node of the model")


def _check_classes(train: Train, classes: int, where: Where) -> None:
    """Every target must be a class that has a weight."""
    named = ["int" in one.dtype and one.data.kind in _CLASSES for one in train.targets]
    if not named or not all(named):
        where.refuse(
            "is here without targets that are classes",
            hint="`targets: {data: indices, high: 3, dtype: int32}`, or literal `values`",
        )
    elif not all(_covered(one, classes) for one in train.targets):
        where.refuse(f"has {classes} weights", expected="one for each class of the targets")


def _covered(target: Target, classes: int) -> bool:
    if target.data.kind == "values":
        return _within(target.data.values, classes)
    return (target.data.low or 0) >= 0 and (target.data.high or 0) <= classes


def _within(values: Any, classes: int) -> bool:
    if isinstance(values, list):
        return all(_within(one, classes) for one in values)
    return type(values) is int and 0 <= values < classes


def _targets(tree: Map, where: Where) -> list[Target] | None:
    """One target, or a list of them, one an output."""
    place, value = where.value(tree, "targets"), tree["targets"]
    if not isinstance(value, Seq):
        one = inputs.read_target(value, place)
        return None if one is None else [one]
    found = [
        inputs.read_target(one, place.item(value, i))
        for i, one in enumerate(fields.items(value, place, "targets, one an output") or ())
    ]
    sound = [one for one in found if one is not None]
    return sound if found and len(sound) == len(found) else None


def _numbers(value: object, where: Where) -> list[float] | None:
    """Weights: finite numbers, none of them negative."""
    literal = fields.array(value, where)
    if literal is None:
        return None
    numbers, shape = literal
    if len(shape) != 1 or not 0 < shape[0] <= inputs.MAX_BATCH:
        where.refuse(f"is {described(value)}", expected="a list of numbers, such as [1.0, 0.5]")
        return None
    if not all(type(one) in {int, float} and 0 <= one < math.inf for one in numbers):
        where.refuse("has what is no weight", expected="finite numbers from 0 on")
        return None
    return [float(one) for one in numbers]


def _metrics(value: object, where: Where) -> list[Named]:
    return _several("metrics", MAX_METRICS, value, where)


def _callbacks(value: object, where: Where) -> list[Named]:
    return _several("callbacks", fitting.MAX_CALLBACKS, value, where)


def _several(kind: Kind, most: int, value: object, where: Where) -> list[Named]:
    listed = fields.items(value, where, f"names of {kind}")
    if listed is None:
        return []
    if not 0 < len(listed) <= most:
        where.refuse(f"has {len(listed)} {kind}", expected=f"1 to {most}")
        return []
    found = [_named(kind, one, where.item(listed, i)) for i, one in enumerate(listed)]
    return [one for one in found if one is not None]


def _named(kind: Kind, value: object, where: Where) -> Named | None:
    if isinstance(value, str):
        name, config, place, arguments = value, None, where, where
    elif isinstance(value, Map) and len(value) == 1:
        name = next(iter(value))
        config, place, arguments = value[name], where.key(value, name), where.value(value, name)
    else:
        where.mistyped("a name, or {SGD: {learning_rate: 0.1}}", value)
        return None
    if kind == "metrics" and name == BY_SHAPES and config is None:
        return Named(name=name)
    if wrong := names.unfit(kind, name):
        place.refuse(wrong[0], hint=wrong[1])
        return None
    if config is None:
        return Named(name=name)
    if not isinstance(config, Map):
        arguments.mistyped(f"a mapping of {name}'s arguments", config)
        return None
    own = names.arguments(kind, name) or {}
    allowed = [*own, "name"] if kind == "metrics" and names.is_made(name) else [*own]
    fields.refuse_unknown(config, arguments, allowed, f"is no argument of {name}")
    for key in config:
        if own.get(key) == "flag":
            fields.flag(config[key], arguments.value(config, key))
    return Named(name=name, config=fields.json_value(config, arguments))


def _nodes(value: object, where: Where) -> list[str]:
    """Names of nodes."""
    listed = fields.items(value, where, "names of nodes")
    if listed is None:
        return []
    found = [fields.text(one, where.item(listed, i), "a node") for i, one in enumerate(listed)]
    return [one for one in found if one is not None]


def _rows(value: object, where: Where) -> int | None:
    return fields.whole(value, where, least=1, most=inputs.MAX_BATCH, what="a number of rows")


_OPTIONAL: dict[str, Callable[[object, Where], Any]] = {
    "class_weight": _numbers,
    "sample_weight": _numbers,
    "loss_weights": _numbers,
    "metrics": _metrics,
    "weighted_metrics": _metrics,
    "optimizer_variables": fields.flag,
    "batch_size": _rows,
    "evaluate": fields.flag,
    "eager": fields.flag,
    "freeze": _nodes,
    "freeze_late": _nodes,
    "fit": fitting.read_fit,
    "callbacks": _callbacks,
}
