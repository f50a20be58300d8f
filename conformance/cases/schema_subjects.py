"""Keys of the JSON Schema that are about functions, and about objects and their steps."""

from __future__ import annotations

from typing import Any

from conformance.cases import dictionaries, names, steps

Schema = dict[str, Any]

SUBJECTS = ("model", "layer", "function", "object", "application")
"""What a case can be about: exactly one of these, unless `vary` brings it."""
SYMBOL = r"^[a-z][a-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)+$"
"""A public name without ``keras.``: ``losses.Huber``."""

_ARRAY: Schema = {"type": "string", "minLength": 1}
_ARRAYS: Schema = {"type": "array", "items": _ARRAY, "minItems": 1}
_ONE_OR_LIST: Schema = {"anyOf": [_ARRAY, _ARRAYS]}
OPERANDS: Schema = {"anyOf": [_ARRAY, {"type": "array", "items": _ONE_OR_LIST, "minItems": 1}]}
"""What ``of`` names: one array or several; a list in the list is one argument."""


def properties(inputs: Schema) -> Schema:
    """The keys and what each of them holds.

    Args:
        inputs: The schema of several inputs by name.
    """
    return {
        "function": {
            "description": "What is called on the inputs: ops.where, losses.Huber",
            "anyOf": [{"enum": names.functions()}, {"type": "string", "pattern": SYMBOL}],
        },
        "of": {
            "description": "What `function` takes, in order; a list in the list is one argument, "
            "and so is a dictionary of images and of what belongs to them",
            "anyOf": [*OPERANDS["anyOf"], _dictionary()],
        },
        "application": {
            "description": "A model of keras.applications; its arguments are in `config`",
            "anyOf": [{"enum": names.applications()}, {"type": "string", "pattern": "^[A-Z]"}],
        },
        "with": {
            "description": "Inputs that `function` takes by the names of its arguments, or that "
            "`application` takes as `input_tensor`",
            "type": "object",
            "minProperties": 1,
            "additionalProperties": _ONE_OR_LIST,
        },
        "object": {
            "description": "What has a memory: metrics.MeanIoU, optimizers.Adam",
            "anyOf": [{"enum": names.objects()}, {"type": "string", "pattern": SYMBOL}],
        },
        "variables": {**inputs, "description": "What an optimizer trains"},
        "steps": {
            "description": "Calls of the object's methods, in order",
            "type": "array",
            "minItems": 1,
            "maxItems": steps.MAX_STEPS,
            "items": {"anyOf": [{"enum": _bare()}, _step()]},
        },
    }


def literals(symbol: str) -> Schema:
    """The literal arguments of a function that is a node of a model."""
    signature = names.signature(symbol)
    call = signature.call if signature is not None else {}
    properties = {
        key: {"type": "boolean"} if kind == "flag" else {}
        for key, kind in call.items()
        if not key.startswith("*")
    }
    return {
        "type": ["object", "null"],
        "properties": properties,
        "additionalProperties": False,
    }


def _dictionary() -> Schema:
    """What an image layer takes: ``{images: x, bounding_boxes: {boxes: b, labels: c}}``."""
    boxes: Schema = {
        "type": "object",
        "properties": dict.fromkeys(dictionaries.OF_BOXES, _ARRAY),
        "minProperties": 1,
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {**dict.fromkeys(dictionaries.KEYS, _ARRAY), "bounding_boxes": boxes},
        "required": ["images"],
        "additionalProperties": False,
    }


def conditions() -> list[Schema]:
    """What holds of these keys beside others."""
    pairs = [[a, b] for i, a in enumerate(SUBJECTS) for b in SUBJECTS[i + 1 :]]
    needs = {
        "call": ["layer"],
        "adapt": ["layer"],
        "as": ["layer"],
        "of": ["function"],
        "with": ["function", "application"],
        "variables": ["object"],
        "steps": ["object"],
        "config": ["layer", "function", "object", "application"],
    }
    return [
        *({"not": {"required": pair}} for pair in pairs),
        *(
            {
                "if": {"required": [key]},
                "then": {"anyOf": [{"required": [one]} for one in [*subjects, "vary"]]},
            }
            for key, subjects in needs.items()
        ),
        {"anyOf": [{"required": [one]} for one in ("source", *SUBJECTS[1:], "vary")]},
        {
            "if": {"required": ["object"], "not": {"required": ["vary"]}},
            "then": {"required": ["steps"]},
        },
    ]


def _methods() -> dict[str, steps.Method]:
    return {name: one for methods in steps.METHODS.values() for name, one in methods.items()}


def _bare() -> list[str]:
    """Methods that take nothing."""
    return sorted(name for name, method in _methods().items() if not method.takes)


def _step() -> Schema:
    """A step with what it takes: ``{update_state: [y, p], times: 2}``."""
    takes: Schema = {
        "arrays": {
            "anyOf": [
                _ARRAY,
                _ARRAYS,
                {
                    "type": "object",
                    "properties": {
                        "of": _ONE_OR_LIST,
                        "with": {"type": "object", "additionalProperties": _ARRAY},
                    },
                    "required": ["of"],
                    "additionalProperties": False,
                },
            ]
        },
        "gradients": {"type": "object", "minProperties": 1, "additionalProperties": _ARRAY},
        "literals": {
            "type": "object",
            "minProperties": 1,
            "propertyNames": {"enum": list(steps.SETTABLE)},
        },
        "variables": {
            "type": "object",
            "minProperties": 1,
            "properties": {key: {"type": "array", "minItems": 1} for key in steps.EXCLUDED},
            "additionalProperties": False,
        },
        "": {"type": "null"},
    }
    times = {"type": "integer", "minimum": 1, "maximum": steps.MAX_STEPS}
    own = {name: takes[method.takes] for name, method in sorted(_methods().items())}
    return {
        "type": "object",
        "properties": {**own, "times": times},
        "additionalProperties": False,
        "oneOf": [{"required": [name]} for name in own],
        "minProperties": 1,
        "maxProperties": 2,
    }
