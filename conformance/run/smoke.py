"""Try an adapter in seconds: does it start, speak the protocol, and multiply a matrix?

    keras-conformance smoke keras-torch

It asks what cannot be got wrong by rounding (small integers), so whatever fails is the adapter's.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from rich.text import Text

from conformance.adapters.host.host import AdapterProcess, Answer, Answered, Limits
from conformance.adapters.host.registry import AdapterSpec, RegistryError, select
from conformance.adapters.worker.probe import PASS
from conformance.cases.model import Call, Graph, InputSpec, Model, Node
from conformance.environments import PreparationError
from conformance.environments.preparing import prepare
from conformance.printing import make_console
from conformance.run.precision import delivered

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rich.console import Console

    from conformance.adapters.host.observation import Hello, Output
    from conformance.adapters.shared.wire import Array

OK, FAULTY, UNUSABLE = 0, 1, 2
"""Exit codes: every check passed; one did not; there is nothing to check."""

_ROUNDS = 20


@dataclass(frozen=True)
class Check:
    """One thing that was tried."""

    what: str
    passed: bool
    detail: str = ""


def smoke(name: str, *, commands: Sequence[str] = (), console: Console | None = None) -> int:
    """Try one adapter and print what was found.

    Args:
        name: The adapter's name, or a glob that matches exactly one.
        commands: Further adapters as ``NAME=COMMAND``.
        console: Where to print; stdout by default.

    Returns:
        :data:`OK`, :data:`FAULTY` or :data:`UNUSABLE`, for the process's exit code.
    """
    console = console or make_console()
    try:
        specs = select([name], commands)
        if len(specs) == 1:
            specs = prepare(specs, console.print)
    except (RegistryError, PreparationError) as error:
        console.print(Text(str(error), "red"))
        return UNUSABLE
    if len(specs) > 1:
        console.print(Text(f"{name} matches {', '.join(s.name for s in specs)}: name one", "red"))
        return UNUSABLE
    return _try(specs[0], console)


def checks(process: AdapterProcess) -> Iterator[Check]:
    """Try a started adapter, check by check."""
    answer = process.run(dense_program("smoke/dense"), dense_arrays(2), timeout=60)
    yield _dense(answer, 2)
    arrays = {"call/0/x": np.zeros((2, 3), np.float32)}
    answer = process.run(_unknown_program(), arrays, timeout=60)
    yield _unknown(answer)
    answer = process.run(dense_program("smoke/batch-of-3", batch=3), dense_arrays(3), timeout=60)
    check = _dense(answer, 3)
    yield Check("goes on after it, with another batch size", check.passed, check.detail)
    for problem in process.problems:
        yield Check("keeps to one answer a case", passed=False, detail=problem)


def dense_program(case: str, batch: int = 2) -> Graph:
    """The smallest program: three inputs, ``Dense(2)``."""
    model = Model(
        form="sequential",
        inputs=[InputSpec(name="x", shape=[3])],
        nodes=[Node(name="dense", layer="Dense", config={"units": 2}, inputs=["x"])],
        outputs=["dense"],
    )
    facets = ["shape", "dtype", "values"]
    return Graph(case=case, model=model, calls=[Call(batch=batch)], facets=facets)


def dense_arrays(batch: int) -> dict[str, Array]:
    """Its input and weights: integers, so that the answer is exact."""
    return {
        "call/0/x": np.arange(3 * batch, dtype=np.float32).reshape(batch, 3) - 2,
        "weight/dense/kernel": np.array([[1, -2], [3, 4], [-5, 6]], np.float32),
        "weight/dense/bias": np.array([7, -8], np.float32),
    }


def _unknown_program() -> Graph:
    model = Model(
        form="sequential",
        inputs=[InputSpec(name="x", shape=[3])],
        nodes=[Node(name="no", layer="NoSuchLayer", config={}, inputs=["x"])],
        outputs=["no"],
    )
    calls = [Call(batch=2)]
    return Graph(case="smoke/unknown-layer", model=model, calls=calls, facets=["shape", "values"])


def _dense(answer: Answer, batch: int) -> Check:
    fault = _fault_in_dense(answer, batch)
    detail = fault or f"{2 * batch} numbers, exact"
    return Check("computes a Dense layer", passed=not fault, detail=detail)


def _fault_in_dense(answer: Answer, batch: int) -> str:
    """What is wrong with the answer to the Dense case; empty if nothing is."""
    if not isinstance(answer, Answered):
        return answer.message
    observation = answer.observation
    calls = observation.calls
    refused = {"shape", "dtype", "values"} & set(observation.unsupported)
    failed = observation.error or (calls[0].error if calls else None)
    if failed:
        return f"{failed.type}: {failed.message}"
    if observation.status != "ok":
        return f"status {observation.status}: {observation.reason}"
    if refused:
        return f"it calls {' and '.join(sorted(refused))} unsupported"
    if len(calls) != 1 or len(calls[0].outputs) != 1:
        return "expected one call with one output"
    return _fault_in_output(calls[0].outputs[0], answer.tensors, batch)


def _fault_in_output(output: Output, tensors: Mapping[str, Array], batch: int) -> str:
    arrays = dense_arrays(batch)
    expected = arrays["call/0/x"] @ arrays["weight/dense/kernel"] + arrays["weight/dense/bias"]
    observed = tensors[output.tensor]
    if output.dtype != "float32":
        return f"dtype {output.dtype}, expected float32"
    if observed.shape != expected.shape or not np.array_equal(observed, expected):
        return f"expected {expected.tolist()}, observed {observed.tolist()}"
    return ""


def _unknown(answer: Answer) -> Check:
    what = "says unsupported to a layer that does not exist"
    if not isinstance(answer, Answered):
        return Check(what, passed=False, detail=answer.message)
    observation = answer.observation
    if observation.status != "unsupported":
        return Check(what, passed=False, detail=f"its status is {observation.status}")
    if not observation.reason:
        return Check(what, passed=False, detail="but gives no reason")
    return Check(what, passed=True, detail=observation.reason)


def _try(spec: AdapterSpec, console: Console) -> int:
    process = AdapterProcess(spec, Limits(deaths=3))
    started = time.perf_counter()
    try:
        hello = process.start()
        _say_hello(spec, hello, time.perf_counter() - started, console)
        if hello.status == "not-installed":
            return UNUSABLE
        if hello.status != "ready":
            return FAULTY
        passed = _show(_precision(hello), console)
        for check in checks(process):
            passed &= _show(check, console)
        _show_round_trip(process, console)
    finally:
        process.close()
    return OK if passed else FAULTY


def _say_hello(spec: AdapterSpec, hello: Hello, seconds: float, console: Console) -> None:
    style = "green" if hello.status == "ready" else "red"
    console.print(
        Text.assemble((spec.name, "bold"), ": ", (hello.status, style), f" {seconds:.1f} s")
    )
    if hello.reason:
        console.print(Text(f"  {hello.reason}"))
    rows = {
        "versions": ", ".join(f"{name} {version}" for name, version in hello.versions.items()),
        "python": hello.python,
        "settings": ", ".join(f"{key}={value}" for key, value in hello.settings.items()),
    }
    for key, text in rows.items():
        if text:
            console.print(Text(f"  {key}: {text}"))


def _precision(hello: Hello) -> Check:
    what = f"delivers the precision that it declares, {hello.precision}"
    if not hello.probe:
        return Check(what, passed=True, detail="it has no probe, so this was taken on trust")
    detail = ", ".join(f"{key} {value:.2g} of {PASS:g}" for key, value in hello.probe.items())
    return Check(what, passed=not delivered(hello).problem, detail=detail)


def _show(check: Check, console: Console) -> bool:
    sign, style = ("✓", "green") if check.passed else ("✗", "red")
    detail = f": {check.detail}" if check.detail else ""
    console.print(Text.assemble("  ", (sign, style), f" {check.what}{detail}"))
    return check.passed


def _show_round_trip(process: AdapterProcess, console: Console) -> None:
    program, arrays = dense_program("smoke/again"), dense_arrays(2)
    started = time.perf_counter()
    for _ in range(_ROUNDS):
        process.run(program, arrays, timeout=60)
    each = (time.perf_counter() - started) / _ROUNDS * 1000
    console.print(Text(f"  {each:.1f} ms for such a case"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run as ``python -m conformance.run.smoke NAME``."""
    parser = argparse.ArgumentParser(prog="smoke", description="Try an adapter in seconds.")
    parser.add_argument("adapter", help="its name")
    parser.add_argument(
        "--adapter-command", action="append", default=[], metavar="NAME=COMMAND", dest="commands"
    )
    options = parser.parse_args(arguments)
    return smoke(options.adapter, commands=options.commands)


if __name__ == "__main__":
    raise SystemExit(main())
