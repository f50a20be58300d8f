"""The documents' catalogue: complete, free of doubles, and right by arithmetic of its own.

``python tests/test_documents.py`` writes docs/documents.md anew from the catalogue.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pytest
from catalogue import suite

from conformance.cases.model import Influence, LayerExpect, Params
from conformance.reference import Contradiction, evaluate

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from conformance.cases.model import Case, Shape

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "docs" / "documents.md"

DOCUMENTS = {
    "F": ("The role of Flatten", "https://stackoverflow.com/questions/43237124"),
    "D": ("Dense's input is not flattened", "https://stackoverflow.com/questions/52089601"),
    "I": ("input_shape, units and their kin", "https://stackoverflow.com/questions/44747343"),
    "H": ("How Flatten works", "https://stackoverflow.com/questions/44176982"),
}

CLAIMS = {
    "F1": "Dense, relu, Flatten, Dense answers (1, 4) to one sample of (3, 2)",
    "F2": "Without Flatten the answer is (1, 3, 4)",
    "F3": "Dense connects each row by itself, with the same weights",
    "F4": "After Flatten, each unit is connected to every number",
    "F5": "The None of (None, 48) stands for any batch size",
    "F6": "Flatten keeps the number of elements of a sample",
    "F7": "The model trains with mean_squared_error and SGD",
    "F8": "model.summary() shows each layer's output shape and params",
    "F9": "Conv2D, MaxPooling2D, Flatten and Dense end in ten classes",
    "D1": "Dense(4) on (2, 3) answers (None, 2, 4)",
    "D2": "Dense(m) turns (n1, ..., nk) into (n1, ..., m)",
    "D3": "TimeDistributed(Dense) and Dense are equivalent",
    "D4": "Dense(10) on (20, 5) answers (None, 20, 10) from 60 params",
    "D5": "A unit's five weights are shared by every row",
    "D6": "Dense does not flatten, contrary to the old docstring",
    "I1": "Three inputs, 4, 4 and 1 units: a Sequential model",
    "I2": "The functional model is the same model",
    "I3": "A tensor of (30, 4, 10) holds 1200 elements",
    "I4": "input_shape=(50, 50, 3) is reported as (None, 50, 50, 3)",
    "I5": "batch_shape=(30, 50, 50, 3) is reported as it is and limits the model to that batch",
    "I6": "Inside a Lambda layer or a loss the batch axis is there",
    "I7": "input_dim=3 is input_shape=(3,); batch_input_shape carries the batch",
    "I8": "Dense(32, input_dim=784) with relu",
    "I9": "Dense takes (batch, input) and (batch, optional, ..., input)",
    "I10": "Conv2D takes channels last or, with channels_first, channels first",
    "I11": "Conv1D and recurrent layers take (batch, sequence, features)",
    "I12": "Dense's last size is its units, a convolution's its filters",
    "I13": "A Dense kernel has one entry for each input and unit",
    "I14": "input_shape=(728,) has one dimension",
    "I15": "Channels last is the default",
    "I16": "The input is a tensor, not a layer with weights",
    "I17": "Branches need the functional API",
    "H1": "Conv2D makes (height, width, filters), MaxPooling2D changes height and width",
    "H2": "Flatten of (24, 24, 32) gives 18432 numbers",
    "H3": "Flatten of 0 to 23 as (1, 3, 2, 4) counts from 0 to 23",
    "H4": "Flatten is numpy.reshape in C order",
    "H5": "VGG16 without its top: (None, 4, 4, 512) and 14,714,688 params",
    "H6": "Flatten, Dense(256) and Dense(1) on it: 8192, 2,097,408 and 257",
    "H7": "28x28x32, flattened, feeds ten classes, every pixel connected",
    "H8": "With channels first, Flatten unrolls as documented for data_format",
    "H9": "Flatten does not touch the batch size",
}

SUITE = suite("documents")
CASES = {case.id: case for case in SUITE.cases}
HEAVY = frozenset({"documents/vgg16/without-top"})
"""Ten seconds of reference: left to the run itself."""


# The catalogue as a whole


def test_every_file_is_read_without_a_problem() -> None:
    assert [str(problem) for problem in SUITE.problems] == []
    assert {case.suite for case in SUITE.cases} == {"documents"}


@pytest.mark.parametrize("claim", CLAIMS)
def test_every_claim_has_a_case(claim: str) -> None:
    assert claim in claims_of(SUITE.cases)


def test_no_case_cites_what_no_document_claims() -> None:
    cited = {claim for case in SUITE.cases for claim in case.source.claim}
    assert cited <= CLAIMS.keys()
    strays = [
        case.id
        for case in SUITE.cases
        if any(not claim.startswith(str(case.source.document)) for claim in case.source.claim)
    ]
    assert strays == []


def test_every_case_names_its_document_and_says_why() -> None:
    silent = [
        case.id for case in SUITE.cases if case.source.document not in DOCUMENTS or not case.why
    ]
    assert silent == []


def test_no_two_cases_are_the_same() -> None:
    twins: defaultdict[str, list[str]] = defaultdict(list)
    for case in SUITE.cases:
        twins[case.digest].append(case.id)
        twins[program_key(case)].append(case.id)
    assert [ids for ids in twins.values() if len(ids) > 1] == []


def test_the_catalogue_stays_affordable() -> None:
    # Each concrete case costs the time of eight adapters; more are worth a second thought.
    assert 90 <= len(SUITE.cases) <= 140


def test_every_case_is_asked_for_more_than_shapes() -> None:
    # A case that drops a facet says why; values are dropped by none, as nothing else proves them.
    mute = [case.id for case in SUITE.cases if not case.raises and "values" not in facets(case)]
    assert mute == []


@pytest.mark.parametrize(
    "facet",
    [
        "symbolic_shape",
        "weights",
        "params",
        "config",
        "shape",
        "dtype",
        "probes",
        "values",
        "raises",
        "gradients",
        "batch",
        "influence",
        "equals",
        "compiled",
        "config_round_trip",
        "save_round_trip",
        "state",
        "summary",
    ],
)
def test_every_facet_is_asked_by_some_case(facet: str) -> None:
    assert any(facet in facets(case) for case in SUITE.cases)


# What single claims demand, beyond being cited


@pytest.mark.parametrize(("claim", "ranks"), [("D2", {2, 3, 4, 5, 6}), ("F6", {1, 2, 3, 4, 5, 6})])
def test_claims_about_any_rank_are_tried_on_many(claim: str, ranks: set[int]) -> None:
    tried = {1 + len(case.program.model.inputs[0].shape) for case in citing(claim)}
    assert ranks <= tried


@pytest.mark.parametrize(("claim", "sizes"), [("F5", {1, 2, 16, 32}), ("H9", {0, 1, 5})])
def test_claims_about_any_batch_are_tried_on_many_with_one_model(
    claim: str, sizes: set[int]
) -> None:
    assert any(sizes <= {call.batch for call in case.program.calls} for case in citing(claim))


@pytest.mark.parametrize("claim", ["D3", "I2", "I7", "I10", "I15"])
def test_claims_of_equality_are_judged_on_two_models(claim: str) -> None:
    assert any(case.program.twin for case in citing(claim))


@pytest.mark.parametrize("claim", ["F3", "F4", "H7"])
def test_claims_of_connection_are_judged_by_influence(claim: str) -> None:
    assert any(case.expect.influence for case in citing(claim))


@pytest.mark.parametrize("claim", ["F1", "I1", "D4", "I4", "I8", "I14"])
def test_claims_about_a_spelling_use_it(claim: str) -> None:
    assert any(case.program.model.inputs[0].declared_by for case in citing(claim))


def test_training_is_one_step_and_ten() -> None:
    assert {1, 10} <= {case.program.train.steps for case in citing("F7") if case.program.train}


def test_vgg16_is_the_real_one() -> None:
    case = CASES["documents/vgg16/without-top"]
    layers = Counter(node.layer for node in case.program.model.nodes)
    assert layers == {"Conv2D": 13, "MaxPooling2D": 5}
    assert case.program.model.inputs[0].shape == [150, 150, 3]
    assert "values" in facets(case)


# What the documents state, checked by arithmetic that knows nothing of the reference


@pytest.mark.parametrize("case_id", [case.id for case in SUITE.cases if case.expect.layers])
def test_stated_layers_follow_from_each_other(case_id: str) -> None:
    assert faults_in_layers(CASES[case_id]) == []


@pytest.mark.parametrize("case_id", [case.id for case in SUITE.cases if case.expect.weights])
def test_stated_weights_add_up_to_the_stated_params(case_id: str) -> None:
    assert faults_in_weights(CASES[case_id]) == []


@pytest.mark.parametrize(
    "case_id",
    [
        case.id
        for case in SUITE.cases
        if case.expect.values is not None
        and [node.layer for node in case.program.model.nodes] == ["Flatten"]
    ],
)
def test_stated_values_of_flatten_are_those_of_numpy_reshape(case_id: str) -> None:
    case = CASES[case_id]
    assert case.expect.values == flattened(case).tolist()


@pytest.mark.parametrize("case_id", [case.id for case in SUITE.cases if case.expect.influence])
def test_stated_influence_lies_inside_input_and_output(case_id: str) -> None:
    assert faults_in_influence(CASES[case_id]) == []


@pytest.mark.parametrize("case_id", [case.id for case in SUITE.cases if case.id not in HEAVY])
def test_the_reference_agrees_with_every_statement(case_id: str) -> None:
    answer = evaluate(CASES[case_id])  # raises Contradiction where it does not
    assert answer.expectation.digest == CASES[case_id].digest


# The checks above can fail


def test_a_statement_that_the_reference_contradicts_is_found() -> None:
    case = CASES["documents/flatten/nought-to-twenty-three"]
    with pytest.raises(Contradiction, match="values"):
        evaluate(doctored(case, values=[list(range(1, 25))]))


def test_a_wrong_count_of_params_is_found() -> None:
    case = CASES["documents/sequential/with-flatten"]
    layers = list(case.expect.layers or [])
    layers[0] = LayerExpect(output_shape=[None, 3, 16], params=112)
    assert faults_in_layers(doctored(case, layers=layers)) == [
        "dense: 112 params stated, 48 by arithmetic",
        "308 params in all layers, 244 in all",
    ]


def test_a_wrong_shape_is_found() -> None:
    case = CASES["documents/sequential/with-flatten"]
    layers = list(case.expect.layers or [])
    layers[2] = LayerExpect(output_shape=[None, 3, 16], params=0)
    assert faults_in_layers(doctored(case, layers=layers))[0] == (
        "flatten: [None, 3, 16] stated, [None, 48] by arithmetic"
    )


def test_a_wrong_total_of_weights_is_found() -> None:
    case = CASES["documents/dense/last-axis"]
    wrong = doctored(case, params=Params(total=1010))
    assert faults_in_weights(wrong) == ["60 entries in the weights, 1010 params"]


def test_an_influence_outside_the_sample_is_found() -> None:
    case = CASES["documents/dense/each-row-by-itself"]
    wrong = doctored(case, influence=[Influence(change=[5], changes=[0, 16])])
    assert faults_in_influence(wrong) == ["change [5]", "changes [0, 16]"]


# The table of docs/documents.md


def test_the_table_shows_today_s_catalogue() -> None:
    assert TABLE.read_text(encoding="utf-8") == table(), (
        "docs/documents.md is out of date: run `python tests/test_documents.py`"
    )


def test_the_table_links_every_case_once_for_each_of_its_claims() -> None:
    text = table()
    for claim, cases in claims_of(SUITE.cases).items():
        row = next(line for line in text.splitlines() if line.startswith(f"| {claim} |"))
        assert all(row.count(link(name)) == 1 for name in written_ids(cases))


def table() -> str:
    """The text of docs/documents.md: every claim with the cases that stand for it."""
    written = len(written_ids(SUITE.cases))
    lines = [
        "# The documents and their cases",
        "",
        "<!-- Written by `python tests/test_documents.py`; change the cases, not this file. -->",
        "",
        "The suite grew from four texts about Keras that many people have read. Each claim that",
        "a reader takes away from them is at least one case, and each case states what the text",
        "says, whatever today's frameworks do. Where one of them does otherwise, the deviation",
        "is in the [ledger](ledger.md), with its reason and the versions that it holds for.",
        "",
        f"{len(CLAIMS)} claims, {written} cases, {len(SUITE.cases)} with every variation counted.",
    ]
    claims = claims_of(SUITE.cases)
    for letter, (title, address) in DOCUMENTS.items():
        lines += ["", f"## {letter}: {title}", "", f"<{address}>", ""]
        lines += ["| claim | what it says | cases |", "| --- | --- | --- |"]
        for claim, says in CLAIMS.items():
            if claim.startswith(letter):
                links = ", ".join(link(name) for name in written_ids(claims.get(claim, [])))
                lines.append(f"| {claim} | {says} | {links} |")
    return "\n".join(lines) + "\n"


def link(written_id: str) -> str:
    """A case's id as a link to its file."""
    path = written_id.rsplit("/", 1)[0]
    return f"[`{written_id.removeprefix('documents/')}`](../cases/{path}.yaml)"


