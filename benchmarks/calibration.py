"""How far honest answers come to the limit, and how far beyond it every seeded fault lies.

The two figures on which the acceptance rule stands (docs/numerics.md, docs/verdicts.md): the
largest multiple K of the tolerance that an honest answer shows, and the smallest that a fault
shows. Both come from the suite's own code: the reference run in float32 with every sum in a random
order, as it is and with each named fault that fits the case. Nothing here needs a framework.

    python benchmarks/calibration.py [--seeds N] [--explain] [--cases PATTERN]
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.acceptance import TRAINING, VALUES
from conformance.cases import load
from conformance.globs import matches
from conformance.reference.answer.answer import Answer, evaluate
from conformance.reference.errors import NoAnswer
from conformance.reference.faults.applicable import applicable
from conformance.reference.faults.observe import observe
from conformance.verdicts.cell import judge_cell
from conformance.verdicts.explain import Suspect, explain, failing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from conformance.cases.model import Case
    from conformance.reference.faults.fault import Fault
    from conformance.verdicts.model import CellVerdict

PEAKS = dict.fromkeys(("gradients", "losses", "state"), TRAINING.peak)
"""Limits of the facets that have another than :data:`VALUES`."""


class Calibration:
    """What the cases have shown so far."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.honest: dict[str, tuple[float, str]] = {}
        """Largest K by facet, and the case that showed it."""
        self.alarms: list[str] = []
        self.caught: Counter[str] = Counter()
        self.weakest: list[tuple[float, str]] = []
        """Largest K of each fault that numbers alone gave away."""
        self.survivors: list[str] = []
        self.without_effect = 0
        """Faults that change nothing of the case: a missing bias where there is none."""
        self.explained: Counter[str] = Counter()
        self.answers = 0
        self.seconds = 0.0

    def judge(
        self, case: Case, answer: Answer, fault: Fault | None, seed: int
    ) -> tuple[CellVerdict, object]:
        """Judge one observation, and count the time that the verdict takes."""
        seen = observe(case, answer.feeds, fault, seed=seed)
        start = time.process_time()
        verdict = judge_cell(
            case,
            "reference",
            expectation=answer.expectation,
            truth=answer.arrays,
            observation=seen.observation,
            tensors=seen.tensors,
        )
        self.seconds += time.process_time() - start
        self.answers += 1
        return verdict, seen

    def honestly(self, case: Case, answer: Answer, seeds: int) -> None:
        """Judge honest answers, each with other orders of summation."""
        for seed in range(1, seeds + 1):
            verdict, _ = self.judge(case, answer, None, seed)
            if verdict.outcome != "pass":
                self.alarms.append(f"{case.id} (seed {seed}): {verdict.message}")
            for facet, k in multiples(verdict):
                if k > self.honest.get(facet, (0.0, ""))[0]:
                    self.honest[facet] = (k, case.id)

    def faulty(self, case: Case, answer: Answer, *, explaining: bool) -> None:
        """Judge an answer with each fault that fits the case."""
        faults = applicable(case)
        for fault in faults:
            verdict, seen = self.judge(case, answer, fault, 1)
            name = f"{fault.name} in {case.id}"
            if verdict.outcome not in {"fail", "error"}:
                if without_effect(case, answer, fault):
                    self.without_effect += 1
                else:
                    self.survivors.append(name)
                continue
            self.caught[fault.name] += 1
            k = given_away_by(verdict)
            if k is not None:
                self.weakest.append((k, name))
            if explaining and failing(verdict.facets):
                names = explain(
                    failing(verdict.facets)[:1],
                    suspects(case, faults),
                    seen.observation,
                    seen.tensors,
                    twin=case.program.twin,
                )
                right = fault.name in names.values()
                self.explained["itself" if right else "another" if names else "nothing"] += 1


def multiples(verdict: CellVerdict) -> Iterator[tuple[str, float]]:
    """Give the largest K of each facet that has one."""
    for facet in verdict.facets:
        if facet.margin is not None:
            yield facet.facet, facet.margin * PEAKS.get(facet.facet, VALUES.peak)


