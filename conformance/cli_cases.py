"""How every command is told which cases are meant: its arguments.

Like :mod:`conformance.cli`, whose part this is, it imports nothing that takes time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance import arguments

if TYPE_CHECKING:
    import argparse

WORDS = "ids, globs over them ('documents/dense/*'), files, folders, or FILE::ID; default: all"
WORD = "a case: its id, or FILE::ID"


def add_words(
    parser: argparse.ArgumentParser | argparse._ArgumentGroup,
    name: str = "patterns",
    told: str = WORDS,
) -> None:
    """Add the words that mean cases, and the folders in which there are more of them.

    Args:
        parser: Of the command.
        name: Under which the options hold the words.
        told: What ``--help`` says of them.
    """
    parser.add_argument(name, nargs="*", metavar="CASE", help=told)
    add_folders(parser)


def add_word(parser: argparse.ArgumentParser) -> None:
    """Add the word that means one case, and the folders in which it may be as well."""
    parser.add_argument("case", metavar="CASE", help=WORD)
    add_folders(parser)


def add_folders(parser: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    """Add the folders of cases of one's own."""
    parser.add_argument(
        "--cases",
        dest="folders",
        action="append",
        type=arguments.path,
        default=[],
        metavar="FOLDER",
        help="a folder of cases of your own, beside the packaged ones; repeatable",
    )
