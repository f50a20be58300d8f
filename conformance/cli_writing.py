"""The commands for whoever writes cases.

Like :mod:`conformance.cli`, whose part this is, it imports nothing that takes time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance import arguments

if TYPE_CHECKING:
    import argparse


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands."""
    validate = commands.add_parser("validate", help="check case files")
    validate.add_argument("paths", nargs="*", type=arguments.path, metavar="PATH")
    validate.add_argument(
        "--reference",
        action="store_true",
        help="hold the cases against the reference as well, with no framework; warn of what "
        "can't fail in them",
    )
    validate.add_argument(
        "--format",
        action="store_true",
        help="put the keys of each case in one order first, comments with them",
    )
    validate.add_argument(
        "--check", action="store_true", help="with --format: write nothing, end with 1 instead"
    )
    validate.set_defaults(command=_validate)

    new = commands.add_parser("new", help="write a first file of cases, with comments")
    new.add_argument(
        "file", type=arguments.file_to_write, metavar="FILE", help="a path that ends in .yaml"
    )
    new.set_defaults(command=_new)


def _validate(options: argparse.Namespace) -> int:
    from conformance.writing.command import validate

    return validate(
        options.paths,
        reference=options.reference,
        in_order=options.format,
        look_only=options.check,
    )


def _new(options: argparse.Namespace) -> int:
    from conformance.writing.command import new

    return new(options.file)
