"""The case language as JSON Schema 2020-12, for editors that complete and check as one types.

It says of a file what can be said without reading the model: keys, types, the names of layers and
of their arguments. ``keras-conformance validate`` says the rest. A case with ``vary`` may lack
what its variants bring, so no argument is required here.
"""

from __future__ import annotations

from typing import Any, get_args

from conformance.cases import (
    combining,
    expects,
    fields,
    fitting,
    flags,
    inputs,
    names,
    passing,
    quantizing,
    schema_subjects,
    settings,
    unspecified,
    weights,
)
from conformance.cases.model import STRING, FileKind
from conformance.facets import FACETS

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string", "minLength": 1, "pattern": r"\S"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_SIZES: Schema = {"type": "array", "items": _COUNT, "maxItems": fields.MAX_RANK}
_SYMBOLIC: Schema = {
    "type": "array",
    "items": {"type": ["integer", "null"], "minimum": 0},
    "minItems": 1,
    "maxItems": fields.MAX_RANK,
}
_BLOCK: Schema = {"type": ["integer", "null"]}
_NAME: Schema = {"type": "string", "pattern": f"^{fields.NAME.pattern}$"}
_STRINGS: Schema = {
    "anyOf": [{"type": "string"}, {"type": "array", "items": {"$ref": "#/$defs/strings"}}]
}
_NUMBERS: Schema = {
    "anyOf": [
        {"type": ["number", "boolean"]},
        {"type": "array", "items": {"$ref": "#/$defs/numbers"}},
    ]
}


def _of(properties: Schema, *, required: list[str] | None = None, **more: Any) -> Schema:
    closed: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    if required:
        closed["required"] = required
    return {**closed, **more}


def _described(schema: Schema, description: str) -> Schema:
    return {**schema, "description": description}


