"""The command that ports a whole model.

Like :mod:`conformance.cli`, whose part this is, it imports nothing that takes time.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from conformance import arguments

if TYPE_CHECKING:
    import argparse

FRAMEWORKS = ("torch", "jax", "flax")


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
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