def written_ids(cases: Iterable[Case]) -> list[str]:
    """Ids as they are written, without variations, each once, in the catalogue's order."""
    return list(dict.fromkeys(case.id.split("[", 1)[0] for case in cases))


# Helpers


def claims_of(cases: Iterable[Case]) -> dict[str, list[Case]]:
    """The cases of each cited claim."""
    found: defaultdict[str, list[Case]] = defaultdict(list)
    for case in cases:
        for claim in case.source.claim:
            found[claim].append(case)
    return dict(found)


def citing(claim: str) -> list[Case]:
    return claims_of(SUITE.cases)[claim]


def facets(case: Case) -> list[str]:
    return case.program.facets


def program_key(case: Case) -> str:
    """The program without its name, apart from what is stated: two of a kind cost twice."""
    plain = msgspec.to_builtins(case.program)
    del plain["case"]
    return msgspec.json.encode([plain, case.raises is not None], order="sorted").decode()


def doctored(case: Case, **changes: Any) -> Case:
    """The case with other statements."""
    return msgspec.structs.replace(case, expect=msgspec.structs.replace(case.expect, **changes))


def flattened(case: Case) -> np.ndarray:
    """What NumPy makes of the counted input, channels brought last where the layer says so."""
    spec, call = case.program.model.inputs[0], case.program.calls[0]
    assert spec.data.kind == "arange"
    x = np.arange(call.batch * math.prod(spec.shape)).reshape(call.batch, *spec.shape)
    if case.program.model.nodes[0].config.get("data_format") == "channels_first":
        x = np.moveaxis(x, 1, -1)
    return np.reshape(x, (call.batch, math.prod(spec.shape)), order="C")


