"""``keras-conformance``: the suite without pytest, and the chores around it.

Every command imports what it needs when it runs, so that ``--help`` is immediate.
"""

from __future__ import annotations

import argparse
import errno
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from conformance import (
    __version__,
    arguments,
    cli_models,
    cli_records,
    cli_touched,
    cli_versions,
    cli_writing,
)
from conformance.cli_cases import add_folders, add_word, add_words
from conformance.ending import Terminated, terminable
from conformance.printing import harmless_streams

if TYPE_CHECKING:
    from collections.abc import Sequence

EXIT_CODES = """\
exit codes: 0 everything conforms or is a known divergence; 1 something does not conform, or the
run itself was faulty; 2 wrong usage, or faulty case files; 130 interrupted, 143 by SIGTERM (what
was recorded is kept: go on with --resume)
"""


_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
USAGE = 2


def main(given: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    with harmless_streams():
        return _main(given)


def _main(given: Sequence[str] | None) -> int:
    try:
        options = parser().parse_args(given)
        with terminable():
            code: int = options.command(options)
            print(end="", flush=True)  # noqa: T201 - while it can still be told
    except KeyboardInterrupt as why:
        by = f" by {why}" if isinstance(why, Terminated) else ""
        with suppress(OSError):  # its terminal may be gone
            print(f"interrupted{by}", file=sys.stderr)  # noqa: T201
        return why.exit_code if isinstance(why, Terminated) else 130
    except BrokenPipeError:
        # The reader of a pipe, `head` say, has seen enough.
        sys.stderr.close()
        return 0
    except OSError as error:
        if error.errno in _FULL:
            return _cut_off(error)
        # What a command knows of, it tells itself. Whatever else the system refuses is told, too:
        # a name that is too long, or a folder where a file was meant.
        return _refused(error)
    return code


def _cut_off(error: OSError) -> int:
    """Say that a full disk has no room for what was to be written: most likely what is printed."""
    _leave_stdout()
    with suppress(OSError):
        where = error.filename or "the output"
        print(f"{where} is cut off: {error.strerror}", file=sys.stderr)  # noqa: T201
    return USAGE


def _refused(error: OSError) -> int:
    """Tell what the system refuses; returns the exit code for wrong usage."""
    about = error.filename if error.filename is not None else "keras-conformance"
    why = error.strerror or str(error)
    try:
        print(f"{about}: {why}", file=sys.stderr)  # noqa: T201
        sys.stdout.flush()
    except OSError:
        _leave_stdout()
    return USAGE


def _leave_stdout() -> None:
    """Let what is left of the output go nowhere: where it was to go, the system refuses it.

    The stream keeps what it could not write, so the interpreter would try once more at its end and
    complain.
    """
    with suppress(OSError, ValueError):  # a stream of a test may have no file
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def parser() -> argparse.ArgumentParser:
    """The parser of every command."""
    parser: argparse.ArgumentParser = arguments.Parser(
        prog="keras-conformance",
        description="Does this framework, in this version, do what Keras documents?",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    _add_run(commands)
    _add_cases(commands)
    _add_adapters(commands)
    _add_repro(commands)
    _add_report(commands)
    cli_models.add(commands)
    cli_records.add(commands)
    cli_versions.add(commands)
    cli_touched.add(commands)
    arguments.ask_for_something(parser)
    return parser


def _add_run(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    run = commands.add_parser("run", help="run cases on adapters and write a report")
    add_words(run)
    _adapter_options(run)
    run.add_argument(
        "--jobs", type=arguments.processes, metavar="N", help="adapter processes at a time"
    )
    run.add_argument(
        "--case-timeout",
        type=arguments.seconds,
        default=60.0,
        metavar="SECONDS",
        help="limit of one case",
    )
    run.add_argument(
        "--reports", type=arguments.folder_to_write, default=Path("reports"), metavar="FOLDER"
    )
    run.add_argument(
        "--resume",
        nargs="?",
        const="latest",
        metavar="RUN",
        help="go on with an interrupted run (its folder; default: the latest)",
    )
    run.add_argument(
        "--ledger",
        action="append",
        type=arguments.existing,
        default=[],
        metavar="FILE",
        help="a further file or folder of known divergences; repeatable",
    )
    run.add_argument(
        "--capabilities",
        action="append",
        type=arguments.existing,
        default=[],
        metavar="FILE",
        help="a file that states what an adapter supports; repeatable",
    )
    run.add_argument(
        "--shard",
        type=arguments.shard,
        metavar="I/N",
        help="run the I-th of N parts of the cases; 'merge' joins the records",
    )
    run.add_argument(
        "--history",
        type=arguments.file_to_write,
        metavar="FILE",
        help="add the run to this history of past runs",
    )
    run.add_argument("--level", type=arguments.level, metavar="N", help=arguments.LEVEL)
    touched = run.add_argument_group("only what a change touches")
    touched.add_argument(
        "--touched-by",
        metavar="BASE",
        help="run the cases that run what changed since this revision ('origin/main')",
    )
    touched.add_argument(
        "--source",
        type=arguments.path,
        metavar="FOLDER",
        help="the package whose changes are looked at",
    )
    touched.add_argument(
        "--recording",
        action="append",
        type=arguments.existing,
        default=[],
        metavar="FILE",
        help="rest on this recording, in the place of what is kept; repeatable",
    )
    run.set_defaults(command=_run)


def _add_cases(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    cli_writing.add(commands)

    listing = commands.add_parser("list", help="list cases")
    add_words(listing, told="as of `run`; or a part of ids; default: all")
    listing.add_argument("--level", type=arguments.level, metavar="N", help=arguments.LEVEL)
    listing.add_argument("--json", action="store_true", help="as JSON, with what each is asked")
    listing.set_defaults(command=_list)

    schema = commands.add_parser("schema", help="print the JSON Schema of a case file")
    schema.set_defaults(command=_schema)

    _add_coverage(commands)
    _add_detect(commands)


def _add_adapters(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    adapters = commands.add_parser("adapters", help="list adapters and whether they are installed")
    _adapter_options(adapters)
    adapters.set_defaults(command=_adapters)

    smoke = commands.add_parser("smoke", help="try one adapter in seconds")
    smoke.add_argument("adapter", metavar="ADAPTER")
    smoke.add_argument("--adapter-command", action="append", default=[], metavar="NAME=COMMAND")
    smoke.set_defaults(command=_smoke)


def _add_coverage(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    coverage = commands.add_parser(
        "coverage", help="show which layers, functions and arguments of Keras no case exercises"
    )
    coverage.add_argument(
        "--python", metavar="FILE", help="interpreter whose Keras is asked; default: this one"
    )
    add_folders(coverage)
    coverage.add_argument("--all", action="store_true", help="list what is complete as well")
    coverage.add_argument(
        "--missing",
        action="store_true",
        help="all that no case asks, by namespace, argument and facet, each with its reason; of "
        "the Keras that the cases are written for, unless --python names another",
    )
    coverage.add_argument(
        "--into",
        type=arguments.file_to_write,
        metavar="FILE",
        help="with --missing: write it there, as a page",
    )
    coverage.add_argument("--json", action="store_true", help="all of it as JSON")
    coverage.set_defaults(command=_coverage)


def _add_detect(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    detect = commands.add_parser(
        "detect", help="say for each layer and argument how many cases see a fault there"
    )
    detect.add_argument(
        "patterns", nargs="*", metavar="LAYER", help="layers or globs ('Conv*'); default: all"
    )
    detect.add_argument(
        "--enough", type=arguments.positive, metavar="N", help="try no fault more that N cases see"
    )
    detect.add_argument("--all", action="store_true", help="list what enough cases see as well")
    detect.add_argument("--json", action="store_true", help="all of it as JSON")
    detect.set_defaults(command=_detect)


def _add_repro(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    repro = commands.add_parser(
        "repro", help="run a case, reduce it, print a script of the framework alone"
    )
    add_word(repro)
    repro.add_argument("--adapter", required=True, metavar="NAME")
    repro.add_argument(
        "--adapter-command",
        action="append",
        default=[],
        metavar="NAME=COMMAND",
        help="a further adapter, started by this command; repeatable",
    )
    repro.add_argument(
        "--facet",
        type=arguments.facet,
        metavar="FACET",
        help="what to show; default: the first facet that fails",
    )
    repro.add_argument(
        "--seconds", type=arguments.patience, default=60.0, help="how long to reduce; default: 60"
    )
    repro.add_argument(
        "--run",
        metavar="RUN",
        help="run and reduce nothing: the case as this run judged it (its folder, or 'latest')",
    )
    repro.add_argument(
        "--reports", type=arguments.folder_to_write, default=Path("reports"), metavar="FOLDER"
    )
    repro.set_defaults(command=_repro)

    porting = commands.add_parser(
        "porting", help="write porting guides out of the records of torch, jax and flax"
    )
    porting.add_argument(
        "records",
        nargs="+",
        type=arguments.path,
        metavar="RECORDS",
        help="records.jsonl or its folder",
    )
    porting.add_argument(
        "--output", type=arguments.folder_to_write, default=Path("porting"), metavar="FOLDER"
    )
    porting.set_defaults(command=_porting)


def _add_report(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    report = commands.add_parser("report", help="make the report of a run again")
    report.add_argument(
        "records",
        nargs="+",
        metavar="RECORDS",
        help="records.jsonl, a run's folder or name, or 'latest'; several are joined as by 'merge'",
    )
    report.add_argument(
        "--baseline", metavar="OLD", help="records of an earlier run: show what changed since"
    )
    report.add_argument(
        "--history",
        type=arguments.file_to_write,
        metavar="FILE",
        help="history of past runs: show their trend",
    )
    report.add_argument(
        "--output",
        type=arguments.file_to_write,
        metavar="FILE",
        help="default: beside the (first) records",
    )
    report.add_argument(
        "--reports", type=arguments.folder_to_write, default=Path("reports"), metavar="FOLDER"
    )
    report.add_argument(
        "--everything",
        action="store_true",
        help="keep every detail, however large the file becomes",
    )
    report.set_defaults(command=_report)


def _adapter_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--adapter",
        action="append",
        default=[],
        metavar="NAME",
        help="adapter name or glob ('keras-*'); repeatable; default: all but numpy",
    )
    parser.add_argument(
        "--adapter-command",
        action="append",
        default=[],
        metavar="NAME=COMMAND",
        help="a further adapter, started by this command; repeatable",
    )


def _run(options: argparse.Namespace) -> int:
    from conformance.run.command import run

    return run(options)


def _list(options: argparse.Namespace) -> int:
    from conformance.cases.commands import list_cases

    return list_cases(
        options.patterns, as_json=options.json, folders=options.folders, level=options.level
    )


def _schema(_: argparse.Namespace) -> int:
    from conformance.cases.commands import schema

    return schema()


def _coverage(options: argparse.Namespace) -> int:
    from conformance.coverage.command import coverage, show_missing

    if options.missing:
        return show_missing(
            python=options.python,
            as_json=options.json,
            into=options.into,
            folders=options.folders,
        )
    if options.into is not None:
        print("--into is for what --missing tells", file=sys.stderr)  # noqa: T201
        return 2
    return coverage(
        python=options.python or sys.executable,
        as_json=options.json,
        everything=options.all,
        folders=options.folders,
    )


def _detect(options: argparse.Namespace) -> int:
    from conformance.detecting.command import detect

    return detect(
        options.patterns, enough=options.enough, as_json=options.json, everything=options.all
    )


def _adapters(options: argparse.Namespace) -> int:
    from conformance.run.command import adapters

    return adapters(options)


def _smoke(options: argparse.Namespace) -> int:
    from conformance.run.smoke import smoke

    return smoke(options.adapter, commands=options.adapter_command)


def _repro(options: argparse.Namespace) -> int:
    if options.run is None:
        from conformance.reducing.command import repro as reduced

        return reduced(options)
    from conformance.run.command import repro

    return repro(options)


def _porting(options: argparse.Namespace) -> int:
    from conformance.porting.command import porting

    return porting(options.records, options.output)


def _report(options: argparse.Namespace) -> int:
    from conformance.run.reporting import report

    return report(options)


if __name__ == "__main__":
    sys.exit(main())
