"""The commands for whoever writes cases.

Like :mod:`conformance.cli`, whose part this is, it imports nothing that takes time.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands."""
    validate = commands.add_parser("validate", help="check case files")
    validate.add_argument("paths", nargs="*", type=Path, metavar="PATH")
    validate.add_argument(
        "--reference",
        action="store_true",
        help="hold the cases against the reference as well, with no framework; warn of what "
        "can't fail in them",
    )
    validate.set_defaults(command=_validate)


def _validate(options: argparse.Namespace) -> int:
    from conformance.writing.command import validate

    return validate(options.paths, reference=options.reference)
