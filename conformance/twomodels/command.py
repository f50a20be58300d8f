"""``keras-conformance compare``."""

from __future__ import annotations

import importlib.util
import os
import sys
from typing import TYPE_CHECKING

import msgspec

from conformance.printing import make_console
from conformance.records.output import write_text, write_whole
from conformance.twomodels.asking import Failed, Process
from conformance.twomodels.feeding import read
from conformance.twomodels.session import Wanted, keras, other
from conformance.twomodels.sides import Side, Usage, side
from conformance.twomodels.terminal import summary
from conformance.twomodels.training import Settings
from conformance.wording.text import escaped_json

if TYPE_CHECKING:
    import argparse

    from conformance.twomodels.result import Result

EQUAL, DIFFERENT, USAGE = 0, 1, 2
BACKENDS = ("torch", "tensorflow", "jax")
"""On which a Keras model can be run and trained; the first that is installed is taken."""


def compare(options: argparse.Namespace) -> int:
    """Compare two models; returns 0: they are equal, 1: they differ, 2: nothing can be said."""
    try:
        result = _compared(options)
    except (Usage, Failed) as error:
        print(error, file=sys.stderr)  # noqa: T201 - a message for whoever called
        return USAGE
    make_console(wide=True).print(summary(result))
    if options.json:
        content = msgspec.json.format(msgspec.json.encode(result))
        write_whole(options.json, escaped_json(content) + b"\n")
    if options.html:
        from conformance.twomodels.page import page

        write_text(options.html, page(result))
    if result.undecided:
        return USAGE
    return EQUAL if result.equal else DIFFERENT


def _compared(options: argparse.Namespace) -> Result:
    first, second = side(options.a), side(options.b)
    pythons = [options.python_a or sys.executable, options.python_b or sys.executable]
    if not first.is_keras:
        if not second.is_keras:
            message = (
                "one of the two must be a Keras model (.keras, .h5): its layers are what the truth "
                "is computed from"
            )
            raise Usage(message)
        first, second, pythons = second, first, pythons[::-1]
    backend = options.backend or _backend()
    wanted = _wanted(options)
    with (
        Process(first, backend=backend, python=pythons[0], seconds=options.seconds) as ours,
        _process(second, backend, pythons[1], options) as theirs,
    ):
        return other(theirs, second, keras(ours, first, wanted), wanted)


def _process(second: Side, backend: str, python: str, options: argparse.Namespace) -> Process:
    return Process(second, backend=backend, python=python, seconds=options.seconds)


def _wanted(options: argparse.Namespace) -> Wanted:
    settings = None
    if options.steps:
        settings = Settings(
            steps=options.steps,
            optimizer=options.optimizer,
            learning_rate=options.learning_rate,
            momentum=options.momentum,
        )
        if options.momentum and options.optimizer != "sgd":
            message = "--momentum is of sgd; adam has its own"
            raise Usage(message)
    elif options.targets is not None:
        message = "--targets are for training: say how many steps with --steps"
        raise Usage(message)
    return Wanted(
        inputs=None if options.inputs is None else read(options.inputs),
        targets=None if options.targets is None else read(options.targets),
        rows=options.rows,
        seed=options.seed,
        settings=settings,
        seconds=options.seconds,
        custom=options.custom,
        still=options.no_dropout,
    )


def _backend() -> str:
    """The user's own choice, else the first that is installed."""
    told = os.environ.get("KERAS_BACKEND", "")
    if told in BACKENDS:
        return told
    for name in BACKENDS:
        if importlib.util.find_spec(name) is not None:
            return name
    message = f"Keras needs a backend: install one of {', '.join(BACKENDS)}"
    raise Usage(message)
