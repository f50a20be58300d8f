"""What the cases of another revision asked for and these don't, argument by argument.

    keras-conformance list --json > before.json     # there
    python tools/asked.py before.json               # here

For every file, layer, argument, value and facet that some case asked for there, some case must
ask here. Cases are known by their ids; what a case shows is told by its program here.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.cases import load
from conformance.cases.repeating import shown_by_each
from conformance.facets import FACETS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.cases.model import Case

Asked = tuple[str, str, str, str, str]
"""File, layer, argument, value, facet."""


def asked(files: dict[str, list[Case]], facets: dict[str, set[str]]) -> set[Asked]:
    """Everything that is asked, if each case asks for these facets."""
    return {
        (file, *shown, facet)
        for file, cases in files.items()
        for case, all_shown in zip(cases, shown_by_each(cases), strict=True)
        for shown in all_shown
        for facet in facets.get(case.id, ())
    }


def counted(facets: Iterable[set[str]]) -> Counter[str]:
    """How many cases ask for each facet."""
    return Counter(facet for one in facets for facet in one)


def main() -> int:
    """Print the figures; 1 where something is no longer asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("before", type=Path, metavar="BEFORE.json", help="of list --json")
    parser.add_argument("--show", type=int, default=20, metavar="N", help="so many of what is lost")
    given = parser.parse_args()
    before = {one["id"]: {*one["facets"]} for one in json.loads(given.before.read_text())}
    files: dict[str, list[Case]] = defaultdict(list)
    for case in load().checked():
        files[case.place.file].append(case)
    after = {case.id: {*case.program.facets} for cases in files.values() for case in cases}
    then, now = counted(before.values()), counted(after.values())
    for facet in FACETS:
        if then[facet] != now[facet]:
            print(f"{facet:18} {then[facet]:6,} -> {now[facet]:6,}")
    print(f"{'all facets':18} {then.total():6,} -> {now.total():6,}")
    known = {name: facets for name, facets in before.items() if name in after}
    there, here = asked(files, known), asked(files, after)
    lost = sorted(there - here)
    print(f"arguments' values with their facets: {len(there):,} -> {len(here):,}, {len(lost)} lost")
    for one in lost[: given.show]:
        print("  lost:", *one)
    if gone := sorted(before.keys() - after.keys()):
        print(f"{len(gone)} cases are no longer there: {', '.join(gone[: given.show])}")
    return 1 if lost or gone else 0


if __name__ == "__main__":
    sys.exit(main())
