"""The commands that compare, join and keep records, and tend the ledger: their arguments.

Like :mod:`conformance.cli`, whose part this is, it imports a command's code when the command runs.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from conformance import arguments
from conformance.cli_cases import add_words
from conformance.cli_versions import add_running

if TYPE_CHECKING:
    import argparse

DIFF_EXIT_CODES = """\
exit codes: 0 no regression, and everything could be compared; 1 a regression that the ledger does
not know; 2 wrong usage, or records that can't be read; 3 no regression among what could be
compared, but not everything could (or nothing); of two versions that were run also: 130 and 143
interrupted, by Ctrl-C or SIGTERM: what both have judged is compared, --resume goes on
"""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands."""
    _add_diff(commands)
    _add_merge(commands)
    _add_history(commands)
    _add_ledger(commands)
    _add_atlas(commands)
    _add_exporters(commands)
    _add_capabilities(commands)
    _add_next(commands)
    _add_rows(commands)


def _add_diff(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    import argparse

    diff = commands.add_parser(
        "diff",
        help="compare two runs: what broke, what was mended",
        epilog=DIFF_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    diff.add_argument(
        "old",
        metavar="OLD",
        help="records.jsonl, a run's folder or name, 'latest', or a version: 'keras==3.14.1'",
    )
    diff.add_argument(
        "new",
        nargs="?",
        metavar="NEW",
        help="likewise; left out: two columns of OLD (--old, --new)",
    )
    versions = diff.add_argument_group("of two versions, which are run first")
    add_words(versions, told="as of `run`; default: all")
    versions.add_argument(
        "--adapter", action="append", metavar="NAME", help="default: all that the versions concern"
    )
    versions.add_argument(
        "--ledger", action="append", type=arguments.existing, default=[], metavar="FILE"
    )
    versions.add_argument(
        "--resume",
        nargs="?",
        const="latest",
        metavar="RUN",
        help="go on with an interrupted comparison (its folder; default: the latest run)",
    )
    add_running(versions)
    diff.add_argument(
        "--old",
        dest="old_column",
        metavar="COLUMN",
        help="which column of OLD, or a pattern: 'keras-torch@keras==3.14.1', '*@keras==3.14.1'",
    )
    diff.add_argument("--new", dest="new_column", metavar="COLUMN", help="which column of NEW")
    diff.add_argument(
        "--markdown", type=arguments.file_to_write, metavar="FILE", help="write it as Markdown, too"
    )
    diff.add_argument(
        "--json", type=arguments.file_to_write, metavar="FILE", help="write it as JSON, too"
    )
    diff.add_argument("--all", action="store_true", help="list what is counted otherwise")
    diff.add_argument(
        "--reports", type=arguments.folder_to_write, default=Path("reports"), metavar="FOLDER"
    )
    diff.set_defaults(command=_diff)


def _diff(options: argparse.Namespace) -> int:
    if options.new is not None and "=" in options.old + options.new:
        from conformance.versions.diff_command import diff_versions, is_variant

        if is_variant(options.old) and is_variant(options.new):
            return diff_versions(options)
    from conformance.comparing.command import diff

    return diff(options)


def _add_history(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    history = commands.add_parser(
        "history", help="since when a case passes or fails; 'history add RECORDS' keeps a run"
    )
    history.add_argument(
        "what", nargs="+", metavar="CASE", help="a case's id, or: add RECORDS [RECORDS …]"
    )
    history.add_argument(
        "--history",
        type=arguments.file_to_write,
        default=Path("reports/history.sqlite"),
        metavar="FILE",
        help="where the history is kept (default: reports/history.sqlite)",
    )
    history.add_argument(
        "--reports", type=arguments.folder_to_write, default=Path("reports"), metavar="FOLDER"
    )
    history.set_defaults(command=_history)


def _history(options: argparse.Namespace) -> int:
    from conformance.history.command import history

    return history(options)


def _add_merge(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    merge = commands.add_parser(
        "merge", help="join the records of shards, or of several machines' adapters, into one run"
    )
    merge.add_argument(
        "records", nargs="+", metavar="RECORDS", help="records.jsonl, or a folder that holds some"
    )
    merge.add_argument(
        "-o",
        "--output",
        type=arguments.folder_to_write,
        required=True,
        metavar="FOLDER",
        help="folder of the joined run",
    )
    merge.add_argument(
        "--partial", action="store_true", help="join what is there although shards are missing"
    )
    merge.set_defaults(command=_merge)


def _merge(options: argparse.Namespace) -> int:
    from conformance.run.joining import merge

    return merge(options)


def _add_atlas(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    atlas = commands.add_parser(
        "atlas", help="show what each adapter answers where no documentation says what is right"
    )
    _add_page_options(atlas, "recorded runs")
    atlas.set_defaults(command=_atlas)


def _atlas(options: argparse.Namespace) -> int:
    from conformance.atlas.page import ATLAS

    return ATLAS.show(options.records, options.reports, options.into)


def _add_exporters(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    table = commands.add_parser(
        "exporters", help="show which layer comes out of Keras by which way, by recorded runs"
    )
    _add_page_options(table, "recorded runs of exporters")
    table.set_defaults(command=_exporters)


def _exporters(options: argparse.Namespace) -> int:
    from conformance.exporting.page import EXPORTERS

    return EXPORTERS.show(options.records, options.reports, options.into)


def _add_page_options(command: argparse.ArgumentParser, runs: str) -> None:
    """What a command takes that renders a page of recorded runs (``wording/kept.py``)."""
    command.add_argument(
        "records",
        nargs="*",
        default=["latest"],
        metavar="RECORDS",
        help=f"{runs}: records.jsonl, a run's folder or name (default: latest); or the JSON "
        "beside an earlier page, of exporters beside runs, too",
    )
    command.add_argument(
        "--reports", type=arguments.folder_to_write, default=Path("reports"), metavar="FOLDER"
    )
    command.add_argument(
        "--into",
        type=arguments.file_to_write,
        metavar="FILE",
        help="Markdown, of which all below the mark is replaced; default: print it",
    )


def _add_ledger(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    ledger = commands.add_parser("ledger", help="check, extend or prune the known divergences")
    chores = ledger.add_subparsers(title="chores", required=True, metavar="CHORE")
    check = _add_chore(
        chores, "check", "say what is wrong with it, by itself or held against records"
    )
    check.set_defaults(command=_ledger_check, tells_all=True)
    update = _add_chore(chores, "update", "propose entries for failures that none covers")
    update.add_argument(
        "--into",
        type=arguments.file_to_write,
        metavar="FILE",
        help="append them to this file; default: print them",
    )
    update.set_defaults(command=_ledger_update)
    prune = _add_chore(chores, "prune", "take out what describes nothing any more")
    prune.add_argument("--dry-run", action="store_true", help="say what, and take nothing out")
    prune.set_defaults(command=_ledger_prune)
    show = _add_chore(
        chores, "show", "write into a page what runs showed, held against the ledger of now"
    )
    show.add_argument(
        "--into",
        type=arguments.file_to_write,
        required=True,
        metavar="FILE",
        help="Markdown; what it is made of is kept beside it as JSON, which RECORDS may name",
    )
    show.set_defaults(command=_ledger_show)
    measure = _add_chore(
        chores, "measure", "tell in which releases the entries show, by recorded sweeps"
    )
    measure.add_argument("--package", default="keras", metavar="NAME", help="whose releases")
    measure.add_argument(
        "--into",
        type=arguments.file_to_write,
        metavar="FILE",
        help="keep the measurements in this file, too",
    )
    measure.add_argument(
        "--write", action="store_true", help="write when, except and since into the ledger"
    )
    measure.set_defaults(command=_ledger_measure)


def _ledger_show(options: argparse.Namespace) -> int:
    from conformance.upkeep.command import show

    return show(options)


def _ledger_measure(options: argparse.Namespace) -> int:
    from conformance.upkeep.command import measure

    return measure(options)


def _add_chore(
    chores: argparse._SubParsersAction[argparse.ArgumentParser], name: str, told: str
) -> argparse.ArgumentParser:
    chore = chores.add_parser(name, help=told, description=f"{told.capitalize()}.")
    chore.set_defaults(tells_all=False)
    chore.add_argument(
        "records",
        nargs="+" if name in {"measure", "show", "update"} else "*",
        metavar="RECORDS",
        help="recorded runs: records.jsonl, a run's folder or name, or 'latest'",
    )
    chore.add_argument(
        "--ledger",
        action="append",
        type=arguments.existing,
        default=[],
        metavar="FILE",
        help="a file or folder of divergences; repeatable; default: the catalogue's own",
    )
    chore.add_argument(
        "--cases",
        action="append",
        type=arguments.path,
        default=[],
        metavar="FOLDER",
        help="a folder of cases of your own that the entries may speak of; repeatable",
    )
    chore.add_argument(
        "--reports", type=arguments.folder_to_write, default=Path("reports"), metavar="FOLDER"
    )
    return chore


def _add_capabilities(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    told = "print the capability file that fits a recorded run: what is unsupported, what deviates"
    parser = commands.add_parser("capabilities", help=told, description=f"{told.capitalize()}.")
    parser.add_argument(
        "records", metavar="RECORDS", help="records.jsonl, a run's folder or name, or 'latest'"
    )
    parser.add_argument("--adapter", required=True, metavar="NAME", help="whose")
    parser.add_argument(
        "--into", type=arguments.file_to_write, metavar="FILE", help="append it to this file"
    )
    parser.add_argument(
        "--reports", type=arguments.folder_to_write, default=Path("reports"), metavar="FOLDER"
    )
    parser.set_defaults(command=_capabilities)


def _capabilities(options: argparse.Namespace) -> int:
    from conformance.upkeep.command import state

    return state(options)


def _add_next(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    told = "say what to implement or mend next, by how many cases it unlocks"
    parser = commands.add_parser("next", help=told, description=f"{told.capitalize()}.")
    parser.add_argument(
        "records",
        nargs="?",
        default="latest",
        metavar="RECORDS",
        help="records.jsonl, a run's folder or name, or 'latest' (the default)",
    )
    parser.add_argument("--adapter", metavar="NAME", help="whose; of one adapter alone, that")
    parser.add_argument(
        "--recording",
        action="append",
        type=arguments.existing,
        default=[],
        metavar="FILE",
        help="a file of `touched record`, in the place of what is kept; repeatable",
    )
    parser.add_argument("--all", action="store_true", help="list every cause")
    parser.add_argument("--json", action="store_true", help="as JSON, with all cases of each cause")
    parser.add_argument(
        "--reports", type=arguments.folder_to_write, default=Path("reports"), metavar="FOLDER"
    )
    parser.set_defaults(command=_next)


def _next(options: argparse.Namespace) -> int:
    from conformance.bringup.command import next_

    return next_(options)


def _ledger_check(options: argparse.Namespace) -> int:
    from conformance.upkeep.command import check

    return check(options)


def _ledger_update(options: argparse.Namespace) -> int:
    from conformance.upkeep.command import update

    return update(options)


def _ledger_prune(options: argparse.Namespace) -> int:
    from conformance.upkeep.command import prune

    return prune(options)


def _add_rows(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    rows = commands.add_parser(
        "rows", help="after a CI matrix: which rows conform, which don't, which never ran"
    )
    rows.add_argument(
        "folder",
        type=arguments.path,
        metavar="FOLDER",
        help="holds a folder of records for each row",
    )
    rows.add_argument(
        "--expect", action="append", default=[], metavar="ROW", help="a row that must be there"
    )
    rows.add_argument(
        "--rows", metavar="JSON", help="the same for many: a list of objects with a name"
    )
    rows.add_argument(
        "--last",
        type=arguments.folder_to_write,
        metavar="FOLDER",
        help="FOLDER of the last time, to compare with",
    )
    rows.add_argument(
        "--days",
        type=arguments.days,
        default=7,
        metavar="N",
        help="a nightly older than this is stale",
    )
    rows.add_argument(
        "--markdown",
        type=arguments.file_to_write,
        metavar="FILE",
        help="write the table to a file, too",
    )
    rows.add_argument(
        "--track", metavar="OWNER/NAME", help="keep an issue for each failing row there, by gh"
    )
    rows.add_argument(
        "--link", type=str, default="", metavar="ADDRESS", help="of the run, for the issues"
    )
    rows.set_defaults(command=_rows)


def _rows(options: argparse.Namespace) -> int:
    from conformance.rows.command import rows

    return rows(options)
