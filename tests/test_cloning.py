"""Clones of models: what may be said, and that a clone which shares weights shows."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from catalogue import variants
from seeded import answered

from conformance.adapters.keras import roundtrip
from conformance.adapters.worker.failure import Unsupported
from conformance.cases import load
from conformance.cases.model import Clone
from conformance.reference.faults.applicable import find

if TYPE_CHECKING:
    from pathlib import Path


def read(folder: Path, said: str) -> Any:
    """A case that says how its model is cloned."""
    file = folder / "cases.yaml"
    file.write_text(
        "- id: one\n  title: One\n  layer: Dense\n  config: {units: 2}\n"
        f"  input: {{shape: [3]}}\n  clone: {said}\n"
    )
    return load([file])


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("{}", Clone()),
        ("{input_tensors: true}", Clone(input_tensors=True)),
        ("{clone_function: from_config}", Clone(clone_function="from_config")),
        ("{recursive: true}", Clone(recursive=True)),
    ],
)
def test_what_may_be_said(tmp_path: Path, said: str, meant: Clone) -> None:
    (case,) = read(tmp_path, said).checked()
    assert case.program.clone == meant
    assert "clone" in case.program.facets


@pytest.mark.parametrize(
    ("said", "place", "wrong"),
    [
        ("true", ":6:10: clone", "a mapping"),
        ("{clone_function: other}", ":6:27: clone.clone_function", "one of from_config"),
        ("{recursive: 1}", ":6:22: clone.recursive", "true or false"),
        ("{call_function: x}", ":6:11: clone.call_function", "not a key"),
        ("{recursive: true, input_tensors: true}", ":6:10: clone", "one of them"),
    ],
)
def test_what_is_wrong_is_told_where_it_is(
    tmp_path: Path, said: str, place: str, wrong: str
) -> None:
    told = " ".join(str(one) for one in read(tmp_path, said).problems)
    assert place in told
    assert wrong in told


class Model:
    """Weights, which a clone may share."""

    def __init__(self, weights: list[Any]) -> None:
        self.weights, self.inputs = weights, []

    def get_weights(self) -> list[Any]:
        return [one.copy() for one in self.weights]

    def set_weights(self, weights: list[Any]) -> None:
        for mine, given in zip(self.weights, weights, strict=True):
            mine[...] = given


def keras(clone: Any) -> Any:
    """A Keras that clones so."""
    return SimpleNamespace(
        models=SimpleNamespace(clone_model=clone),
        utils=SimpleNamespace(custom_object_scope=lambda _: __import__("contextlib").nullcontext()),
    )


@pytest.mark.parametrize("kind", ["its own", "shared"])
def test_a_clone_that_shares_weights_has_none_while_the_model_has_none(kind: str) -> None:
    shares = kind == "shared"
    model = Model([np.ones((2, 2))])

    def clone(one: Any, input_tensors: Any = None, clone_function: Any = None) -> Any:
        del input_tensors, clone_function
        return Model(one.weights if shares else [np.zeros((2, 2))])

    made = roundtrip.cloned(keras(clone), model, {"clone_function": "from_config"})
    assert made.weights[0].tolist() == [[1, 1], [1, 1]]
    with roundtrip.emptied(model):
        assert made.weights[0].any() != shares
    assert model.weights[0].all()


def test_a_keras_that_lacks_an_argument_says_so() -> None:
    with pytest.raises(Unsupported, match="takes no recursive"):
        roundtrip.cloned(keras(lambda model: model), Model([]), {"recursive": True})


def test_faults_of_clones_and_of_what_a_model_states_are_seen() -> None:
    case = variants("layers")["layers/cloning/graph"][0]
    one = answered(case)
    assert one.failed(find(case, "cloned-otherwise")) == {"clone"}
    assert "" in one.answer.expectation.specs
    for fault in ("spec-misstated", "spec-withheld"):
        assert "output_spec" in one.failed(find(case, fault))
