"""One issue for each failing row, kept up to date by GitHub's own command line, ``gh``."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Final

from conformance.rows.table import issue

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conformance.rows.state import Row

LABEL: Final = "conformance-row"
"""Label of the issues that are ours; no other issue is touched."""
_TITLE: Final = "Conformance: {}"
_LONGEST: Final = 60_000
"""Characters of an issue's text; GitHub takes 65,536."""
_REPOSITORY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+")
_SECONDS: Final = 60


class TrackingError(Exception):
    """The issues can't be read or written. The text says what to do."""


def track(repository: str, rows: Iterable[Row], link: str) -> Iterator[str]:
    """Open, rewrite or close one issue for each row.

    Args:
        repository: ``owner/name``.
        rows: all rows of the matrix.
        link: address of the run.

    Yields:
        What was done, in a line for each issue.

    Raises:
        TrackingError: ``gh`` is missing, or may not do it.
    """
    if not _REPOSITORY.fullmatch(repository):
        raise TrackingError(f"{repository!r} is no repository: write OWNER/NAME")
    program = shutil.which("gh")
    if program is None:
        raise TrackingError("gh, the command line of GitHub, is not on the path")
    github = _GitHub(program, repository)
    for row in rows:
        title = _TITLE.format(row.name)
        number = github.find(title)
        if row.conforms:
            if number is not None:
                github.close(number, f"The row conforms again: {link}" if link else "It conforms.")
                yield f"{row.name}: closed #{number}"
        elif number is None:
            github.open(title, _text(row, link))
            yield f"{row.name}: opened an issue"
        else:
            github.rewrite(number, _text(row, link))
            yield f"{row.name}: rewrote #{number}"


def _text(row: Row, link: str) -> str:
    text = issue(row, link)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}\n\n… cut here; see the report.\n"


class _GitHub:
    """The few things that are asked of ``gh``; texts travel on stdin, never in a command."""

    def __init__(self, program: str, repository: str) -> None:
        self._program = program
        self._repository = repository
        self._labelled = False

    def find(self, title: str) -> int | None:
        """The open issue of this title, if there is one."""
        found = self._ask(
            "issue", "list", "--label", LABEL, "--state", "open", "--limit", "1000",
            "--json", "number,title",
        )  # fmt: skip
        try:
            return next((int(i["number"]) for i in json.loads(found) if i["title"] == title), None)
        except (ValueError, KeyError, TypeError) as error:
            raise TrackingError(f"gh answered what is no list of issues: {error}") from error

    def open(self, title: str, text: str) -> None:
        """A new issue."""
        self._ask(
            "label", "create", LABEL, "--force",
            "--description", "A row of the conformance matrix that needs a look",
        )  # fmt: skip
        self._ask(
            "issue", "create", "--title", title, "--label", LABEL, "--body-file", "-", text=text
        )

    def rewrite(self, number: int, text: str) -> None:
        """The text of an issue anew."""
        self._ask("issue", "edit", str(number), "--body-file", "-", text=text)

    def close(self, number: int, comment: str) -> None:
        """An issue closed, with a comment."""
        self._ask("issue", "close", str(number), "--comment", comment)

    def _ask(self, *arguments: str, text: str | None = None) -> str:
        command = [self._program, *arguments, "--repo", self._repository]
        try:
            done = subprocess.run(
                command,
                input=text,
                capture_output=True,
                text=True,
                encoding="utf-8",
                errors="replace",
                timeout=_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise TrackingError(f"gh {arguments[0]} {arguments[1]}: {error}") from error
        if done.returncode:
            why = done.stderr.strip() or "no reason given"
            raise TrackingError(
                f"gh {arguments[0]} {arguments[1]} failed: {why}; the job needs "
                "`permissions: issues: write` and GH_TOKEN"
            )
        return done.stdout