def json_schema() -> Schema:
    """The schema of a case file.

    Returns:
        A fresh plain dict, ready for ``json.dumps``.
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Cases of keras-conformance",
        "type": "array",
        "minItems": 1,
        "items": {"$ref": "#/$defs/case"},
        "$defs": {
            "case": _case(),
            "numbers": _NUMBERS,
            "strings": _STRINGS,
            "input": _input(),
            "model": {"anyOf": [_sequential(), _graph()]},
            "layer": _layer(),
            "expect": _expect(),
            "symbolicShape": _SYMBOLIC,
            **{f"{name}Arguments": _arguments("layers", name) for name in _layer_names()},
            **{f"{name}Arguments": schema_subjects.literals(name) for name in names.in_models()},
        },
    }


def _layer_names() -> list[str]:
    return [name for name in names.known("layers") if name != "InputLayer"]


def _case() -> Schema:
    reason = _described(_TEXT, "The reason, in one line")
    varied = {"type": "array", "minItems": 1}
    several: Schema = {
        "type": "object",
        "minProperties": 1,
        "propertyNames": _NAME,
        "additionalProperties": {"$ref": "#/$defs/input"},
    }
    properties: Schema = {
        "id": _described(
            {"type": "string", "pattern": "^[a-z0-9][a-z0-9._-]*$"},
            "Stable for ever and never reused; unique in its file",
        ),
        "title": _described(_TEXT, "What is claimed, in one sentence"),
        "why": _described(_TEXT, "Which wrong behaviour the case catches"),
        "source": _source(),
        "input": {"$ref": "#/$defs/input"},
        "inputs": _described(several, "Several inputs by name"),
        "model": {"$ref": "#/$defs/model"},
        "layer": _described(
            {"anyOf": [{"enum": _layer_names()}, {"type": "string", "pattern": "^[A-Z]"}]},
            "Short for a model of one layer; its arguments are in `config`",
        ),
        **schema_subjects.properties(several),
        "config": _described(
            {"type": ["object", "null"]},
            "Literal arguments of the subject: `layer`, `function`, `object`, `application`",
        ),
        "as": _described(
            {
                "type": "object",
                "minProperties": 1,
                "additionalProperties": {"enum": list(passing.FORMS)},
            },
            "In which form an argument is passed, by its path in `config`",
        ),
        "call": _described(_keywords(), "The keyword arguments with which `layer` is called"),
        "settings": _described(
            _of(
                {
                    **{key: {"enum": list(words)} for key, words in settings.WORDS.items()},
                    settings.EPSILON: {
                        "type": "number",
                        "exclusiveMinimum": 0,
                        "exclusiveMaximum": 1,
                    },
                },
                minProperties=1,
            ),
            "How Keras is set for the whole process before the model is made",
        ),
        "quantize": _described(
            _quantize(), "With what `model.quantize` is called once the model has its weights"
        ),
        "training": _described(
            {
                "type": "array",
                "minItems": 1,
                "maxItems": flags.MAX_FLAGS,
                "items": {
                    "anyOf": [
                        {"enum": [None, True, False, flags.PREDICT]},
                        _of(
                            {flags.PREDICT: {"type": "integer", "minimum": 1}},
                            required=[flags.PREDICT],
                        ),
                    ]
                },
            },
            "The flag that the model itself is called with, one a call; `predict` at the end",
        ),
        "weights": _described(
            {
                "anyOf": [
                    {"enum": list(weights.WORDS)},
                    {
                        "type": "object",
                        "minProperties": 1,
                        "propertyNames": {"pattern": "^[^/]+/.+$"},
                        "additionalProperties": {"anyOf": [{"const": weights.INITIAL}, _NUMBERS]},
                    },
                ]
            },
            "How weights are drawn, that they are as initializers make them, or the numbers of "
            "some by their names: {dense/kernel: [[1, 2], [3, 4]]}",
        ),
        "train": _train(),
        "targets": _targets(),
        "adapt": _described(
            {
                "anyOf": [
                    _NUMBERS,
                    _STRINGS,
                    _of(
                        {
                            "calls": {
                                "type": "array",
                                "minItems": 2,
                                "items": {"anyOf": [_NUMBERS, _STRINGS]},
                            }
                        },
                        required=["calls"],
                    ),
                ]
            },
            "What `layer` is adapted to before it is called, in one call of its `adapt` or several",
        ),
        "random": _described(
            _of(
                {
                    "rows": {"type": "integer", "minimum": 1, "maximum": inputs.MAX_BATCH},
                    "other": {"type": "integer", "minimum": 0},
                },
            ),
            "Look at what the layer draws in training, on so many rows, or at what the function "
            "draws; it needs a `seed`",
        ),
        "equals": _equals(),
        "exchange": _described(
            _of(
                {
                    "file": {"enum": list(get_args(FileKind))},
                    "steps": {"type": "integer", "minimum": 1, "maximum": expects.MAX_STEPS_ON},
                },
                required=["file"],
            ),
            "What one adapter of a run saves, and the others load; with `steps`, after the "
            "training, which they go on with",
        ),
        "clone": _described(
            _of(
                {
                    **{key: {"type": "boolean"} for key in expects.CLONE_FLAGS},
                    "clone_function": {"enum": list(expects.CLONE_FUNCTIONS)},
                }
            ),
            "How the model is cloned; its clone is called as well",
        ),
        "raises": _described({"enum": ["build", "call"]}, "Where the framework must refuse"),
        "unspecified": _described(
            {
                "anyOf": [
                    {"type": "string", "minLength": 1},
                    _of(dict.fromkeys(unspecified.EVERY, _TEXT), minProperties=1, maxProperties=1),
                ]
            },
            "What no documentation says: the answers are recorded, and none is wrong; of another "
            "facet than the values by its name: {gradients: …}",
        ),
        "expect": {"$ref": "#/$defs/expect"},
        "without": _described(_of(dict.fromkeys(FACETS, reason)), "Facets that aren't asked for"),
        "vary": _described(
            {"type": "object", "minProperties": 1, "additionalProperties": varied},
            "Keys of the case by their path, each with the values that it takes",
        ),
        "unless": _described(
            {"type": "array", "minItems": 1, "items": {"type": "object", "minProperties": 1}},
            "Combinations that are left out: those where all of an entry holds",
        ),
        "combine": {"enum": list(combining.WAYS), "default": "product"},
    }
    return _of(
        properties,
        required=["id", "title"],
        anyOf=[{"required": [key]} for key in (*schema_subjects.SUBJECTS, "vary")],
        dependentRequired={"unless": ["vary"], "combine": ["vary"]},
        allOf=[
            {"not": {"required": ["input", "inputs"]}},
            {"not": {"required": ["raises", "expect"]}},
            *schema_subjects.conditions(),
        ],
    )


def _quantize() -> Schema:
    quantizers = [
        _one(name, {key: {} for key in own}) for name, own in quantizing.QUANTIZERS.items()
    ]
    quantizer: Schema = {"anyOf": [{"enum": [None, "default"]}, *quantizers]}
    configs = [
        _one(
            name,
            {key: quantizer if key.endswith("_quantizer") else _BLOCK for key in own},
        )
        for name, own in quantizing.CONFIGS.items()
    ]
    mode: Schema = {"enum": list(quantizing.MODES)}
    filters = {
        "type": "array",
        "minItems": 1,
        "items": {"type": "string", "pattern": f"^{quantizing.FILTER.pattern}$"},
    }
    called = _of(
        {"mode": mode, "config": {"anyOf": configs}, "filters": filters},
        anyOf=[{"required": ["mode"]}, {"required": ["config"]}],
    )
    return {"anyOf": [mode, called]}


def _one(name: str, arguments: Schema) -> Schema:
    """An object by its class, with its arguments or without any."""
    inside = {**_of(arguments), "type": ["object", "null"]}
    return {"anyOf": [{"const": name}, _of({name: inside}, required=[name])]}


def _source() -> Schema:
    claim = {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]*$"}
    return _described(
        _of(
            {
                "document": claim,
                "claim": {"anyOf": [claim, {"type": "array", "items": claim, "minItems": 1}]},
                "keras": {"type": "string", "pattern": r"^(tf_)?keras\.[A-Za-z0-9_.]+$"},
                "issue": {"type": "string", "pattern": "^https://"},
            },
            anyOf=[{"required": [key]} for key in ("document", "keras", "issue")],
            dependentRequired={"document": ["claim"], "claim": ["document"]},
        ),
        "Who says so",
    )


def _input() -> Schema:
    rows: Schema = {"type": "integer", "minimum": 0, "maximum": inputs.MAX_BATCH}
    return _of(
        {
            "shape": _described(
                {**_SYMBOLIC, "minItems": 0},
                "Without the batch axis; null for a size that is left open (then `sizes` says it)",
            ),
            "batch_shape": _described(
                {**_SIZES, "minItems": 1}, "With the batch axis: fixes the model's batch size"
            ),
            "sizes": _described(
                {"anyOf": [_SIZES, {"type": "array", "items": _SIZES, "minItems": 1}]},
                "What is fed, where `shape` leaves sizes open; a list of such lists calls the same "
                "model with each",
            ),
            "dtype": {"enum": [*fields.DTYPES, fields.COMPLEX, STRING], "default": "float32"},
            "batch": _described(
                {"anyOf": [rows, {"type": "array", "items": rows, "minItems": 1}]},
                "Number of rows fed; a list of them calls the same model with each",
            ),
            "data": {"enum": list(inputs.GENERATORS), "default": "normal"},
            "low": _described({"type": "number"}, "Least number of uniform data and indices"),
            "high": _described({"type": "number"}, "What uniform data and indices stay below"),
            "values": _described(
                {"anyOf": [_NUMBERS, _STRINGS]}, "The literal array, batch axis included"
            ),
        },
        allOf=[
            {"not": {"required": pair}} for pair in (["shape", "batch_shape"], ["data", "values"])
        ],
        dependentRequired={"sizes": ["shape"]},
    )


def _layer() -> Schema:
    known = {name: {"$ref": f"#/$defs/{name}Arguments"} for name in _layer_names()}
    return {
        "anyOf": [
            {"enum": _layer_names()},
            {"type": "string", "pattern": "^[A-Z][A-Za-z0-9]*$"},
            _one_layer(known, {}, 1),
        ]
    }


def _one_layer(known: Schema, more: Schema, size: int) -> Schema:
    return {
        "type": "object",
        "properties": {**known, **more},
        "patternProperties": {"^[A-Z][A-Za-z0-9]*$": {"type": ["object", "null"]}},
        "additionalProperties": False,
        "minProperties": size,
        "maxProperties": size,
    }


def _arguments(kind: names.Kind, symbol: str) -> Schema:
    own = names.arguments(kind, symbol) or {}
    every = (*names.EVERY_LAYER, *names.LEGACY, *names.UNLISTED.get(symbol, ()))
    base = every if kind == "layers" else ()
    properties: Schema = {key: {} for key in base}
    properties.update(
        {key: {"type": "boolean"} if what == "flag" else {} for key, what in own.items()}
    )
    if kind == "layers":
        properties["name"] = _NAME
    return _of(properties, type=["object", "null"])


def _sequential() -> Schema:
    return _described(
        {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/layer"}},
        "A list of layers: a Sequential model",
    )


def _graph() -> Schema:
    again = _described(_NAME, "The earlier node whose layer is called once more")
    known = {name: {"$ref": f"#/$defs/{name}Arguments"} for name in _layer_names()}
    known |= {name: {"$ref": f"#/$defs/{name}Arguments"} for name in names.in_models()}
    more = {"of": schema_subjects.OPERANDS, "with": _keywords(), "again": again}
    node = {**_one_layer(known, more, 2), "maxProperties": 3, "required": ["of"]}
    node["patternProperties"][schema_subjects.SYMBOL] = {"type": ["object", "null"]}
    return _described(
        _of(
            {
                "nodes": {
                    "type": "object",
                    "minProperties": 1,
                    "propertyNames": _NAME,
                    "additionalProperties": node,
                },
                "outputs": {"type": "array", "items": _NAME, "minItems": 1, "uniqueItems": True},
            },
            required=["nodes"],
        ),
        "A graph of named nodes: a functional model",
    )


def _keywords() -> Schema:
    """Keyword arguments of a layer's call: literal, or names of inputs and nodes."""
    literal: Schema = {"type": ["number", "boolean", "null", "string"]}
    several: Schema = {"type": "array", "items": {"type": "string"}, "minItems": 1}
    return {"type": ["object", "null"], "additionalProperties": {"anyOf": [literal, several]}}


