"""What ``train:`` says of one ``fit``: validation, epochs, the form of data, callbacks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from conformance.adapters.shared.layer_names import automatic_name
from conformance.adapters.shared.rate_schedules import ARGUMENTS
from conformance.cases import fields, inputs
from conformance.cases.model import Fit
from conformance.cases.reading import Map

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.cases.model import Train
    from conformance.cases.problems import Where

MAX_CALLBACKS = 16
FILE = re.compile(r"[a-z][a-z0-9_-]{0,30}(?:\{epoch(?::0[1-4]d)?\})?(?:\.weights\.h5|\.keras|\.h5)")
"""Names of files that ``ModelCheckpoint`` may write: no folders, and no formats but the epoch's."""
FORMS = ("generator", "PyDataset")
_MOST = 10_000
_COUNTS = ("patience", "cooldown", "start_from_epoch")
_NUMBERS = ("factor", "min_delta", "min_lr", "baseline", "initial_value_threshold")
_MODES = ("auto", "min", "max")
_VALIDATED = ("validation_freq", "validation_batch_size", "validation_steps")


def read_fit(value: object, where: Where) -> Fit | None:
    """What ``fit`` is given besides rows and weights."""
    given = fields.mapping(value, where, _KEYS)
    if given is None:
        return None
    found = {
        key: _KEYS[key](one, where.value(given, key)) for key, one in given.items() if key in _KEYS
    }
    return None if None in found.values() else Fit(**found)


def _share(value: object, where: Where) -> float | None:
    if type(value) is not float or not 0 < value < 1:
        where.mistyped("a fraction between 0 and 1", value)
        return None
    return value


def _count(most: int, what: str, least: int = 1) -> Callable[[object, Where], int | None]:
    return lambda value, where: fields.whole(value, where, least=least, most=most, what=what)


_KEYS: dict[str, Callable[[object, Where], Any]] = {
    "validation_rows": _count(inputs.MAX_BATCH, "a number of rows"),
    "validation_split": _share,
    "validation_freq": _count(_MOST, "a number of epochs"),
    "validation_batch_size": _count(inputs.MAX_BATCH, "a number of rows"),
    "validation_steps": _count(_MOST, "a number of batches"),
    "initial_epoch": _count(_MOST, "an epoch, counted from 0"),
    "steps_per_epoch": _count(_MOST, "a number of batches"),
    "steps_per_execution": _count(_MOST, "a number of updates"),
    "jit_compile": fields.flag,
    "data": lambda value, where: fields.choice(value, where, FORMS),
}
KEYS = tuple(_KEYS)


def check(train: Train, body: Map, where: Where, rows: int, outputs: int) -> None:
    """Note what of a ``fit`` and its callbacks doesn't hold together.

    Args:
        train: What was read.
        body: The mapping under ``train``.
        where: Its place.
        rows: Number of rows that are fed.
        outputs: Number of the model's outputs.
    """
    for key in ("fit", "callbacks"):
        if key in body and train.batch_size is None:
            where.key(body, key).refuse(
                "is here without `batch_size`", hint="with it, the steps are the epochs of one fit"
            )
            return
    if train.fit is not None and isinstance(body.get("fit"), Map):
        _check_fit(train, train.fit, body["fit"], where.value(body, "fit"), rows)
    if outputs > 1 and train.told:
        where.refuse(
            f"tells more than losses of {outputs} outputs", expected="a model of one output"
        )
    if train.callbacks:
        _check_callbacks(train, body, where)


def _check_fit(train: Train, fit: Fit, given: Map, where: Where, rows: int) -> None:
    held = fit.validation_rows
    if fit.validation_split is not None:
        share = fit.validation_split * rows
        _check_split(train, fit, share == int(share), where.key(given, "validation_split"))
        held = int(share)
    if held is not None and not 0 < held < rows:
        where.refuse(f"parts {rows} rows into {rows - held} to train on, and {held}")
    for key in _VALIDATED:
        if getattr(fit, key) is not None and held is None:
            where.key(given, key).refuse("is here without validation data")
    if fit.validation_steps is not None and fit.validation_rows is None:
        where.key(given, "validation_steps").refuse("is for `validation_rows` alone, Keras says")
    if fit.initial_epoch >= train.steps:
        where.refuse(f"begins at epoch {fit.initial_epoch} of {train.steps}")
    _check_steps(train, fit, given, where)


