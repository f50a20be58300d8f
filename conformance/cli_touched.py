"""The commands around ``--touched-by``: their arguments.

Like :mod:`conformance.cli`, whose part this is, it imports a command's code when the command runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance import arguments
from conformance.cli_cases import add_words

if TYPE_CHECKING:
    import argparse


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands."""
    touched = commands.add_parser(
        "touched", help="which functions of a package the cases run, and which a change touches"
    )
    chores = touched.add_subparsers(title="chores", required=True, metavar="CHORE")
    record = chores.add_parser("record", help="record which functions of a package each case runs")
    add_words(record, told="as of `run`; default: all")
    _add_package(record)
    record.add_argument(
        "--output",
        type=arguments.file_to_write,
        metavar="FILE",
        help="write the recording here as well",
    )
    record.add_argument(
        "--jobs", type=arguments.processes, metavar="N", help="processes at a time; default: cores"
    )
    record.add_argument(
        "--case-timeout",
        type=arguments.seconds,
        default=60.0,
        metavar="SECONDS",
        help="as of `run`",
    )
    record.add_argument(
        "--no-fork",
        action="store_true",
        help="start the framework anew for each case: for one that does not survive a fork",
    )
    record.set_defaults(command=_record)

    show = chores.add_parser("show", help="say what `run --touched-by BASE` would run, and why")
    add_words(show, told="as of `run`; default: all")
    show.add_argument("--touched-by", required=True, metavar="BASE", help="as of `run`")
    _add_package(show)
    _add_recording(show)
    show.set_defaults(command=_show)

    functions = chores.add_parser("functions", help="list the functions that a case runs")
    functions.add_argument("case", metavar="CASE")
    _add_package(functions)
    _add_recording(functions)
    functions.set_defaults(command=_functions)

    cases = chores.add_parser("cases", help="list the cases that run a function")
    cases.add_argument("function", metavar="FUNCTION", help="such as `conv` or `Dense.call`")
    _add_package(cases)
    _add_recording(cases)
    cases.set_defaults(command=_cases)


def _add_package(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--source",
        type=arguments.path,
        required=True,
        metavar="FOLDER",
        help="the package's own folder",
    )
    parser.add_argument("--adapter", action="append", required=True, metavar="NAME")
    parser.add_argument(
        "--adapter-command",
        action="append",
        default=[],
        metavar="NAME=COMMAND",
        help="a further adapter, started by this command; repeatable",
    )


def _add_recording(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--recording",
        action="append",
        type=arguments.existing,
        default=[],
        metavar="FILE",
        help="rest on this recording, in the place of what is kept; repeatable",
    )


def _record(options: argparse.Namespace) -> int:
    from conformance.touched.command import record

    return record(options)


def _show(options: argparse.Namespace) -> int:
    from conformance.touched.command import show

    return show(options)


def _functions(options: argparse.Namespace) -> int:
    from conformance.touched.command import functions

    return functions(options)


def _cases(options: argparse.Namespace) -> int:
    from conformance.touched.command import cases

    return cases(options)
