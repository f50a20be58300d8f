"""A case with every facet, its truth, and an honest answer to it: what the verdict tests change.

Nothing here computes a layer: the truth is random numbers with a spread, and the answer is the
truth moved by a few tolerances and rounded to float32, as an honest framework would.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec
import numpy as np

from conformance.adapters.host.observation import Observation
from conformance.cases.model import Model, Twin
from conformance.facets import FACETS
from conformance.reference.answer.expectation import Expectation
from conformance.verdicts.specs import OF_BUILT, SHAPES, SPECS

U = 2.0**-24
CASE = "documents/sample/everything"
ASKED = [name for name in FACETS if name not in {"raises", "random"}]
WEIGHTS = {"dense/kernel": [5, 4], "dense/bias": [4], "norm/moving_mean": [4]}
TRAINABLE = ["dense/kernel", "dense/bias"]
TWIN = Twin(
    model=Model(form="sequential", inputs=[], nodes=[], outputs=[]),
    input_axes=[1, 0],
    output_axes=[1, 0],
)


class Sample(NamedTuple):
    """The two sides of a case. The answer is a plain dict, so that a test can change any part."""

    expectation: Expectation
    truth: dict[str, np.ndarray]
    answer: dict[str, Any]
    tensors: dict[str, np.ndarray]

    @property
    def observation(self) -> Observation:
        return msgspec.convert(self.answer, Observation)


class _Maker:
    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.truth: dict[str, np.ndarray] = {}
        self.tensors: dict[str, np.ndarray] = {}

    def array(self, name: str, shape: list[int]) -> dict[str, Any]:
        """Make the truth of an array and return its ``Expected``."""
        truth = self.random.normal(size=shape)
        return self.given(name, truth, np.sqrt(1 + truth**2 / 3))

    def given(self, name: str, truth: np.ndarray, spread: np.ndarray) -> dict[str, Any]:
        self.truth[f"{name}/truth"] = truth
        self.truth[f"{name}/spread"] = spread.astype(np.float32)
        self.tensors[name] = self.observed(name)
        return {
            "shape": list(truth.shape),
            "dtype": "float32",
            "tensor": f"{name}/truth",
            "spread": f"{name}/spread",
        }

    def observed(self, name: str) -> np.ndarray:
        truth, spread = self.truth[f"{name}/truth"], self.truth[f"{name}/spread"]
        noise = self.random.normal(size=truth.shape).clip(-4, 4)
        return (truth + noise * U * spread).astype(np.float32)

    def again(self, name: str, original: str) -> dict[str, Any]:
        """Observe one truth a second time, by another way."""
        self.tensors[name] = self.observed(original)
        return output(name, self.tensors[name])


def output(name: str, array: np.ndarray) -> dict[str, Any]:
    return {"shape": list(array.shape), "dtype": "float32", "tensor": name}


def honest(seed: int = 0) -> Sample:
    """Make the sample; another seed has other numbers."""
    make = _Maker(seed)
    shapes = {
        "inputs": [[None, 3, 5]],
        "outputs": [[None, 3, 4]],
        "nodes": {"dense": [None, 3, 4], "norm": [None, 3, 4]},
        "dtypes": ["float32"],
    }
    counts = {"total": 28, "trainable": 24, "non_trainable": 4}
    calls = [
        {"facet": "values", "outputs": [make.array("call/0", [2, 3, 4])]},
        {"facet": "values", "outputs": [make.array("call/1", [5, 3, 4])]},
    ]
    for index, call in enumerate(calls):
        rows = [2, 5][index]
        call["nodes"] = {"dense": [rows, 3, 4], "norm": [rows, 3, 4]}
        call["probes"] = {"lambda": [rows, 3, 4]}
    first, spread = make.truth["call/0/truth"], make.truth["call/0/spread"]
    calls.append({"facet": "batch", "outputs": [make.given("row", first[:1], spread[:1])]})
    changed = np.zeros(first.shape, dtype=bool)
    changed[0, 1] = True
    calls.append({"facet": "influence", "outputs": [make.given("poked", first + changed, spread)]})
    # Entries that an input does not reach come out bit for bit as before.
    make.tensors["poked"] = np.where(changed, make.tensors["poked"], make.tensors["call/0"])
    make.truth["changed"] = changed
    mask = np.array([[True, True, False], [False, True, True]])
    make.truth["mask"] = make.tensors["mask"] = mask
    whole = {"shape": [2, 3], "dtype": "bool", "tensor": "mask"}
    calls[0]["masks"] = [whole]
    gradients = {
        "inputs": {"x": make.array("gradient/x", [2, 3, 5])},
        "weights": {name: make.array(f"gradient/{name}", WEIGHTS[name]) for name in TRAINABLE},
    }
    state = {
        "losses": make.array("losses", [10]),
        "metrics": {"accuracy": make.array("accuracy", [10])},
        "optimizer": {"dense/kernel/momentum": make.array("momentum", WEIGHTS["dense/kernel"])},
        "checkpoint": {"1/dense/bias": make.array("written", WEIGHTS["dense/bias"])},
        "weights": {name: make.array(f"trained/{name}", WEIGHTS[name]) for name in WEIGHTS},
    }
    rows = [
        {"layer": "Dense", "output_shape": [None, 3, 4], "params": 24},
        {"layer": "BatchNormalization", "output_shape": [None, 3, 4], "params": 4},
    ]
    variables = [
        {"name": name, "shape": shape, "dtype": "float32", "trainable": name in TRAINABLE}
        for name, shape in WEIGHTS.items()
    ]
    built = {"symbolic": shapes, "weights": variables}
    told = {"shapes": [[None, 3, 4]], "dtypes": ["float32"]}
    alone = {**told, "other": [[None, 3, 4]]}  # "norm" leaves its shape for Keras to find out
    expectation = {
        **built,
        "params": counts,
        "nodes": {"dense": 24, "norm": 4},
        "calls": calls,
        "gradients": gradients,
        "case": CASE,
        "digest": "0" * 64,
        "state": state,
        "summary": {"rows": rows, "params": counts},
        "specs": {
            "dense": {**alone, "untold": [[None, 3, 4]]},
            "norm": alone,
            "": {**alone, "untold": [[None, 3, 4]]},
        },
        "influence": [{"call": 3, "output": 0, "changed": "changed"}],
        "twin": _twin(make, calls, gradients, counts),
        "claims": ["values"],
        "initial": [
            {
                "name": "dense/kernel",
                "shape": WEIGHTS["dense/kernel"],
                "dtype": "float32",
                "parts": [{"values": make.array("initial", WEIGHTS["dense/kernel"])}],
            }
        ],
        "config": {
            "dense": {
                "units": {"values": [4]},
                "activation": {"values": ["linear"], "optional": True},
            }
        },
    }
    names = ["call/0", "call/1", "row", "poked"]
    answer: dict[str, Any] = {
        **built,
        "case": CASE,
        "params": {**counts, "nodes": {"dense": 24, "norm": 4}},
        "calls": [
            {
                "outputs": [output(name, make.tensors[name])],
                "nodes": call.get("nodes", {}),
                "probes": call.get("probes", {}),
                "masks": call.get("masks", []),
            }
            for name, call in zip(names, calls, strict=True)
        ],
        "gradients": _gradient_names("gradient", TRAINABLE),
        "specs": {
            "dense": {
                **{question: {"shapes": told["shapes"]} for question in SHAPES},
                **dict.fromkeys(SPECS, told),
            },
            "norm": dict.fromkeys(OF_BUILT, told),
            "": {
                "shape": {"shapes": told["shapes"]},
                "spec": told,
                "spec_again": told,
                "shape_again": {"shapes": told["shapes"]},
            },
        },
        "open_sizes": {"outputs": [[None, None, 4]], "dtypes": ["float32"]},
        "open_batch": {"outputs": [[None, 3, 4]], "dtypes": ["float32"]},
        "from_numpy": [make.again("numpy", "call/0")],
        "from_lists": [make.again("lists", "call/0"), make.again("more lists", "call/1")],
        "compiled": [make.again("compiled", "call/0")],
        "config_round_trip": [make.again("config", "call/0")],
        "save_round_trip": [make.again("save", "call/0")],
        "clone": [make.again("clone", "call/0")],
        "config": {
            way: {"dense": {"units": 4, "activation": "linear"}}
            for way in ("made", "rebuilt", "loaded")
        },
        "initial": {"dense/kernel": "initial"},
        "files": {},
        "exchanged": {
            "loaded": {
                "one": {"outputs": [make.again("from one", "call/0")]},
                "two": {"outputs": [make.again("from two", "call/0")]},
            }
        },
        "state": {
            "losses": "losses",
            "metrics": {"accuracy": "accuracy"},
            "optimizer": {"dense/kernel/momentum": "momentum"},
            "checkpoint": {"1/dense/bias": "written"},
            "weights": {name: f"trained/{name}" for name in WEIGHTS},
        },
        "summary": {"rows": [{"name": row["layer"].lower(), **row} for row in rows], **counts},
        "twin": {
            "params": counts,
            "calls": [
                {"outputs": [output(f"twin/call/{i}", make.tensors[f"twin/call/{i}"])]}
                for i in range(2)
            ],
            "gradients": _gradient_names("twin/gradient", TRAINABLE),
        },
    }
    plain = msgspec.json.decode(msgspec.json.encode(answer))
    return Sample(msgspec.convert(expectation, Expectation), make.truth, plain, make.tensors)


def _gradient_names(prefix: str, weights: list[str]) -> dict[str, Any]:
    return {
        "inputs": {"x": f"{prefix}/x"},
        "weights": {name: f"{prefix}/{name}" for name in weights},
    }


def _twin(
    make: _Maker, calls: list[Any], gradients: dict[str, Any], counts: dict[str, int]
) -> dict[str, Any]:
    """Make the twin's truth: the first model's with the two axes behind the batch exchanged."""

    def exchanged(name: str) -> tuple[np.ndarray, np.ndarray]:
        truth, spread = make.truth[f"{name}/truth"], make.truth[f"{name}/spread"]
        if truth.ndim < 3:
            return truth, spread
        return truth.transpose(0, 2, 1), spread.transpose(0, 2, 1)

    return {
        "symbolic": {"inputs": [], "outputs": [], "nodes": {}},
        "weights": [],
        "params": counts,
        "nodes": {},
        "calls": [
            {
                "facet": call["facet"],
                "outputs": [make.given(f"twin/call/{i}", *exchanged(f"call/{i}"))],
            }
            for i, call in enumerate(calls[:2])
        ],
        "gradients": {
            "inputs": {"x": make.given("twin/gradient/x", *exchanged("gradient/x"))},
            "weights": {
                name: make.given(f"twin/gradient/{name}", *exchanged(f"gradient/{name}"))
                for name in gradients["weights"]
            },
        },
    }