def faults_in_layers(case: Case) -> list[str]:
    """What is wrong with the stated shapes and counts of a model's layers."""
    found: list[str] = []
    nodes, stated = case.program.model.nodes, case.expect.layers or []
    if len(nodes) != len(stated):
        return [f"{len(nodes)} layers, {len(stated)} stated"]
    shapes: dict[str, Shape] = {
        spec.name: [spec.batch_size, *spec.shape] for spec in case.program.model.inputs
    }
    for node, layer in zip(nodes, stated, strict=True):
        assert layer.output_shape is not None
        shape, params = by_hand(node.layer, node.config, [shapes[name] for name in node.inputs])
        if shape is not None and shape != layer.output_shape:
            found.append(f"{node.name}: {layer.output_shape} stated, {shape} by arithmetic")
        if params is not None and params != layer.params:
            found.append(f"{node.name}: {layer.params} params stated, {params} by arithmetic")
        shapes[node.name] = layer.output_shape
    total = sum(layer.params or 0 for layer in stated)
    if case.expect.params and total != case.expect.params.total:
        found.append(f"{total} params in all layers, {case.expect.params.total} in all")
    last = shapes[case.program.model.outputs[0]]
    if case.expect.output_shape != last:
        found.append(f"the model's output is {case.expect.output_shape}, its last layer's {last}")
    return found


