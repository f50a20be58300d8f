"""The command that compares two models of the user's own: its arguments.

Like :mod:`conformance.cli`, whose part this is, it imports a command's code when it runs.
"""

from __future__ import annotations

import argparse

from conformance import arguments

EXIT_CODES = """\
exit codes: 0 the models are equal: rounding explains every difference; 1 they differ; 2 wrong
usage, a model that can't be opened or asked, or a training of which nothing can be said. A port's
Python file is run, in a process of its own, as `python FILE.py` would run it; a .keras file is
loaded in safe mode.
"""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
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
