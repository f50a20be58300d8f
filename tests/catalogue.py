"""The catalogue's cases, loaded once a process for all tests that look at them.

``pytest -k one_test`` imports every test module: none of them loads the layers' cases while it is
imported, which takes a second and more. What their tests are called after is read from the files'
lines (:func:`written`). The documents' cases are few.
"""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.cases import Catalogue, load

if TYPE_CHECKING:
    from conformance.cases.model import Case

ROOT = Path(__file__).parents[1] / "cases"


@functools.cache
def suite(name: str) -> Catalogue:
    """One suite of the catalogue, by its folder."""
    return load([ROOT / name])


def cases_of(name: str) -> list[Case]:
    """The cases of one suite."""
    return suite(name).checked()


@functools.cache
def variants(name: str) -> dict[str, list[Case]]:
    """By id, what is written in one suite, each with the cases that become of it."""
    found = defaultdict(list)
    for case in cases_of(name):
        found[case.id.partition("[")[0]].append(case)
    return dict(found)


def written(name: str) -> list[str]:
    """The ids of what is written in one suite, file by file, read in no time.

    A test holds them against :func:`variants`.
    """
    return [
        f"{path.relative_to(ROOT).with_suffix('')}/{found}"
        for path in sorted((ROOT / name).rglob("*.yaml"))
        for found in re.findall(r"(?m)^- id: *([^\s#]+)", path.read_text("utf-8"))
    ]
