"""What an option of a command may be given: read strictly, and refused with what is wanted.

For the command line and for pytest's options, which are the same. ``argparse`` puts the option's
name in front of what is said here, and ends with the exit code for wrong usage. Nothing here
imports what takes time: ``--help`` is immediate.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_PROCESSES = 1_024
"""Adapter processes that may be asked for: no machine has more use for them."""
MOST_SECONDS = 1_000_000
"""Limit of a time: eleven days, and no more than the system's own clocks count in one wait."""
MOST_DAYS = 100_000
MOST_NUMBER = 1_000_000
_SHOWN = 60
"""Characters of a wrong value that a message quotes."""


def text(given: str) -> str:
    """Take a text that says something.

    Raises:
        argparse.ArgumentTypeError: it is empty.
    """
    if not given.strip():
        raise argparse.ArgumentTypeError(f"{given!r} is empty: it names nothing")
    return given


def path(given: str) -> Path:
    """Take a path; the empty text, which would be this folder, is none.

    Raises:
        argparse.ArgumentTypeError: it is empty, or no path can have such a name.
    """
    if not given.strip():
        raise argparse.ArgumentTypeError(f"{given!r} is empty: it names no file and no folder")
    if "\0" in given:
        raise argparse.ArgumentTypeError(f"{_shown(given)} holds NUL, which no path may")
    return Path(given)


def existing(given: str) -> Path:
    """Take the path of something that is there.

    Raises:
        argparse.ArgumentTypeError: it isn't.
    """
    found = path(given)
    if not _exists(found):
        raise argparse.ArgumentTypeError(f"{_shown(given)}: there is no such file or folder")
    return found


def file_to_write(given: str) -> Path:
    """Take the path of a file that is to be written, now or after an hour's work.

    Raises:
        argparse.ArgumentTypeError: it is a folder, or can't be.
    """
    found = path(given)
    if _exists(found) and found.is_dir():
        raise argparse.ArgumentTypeError(f"{_shown(given)} is a folder, and a file is meant")
    _below_a_folder(found.parent, given)
    return found


def folder_to_write(given: str) -> Path:
    """Take the path of a folder in which files are, or are to be written.

    Raises:
        argparse.ArgumentTypeError: it is something else, or can't be.
    """
    found = path(given)
    _below_a_folder(found, given)
    return found


def facet(given: str) -> str:
    """Take the name of a facet.

    Raises:
        argparse.ArgumentTypeError: there is none of that name.
    """
    from conformance.cases.problems import did_you_mean
    from conformance.facets import FACETS

    if given not in FACETS:
        hint = did_you_mean(given, FACETS) or f"there are {', '.join(FACETS)}"
        raise argparse.ArgumentTypeError(f"{_shown(given)} is no facet; {hint}")
    return given


def whole(least: int, most: int = MOST_NUMBER) -> Callable[[str], int]:
    """Make a reader of whole numbers between two bounds, both included."""
    wanted = f"a whole number from {least:,} to {most:,}"

    def read(given: str) -> int:
        try:
            number = int(given)
        except ValueError:  # infinite, empty, no number, or of thousands of digits
            raise argparse.ArgumentTypeError(f"{_shown(given)} is not {wanted}") from None
        if not least <= number <= most:
            raise argparse.ArgumentTypeError(f"{_shown(given)} is not {wanted}")
        return number

    return read


def seconds(given: str) -> float:
    """Read a limit of time: more than 0 s, and an end to it.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    number = _number(given)
    if not 0 < number <= MOST_SECONDS:
        raise argparse.ArgumentTypeError(
            f"{_shown(given)} is not a number of seconds: more than 0, and at most {MOST_SECONDS:,}"
        )
    return number


def patience(given: str) -> float:
    """Read how long something may go on, not at all included.

    Raises:
        argparse.ArgumentTypeError: it is no such time.
    """
    number = _number(given)
    if not 0 <= number <= MOST_SECONDS:
        raise argparse.ArgumentTypeError(
            f"{_shown(given)} is not a number of seconds from 0 to {MOST_SECONDS:,}"
        )
    return number


def shard(given: str) -> str:
    """Take ``INDEX/COUNT`` where there is such a shard.

    Raises:
        argparse.ArgumentTypeError: there is none.
    """
    from conformance.run.shard import Shard, ShardError

    try:
        Shard.parse(given)
    except ShardError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return given


LEVEL = (
    "only the cases of level N: 1 takes seconds, each holds the ones before it, 5 is all; or "
    "'covering': every value of every argument, in few cases"
)
"""What ``--level`` says of itself, wherever it is taken."""


def level(given: str) -> int | str:
    """Read a level's number, or the word for the covering selection.

    Whether there is a level of the number, only the catalogue says.

    Raises:
        argparse.ArgumentTypeError: it is neither.
    """
    from conformance.cases.covering import COVERING

    return given if given == COVERING else _number_of_a_level(given)


_number_of_a_level = whole(-MOST_NUMBER)
processes = whole(1, MOST_PROCESSES)
"""Reads a number of adapter processes."""
positive = whole(1)
"""Reads a number of things, one at least."""
days = whole(0, MOST_DAYS)
"""Reads a number of days."""


class Parser(argparse.ArgumentParser):
    """A parser that wants of every option a value that says something."""

    def _get_values(self, action: argparse.Action, arg_strings: list[str]) -> Any:
        # Of ``--cases=--`` argparse makes an empty list, which no command reckons with.
        if action.option_strings and arg_strings == ["--"] and action.nargs in {None, "?"}:
            raise argparse.ArgumentError(action, "'--' is no value")
        return super()._get_values(action, arg_strings)


def ask_for_something(parser: argparse.ArgumentParser) -> None:
    """Refuse the empty text wherever a value is wanted and nothing else is said of it."""
    for action in parser._actions:  # noqa: SLF001 - there is no other list of them
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for inner in action.choices.values():
                ask_for_something(inner)
        elif action.type is None and action.nargs != 0:
            action.type = text


def _exists(found: Path) -> bool:
    try:
        return found.exists()
    except OSError as error:  # a name that is longer than the system's
        raise argparse.ArgumentTypeError(f"{_shown(str(found))}: {error.strerror}") from None


def _below_a_folder(found: Path, given: str) -> None:
    """See that a path is a folder, or could be made one."""
    for one in (found, *found.parents):
        if not _exists(one) and not one.is_symlink():
            continue
        if not one.is_dir():
            what = "a file" if one.exists() else "a link that leads nowhere"
            raise argparse.ArgumentTypeError(
                f"{_shown(given)}: {_shown(str(one))} is {what}, and a folder is meant"
            )
        return


def _number(given: str) -> float:
    try:
        return float(given)
    except ValueError:
        return math.nan


def _shown(given: str) -> str:
    return repr(given if len(given) <= _SHOWN else f"{given[: _SHOWN - 1]}…")
