"""``keras-conformance detect``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from conformance.cases import CasesError, load
from conformance.coverage import read_exemptions
from conformance.detecting.counting import FLOOR, Sightings, count, is_asked
from conformance.globs import matches
from conformance.printing import make_console
from conformance.wording.text import plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from conformance.coverage import Exemption
    from conformance.detecting.planting import Argument

EXCUSES = Path(__file__).with_name("excused.yaml")
SOUND, BELOW, USAGE = 0, 1, 2


class Detection(msgspec.Struct, frozen=True, kw_only=True):
    """What was counted, held against the floor.

    Attributes:
        floor: Cases that must see a fault.
        faults: Every fault of every argument that was asked about.
        below: Those that fewer cases see, and that no reason is given for.
        excused: The reasons of the others, by ``Layer.argument: fault``.
        stale: Reasons for what is there no longer, or is seen by enough cases.
    """

    floor: int
    faults: list[Sightings]
    below: list[Sightings]
    excused: dict[str, str]
    stale: list[str]


def detect(
    patterns: Sequence[str] = (),
    *,
    enough: int | None = None,
    as_json: bool = False,
    everything: bool = False,
) -> int:
    """Print how many cases see a fault in each argument of each layer.

    Args:
        patterns: Layers, or globs of them; none means all.
        enough: Cases after which a fault is tried no more; None: it is tried in all.
        as_json: Print all of it as JSON instead of a table.
        everything: List what enough cases see as well, and what has a reason.

    Returns:
        0 if enough cases see each fault, 1 if not, 2 if it could not be told.
    """
    known, problems = read_exemptions()
    own, more = read_exemptions(EXCUSES)
    console = make_console()
    try:
        cases = load().checked()
    except CasesError as error:
        print(error, file=sys.stderr)  # noqa: T201 - a message for whoever called
        return USAGE
    if problems or more:
        print("\n".join(map(str, [*problems, *more])), file=sys.stderr)  # noqa: T201
        return USAGE

    def wanted(argument: Argument) -> bool:
        return not patterns or any(matches(pattern, argument.layer) for pattern in patterns)

    columns = TextColumn("planting faults", markup=False), BarColumn(), MofNCompleteColumn()
    show = console.is_terminal and not as_json
    with Progress(*columns, console=console, disable=not show, transient=True) as progress:
        task = progress.add_task("", total=sum(map(is_asked, cases)))
        found = count(
            cases,
            enough=enough,
            wanted=wanted,
            on_case=lambda done, _: progress.update(task, completed=done),
        )
    if not found:
        print(f"no case has a layer {', '.join(patterns)}", file=sys.stderr)  # noqa: T201
        return USAGE
    detection = held(found, known, own, whole=not patterns)
    if as_json:
        print(json.dumps(msgspec.to_builtins(detection), indent=2))  # noqa: T201 - the answer
    else:
        _show(console, detection, enough, everything=everything)
    return BELOW if detection.below or detection.stale else SOUND


def held(
    found: Sequence[Sightings],
    known: Sequence[Exemption],
    own: Sequence[Exemption],
    *,
    whole: bool = True,
) -> Detection:
    """Hold what was counted against the floor.

    Args:
        found: What was counted.
        known: What no case has to exercise (``coverage/exempt.yaml``).
        own: What no case has to see. An argument there is ``default:dropout`` or ``*:dropout``.
        whole: Whether all layers were counted, so that a reason without use is told.
    """
    below, excused, used = [], {}, set[int]()
    for one in found:
        if one.seen >= FLOOR:
            continue
        reasons = [e.reason for e in known if e.covers(one.layer, one.argument)]
        for index, e in enumerate(own):
            if e.covers(one.layer, f"{one.fault}:{one.argument}"):
                used.add(index)
                reasons.append(e.reason)
        if reasons:
            excused[name_of(one)] = reasons[0]
        else:
            below.append(one)
    stale = [
        f"{e.place.file}:{e.place.line}: enough cases see what this is about; remove it"
        for index, e in enumerate(own)
        if whole and index not in used
    ]
    return Detection(floor=FLOOR, faults=list(found), below=below, excused=excused, stale=stale)


def name_of(one: Sightings) -> str:
    """A fault in words."""
    return f"{one.layer}.{one.argument}: {one.fault}"


def _show(console: Console, detection: Detection, enough: int | None, *, everything: bool) -> None:
    shown = detection.faults if everything else detection.below
    if shown:
        table = Table(box=None, pad_edge=False)
        for heading in ("layer", "argument", "fault", "seen by cases", "written", "such as"):
            right = heading in {"seen by cases", "written"}
            table.add_column(heading, justify="right" if right else "left", overflow="fold")
        for one in shown:
            more = "+" if enough is not None and one.seen >= enough else ""
            reason = detection.excused.get(name_of(one))
            such = f"excused: {reason}" if reason else ", ".join(one.by[:1])
            told = one.layer, one.argument, one.fault, f"{one.seen}{more}", str(one.written), such
            table.add_row(*map(Text, told))
        console.print(table)
    for line in detection.stale:
        console.print(line, soft_wrap=True)
    console.print(summary(detection), soft_wrap=True)


def summary(detection: Detection) -> str:
    """One line: how many faults enough cases see."""
    excused = len(detection.excused)
    layers = len({one.layer for one in detection.faults})
    seen = len(detection.faults) - excused - len(detection.below)
    return (
        f"{seen:,} of {len(detection.faults) - excused:,} faults in arguments of "
        f"{plural(layers, 'layer')} are seen by {detection.floor} cases or more; {excused} that "
        "can't be are left out with a reason"
    )
