"""``keras-conformance ledger check | update | prune | measure | show``, and ``capabilities``."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.adapters.host import registry
from conformance.adapters.shared.naming import base_of
from conformance.cases import CasesError, load
from conformance.cases.choosing import roots
from conformance.cases.problems import Log
from conformance.cases.reading import read_text as yaml_of
from conformance.globs import Names
from conformance.records import RecordsError, read
from conformance.records.files import find_records
from conformance.records.input import read_text
from conformance.records.output import write_text, write_whole
from conformance.upkeep.checking import faults
from conformance.upkeep.evidence import judged
from conformance.upkeep.holding import Evidence
from conformance.upkeep.measuring import measure as measured_of
from conformance.upkeep.measuring import read_measured, written
from conformance.upkeep.page import findings_in, section, with_section
from conformance.upkeep.proposing import proposals
from conformance.upkeep.pruning import prune as prune_file
from conformance.upkeep.rewriting import rewrite, verify
from conformance.upkeep.showing import Shown, distilled, read_shown, shown_by
from conformance.upkeep.stating import statement
from conformance.verdicts.entries import read_entries
from conformance.verdicts.ledger import Ledger, files_of
from conformance.verdicts.readable import check_ledgers
from conformance.wording.text import plural

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from conformance.records import Run
    from conformance.upkeep.rewriting import Rewritten

SOUND, FAULTY, USAGE = 0, 1, 2
OWN = "divergences"
"""Folder of a catalogue that holds its own ledger."""


class _Chore:
    """What every chore needs: the ledgers that are named, the catalogue, the records."""

    def __init__(self, options: argparse.Namespace) -> None:
        """Read all of it.

        Raises:
            CasesError: the cases can't be read.
            RecordsError: a record can't be read.
        """
        self.roots = roots(options.cases)
        # The packaged ledger is not one's own: of one's own catalogues, theirs are meant.
        kept = options.cases or self.roots
        own = [root / OWN for root in kept if (root / OWN).is_dir()]
        self.paths = list(files_of(options.ledger or own))
        if not options.tells_all:
            check_ledgers(self.paths)
        self.runs: list[Run] = [
            read(find_records(named, options.reports), brief=True) for named in options.records
        ]
        recorded = {case for run in self.runs for case in run.header.cases}
        catalogues = [load([root]).checked() for root in self.roots]
        cases = [case for catalogue in catalogues for case in catalogue]
        # Of how many there are a run has judged some: those of the catalogues that it took from.
        self.cases = sum(
            len(catalogue)
            for catalogue in catalogues
            if any(case.id in recorded for case in catalogue)
        )
        self.catalogue = list(dict.fromkeys([*(case.id for case in cases), *sorted(recorded)]))
        columns = [name for run in self.runs for name in run.header.plan]
        self.adapters = list(dict.fromkeys([*registry.names(), *columns]))
        self.today = dt.datetime.now(tz=dt.UTC).date()
        self.ledger = self.load(self.paths)

    def load(self, paths: Iterable[Path]) -> Ledger:
        """Read some files of the ledger."""
        known_as = {name: line.known_as for run in self.runs for name, line in run.adapters.items()}
        return Ledger.load(paths, self.catalogue, self.adapters, self.today, known_as=known_as)


def check(options: argparse.Namespace) -> int:
    """Say what is wrong with the ledger; 1 where anything is."""
    try:
        chore = _Chore(options)
    except (CasesError, RecordsError) as error:
        return _refuse(error)
    found = faults(chore.ledger, judged(chore.runs))
    for problem in found:
        _say(str(problem))
    entries = _number(len(chore.ledger.entries), "entry", "entries")
    told = _number(len(found), "problem", "problems") if found else "no problem"
    held = f", held against {_number(len(chore.runs), 'run', 'runs')}" if chore.runs else ""
    _say(f"{entries}{held}: {told}")
    return FAULTY if found else SOUND


def update(options: argparse.Namespace) -> int:
    """Propose entries for what no entry covers; append them to a file where one is named."""
    try:
        chore = _Chore(options)
        # Ids must be free in the catalogue's own ledger, too: a run reads both.
        found = proposals(chore.ledger, judged(chore.runs))
        text = "\n".join(proposal.yaml(chore.today) for proposal in found)
        if found and options.into:
            _append(options.into, text)
    except (CasesError, RecordsError) as error:
        return _refuse(error)
    if not found:
        _say("nothing to propose: every failure is covered, or `ledger check` has to do with it")
    elif not options.into:
        _say(text.rstrip("\n"))
    else:
        cells = _number(len(found), "entry", "entries")
        _say(f"{cells} proposed in {options.into}: fill in kind and reason")
    return SOUND


def prune(options: argparse.Namespace) -> int:
    """Take out what no longer holds; 0 whether or not there was anything."""
    try:
        chore = _Chore(options)
        evidence = Evidence(chore.ledger, judged(chore.runs), registry.names())
        catalogue = Names(chore.catalogue)
        cuts = [
            cut
            for path in chore.paths
            if (
                cut := prune_file(
                    path,
                    [e for e in chore.ledger.entries if e.place.file == str(path)],
                    catalogue,
                    evidence.is_over,
                )
            )
        ]
        for cut in cuts:
            for told in cut.removed:
                _say(f"{cut.path}: {told}")
            for told in cut.left:
                _say(f"{told}: shares its line; take it out by hand")
            if cut.removed and not options.dry_run:
                write_whole(cut.path, cut.text.encode())
    except (CasesError, RecordsError, RuntimeError) as error:
        return _refuse(error)
    count = sum(len(cut.removed) for cut in cuts)
    _say(f"{count} {'would be ' if options.dry_run else ''}taken out")
    return SOUND


def measure(options: argparse.Namespace) -> int:
    """Tell in which releases the entries show; write ranges into the ledger where that is asked."""
    try:
        chore = _Chore(options)
        found = measured_of(chore.ledger, judged(chore.runs), options.package)
        _see_that_any_tells(chore.runs, options.package)
        if options.into and options.into.exists():
            found = read_measured(options.into).with_more(found)
        if options.into:
            write_whole(options.into, written(found))
        rewritten = [one for path in chore.paths if (one := rewrite(path, found)) is not None]
        for one in rewritten:
            for told in one.changed:
                _say(f"{one.path}: {told}")
            for told in one.left:
                _say(told)
            if options.write and one.changed:
                _replace_ledger(one)
    except (CasesError, RecordsError, RuntimeError) as error:
        return _refuse(error)
    changes = _number(sum(len(one.changed) for one in rewritten), "change", "changes")
    releases, entries = plural(len(found.releases), "release"), plural(len(found.entries), "entry")
    of = f"{releases} of {found.package}, {entries}"
    _say(f"{of}: {changes} {'made' if options.write else 'to be made'}")
    return SOUND


def show(options: argparse.Namespace) -> int:
    """Write into a page what recorded runs showed; keep beside it what that was rendered from."""
    kept = options.into.with_suffix(".json")
    try:
        _see_that_they_differ(options.into, kept)
        shown = Shown()
        for named in options.records:
            if named.endswith(".json"):
                shown = shown.with_more(read_shown(Path(named)))
        options.records = [named for named in options.records if not named.endswith(".json")]
        chore = _Chore(options)
        shown = shown.with_more(shown_by(chore.ledger, chore.runs, chore.cases))
        page = read_text(options.into) if options.into.exists() else ""
        sections = {
            path.stem: read_text(path)
            for path in sorted((options.into.parent / "findings").glob("*.md"))
        }
        rendered = section(shown, findings_in(sections))
        write_whole(kept, distilled(shown))
        write_text(options.into, with_section(page, rendered))
    except (CasesError, RecordsError) as error:
        return _refuse(error)
    open_cells = sum(sum(one.other.values()) for one in shown.columns)
    told = _number(len(shown.columns), "column", "columns")
    open_told = plural(open_cells, "deviating cell")
    _say(f"{told} in {options.into}: {open_told} in no ledger")
    return SOUND


def state(options: argparse.Namespace) -> int:
    """Print the capability file that a recorded run of an adapter would be held to."""
    try:
        run = read(find_records(options.records, options.reports))
        text = statement(run, column_of(run, options.adapter))
        if options.into:
            _append(options.into, text)
    except RecordsError as error:
        return _refuse(error)
    if not options.into:
        _say(text.rstrip("\n"))
    return SOUND


def _see_that_any_tells(runs: Iterable[Run], package: str) -> None:
    if not any(package in line.versions for run in runs for line in run.adapters.values()):
        raise RecordsError(f"no adapter of these runs tells a version of {package}")


def _see_that_they_differ(page: Path, kept: Path) -> None:
    if kept == page:
        raise RecordsError(f"{kept} would be page and data at once: name a page, such as x.md")


def column_of(run: Run, adapter: str) -> str:
    """The one column of a run that an adapter's name stands for.

    Raises:
        RecordsError: there is none, or there are several.
    """
    columns = [name for name in run.header.plan if adapter in {name, base_of(name)}]
    if len(columns) != 1:
        there = ", ".join(columns or run.header.plan)
        raise RecordsError(f"{adapter} names no one column of that run: {there}")
    return columns[0]


def _replace_ledger(one: Rewritten) -> None:
    """Write a file anew, unless that would break it.

    Raises:
        RuntimeError: it would; the file is as it was.
    """
    before = one.path.read_bytes()
    count = len(read_entries(one.path)[0])
    write_whole(one.path, one.text.encode())
    try:
        verify(one, count)
    except RuntimeError:
        write_whole(one.path, before)
        raise


def _append(path: Path, text: str) -> None:
    """Append entries to a file of the ledger, which comes into being where it is missing.

    Raises:
        RecordsError: it can't be written, or would be no sound YAML any more; it is as it was.
    """
    before = read_text(path) if path.exists() else ""
    if before.strip() == "[]":
        before = ""
    gap = "" if not before else "\n" if before.endswith("\n") else "\n\n"
    log = Log(str(path))
    whole = yaml_of(f"{before}{gap}{text}", log)
    added = yaml_of(text, Log(str(path)))
    if whole is None or log.noted or added is None or type(whole.value) is not type(added.value):
        told = "; ".join(map(str, log.sorted())) or "it holds something else"
        raise RecordsError(f"cannot append to {path}, which would no longer be read: {told}")
    write_whole(path, f"{before}{gap}{text}".encode())


def _refuse(error: Exception) -> int:
    print(error, file=sys.stderr)  # noqa: T201 - a message for whoever called
    return USAGE


def _say(text: str) -> None:
    # A message may hold any text; what the terminal can't show mustn't end the command.
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "replace").decode(encoding))  # noqa: T201


def _number(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"