def by_hand(
    layer: str, config: dict[str, Any], inputs: Sequence[Shape]
) -> tuple[Shape | None, int | None]:
    """Output shape and params as one works them out on paper; None where paper is too short."""
    batch, *sizes = inputs[0]
    known = [size for size in sizes if size is not None]
    if layer == "Dense":
        return [batch, *known[:-1], config["units"]], (known[-1] + 1) * config["units"]
    if layer == "Flatten":
        return [batch, math.prod(known)], 0
    if layer == "Activation":
        return [batch, *known], 0
    if layer == "Concatenate":
        return [batch, *known[:-1], sum(shape[-1] or 0 for shape in inputs)], 0
    first = config.get("data_format") == "channels_first"
    channels = known[0] if first else known[-1]
    if layer in {"Conv1D", "Conv2D"}:
        rank = int(layer[4])
        kernel = per_axis(config["kernel_size"], rank)
        params = (math.prod(kernel) * channels + 1) * config["filters"]
        steps = per_axis(config.get("strides", 1), rank)
        channels = config["filters"]
    elif layer == "MaxPooling2D":
        kernel = per_axis(config.get("pool_size", 2), 2)
        steps = per_axis(config.get("strides") or kernel, 2)
        params = 0
    else:
        return None, None
    space = known[1:] if first else known[:-1]
    same = config.get("padding") == "same"
    windows = [
        -(-size // step) if same else (size - width) // step + 1
        for size, width, step in zip(space, kernel, steps, strict=True)
    ]
    return [batch, channels, *windows] if first else [batch, *windows, channels], params


def per_axis(value: int | list[int], rank: int) -> list[int]:
    return [value] * rank if isinstance(value, int) else list(value)


def faults_in_weights(case: Case) -> list[str]:
    """Whether the weights that are stated hold as many entries as there are params."""
    weights = case.expect.weights or {}
    entries = sum(math.prod(shape) for shape in weights.values())
    total = case.expect.params.total if case.expect.params else None
    if total is not None and entries != total:
        return [f"{entries} entries in the weights, {total} params"]
    return []


def faults_in_influence(case: Case) -> list[str]:
    """Index prefixes that lie outside the sample or its answer."""
    found: list[str] = []
    sample = case.program.model.inputs[0].shape
    answer = case.expect.output_shape
    assert isinstance(answer, list)
    for pair in case.expect.influence or []:
        if not inside(pair.change, sample):
            found.append(f"change {pair.change}")
        if pair.changes != "all" and not inside(pair.changes, answer[1:]):
            found.append(f"changes {pair.changes}")
    return found


def inside(index: Sequence[int], sizes: Sequence[Any]) -> bool:
    return len(index) <= len(sizes) and all(
        0 <= at < size for at, size in zip(index, sizes, strict=False)
    )


if __name__ == "__main__":
    TABLE.write_text(table(), encoding="utf-8")
