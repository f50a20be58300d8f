"""How long it takes to compare two runs, and to join eight shards, of 45,000 cells.

Bars: 3 s and 500 MB for each. The records are synthetic, with as many facets, arrays and bytes a
cell as those of real runs have; NEW differs from OLD in the last digits of every margin and in one
verdict of a hundred.

    python benchmarks/records.py [--cells N]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from conformance.adapters.host.observation import Native
from conformance.cases.model import Call, Expect, Graph, InputSpec, Model, Node, Place, Source
from conformance.records.model import (
    SCHEMA,
    AdapterLine,
    CaseLine,
    CellLine,
    Footer,
    Header,
)
from conformance.records.wire import encode
from conformance.run.plan import Plan
from conformance.run.shard import Shard
from conformance.verdicts.model import CellVerdict, Comparison, FacetVerdict

ADAPTERS = tuple(f"adapter-{number}" for number in range(8))
FACETS = ("symbolic_shape", "weights", "params", "shape", "dtype")
NUMERIC = ("values", "gradients", "batch", "compiled", "config_round_trip", "save_round_trip")
SHARDS = 8

MERGE_ONLY = """
import sys
from pathlib import Path
from conformance.records.merging import merge
merge(sorted(Path(sys.argv[1]).glob("*/records.jsonl")), Path(sys.argv[2]))
"""


def main() -> None:
    """Measure, and print one line a figure."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--cells", type=int, default=45_000, help="default: 45,000")
    cells = parser.parse_args().cells
    cases = [f"layers/family/layer[units={number},padding=same]" for number in range(cells // 8)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write(folder / "old" / "records.jsonl", cases, 0)
        _write(folder / "new" / "records.jsonl", cases, 1)
        size = (folder / "old" / "records.jsonl").stat().st_size
        print(f"{len(cases) * len(ADAPTERS):,} cells, {size / 2**20:.0f} MiB a run")
        _measure("diff", ["-m", "conformance.cli", "diff", "old", "new"], folder, expects=1)
        plan = Plan(
            cases=dict.fromkeys(cases, _Digest()),
            adapters={},
            cells=dict.fromkeys(ADAPTERS, cases),
        )
        for index in range(1, SHARDS + 1):
            part = Shard(index, SHARDS).of(plan)
            path = folder / "shards" / str(index) / "records.jsonl"
            _write(path, list(part.cases), 0, shard=part.part)
        _measure("merge, the records", ["-c", MERGE_ONLY, "shards", "joined.jsonl"], folder)
        merge = ["-m", "conformance.cli", "merge", "shards", "--output", "joined"]
        _measure("merge, with the report", merge, folder)


class _Digest:
    """What a plan's digest asks of a case."""

    digest = "d" * 64


def _measure(what: str, arguments: list[str], folder: Path, *, expects: int = 0) -> None:
    """Run Python in a process of its own; its CPU time and largest memory."""
    before = os.times()
    code = (
        "import resource, subprocess, sys; "
        "done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL); "
        "used = resource.getrusage(resource.RUSAGE_CHILDREN); "
        "print(done.returncode, used.ru_utime + used.ru_stime, used.ru_maxrss)"
    )
    told = subprocess.run(
        [sys.executable, "-c", code, sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=True,
    )
    returned, seconds, memory = told.stdout.split()
    if int(returned) != expects:
        raise SystemExit(f"{what} ended with {returned}: {told.stderr}")
    wall = os.times().elapsed - before.elapsed
    print(f"{what}: {float(seconds):.2f} s CPU, {wall:.2f} s wall, {int(memory) / 2**10:.0f} MiB")


def _write(path: Path, cases: list[str], version: int, **header: object) -> None:
    """Write a run as its bytes, from one line of each kind."""
    path.parent.mkdir(parents=True)
    plan: dict[str, list[int] | None] = dict.fromkeys(ADAPTERS)
    first = Header(
        schema=SCHEMA,
        run=f"2026-01-0{version + 1}T000000Z-{version}000",
        started=f"2026-01-0{version + 1}T00:00:00+00:00",
        suite="0.1.0",
        machine={"system": "Linux"},
        command=["keras-conformance", "run"],
        cases=cases,
        plan=plan,
        rule="rule",
        **header,  # type: ignore[arg-type]
    )
    case, cell, failing = encode(_case()), encode(_cell()), encode(_cell(failing=True))
    with path.open("wb") as file:
        file.write(encode(first))
        file.writelines(case.replace(b"{CASE}", name.encode()) for name in cases)
        for adapter in ADAPTERS:
            versions = {"keras": f"3.15.{version}", "numpy": "2.4.6"}
            file.write(encode(AdapterLine(name=adapter, status="ready", versions=versions)))
        count = 0
        for adapter in ADAPTERS:
            for name in cases:
                count += 1
                line = failing if version and not count % 100 else cell
                line = line.replace(b"{CASE}", name.encode()).replace(
                    b"{ADAPTER}", adapter.encode()
                )
                file.write(line.replace(b"0.0123", b"0.0%d" % (count % 97 + 100 + version)))
        footer = Footer(finished="", planned=count, reported=count, counts={})
        file.write(encode(footer))


def _case() -> CaseLine:
    names = ("first", "second", "third")
    model = Model(
        form="sequential",
        inputs=[InputSpec(name="x", shape=[20, 5])],
        nodes=[
            Node(name=name, layer="Dense", config={"units": 10, "activation": "relu"}, inputs=["x"])
            for name in names
        ],
        outputs=["third"],
    )
    return CaseLine(
        id="{CASE}",
        digest="d" * 64,
        title="A layer with every argument away from its default, as most cases are",
        source=Source(keras="keras.layers.Dense"),
        place=Place(file="layers/family.yaml", line=12, column=3),
        yaml="- id: layer\n  title: A layer with every argument away from its default\n" * 6,
        program=Graph(
            case="{CASE}", model=model, calls=[Call(batch=2)], facets=[*FACETS, *NUMERIC]
        ),
        expect=Expect(output_shape=[None, 20, 10]),
        held_to="0123456789abcdef",
    )


def _cell(*, failing: bool = False) -> CellLine:
    sample = {"shape": [2, 200], "dtype": "float32", "numbers": [0.83141592, -1.25, 2.5, 0.125]}
    facets = [FacetVerdict(facet=name, outcome="pass") for name in FACETS]
    for name in NUMERIC:
        fails = failing and name == "values"
        arrays = ("output 0", "gradient of x", "gradient of first/kernel")
        facets.append(
            FacetVerdict(
                facet=name,
                outcome="fail" if fails else "pass",
                message="output 0 at [1, 7]: expected 0.1, observed 0.2" if fails else "",
                margin=112.0 if fails else 0.0123,
                comparisons=[
                    Comparison(what=what, margin=0.0123, rms=0.004, expected=sample)
                    for what in arrays[: 3 if name == "gradients" else 1]
                ],
            )
        )
    native = [
        Native(
            node=name,
            symbol="torch.nn.Linear",
            arguments={"in_features": 5, "out_features": 10, "bias": True},
            weights={f"{name}/kernel": "weight, transposed", f"{name}/bias": "bias"},
        )
        for name in ("first", "second", "third")
    ]
    return CellLine(
        digest="d" * 64,
        verdict=CellVerdict(
            case="{CASE}",
            adapter="{ADAPTER}",
            outcome="fail" if failing else "pass",
            message="values: output 0 is off" if failing else "",
            facets=facets,
        ),
        native=native,
        seconds={"build": 0.004, "call": 0.012, "gradients": 0.02},
    )


if __name__ == "__main__":
    main()
