"""The commands about models of the user's own: `compare` and `port`.

Like :mod:`conformance.cli`, whose part this is, it imports nothing that takes time.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from conformance import arguments

FRAMEWORKS = ("torch", "jax", "flax")
"""What a model is ported to."""

EXIT_CODES = """\
exit codes: 0 the models are equal: rounding explains every difference; 1 they differ; 2 wrong
usage, a model that can't be opened or asked, or a training of which nothing can be said. A port's
Python file is run, in a process of its own, as `python FILE.py` would run it; a .keras file is
loaded in safe mode.
"""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands."""
    _add_compare(commands)
    _add_port(commands)


def _add_compare(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    compare = commands.add_parser(
        "compare",
        help="hold two models of yours against each other: which layer differs, and why",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    what = "a .keras or .h5 file, a port (FILE.py, FILE.py:NAME), or a .onnx, .tflite … file"
    compare.add_argument("a", type=arguments.text, metavar="A", help=what)
    compare.add_argument("b", type=arguments.text, metavar="B", help="likewise; one is Keras's")
    compare.add_argument(
        "--inputs",
        type=arguments.existing,
        metavar="FILE",
        help="arrays that both are fed, .npz or .npy; default: drawn ones",
    )
    compare.add_argument(
        "--rows", type=arguments.positive, default=3, metavar="N", help="of drawn batches"
    )
    compare.add_argument(
        "--seed", type=arguments.positive, default=1, metavar="N", help="of what is drawn"
    )
    training = compare.add_argument_group("training, with the mean squared error")
    training.add_argument(
        "--steps", type=arguments.positive, metavar="N", help="train both for so many steps"
    )
    training.add_argument(
        "--no-dropout",
        action="store_true",
        help="leave drop-outs and noise out of both models: no two of them draw alike",
    )
    training.add_argument("--optimizer", choices=("sgd", "adam"), default="sgd")
    training.add_argument("--learning-rate", type=arguments.patience, default=0.01, metavar="RATE")
    training.add_argument(
        "--momentum", type=arguments.patience, default=0.0, metavar="NUMBER", help="of sgd"
    )
    training.add_argument(
        "--targets",
        type=arguments.existing,
        metavar="FILE",
        help="what the outputs are trained towards, .npz or .npy; default: drawn ones",
    )
    compare.add_argument(
        "--backend",
        choices=("torch", "tensorflow", "jax"),
        help="on which Keras computes; default: $KERAS_BACKEND, or what is installed",
    )
    compare.add_argument(
        "--custom",
        type=arguments.existing,
        metavar="FILE",
        help="a Python file that registers the Keras model's own layers; it is run first",
    )
    for letter in "ab":
        compare.add_argument(
            f"--python-{letter}",
            metavar="PYTHON",
            type=arguments.text,
            help=f"the interpreter that opens {letter.upper()}; default: this one",
        )
    compare.add_argument(
        "--seconds",
        type=arguments.seconds,
        default=120.0,
        help="limit of one answer, and of the search for a cause; default: 120",
    )
    compare.add_argument("--json", type=arguments.file_to_write, metavar="FILE")
    compare.add_argument("--html", type=arguments.file_to_write, metavar="FILE")
    compare.set_defaults(command=_compare)


def _compare(options: argparse.Namespace) -> int:
    from conformance.twomodels.command import compare

    return compare(options)


def _add_port(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    port = commands.add_parser(
        "port", help="write a Keras model as one file of PyTorch, JAX or Flax, and check it"
    )
    port.add_argument("model", type=arguments.existing, metavar="MODEL.keras")
    port.add_argument(
        "--to", type=arguments.text, choices=FRAMEWORKS, required=True, help="the framework"
    )
    port.add_argument(
        "-o",
        "--output",
        type=arguments.file_to_write,
        metavar="FILE.py",
        help="the file (default: MODEL_torch.py ... here); Keras's answers go beside it, as .npz",
    )
    port.add_argument(
        "--inputs",
        type=arguments.existing,
        metavar="FILE.npz",
        help="arrays for the model's inputs, by name or in order (default: drawn)",
    )
    port.add_argument(
        "--batch",
        type=arguments.positive,
        default=2,
        metavar="N",
        help="size of an open batch axis of drawn inputs (default 2)",
    )
    port.add_argument(
        "--length",
        type=arguments.positive,
        default=8,
        metavar="N",
        help="size of their other open axes (default 8)",
    )
    port.add_argument("--seed", type=arguments.positive, default=1, metavar="N", help="of the draw")
    port.add_argument(
        "--custom",
        action="append",
        type=arguments.existing,
        default=[],
        metavar="FILE.py",
        help="a Python file of yours that registers custom objects; it is run; repeatable",
    )
    port.add_argument(
        "--python",
        metavar="PATH",
        type=arguments.text,
        help="the interpreter that has Keras and the framework (default: this one)",
    )
    port.add_argument(
        "--backend",
        type=arguments.text,
        metavar="NAME",
        help="Keras's backend (default: the one that this Keras takes by itself)",
    )
    port.add_argument(
        "--no-check", action="store_true", help="write the file, and don't run it afterwards"
    )
    port.set_defaults(command=_port)


def _port(options: argparse.Namespace) -> int:
    from conformance.port.command import Options, port

    output = options.output or Path(f"{options.model.stem}_{options.to}.py")
    return port(
        Options(
            model=options.model,
            to=options.to,
            output=output,
            inputs=options.inputs,
            custom=options.custom,
            python=options.python,
            backend=options.backend,
            batch=options.batch,
            length=options.length,
            seed=options.seed,
            check=not options.no_check,
        )
    )
