"""One cell as a script that needs its framework and NumPy alone.

What a maintainer pastes into a bug report: it makes the same numbers, builds the model in the
framework's own words, and ends with an assertion that fails while the framework deviates, and holds
wherever it does not. Every text of a case stands in it as a literal or in a comment, so none can
become code.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from conformance.adapters.shared.naming import base_of
from conformance.adapters.worker.failure import Unsupported
from conformance.cases.model import STRING, Steps
from conformance.facets import REPEATS
from conformance.reference.errors import NoAnswer
from conformance.reference.model.network import Network
from conformance.repro import checks, data
from conformance.repro.asking import keras_body
from conformance.repro.native import TABLES
from conformance.repro.native_steps import native_body
from conformance.repro.plan import Plan, is_model
from conformance.repro.subjects import arrays
from conformance.repro.subjects.properties import properties_of, property_lines
from conformance.repro.subjects.steps import step_shown
from conformance.repro.text import comment
from conformance.repro.truth import numbers_of
from conformance.repro.versions import check_lines, install_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.records.model import AdapterLine, CaseLine, CellLine
    from conformance.reference.answer.store import StoredAnswer
    from conformance.repro.plan import Body
    from conformance.verdicts.model import FacetVerdict

_CALL = re.compile(r"call (\d+)[ :]")
_BROKEN = (Unsupported, NoAnswer, ValueError, TypeError, KeyError, IndexError, AttributeError)
"""What a case that can't be shown raises, or a record that is not one of this suite's."""


class NoScript(Exception):  # noqa: N818 - a reason for the reader, not an error
    """There is no script for this cell. The text says why."""


def script(
    case: CaseLine,
    cell: CellLine,
    adapter: AdapterLine | None = None,
    facet: str | None = None,
    answer: StoredAnswer | None = None,
) -> str:
    """Write the script that shows one facet of a cell.

    Args:
        case: The case, with the seed of its data.
        cell: The verdict on it.
        adapter: Who answered, for the versions in the script's head.
        facet: What to show; by default the first that fails, else the values.
        answer: The reference's answer, where it is at hand; else the numbers that the record keeps
            are looked at.

    Returns:
        Python source.

    Raises:
        NoScript: The adapter or the facet can't be shown so, or the case has no data.
    """
    if case.unspecified:
        raise NoScript(
            f"No script for this cell: no answer is wrong. {case.unspecified} It answered "
            f"{cell.verdict.message}"
        )
    shown = facet or _choose(case, cell)
    undefined = case.undefined if answer is None else answer.expectation.undefined
    if shown in undefined:
        raise NoScript(f"No script for this cell: {shown} has no answer: {undefined[shown]}")
    try:
        plan = _plan(case, cell, shown, answer)
        body = _body(plan)
        made = _made(plan)
        checks, needs = _checks(plan, body)
    except _BROKEN as reason:
        raise NoScript(f"No script for this cell: {reason}") from reason
    versions = adapter.versions if adapter else {}
    imports = set(body.imports)
    if any("draw(" in line for line in [*made, *body.steps]):
        imports.add("import hashlib")
        needs = [data.DRAW, *needs]
    parts = [
        _head(case, cell, adapter, shown),
        *sorted(imports, key=lambda text: (text.startswith("from"), text)),
        "",
        "import numpy as np",
        "",
        *body.prelude,
        "",
        *check_lines(versions, _WIDE),
        "",
        "",
        *(f"{text.strip(chr(10))}\n\n" for text in [*body.functions, *needs]),
        *made,
        "",
        *body.steps,
        "",
        *checks,
    ]
    text = "\n".join(parts)
    return re.sub(r"\n{4,}", "\n\n\n", text).rstrip() + "\n"


_WIDE = 400


def _made(plan: Plan) -> list[str]:
    """The statements that make what is fed."""
    if plan.facet == "random":
        return arrays.lines(plan) if not plan.of_model and plan.program.model.inputs else []
    if not plan.of_model:
        return [] if plan.structural else arrays.lines(plan)
    return [] if plan.keras and plan.structural else data.lines(plan)


def _plan(
    case: CaseLine,
    cell: CellLine,
    facet: str,
    answer: StoredAnswer | None,
) -> Plan:
    verdicts = {judged.facet: judged for judged in cell.verdict.facets}
    model = case.program.model
    return Plan(
        adapter=base_of(cell.verdict.adapter),
        facet=facet,
        program=case.program,
        seed=case.seed or 0,
        call=_call(case, verdicts.get(facet), facet),
        network=Network.build(model) if is_model(case.program) and facet != "raises" else None,
        raises=case.raises.at if case.raises and facet == "raises" else "",
        verdicts=verdicts,
        answer=answer,
    )


def _body(plan: Plan) -> Body:
    """The parts of the script that depend on the framework.

    Raises:
        Unsupported: There is no script for this adapter or facet.
    """
    judged = plan.judged
    if judged is not None and judged.outcome == "unsupported":
        raise Unsupported(f"{plan.adapter} doesn't answer the facet {plan.facet}: {judged.message}")
    if plan.keras:
        return keras_body(plan)
    if not plan.of_model:
        raise Unsupported(
            f"functions and objects with steps are shown on Keras's backends, not on {plan.adapter}"
        )
    if plan.adapter not in TABLES:
        raise Unsupported(f"the adapter {plan.adapter} is not one of this suite's own")
    model = plan.program.model
    if any(spec.dtype == STRING for spec in model.inputs):
        raise Unsupported("it feeds strings")
    if any(node.adapt is not None for node in model.nodes):
        raise Unsupported("its layer is adapted first")
    return native_body(plan)


def _choose(case: CaseLine, cell: CellLine) -> str:
    """The first facet that fails or raised; else the refusal or the values."""
    for judged in cell.verdict.facets:
        if judged.outcome in {"fail", "error"} and judged.broken != "reference":
            return judged.facet
    if case.raises is not None:
        return "raises"
    asked = case.program.facets
    return next((facet for facet in ("values", "state", *asked) if facet in asked), "values")


def _call(case: CaseLine, judged: FacetVerdict | None, facet: str) -> int:
    """Which call the script makes: the first that deviates."""
    if isinstance(case.program, Steps):
        return step_shown(case.program, judged, facet)
    calls = case.program.every_call
    ordinary = [index for index, call in enumerate(calls) if call.facet == "values"]
    if facet == "batch":
        return next((i for i, call in enumerate(calls) if call.facet == "batch"), 0)
    if facet == "state" and case.program.train is None:
        return ordinary[-1]
    if judged is None or facet not in {"values", "shape", "dtype"}:
        return 0
    if facet == "values":
        told = next((one.what for one in judged.comparisons if one.message), judged.message)
    else:
        told = judged.message
    found = _CALL.match(told)
    return int(found[1]) if found and int(found[1]) < len(calls) else 0


def _checks(plan: Plan, body: Body) -> tuple[list[str], list[str]]:
    """The comparison with what must come out, and the functions that it needs.

    Raises:
        Unsupported: Nothing is known of what must come out.
    """
    if plan.structural or plan.facet in {"raises", "dtype", "probes", "random"}:
        return [], []
    judged, shown, known = plan.judged, [], _shapes(plan)
    if body.filled:
        shown = ["for what, array in observed.items():"]
        shown += ['    print(what, array.shape, array.dtype, array.ravel()[:8], sep="\\n  ")']
    if _about_dtypes(plan):
        known += _dtypes(plan)
    if plan.facet == "shape":
        return [*shown, *known], []
    if plan.answer is not None and properties_of(plan):
        return [*shown, *known, "", *property_lines(plan, plan.answer)], []
    numbers = numbers_of(plan)
    if numbers:
        compared = checks.number_lines(numbers, plan.limits)
        return [*shown, *known, "", *compared], [checks.function(numbers)]
    raised = judged is not None and judged.outcome == "error"
    fails = judged is not None and judged.outcome == "fail" and plan.facet != "mask"
    if fails and not plan.of_model:
        raise Unsupported(
            f"the record doesn't keep what the facet {plan.facet} is judged by here; without --run "
            "it is computed anew"
        )
    if not raised and not known and plan.facet != "mask":
        raise Unsupported(
            f"the record keeps no numbers of the facet {plan.facet} where it passes; without --run "
            "they are computed anew"
        )
    return [*shown, *known], []


def _shapes(plan: Plan) -> list[str]:
    """The shapes that the outputs must have, where they are known."""
    shapes: Sequence[Sequence[int]] | None = None
    stated = plan.stated("shape")
    if plan.facet in {"values", "shape"}:
        if stated is not None:
            shapes = stated[plan.ordinal]
        elif plan.network is None:
            told = plan.answer.expectation.calls[plan.call].outputs if plan.answer else None
            shapes = None if told is None else [one.shape for one in told]
        elif not getattr(plan.program.every_call[plan.call], "sizes", None):
            shapes = plan.network.fed_outputs(plan.program.every_call[plan.call].batch)
    elif plan.facet in REPEATS and stated is not None and not plan.of_variables:
        shapes = stated[plan.ordinal if isinstance(plan.program, Steps) else 0]
        if plan.facet == "batch":
            shapes = [(1, *shape[1:]) for shape in shapes or []]
    return checks.shape_lines(shapes) if shapes is not None else []


def _about_dtypes(plan: Plan) -> bool:
    """Whether dtypes have to be looked at beside the numbers."""
    judged = plan.judged
    if plan.facet == "values":
        return judged is None or judged.outcome == "pass"
    told = [one.what for one in judged.comparisons if one.message] if judged else []
    return any(what.startswith("dtype of ") for what in told)


def _dtypes(plan: Plan) -> list[str]:
    stated = plan.stated("dtype")
    if stated is None or not plan.keras:
        return []
    expected = [str(one) for one in stated[plan.ordinal]]
    return [
        "dtypes = [kind(y) for y in outputs]",
        f'assert dtypes == {expected!r}, f"the dtypes are {{dtypes}}"',
    ]


def _head(case: CaseLine, cell: CellLine, adapter: AdapterLine | None, facet: str) -> str:
    """What this is about, as comments."""
    verdict = cell.verdict
    judged = next((f for f in verdict.facets if f.facet == facet), None)
    versions = adapter.versions if adapter else {}
    said = [
        f"{case.id} on {verdict.adapter}: {facet} ({verdict.outcome})",
        case.title,
        f"Source: {_source(case)}",
        f"Found: {judged.message if judged and judged.message else verdict.message}",
        f"Seen with: {', '.join(f'{k} {v}' for k, v in versions.items())}" if versions else "",
        f"Data of seed {case.seed}. Needs the framework and NumPy alone.",
    ]
    lines = [comment(text) for text in said if text]
    return "\n".join([*lines, *install_lines(versions)]) + "\n"


def _source(case: CaseLine) -> str:
    source = case.source
    claims = f"document {source.document}, {', '.join(source.claim)}" if source.document else ""
    return "; ".join(text for text in (claims, source.keras, source.issue) if text)
