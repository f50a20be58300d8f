"""Synthetic runs for the tests of records and report: every outcome, realistic sizes."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from conformance.adapters.host.observation import Native
from conformance.cases.model import (
    Call,
    Expect,
    Extra,
    Graph,
    InputSpec,
    Model,
    Node,
    Params,
    Place,
    Source,
)
from conformance.records import Writer
from conformance.records.model import (
    SCHEMA,
    AdapterLine,
    CaseLine,
    CellLine,
    Footer,
    Header,
    Line,
)
from conformance.verdicts.model import (
    CellVerdict,
    Comparison,
    FacetOutcome,
    FacetVerdict,
    Known,
    Outcome,
    Worst,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

ADAPTERS = (
    "keras-tensorflow",
    "keras-torch",
    "keras-jax",
    "keras-numpy",
    "keras-openvino",
    "tf-keras",
    "torch",
    "jax",
)
FAMILIES = ("dense", "flatten", "input_shape", "convolution", "recurrent", "vgg16", "training")
ASKED = (
    "symbolic_shape",
    "weights",
    "params",
    "config",
    "shape",
    "dtype",
    "values",
    "gradients",
    "batch",
    "compiled",
    "config_round_trip",
    "save_round_trip",
)
HOSTILE = (
    "<script>alert(1)</script></script><img src=x onerror=alert(2)>{{ 7 * 7 }} "
    "\x1b[31mred\x1b[0m \x07 \u202eevil\u202c \u2066x\u2069 \x00 ${1} `2` \u2028 ]]> --> "
    "https://tracker.example/?q=1"
)


def header(cases: Iterable[str], **changes: Any) -> Header:
    fields: dict[str, Any] = {
        "schema": SCHEMA,
        "run": "20260101T120000Z-k3v9",
        "started": "2026-01-01T12:00:00Z",
        "suite": "0.1.0",
        "machine": {
            "system": "Linux 6.1",
            "processor": "x86_64, 2 cores",
            "memory": "8 GB",
            "python": "3.11.7",
        },
        "command": ["pytest", "--adapter", "keras-*"],
        "cases": list(cases),
        "plan": dict.fromkeys(ADAPTERS),
    }
    return Header(**fields | changes)


def case(name: str, **changes: Any) -> CaseLine:
    program = Graph(
        case=name,
        model=Model(
            form="sequential",
            inputs=[InputSpec(name="x", shape=[20, 5])],
            nodes=[
                Node(name="dense", layer="Dense", config={"units": 10}, inputs=["x"]),
                Node(name="flatten", layer="Flatten", config={}, inputs=["dense"]),
            ],
            outputs=["flatten"],
        ),
        calls=[Call(batch=2)],
        extra=[Extra(batch=1, facet="batch")],
        facets=list(ASKED),
    )
    fields: dict[str, Any] = {
        "id": name,
        "digest": "d" * 64,
        "title": f"Dense acts on the last axis and does not flatten its input ({name[-9:]})",
        "source": Source(document="D", claim=["D4", "D5"], keras="keras.layers.Dense"),
        "place": Place(file=name.rsplit("/", 1)[0] + ".yaml", line=12, column=3),
        "yaml": f"- id: {name.rsplit('/', 1)[1]}\n  title: Dense acts on the last axis\n"
        "  source: {document: D, claim: [D4, D5]}\n  input: {shape: [20, 5]}\n  model:\n"
        "    - Dense: {units: 10}\n    - Flatten\n  expect:\n    output_shape: [null, 200]\n"
        "    params: {total: 60}   # shared by every row\n",
        "program": program,
        "expect": Expect(output_shape=[None, 200], params=Params(total=60)),
        "why": "An old docstring said that inputs of higher rank are flattened first",
        "seed": 3,
    }
    return CaseLine(**fields | changes)


def adapter(name: str, **changes: Any) -> AdapterLine:
    fields: dict[str, Any] = {
        "name": name,
        "status": "ready",
        "versions": {name.removeprefix("keras-"): "2.13.0", "keras": "3.15.1", "numpy": "2.3.0"},
        "python": "3.11.7",
        "platform": "Linux-x86_64",
        "probe": {"matmul": 0.41, "conv": 0.22},
        "settings": {"OMP_NUM_THREADS": "1", "TF_ENABLE_ONEDNN_OPTS": "1"},
    }
    return AdapterLine(**fields | changes)


def passing_facet(facet: str, rng: random.Random) -> FacetVerdict:
    if facet in {"values", "gradients", "batch", "compiled", "config_round_trip"}:
        margin = round(rng.random() * 0.4, 4)
        names = ["output 0"]
        if facet == "gradients":
            names = ["gradient of x", "gradient of dense/kernel", "gradient of dense/bias"]
        return FacetVerdict(
            facet=facet,
            outcome="pass",
            margin=margin,
            comparisons=[Comparison(what=name, margin=margin, rms=margin / 3) for name in names],
        )
    return FacetVerdict(facet=facet, outcome="pass")


def failing_facet(facet: str = "values", message: str = "") -> FacetVerdict:
    return FacetVerdict(
        facet=facet,
        outcome="fail",
        message=message
        or "output 0: 37 of 400 numbers differ, worst at [1, 7, 3]: "
        "expected 0.8314, observed 0.8401, 112 times the tolerance",
        margin=112.4,
        behaves_like="bfloat16 operands",
        comparisons=[
            Comparison(
                what="output 0",
                margin=112.4,
                rms=31.0,
                worst=[
                    Worst(index=[1, 7, 3], expected=0.8314, observed=0.8401, times=1798.4),
                    Worst(index=[0, 2, 9], expected=-1.25, observed="nan", times="nan"),
                    Worst(index=[0, 0, 1], expected=2.5, observed="inf", times="inf"),
                ],
                message="37 of 400 numbers differ",
                expected={"shape": [2, 200], "dtype": "float64", "numbers": [0.8314, -1.25, 2.5]},
                observed={"shape": [2, 200], "dtype": "float32", "numbers": [0.8401, "nan", 1]},
            )
        ],
    )


def shape_facet() -> FacetVerdict:
    return FacetVerdict(
        facet="shape",
        outcome="fail",
        message="output 0: expected (2, 200), observed (2, 20, 10)",
        expected=[2, 200],
        observed=[2, 20, 10],
    )


def cell(
    name: str,
    adapter_name: str,
    outcome: Outcome = "pass",
    message: str = "",
    facets: list[FacetVerdict] | None = None,
    **changes: Any,
) -> CellLine:
    rng = random.Random(name + adapter_name)  # noqa: S311 - no secret, only variety
    if facets is None:
        facets = [passing_facet(facet, rng) for facet in ASKED]
    known = changes.pop("known", None)
    fields: dict[str, Any] = {
        "digest": "d" * 64,
        "verdict": CellVerdict(
            case=name,
            adapter=adapter_name,
            outcome=outcome,
            message=message,
            facets=facets,
            known=known,
        ),
        "native": [
            Native(
                node="dense",
                symbol="torch.nn.Linear",
                arguments={"in_features": 5, "out_features": 10},
                weights={"dense/kernel": "weight, transposed"},
            ),
            Native(node="flatten", symbol="torch.nn.Flatten", composed=True),
        ],
        "seconds": {"build": 0.004, "call": 0.012, "gradients": 0.02},
    }
    return CellLine(**fields | changes)


def with_facet(replacement: FacetVerdict, *blocked: str) -> list[FacetVerdict]:
    rng = random.Random(1)  # noqa: S311 - no secret, only variety
    facets = []
    for facet in ASKED:
        outcome: FacetOutcome = "blocked"
        if facet == replacement.facet:
            facets.append(replacement)
        elif facet in blocked:
            facets.append(
                FacetVerdict(facet=facet, outcome=outcome, message=f"{replacement.facet} failed")
            )
        else:
            facets.append(passing_facet(facet, rng))
    return facets


REMOVED = Known(
    entry="batch-input-shape",
    kind="removed",
    reason="Keras 3 takes no batch_input_shape on a layer; the document is about Keras 2.",
    facets=["symbolic_shape"],
    link="https://keras.io/guides/migrating_to_keras_3/",
)


def lines(count: int = 112, *, footer: bool = True) -> list[Line]:
    """A run of ``count`` cases on eight adapters, with every outcome in it."""
    names = [
        f"documents/{FAMILIES[number % len(FAMILIES)]}/case-{number:03}" for number in range(count)
    ]
    names.sort()
    result: list[Line] = [header(names)]
    result += [case(name) for name in names]
    for name in ADAPTERS:
        missing = name == "keras-openvino"
        result.append(
            adapter(
                name,
                status="not-installed" if missing else "ready",
                reason="openvino is not installed; pip install openvino" if missing else "",
                versions={} if missing else {name.removeprefix("keras-"): "2.13.0"},
            )
        )
    reported = 0
    for name in ADAPTERS:
        for number, case_name in enumerate(names):
            line = _varied(case_name, name, number)
            reported += line is not None
            if line:
                result.append(line)
    if footer:
        result.append(
            Footer(
                finished="2026-01-01T12:01:17Z",
                planned=count * len(ADAPTERS),
                reported=reported,
                counts={},
                problems=["cases/divergences/documents.yaml:14: entry old-bug matches no case"],
            )
        )
    return result


def _varied(name: str, on: str, number: int) -> CellLine | None:
    special: dict[tuple[str, int], CellLine | None] = {
        ("keras-jax", 5): cell(
            name,
            on,
            "fail",
            "values: 112 times the tolerance at [1, 7, 3]",
            with_facet(failing_facet(), "compiled", "config_round_trip"),
        ),
        ("torch", 6): cell(
            name,
            on,
            "fail",
            "shape: expected (2, 200), observed (2, 20, 10)",
            with_facet(shape_facet(), "values", "gradients", "batch", "compiled"),
        ),
        ("jax", 6): cell(
            name,
            on,
            "fail",
            "shape: expected (2, 200), observed (2, 20, 10)",
            with_facet(shape_facet(), "values", "gradients", "batch", "compiled"),
        ),
        ("keras-torch", 9): cell(name, on, "error", HOSTILE, stderr=HOSTILE * 3),
        ("keras-torch", 10): cell(
            name, on, "crash", "died by signal 11 (SIGSEGV)", [], stderr="Segmentation fault\n"
        ),
        ("keras-tensorflow", 12): cell(name, on, "timeout", "no answer within 30 s", []),
        ("tf-keras", 13): cell(name, on, "xpass", "passes; remove the entry old-bug"),
        ("keras-numpy", 14): None,
    }
    if on == "keras-openvino":
        return cell(name, on, "not-installed", "openvino is not installed", [], native=[])
    if (on, number) in special:
        return special[on, number]
    if on.startswith("keras-") and number in {20, 21, 22}:
        facet = FacetVerdict(
            facet="symbolic_shape",
            outcome="error",
            message="ValueError: Unrecognized keyword arguments passed to Dense: "
            "{'batch_input_shape': (30, 4)}",
        )
        return cell(name, on, "xfail", facet.message, with_facet(facet, "values"), known=REMOVED)
    if on in {"torch", "jax"} and number % 9 == 4:
        return cell(name, on, "unsupported", "torch has no symbolic shapes", [])
    return cell(name, on)


def record(path: Path, content: Iterable[Line]) -> Path:
    """Writes these lines as a record file."""
    with Writer(path) as writer:
        for line in content:
            writer.write(line)
    return path