def given_away_by(verdict: CellVerdict) -> float | None:
    """Give the largest K of what failed; None where a shape, a name or a NaN gave it away."""
    failed = [facet for facet in verdict.facets if facet.outcome in {"fail", "error"}]
    wrong = [(f.facet, c) for f in failed for c in f.comparisons if c.message]
    if not all(facet.comparisons for facet in failed) or any(c.margin is None for _, c in wrong):
        return None
    return max(
        max(c.margin or 0.0, c.rms or 0.0) * PEAKS.get(facet, VALUES.peak) for facet, c in wrong
    )


def without_effect(case: Case, answer: Answer, fault: Fault) -> bool:
    """Tell whether a fault leaves the case's answer as it is, so that no check could see it."""
    if fault.edit is None:
        return equal(evaluate(case, fault).arrays, answer.arrays)
    honest, faulty = observe(case, answer.feeds), observe(case, answer.feeds, fault)
    return honest.observation == faulty.observation and equal(honest.tensors, faulty.tensors)


def equal(one: Mapping[str, NDArray[Any]], other: Mapping[str, NDArray[Any]]) -> bool:
    """Tell whether two sets of arrays hold the same numbers, however sure of them they are."""
    names = [name for name in {**one, **other} if not name.startswith("spread/")]
    return all(
        name in one and name in other and np.array_equal(one[name], other[name]) for name in names
    )


def suspects(case: Case, faults: list[Fault]) -> Iterator[Suspect]:
    """Evaluate the reference's faults one after the other."""
    for fault in faults:
        if fault.edit is None:
            found = evaluate(case, fault)
            yield Suspect(fault.name, found.expectation, found.arrays)


def main() -> None:
    """Run the catalogue and print the figures."""
    parser = argparse.ArgumentParser(description="Honest maximum and smallest seeded fault.")
    parser.add_argument("--seeds", type=int, default=5, help="honest answers a case")
    parser.add_argument("--explain", action="store_true", help="also try to explain each fault")
    parser.add_argument("--cases", default="*", help="pattern of case ids")
    parser.add_argument("--largest", type=int, default=2**16, help="numbers fed to a case, at most")
    arguments = parser.parse_args()
    calibration = Calibration()
    left_out: Counter[str] = Counter()
    for case in load().cases:
        if case.raises or not matches(arguments.cases, case.id):
            left_out["raises, or not asked for"] += 1
            continue
        try:
            answer = evaluate(case) if small(case, arguments.largest) else None
        except NoAnswer as reason:
            left_out[str(reason)[:80]] += 1
            continue
        if answer is None:
            left_out["too large"] += 1
            continue
        calibration.honestly(case, answer, arguments.seeds)
        calibration.faulty(case, answer, explaining=arguments.explain)
    report(calibration, left_out)


def small(case: Case, largest: int) -> bool:
    """Tell from the shapes of its inputs whether a case is cheap enough to run with every fault."""
    numbers = 0
    for spec in case.program.model.inputs:
        count = case.program.calls[0].batch
        for size in spec.shape:
            count *= size
        numbers += count
    return numbers <= largest


def report(found: Calibration, left_out: Counter[str]) -> None:
    """Print the figures."""
    each = f", {found.seconds / found.answers * 1e3:.2f} ms each" if found.answers else ""
    print(f"{found.answers} answers judged{each}")
    print(f"false alarms: {len(found.alarms)}", *found.alarms, sep="\n  ")
    print("honest maximum of K, by facet:")
    for facet, (k, case) in sorted(found.honest.items(), key=lambda item: -item[1][0]):
        print(f"  {facet:18} {k:6.2f}  {case}")
    caught = sum(found.caught.values())
    total = caught + len(found.survivors)
    print(f"faults caught: {caught} of {total}; not caught:", *found.survivors, sep="\n  ")
    print(f"faults without any effect on their case: {found.without_effect}")
    print("weakest faults that numbers alone gave away, by K:")
    for k, name in sorted(found.weakest)[:12]:
        print(f"  {k:12.1f}  {name}")
    if found.explained:
        print("explained as:", dict(found.explained))
    print("left out:", dict(left_out))


if __name__ == "__main__":
    main()
