"""What a failing function or object behaves like, asked of the reference's own process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from catalogue import variants
from seeded import answered

from conformance.adapters.host.host import Answered
from conformance.reference.answer.store import Store
from conformance.reference.faults.applicable import explanations, find
from conformance.reference.faults.observe import observe
from conformance.run.explaining import name_faults
from conformance.run.oracle import Oracle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.cases.model import Case


@pytest.fixture(scope="module")
def oracle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Oracle]:
    folder = tmp_path_factory.mktemp("store")
    with pytest.MonkeyPatch.context() as patch:
        # Where the reference's process keeps its answers, too.
        patch.setenv("KERAS_CONFORMANCE_CACHE", str(folder))
        made = Oracle(Store())
        yield made
        made.close()


def likened(case: Case, fault: str, oracle: Oracle) -> dict[str, str]:
    """By facet that fails, what the answer of a framework with this fault is said to be like."""
    one = answered(case)
    seen = observe(case, one.answer.feeds, find(case, fault))
    verdict = name_faults(
        case,
        one.judged(seen),
        Answered(id=1, case=case.id, observation=seen.observation, tensors=seen.tensors),
        oracle,
    )
    return {f.facet: f.behaves_like for f in verdict.facets if f.outcome == "fail"}


def written(name: str, fault: str) -> Case:
    """The first variant that could show the fault."""
    cases = variants(name.partition("/")[0])[name]
    return next(one for one in cases if fault in {found.name for found in explanations(one)})


@pytest.mark.parametrize(
    ("name", "fault", "facets"),
    [
        ("ops/numpy/reductions/axes", "taken-for:ops.sum.mean", {"values", "gradients"}),
        ("ops/numpy/elementwise/wrapping", "integers-saturate", {"values"}),
        ("ops/numpy/special_values/maximum-of-nan", "nan-skipped", {"values"}),
        ("ops/numpy/special_values/sqrt", "zero-without-sign", {"values"}),
        ("losses/regression/huber", "ignored:losses.Huber.sample_weight", {"values", "gradients"}),
        ("metrics/accumulation/mean-iou", "not-reset", {"values", "state"}),
        ("optimizers/adam/adam", "bias-correction-missing", {"state"}),
        ("optimizers/sgd/sgd", "ignored:optimizers.SGD.nesterov", {"state"}),
    ],
)
def test_a_failure_is_said_to_behave_like_its_fault(
    name: str, fault: str, facets: set[str], oracle: Oracle
) -> None:
    found = likened(written(name, fault), fault, oracle)
    assert {facet for facet, said in found.items() if said.endswith(f"({fault})")} >= facets, found
