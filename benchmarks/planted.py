"""Faults planted all over Keras's source: which of them the cases see.

Bar: of 200 faults, at least 95 % of those that change documented behaviour. A fault is one small
edit that :mod:`ast` finds (``planting/rules.py`` has the kinds), made in a copy of the installed
Keras, never in the installed one. It is judged by the cases that enter the edited function, by a
recording of ``keras-conformance touched record``, until one fails that does not fail without it.

    python benchmarks/planted.py --folder FOLDER [--of objects] [--number N] [--first N] [--seed N]

``--of layers`` plants in layers and the torch backend, and asks the cases of layers; ``--of
objects`` in losses, metrics, optimizers and whatever else is no layer and no function, and asks
theirs (``planting/fields.py``).

What is judged is kept in the folder, and an interrupted benchmark goes on. Faults come in an order
in which any beginning spreads over files, functions and kinds as well. Edits that were looked at
and change nothing that is documented stand in ``planting/equivalents.yaml``, each with the reason;
they count as neither.
"""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import yaml
from planting.choosing import choose
from planting.fields import FIELDS, every
from planting.judging import Found, Judge, by_kind
from touched import ADAPTER, Checkout

from conformance.adapters.host import registry
from conformance.cases import load
from conformance.environments.preparing import prepare
from conformance.touched.map import Map, read

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from planting.edits import Edit
    from planting.fields import Field

    from conformance.adapters.host.registry import AdapterSpec

EQUIVALENTS = Path(__file__).parent / "planting" / "equivalents.yaml"
BAR = 0.95


class Excuse(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An edit that changes nothing documented, and why."""

    edit: str
    reason: str


def excuses(path: Path = EQUIVALENTS) -> dict[str, str]:
    """The reasons, by what identifies an edit."""
    written = yaml.safe_load(path.read_text(encoding="utf-8")) or []
    return {one.edit: one.reason for one in msgspec.convert(written, list[Excuse])}


def installed() -> Path:
    """The folder of the installed Keras.

    Raises:
        SystemExit: There is none.
    """
    found = importlib.util.find_spec("keras")
    if found is None or found.origin is None:
        raise SystemExit("Keras is not installed")
    return Path(found.origin).parent


def recording(checkout: Checkout, path: Path, package: Path, field: Field) -> Map:
    """Which functions each case enters; recorded if it isn't there.

    Raises:
        SystemExit: It is of another Keras.
    """
    if not path.exists():
        command = [sys.executable, "-m", "conformance.cli", "touched", "record", *field.asked]
        source = ["--source", str(checkout.root / "keras"), "--adapter", checkout.adapter]
        subprocess.run([*command, *source, "--jobs", "1", "--output", str(path)], check=True)
    made = read(path)
    for name, text in made.texts.items():
        if (package / name).read_bytes() != text:
            raise SystemExit(f"{path} was recorded with another {name}: record anew")
    return made


def spec_of(name: str) -> AdapterSpec:
    """One adapter, its environment made."""
    (spec,) = prepare(registry.select([name]))
    return spec


def kept(path: Path) -> dict[str, Found]:
    """What an earlier try has found, by fault. A line that was cut short is judged again."""
    found = {}
    for line in path.read_bytes().splitlines() if path.exists() else ():
        try:
            one = msgspec.json.decode(line, type=Found)
        except msgspec.DecodeError:
            continue
        found[one.edit.key] = one
    return found


def chosen(package: Path, made: Map, field: Field, options: argparse.Namespace) -> list[Edit]:
    """The faults, in their order."""
    entered = {(path, name) for path, name, _ in made.entered}

    def fits(edit: Edit) -> bool:
        file = package / edit.file
        return file.name not in field.of_tensorflow and edit.makes_another(file.read_text("utf-8"))

    return choose(every(package, field, entered), field, options.number, options.seed, fits)


def told(found: Sequence[Found], excused: Mapping[str, str]) -> bool:
    """Print what was seen, by kind, and the survivors; returns whether the bar is met."""
    print("\n| kind | faults | seen | equivalents |\n| --- | ---: | ---: | ---: |")
    rows = by_kind(found, excused)
    for row in rows:
        print(f"| {' | '.join(map(str, row))} |")
    faults, seen = sum(row[1] for row in rows), sum(row[2] for row in rows)
    print(f"\nseen: {seen} of {faults} ({seen / max(1, faults):.1%}; bar {BAR:.0%})")
    for one in found:
        if one.outcome != "seen" and one.edit.identity not in excused:
            print(f"{one.outcome}, {one.judged} of {one.entering} cases judged: {one.edit.shown}")
    return seen >= BAR * faults


def main() -> int:
    """Plant, judge, and say whether the bar is met."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--folder", type=Path, required=True, help="everything is kept there")
    parser.add_argument("--of", choices=FIELDS, default="layers", help="what gets the faults")
    parser.add_argument("--number", type=int, default=200, metavar="N", help="how many faults")
    parser.add_argument("--first", type=int, metavar="N", help="only the first of them")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the choice")
    parser.add_argument("--recording", type=Path, metavar="FILE", help="one that is there")
    parser.add_argument("--enough", type=int, default=1, metavar="N", help="cases that see a fault")
    parser.add_argument(
        "--seconds", type=float, default=600.0, help="for one fault; what is left then is `open`"
    )
    parser.add_argument("--list", action="store_true", help="list the faults, judge nothing")
    parser.add_argument("--again", action="store_true", help="judge once more what was not seen")
    options = parser.parse_args()
    package, folder, field = installed(), options.folder.absolute(), FIELDS[options.of]
    folder.mkdir(parents=True, exist_ok=True)
    checkout = Checkout(folder)
    made = recording(checkout, options.recording or folder / "keras.touched", package, field)
    faults = chosen(package, made, field, options)[: options.first]
    if options.list:
        print("\n".join(edit.shown for edit in faults))
        return 0
    found = judged(faults, made, checkout, options)
    return 0 if told(found, excuses()) else 1


def judged(
    faults: Sequence[Edit], made: Map, checkout: Checkout, options: argparse.Namespace
) -> list[Found]:
    """What became of each fault, the ones of an earlier try included."""
    path = options.folder / "judged.jsonl"
    done = kept(path)
    cases = [case for case in load().checked() if case.id.startswith(FIELDS[options.of].cases)]
    with Judge(spec_of(ADAPTER), spec_of(checkout.adapter), cases) as judge:
        for place, edit in enumerate(faults, 1):
            known = done.get(edit.key)
            if known and (known.outcome == "seen" or not options.again):
                continue
            file = checkout.root / "keras" / edit.file
            checkout.write(file, edit.planted(file.read_text(encoding="utf-8")))
            try:
                found = judge.judge(
                    edit,
                    judge.entering(edit, made),
                    enough=options.enough,
                    seconds=options.seconds,
                )
            finally:
                checkout.restore()
            done[edit.key] = found
            with path.open("ab") as written:
                written.write(msgspec.json.encode(found) + b"\n")
            by = ", ".join(found.seen_by) or f"{found.judged} of {found.entering} cases judged"
            print(f"{place}. {found.outcome}: {edit.shown}\n    {by}", flush=True)
    return [done[edit.key] for edit in faults]


if __name__ == "__main__":
    sys.exit(main())
