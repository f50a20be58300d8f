"""One cell as a script that needs its framework and NumPy alone.

What a maintainer pastes into a bug report: it makes the same numbers, builds the model in the
framework's own words, and ends with an assertion that fails while the framework deviates. Every
text of a case stands in it as a literal or in a comment, so none can become code.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from conformance.adapters.naming import base_of
from conformance.adapters.worker.failure import Unsupported
from conformance.cases.fields import STRING
from conformance.reference.errors import NoAnswer
from conformance.reference.network import Network
from conformance.report import repro_data, repro_steps
from conformance.report.repro_steps import Plan
from conformance.report.repro_text import comment, literal

if TYPE_CHECKING:
    from conformance.cases.model import Model
    from conformance.records.model import AdapterLine, CaseLine, CellLine
    from conformance.verdicts.model import Comparison, FacetVerdict

_CALL = re.compile(r"(?:call (\d+) |first row alone: )?(output \d+)")

CHECK = '''
def conforms(observed, expected, tolerance):
    """Equal within the tolerance; NaN only to NaN."""
    if np.isnan(expected) or np.isinf(expected):
        return np.array_equal(observed, expected, equal_nan=True)
    return bool(abs(np.float64(observed) - expected) <= tolerance)
'''


class NoScript(Exception):  # noqa: N818 - a reason for the reader, not an error
    """There is no script for this cell. The text says why."""


def script(
    case: CaseLine, cell: CellLine, adapter: AdapterLine | None = None, facet: str | None = None
) -> str:
    """Write the script that shows one facet of a cell.

    Args:
        case: The case, with the seed of its data.
        cell: The verdict on it.
        adapter: Who answered, for the versions in the script's head.
        facet: What to show; by default the first that fails, else the values.

    Returns:
        Python source.

    Raises:
        NoScript: The adapter or the facet can't be shown so, or the case has no data.
    """
    verdict = cell.verdict
    shown = facet or _choose(case, cell)
    judged = next((f for f in verdict.facets if f.facet == shown), None)
    _only_numbers(case.program.model)
    try:
        network = None if shown == "raises" else Network.build(case.program.model)
        plan = Plan(
            adapter=base_of(verdict.adapter),
            facet=shown,
            program=case.program,
            seed=case.seed or 0,
            call=_call(case, judged, shown),
            network=network,
            raises=case.raises.at if case.raises else "",
        )
        body = repro_steps.body(plan)
        numbers = _numbers(plan)
    except (Unsupported, NoAnswer, ValueError, TypeError) as reason:
        raise NoScript(f"No script for this cell: {reason}") from reason
    parts = [_head(case, cell, adapter, shown), *body.prelude]
    if any("draw(" in line for line in numbers):
        parts += ["", repro_data.DRAW]
    parts += ["", *body.functions, "", *numbers, "", *body.steps]
    if shown in repro_steps.NUMERIC:
        parts += [CHECK, *_checks(plan, judged)]
    text = "\n".join(parts)
    return re.sub(r"\n{4,}", "\n\n\n", text).rstrip() + "\n"


def _only_numbers(model: Model) -> None:
    """Refuse what a script has no words for yet.

    Raises:
        NoScript: Strings are fed, or a layer is adapted.
    """
    if any(spec.dtype == STRING for spec in model.inputs):
        raise NoScript("No script for this cell: it feeds strings")
    if any(node.adapt is not None for node in model.nodes):
        raise NoScript("No script for this cell: its layer is adapted first")


def _choose(case: CaseLine, cell: CellLine) -> str:
    """The first facet that fails or raised; else the refusal or the values."""
    for judged in cell.verdict.facets:
        if judged.outcome in {"fail", "error"}:
            return judged.facet
    return "raises" if case.raises is not None else "values"


def _call(case: CaseLine, judged: FacetVerdict | None, facet: str) -> int:
    """Which call the script makes: the one that deviates most."""
    if facet == "batch":
        return next((i for i, call in enumerate(case.program.calls) if call.facet == "batch"), 0)
    if judged is None or facet != "values":
        return 0
    worst = next((c for c in judged.comparisons if c.message), None)
    found = _CALL.fullmatch(worst.what) if worst else None
    return int(found[1]) if found and found[1] else 0


def _numbers(plan: Plan) -> list[str]:
    if plan.raises == "build":
        return []
    extra = {"gradients": ("cotangent",), "state": ("target",)}.get(plan.facet, ())
    return repro_data.lines(plan.program, plan.seed, plan.call, extra)


def _head(case: CaseLine, cell: CellLine, adapter: AdapterLine | None, facet: str) -> str:
    """What this is about, as comments."""
    verdict = cell.verdict
    judged = next((f for f in verdict.facets if f.facet == facet), None)
    versions = adapter.versions if adapter else {}
    said = [
        f"{case.id} on {verdict.adapter}: {facet} ({verdict.outcome})",
        case.title,
        f"Versions: {', '.join(f'{k} {v}' for k, v in versions.items())}" if versions else "",
        f"Source: {_source(case)}",
        f"Found: {judged.message if judged and judged.message else verdict.message}",
        f"Data of seed {case.seed}. Needs the framework and NumPy alone.",
    ]
    return "\n".join(comment(text) for text in said if text) + "\n"


def _source(case: CaseLine) -> str:
    source = case.source
    claims = f"document {source.document}, {', '.join(source.claim)}" if source.document else ""
    return "; ".join(text for text in (claims, source.keras, source.issue) if text)


def _checks(plan: Plan, judged: FacetVerdict | None) -> list[str]:
    """The comparison of ``observed``, arrays by name, with what the reference says."""
    lines = ["for what, array in observed.items():"]
    lines += ['    print(what, array.shape, array.dtype, array.ravel()[:8], sep="\\n  ")']
    if plan.network is not None and plan.facet not in {"gradients", "state"}:
        batch = plan.program.calls[plan.call].batch
        shapes = [(batch, *shape[1:]) for shape in plan.network.outputs]
        lines.append(f"expected_shapes = {shapes!r}")
        lines.append("shapes = [array.shape for array in observed.values()]")
        lines.append('assert shapes == expected_shapes, f"{shapes} is not {expected_shapes}"')
        lines.append('assert all(a.dtype == "float32" for a in observed.values()), "dtype"')
    elements = [
        (what, tuple(index), expected, tolerance)
        for comparison in (judged.comparisons if judged else [])
        for what, index, expected, tolerance in _elements(plan, comparison)
    ]
    if not elements:
        return [*lines, "assert all(np.isfinite(a).all() for a in observed.values())"]
    lines += ["", "# (array, index, expected, how far rounding may move it)", "worst = ["]
    lines += [
        f"    ({what!r}, {index!r}, {literal(expected)}, {literal(tolerance)}),"
        for what, index, expected, tolerance in elements
    ]
    lines += [
        "]",
        "for what, index, expected, tolerance in worst:",
        '    print(what, index, "expected", expected, "observed", observed[what][index])',
        "wrong = [w for w in worst if not conforms(observed[w[0]][w[1]], w[2], w[3])]",
        'assert not wrong, f"{len(wrong)} of these numbers deviate, first {wrong[0]}"',
    ]
    return lines


def _elements(plan: Plan, comparison: Comparison) -> list[tuple[str, list[int], float, float]]:
    """The elements of one array that the script looks at."""
    what = comparison.what
    found = _CALL.fullmatch(what)
    if found:
        if plan.facet == "values" and int(found[1] or 0) != plan.call:
            return []
        what = found[2]
    if comparison.worst:
        return [
            (what, w.index, _number(w.expected), _tolerance(w.expected, w.observed, w.times))
            for w in comparison.worst
        ]
    sample = comparison.expected
    if not (isinstance(sample, dict) and sample.get("numbers")):
        return []
    numbers = [_number(number) for number in sample["numbers"]]
    # The record of what passes has no tolerance for each number; this one is far wider.
    wide = 1e-3 * max((abs(n) for n in numbers if math.isfinite(n)), default=0.0)
    places = [_place(flat, sample["shape"]) for flat in range(len(numbers))]
    return [(what, place, n, wide) for place, n in zip(places, numbers, strict=True)]


def _tolerance(expected: float | str, observed: float | str, times: float | str) -> float:
    """The distance that the rule admits for this element; 0 where equality is demanded."""
    if isinstance(times, str) or times == 0:
        return 0.0
    return abs(_number(observed) - _number(expected)) / times


def _number(written: float | str) -> float:
    """A number as a record carries it: booleans, NaN and infinities by their names."""
    return {"True": 1.0, "False": 0.0}[written] if written in {"True", "False"} else float(written)


def _place(flat: int, shape: list[int]) -> list[int]:
    index: list[int] = []
    for size in reversed(shape):
        flat, position = divmod(flat, size)
        index.insert(0, position)
    return index
