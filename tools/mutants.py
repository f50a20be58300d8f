"""Faults in the reference's definitions: does a case see each one?

    python tools/mutants.py                                   # 200 of them, seed 0
    python tools/mutants.py --count 1000 --seed 3
    python tools/mutants.py --of 'ops/numpy/*' --all          # every one of these modules

A definition says what Keras documents. So one that is changed, an operator, a number, a comparison
or a word at a time, is a framework with a bug: it runs in float32 as an honest one would
(``conformance.reference.faults.observe``), and is judged against the definition as it is. It is
caught when a case of a function or of an object fails. What is caught by no case is printed with
its line; no framework is started. Ends with 1 where less than ``--bar`` is caught.
"""

from __future__ import annotations

import argparse
import fnmatch
import hashlib
import importlib
import multiprocessing
import random
import signal
import sys
import time
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mutation.equivalent import EQUIVALENT, Key
from mutation.sites import Site, changed, sites
from mutation.swap import Module

from conformance.cases import load
from conformance.cases.loading import default_root
from conformance.cases.model import Steps
from conformance.reference import evaluate
from conformance.reference.answer.version import symbols
from conformance.reference.errors import NoAnswer
from conformance.reference.faults.observe import observe
from conformance.reference.spec import table
from conformance.sources import installed
from conformance.verdicts.cell import judge_cell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from conformance.cases.model import Case

SPEC = "conformance.reference.spec."
LEFT_OUT = (
    *("layers.", "configs.", "table", "naming", "config", "initial"),
    *("applications.", "callbacks."),  # of models and their training
    "utils",  # came after the sample of seed 0 was judged, which more faults would draw anew
)
"""Modules below :data:`SPEC` that define no function and no object that cases ask by itself."""
SECONDS = 20
"""For one fault on one case; one that takes longer never ends, and is seen by that."""


class Mutant(NamedTuple):
    """One change of one module, by its number among the changes that the module offers."""

    module: str
    number: int
    site: Site

    def __str__(self) -> str:
        """Where and what, as ``ops.math:31 logsumexp: Add becomes Sub``."""
        place = f"{self.module.removeprefix(SPEC)}:{self.site.line}"
        return f"{place} {self.site.function}: {self.site.what}"


def modules(pattern: str) -> list[str]:
    """Modules of definitions whose path below the specification matches."""
    folder = Path(importlib.import_module(SPEC[:-1]).__file__ or "").parent
    found = []
    for path in sorted(folder.rglob("*.py")):
        within = path.relative_to(folder).with_suffix("").as_posix()
        dotted = within.replace("/", ".").removesuffix(".__init__")
        if fnmatch.fnmatch(within, pattern) and not _left_out(dotted):
            found.append(SPEC + dotted)
    return found


def _left_out(dotted: str) -> bool:
    return any(dotted == one or (one[-1] == "." and dotted.startswith(one)) for one in LEFT_OUT)


def mutants(pattern: str) -> list[Mutant]:
    """Every change of these modules."""
    return [
        Mutant(name, number, site)
        for name in modules(pattern)
        for number, site in enumerate(sites(_module(name).source))
    ]


def _key(mutant: Mutant) -> Key:
    """What a change is known by, whatever line it is on."""
    site = mutant.site
    return mutant.module.removeprefix(SPEC), site.function, _text(mutant), site.what


def _chosen(there: Sequence[Mutant], count: int, seed: int) -> list[Mutant]:
    """A sample in which an edit of one definition changes the faults of that one alone."""
    order = {
        one: hashlib.sha256(f"{seed} {number} {_key(one)}".encode()).digest()
        for number, one in _repeated(there)
    }
    return sorted(there, key=order.__getitem__)[:count]


def _repeated(there: Sequence[Mutant]) -> Iterator[tuple[int, Mutant]]:
    """Each with a number that tells it from others with the same key."""
    before: Counter[Key] = Counter()
    for one in there:
        before[_key(one)] += 1
        yield before[_key(one)], one


@cache
def cases() -> list[Case]:
    """Cases of functions and of objects with a memory."""
    whole = load([default_root()]).cases
    return [
        case
        for case in whole
        if not case.unspecified
        and (isinstance(case.program, Steps) or case.program.model.form == "function")
    ]


@cache
def _using() -> dict[str, list[Case]]:
    """Cases by the modules that the definitions of their symbols import, the closest first."""
    homes, sources = table.homes(), installed()
    closest: dict[str, dict[str, Case]] = defaultdict(dict)
    further: dict[str, dict[str, Case]] = defaultdict(dict)
    closures = {home: sources.closure(frozenset({home})) for home in set(homes.values())}
    for case in cases():
        for symbol in symbols(case):
            home = homes[symbol]
            closest[home][case.id] = case
            for module in closures[home]:
                further[module][case.id] = case
    return {
        module: list({**_some(further[module]), **closest.get(module, {})}.values())
        for module in further
    }


def _some(there: dict[str, Case]) -> dict[str, Case]:
    """Of the cases that only lead to a module, a sample: there may be thousands."""
    chosen = random.Random(0).sample(sorted(there), min(len(there), 400))  # noqa: S311
    return {name: there[name] for name in chosen}


