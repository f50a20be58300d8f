"""The commands that search over releases: their arguments.

Like :mod:`conformance.cli`, whose part this is, it imports a command's code when the command runs.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

BISECT_EXIT_CODES = """\
exit codes: 0 the release is named; 1 both ends make the same of the case; 2 it could not be
searched; 3 it is one of several, as those between could not be tried
"""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands."""
    _add_bisect(commands)


def _add_bisect(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    import argparse

    bisect = commands.add_parser(
        "bisect",
        help="find the release that changed the verdict on a case",
        epilog=BISECT_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    bisect.add_argument("case", metavar="CASE", help="a case's id, or a file with one case")
    bisect.add_argument("--adapter", required=True, metavar="NAME")
    bisect.add_argument("--package", required=True, metavar="NAME", help="whose releases: keras")
    ends = "a version, or a date: the newest release of that day"
    bisect.add_argument("--good", "--old", required=True, metavar="VERSION", help=ends)
    bisect.add_argument("--bad", "--new", required=True, metavar="VERSION", help=ends)
    bisect.add_argument("--json", type=Path, metavar="FILE", help="write the steps as JSON, too")
    _add_running(bisect)
    bisect.set_defaults(command=_bisect)


def _add_running(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--adapter-command",
        action="append",
        default=[],
        metavar="NAME=COMMAND",
        help="a further adapter, started by this command; repeatable",
    )
    parser.add_argument("--jobs", type=int, metavar="N", help="releases at a time; default: cores")
    parser.add_argument(
        "--case-timeout", type=float, default=60.0, metavar="SECONDS", help="limit of one case"
    )


def _bisect(options: argparse.Namespace) -> int:
    from conformance.versions.bisect_command import bisect

    return bisect(options)