def _named(kind: names.Kind) -> Schema:
    return {
        "anyOf": [
            {"enum": names.known(kind)},
            {"type": "string"},
            {
                "type": "object",
                "properties": {name: _arguments(kind, name) for name in names.known(kind)},
                "minProperties": 1,
                "maxProperties": 1,
            },
        ]
    }


def _train() -> Schema:
    steps = {"type": "integer", "minimum": 1}
    needed = {"optimizer": _named("optimizers"), "loss": _named("losses"), "steps": steps}
    weights = {"type": "array", "minItems": 1, "items": {"type": "number", "minimum": 0}}
    metrics = {"type": "array", "minItems": 1, "items": _named("metrics")}
    nodes = {"type": "array", "minItems": 1, "items": {"type": "string"}}
    keys = {
        **needed,
        "class_weight": _described(weights, "What a sample counts, by its class"),
        "sample_weight": _described(weights, "What a sample counts, by its row"),
        "loss_weights": _described(weights, "What the loss of each output counts"),
        "metrics": _described(metrics, "Metrics that take no notice of weights"),
        "weighted_metrics": _described(metrics, "Metrics that weigh samples as the loss does"),
        "optimizer_variables": _described(
            {"type": "boolean"}, "Ask for the optimizer's own variables, too"
        ),
        "batch_size": _described(
            {"type": "integer", "minimum": 1, "maximum": inputs.MAX_BATCH},
            "Rows of each update: the steps are the epochs of one `fit`",
        ),
        "evaluate": _described({"type": "boolean"}, "Ask for the loss outside of training, last"),
        "eager": _described({"type": "boolean"}, "Compile with `run_eagerly`"),
        "freeze": _described(nodes, "Nodes that are made not trainable before `compile`"),
        "freeze_late": _described(nodes, "Nodes that are made so after `compile`"),
        "fit": _fit(),
        "callbacks": _described(
            {"type": "array", "minItems": 1, "items": _named("callbacks")},
            "What `fit` calls, in this order",
        ),
    }
    return _described(_of(keys, required=list(needed)), "Training steps on the first call's inputs")