def _check_split(train: Train, fit: Fit, whole: bool, where: Where) -> None:  # noqa: FBT001 (what is found of it)
    """A part of arrays, behind the last row that is trained on."""
    if fit.validation_rows is not None:
        where.refuse("is beside `validation_rows`", expected="one of both")
    elif fit.data is not None:
        where.refuse("is beside `data`", expected="arrays: only they can be split")
    elif train.sample_weight is not None:
        hint = "`validation_rows` hands weights over with the validation data"
        where.refuse("is beside `sample_weight`", hint=hint)
    elif not whole:
        where.refuse("leaves a rest", hint="how a rest of rows is rounded is not documented")


def _check_steps(train: Train, fit: Fit, given: Map, where: Where) -> None:
    """A generator ends with its steps alone; arrays may do with fewer in a single epoch."""
    if fit.data == "generator" and fit.steps_per_epoch is None:
        where.refuse("has a generator without `steps_per_epoch`", hint="it goes on for ever")
    elif fit.steps_per_epoch is not None and fit.data != "generator":
        epochs = train.steps - fit.initial_epoch
        if epochs > 1:
            where.key(given, "steps_per_epoch").refuse(
                f"is here for {epochs} epochs of data that end",
                hint="with which rows the next epoch begins is not documented: `data: generator`",
            )


def _check_callbacks(train: Train, body: Map, where: Where) -> None:
    listed = body["callbacks"]
    where = where.value(body, "callbacks")
    if sum(one.name == "ModelCheckpoint" for one in train.callbacks) > 1:
        where.refuse("has several ModelCheckpoints, of which one is read back")
    if len(train.callbacks) != len(listed):
        return
    for i, callback in enumerate(train.callbacks):
        place = where.item(listed, i)
        for key, value in callback.config.items():
            if wrong := _wrong(train, key, value):
                place.refuse(f"has {key} {value!r} of {callback.name}", expected=wrong)
        for key in _REQUIRED.get(callback.name, ()):
            if key not in callback.config:
                place.refuse(f"has a {callback.name} without {key}")


_REQUIRED = {"LearningRateScheduler": ("schedule",), "ModelCheckpoint": ("filepath",)}


def _wrong(train: Train, key: str, value: Any) -> str:
    """What is expected instead of the value of an argument; nothing where it is sound."""
    told = monitored(train)
    expected, sound = {
        **dict.fromkeys(_COUNTS, ("a number of epochs", _is_count(value, 0))),
        **dict.fromkeys(_NUMBERS, ("a number", type(value) in {int, float})),
        "mode": (f"one of {', '.join(_MODES)}", value in _MODES),
        "monitor": (f"what is told of an epoch: one of {', '.join(told)}", value in told),
        "save_freq": ("`epoch` or a number of batches", value == "epoch" or _is_count(value, 1)),
        "filepath": (
            "a file's name, such as `best.keras` or `e{epoch:02d}.weights.h5`",
            isinstance(value, str) and FILE.fullmatch(value) is not None,
        ),
        "raise_error": ("false: where it raises, no training is left to judge", value is False),
    }.get(key, ("", True))
    if key == "schedule":
        return _wrong_schedule(train, value)
    return "" if sound else expected


def _is_count(value: Any, least: int) -> bool:
    return type(value) is int and least <= value <= _MOST


def monitored(train: Train) -> list[str]:
    """What ``fit`` tells of an epoch, by name, before callbacks add to it."""
    own = [
        "loss",
        *(str(one.config.get("name") or automatic_name(one.name)) for one in train.every_metric),
    ]
    fit = train.fit or Fit()
    if fit.validation_rows is None and fit.validation_split is None:
        return own
    return [*own, *(f"val_{name}" for name in own)]


def _wrong_schedule(train: Train, value: Any) -> str:
    """A schedule is one of a table, ``{listed: {rates: [0.1, 0.05]}}``."""
    shown = " or ".join(f"{{{name}: {{{', '.join(own)}}}}}" for name, own in ARGUMENTS.items())
    if not isinstance(value, dict) or len(value) != 1:
        return shown
    ((name, config),) = value.items()
    if name not in ARGUMENTS or not isinstance(config, dict) or {*config} != {*ARGUMENTS[name]}:
        return shown
    if name == "listed":
        rates = config["rates"]
        if not isinstance(rates, list) or len(rates) < train.steps:
            return f"a rate for each of {train.steps} epochs"
        return "" if all(type(one) is float for one in rates) else "rates like 0.1"
    sound = type(config["epochs"]) is int and type(config["factor"]) is float
    return "" if sound else "a number of epochs, and a factor like 0.5"
