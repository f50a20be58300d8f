"""The commands that search over releases: their arguments.

Like :mod:`conformance.cli`, whose part this is, it imports a command's code when the command runs.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from conformance import arguments
from conformance.cli_cases import add_word, add_words

if TYPE_CHECKING:
    import argparse

BISECT_EXIT_CODES = """\
exit codes: 0 the release is named; 1 both ends make the same of the case; 2 it could not be
searched; 3 it is one of several, as those between could not be tried
"""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands."""
    _add_bisect(commands)
    _add_sweep(commands)


def _add_bisect(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    import argparse

    bisect = commands.add_parser(
        "bisect",
        help="find the release that changed the verdict on a case",
        epilog=BISECT_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_word(bisect)
    bisect.add_argument("--adapter", required=True, metavar="NAME")
    bisect.add_argument("--package", required=True, metavar="NAME", help="whose releases: keras")
    ends = "a version, or a date: the newest release of that day"
    bisect.add_argument("--good", "--old", required=True, metavar="VERSION", help=ends)
    bisect.add_argument("--bad", "--new", required=True, metavar="VERSION", help=ends)
    bisect.add_argument(
        "--json", type=arguments.file_to_write, metavar="FILE", help="write the steps as JSON, too"
    )
    add_running(bisect)
    bisect.set_defaults(command=_bisect)


def _add_sweep(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    sweep = commands.add_parser("sweep", help="run cases over releases: since when each passes")
    add_words(sweep, told="as of `run`; default: all")
    sweep.add_argument("--adapter", required=True, action="append", metavar="NAME")
    sweep.add_argument("--package", required=True, metavar="NAME", help="whose releases: keras")
    which = sweep.add_mutually_exclusive_group(required=True)
    which.add_argument("--versions", metavar="SPECIFIER", help="such as '>=3.5'")
    which.add_argument(
        "--release", action="append", metavar="VERSION", help="this release; repeatable"
    )
    sweep.add_argument(
        "--of-ledger",
        action="store_true",
        help="the cases that the ledger speaks of, on the adapters that it names",
    )
    sweep.add_argument(
        "--ledger",
        action="append",
        type=arguments.existing,
        default=[],
        metavar="FILE",
        help="a ledger of your own, of --of-ledger, in the place of the packaged one; repeatable",
    )
    sweep.add_argument("--minor", action="store_true", help="of each 3.N only the newest 3.N.M")
    sweep.add_argument(
        "--markdown", type=arguments.file_to_write, metavar="FILE", help="write it as Markdown, too"
    )
    sweep.add_argument(
        "--json", type=arguments.file_to_write, metavar="FILE", help="write it as JSON, too"
    )
    sweep.add_argument("--all", action="store_true", help="show what always passes as well")
    sweep.add_argument(
        "--reports", type=arguments.folder_to_write, default=Path("reports"), metavar="FOLDER"
    )
    add_running(sweep)
    sweep.set_defaults(command=_sweep)


def add_running(parser: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    """Add how cases are run."""
    parser.add_argument(
        "--adapter-command",
        action="append",
        default=[],
        metavar="NAME=COMMAND",
        help="a further adapter, started by this command; repeatable",
    )
    parser.add_argument(
        "--jobs", type=arguments.processes, metavar="N", help="releases at a time; default: cores"
    )
    parser.add_argument(
        "--case-timeout",
        type=arguments.seconds,
        default=60.0,
        metavar="SECONDS",
        help="limit of one case",
    )


def _bisect(options: argparse.Namespace) -> int:
    from conformance.versions.bisect_command import bisect

    return bisect(options)


def _sweep(options: argparse.Namespace) -> int:
    from conformance.versions.sweep_command import sweep

    return sweep(options)