def _fit() -> Schema:
    count = {"type": "integer", "minimum": 1}
    own: dict[str, Schema] = dict.fromkeys(fitting.KEYS, count)
    own["validation_split"] = {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}
    own["jit_compile"] = {"type": "boolean"}
    own["data"] = {"enum": list(fitting.FORMS)}
    return _described(_of(own), "What `fit` is given besides rows, by the names of its arguments")


def _targets() -> Schema:
    """The keys of an input that a target has, too."""
    own = _input()["properties"]
    target = _of({key: own[key] for key in inputs.WHOLE_KEYS})
    several = {"type": "array", "minItems": 1, "items": target}
    return _described(
        {"anyOf": [target, several]},
        "What is trained towards: one target, or a list, one an output",
    )


def _equals() -> Schema:
    axes = _described(
        {"type": "array", "items": _COUNT, "uniqueItems": True},
        "The axes behind the batch axis in their new order, from 0",
    )
    return _described(
        _of(
            {
                "model": {"$ref": "#/$defs/model"},
                "input": _of({"shape": _SIZES, "batch_shape": _SIZES, "axes": axes}),
                "output": _of({"axes": axes}, required=["axes"]),
            },
            required=["model"],
        ),
        "A second model that must answer the same from the same weights",
    )


def _expect() -> Schema:
    symbolic = {"$ref": "#/$defs/symbolicShape"}
    row = {"layer": _NAME, "output_shape": symbolic, "params": _COUNT}
    influence = {"change": _SIZES, "changes": {"anyOf": [{"const": "all"}, _SIZES]}}
    sizes_by_name = {"type": "object", "additionalProperties": _SIZES}
    layer = _of({"output_shape": symbolic, "params": _COUNT})
    counts = dict.fromkeys(("total", "trainable", "non_trainable"), _COUNT)
    return _described(
        _of(
            {
                "input_shape": symbolic,
                "output_shape": {"anyOf": [symbolic, {"type": "array", "items": symbolic}]},
                "layers": _described(
                    {"type": "array", "items": layer}, "One entry a layer, in the model's order"
                ),
                "params": _of(counts),
                "weights": _described(sizes_by_name, "Shapes by <node>/<variable>"),
                "values": _described(_NUMBERS, "The answer to the first call"),
                "dtype": {"enum": list(fields.DTYPES)},
                "signed_zero": _described({"type": "boolean"}, "Judge the sign of zeros"),
                "probes": _described(sizes_by_name, "Shapes that a probing Lambda saw"),
                "summary": {"type": "array", "items": _of(row, required=list(row))},
                "influence": {
                    "type": "array",
                    "items": _of(influence, required=list(influence)),
                },
            }
        ),
        "What the source itself states, literally",
    )