@cache
def _running(module: str) -> dict[str, list[Case]]:
    """Cases by each function of a module that they run."""
    path = _module(module).path
    found: dict[str, list[Case]] = defaultdict(list)
    for case in _using().get(module, []):
        truth = _answer(case.id)
        if truth is None:
            continue
        names: set[str] = set()

        def note(frame: Any, event: str, _: object, names: set[str] = names) -> None:
            if event == "call" and frame.f_code.co_filename == path:
                names.add(frame.f_code.co_qualname.partition(".<locals>")[0])

        sys.setprofile(note)
        try:
            evaluate(case)
            observe(case, truth.feeds)
        finally:
            sys.setprofile(None)
        for name in names:
            found[name].append(case)
    return found


@cache
def _by_id() -> dict[str, Case]:
    return {case.id: case for case in cases()}


@cache
def _answer(case_id: str) -> Any:
    case = _by_id()[case_id]
    try:
        return evaluate(case)
    except NoAnswer:
        return None


class _TooLongError(BaseException):
    """A fault that never ends."""


def seen(mutant: Mutant, most: int, offered: random.Random) -> tuple[str, int]:
    """The case that sees a fault, or nothing, and how many were asked."""
    module = _module(mutant.module)
    running = _running(mutant.module).get(mutant.site.function, [])
    near = offered.sample(running, min(most, len(running)))
    truths = [(case, _answer(case.id)) for case in near]  # before anything is changed
    honest = [observe(case, truth.feeds) for case, truth in truths]
    with module.changed(changed(module.source, mutant.number)) as functions:
        if not functions:
            return "", 0
        for asked, (case, truth) in enumerate(truths, start=1):
            if _fails(case, lambda case=case, truth=truth: (truth, observe(case, truth.feeds))):
                return case.id, asked
        # What says more of an answer than its numbers shows where an honest one is judged.
        for asked, ((case, _), answer) in enumerate(zip(truths, honest, strict=True), start=1):
            if _fails(case, lambda case=case, answer=answer: (evaluate(case), answer)):
                return case.id, len(near) + asked
    return "", len(near)


def _fails(case: Case, made: Callable[[], tuple[Any, Any]]) -> bool:
    def stop(*_: object) -> None:
        raise _TooLongError

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS)
    try:
        truth, found = made()
        verdict = judge_cell(
            case,
            "reference",
            expectation=truth.expectation,
            truth=truth.arrays,
            observation=found.observation,
            tensors=found.tensors,
        )
    except (Exception, _TooLongError):  # noqa: BLE001 (a fault may raise anything)
        return True
    finally:
        signal.alarm(0)
    return any(one.outcome in {"fail", "error"} for one in verdict.facets)


@cache
def _module(name: str) -> Module:
    return Module(name)


def _text(mutant: Mutant) -> str:
    return _module(mutant.module).source.splitlines()[mutant.site.line - 1].strip()


def _share(given: tuple[Sequence[Mutant], int, int]) -> list[tuple[Mutant, str, int]]:
    chosen, most, seed = given
    found = []
    for one in chosen:
        offered = random.Random(f"{seed} {one}")  # noqa: S311 (a sample, no secret)
        found.append((one, *seen(one, most, offered)))
    return found


def _tried(
    chosen: Sequence[Mutant], most: int, seed: int, jobs: int
) -> Iterator[tuple[Mutant, str, int]]:
    # Those of one module together: they share the truth of their cases.
    parts: dict[str, list[Mutant]] = defaultdict(list)
    for one in chosen:
        parts[one.module].append(one)
    shares = [
        (ones[start : start + 20], most, seed)
        for ones in parts.values()
        for start in range(0, len(ones), 20)
    ]
    _using()  # before the processes part
    with multiprocessing.get_context("fork").Pool(jobs) as pool:
        for found in pool.imap_unordered(_share, shares):
            yield from found


def main(given: Sequence[str] | None = None) -> int:
    """Try them and say what became of them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--count", type=int, default=200, help="how many faults (200)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--of", default="*", metavar="GLOB", help="modules, as 'ops/numpy/*'")
    parser.add_argument("--all", action="store_true", help="every fault of these modules")
    parser.add_argument("--most", type=int, default=150, help="cases for a fault at most (150)")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--bar", type=float, default=0.95, help="share to be caught (0.95)")
    options = parser.parse_args(given)
    there = mutants(options.of)
    chosen = there if options.all else _chosen(there, options.count, options.seed)
    equal = sum(_key(one) in EQUIVALENT for one in chosen)
    chosen = [one for one in chosen if _key(one) not in EQUIVALENT]
    began, caught, asked, done = time.monotonic(), 0, 0, 0
    left: list[Mutant] = []
    for mutant, by, many in _tried(chosen, options.most, options.seed, options.jobs):
        done, asked = done + 1, asked + many
        caught += bool(by)
        if not by:
            left.append(mutant)
            print(f"not seen by {many} cases: {mutant}\n    {_text(mutant)}", flush=True)
        elif done % 50 == 0:
            print(f"{done} of {len(chosen)}", file=sys.stderr, flush=True)
    share = caught / max(len(chosen), 1)
    seconds = time.monotonic() - began
    print(
        f"{caught} of {len(chosen)} faults are caught ({share:.1%}), of {len(there)} in all; "
        f"{equal} more are known to change nothing; {asked} cases were asked in {seconds:.0f} s"
    )
    return int(share < options.bar)


if __name__ == "__main__":
    sys.exit(main())
