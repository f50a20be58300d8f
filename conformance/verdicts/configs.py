"""The facet ``config``: each argument that is given is found in what ``get_config()`` tells.

The rule of equality is in docs/verdicts.md. Which forms of a value mean the same is the reference's
to say; here a config says one of them or it doesn't.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from conformance.verdicts import text
from conformance.verdicts.evidence import NotAnsweredError, structural
from conformance.verdicts.tolerance import ReferenceFaultError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conformance.reference.spec.configs.model import Argument
    from conformance.verdicts.evidence import Evidence
    from conformance.verdicts.model import FacetVerdict

_LONGEST: Final = 80
"""Characters of a value that a message shows."""
_OF: Final = {"made": "", "rebuilt": "rebuilt ", "loaded": "loaded "}
"""How a message names each config of a layer."""
_INPUT: Final = "InputLayer"
_TRIPS: Final = {"rebuilt": "config_round_trip", "loaded": "save_round_trip"}
"""The facets whose models have the others."""


def config(evidence: Evidence) -> FacetVerdict:
    """Judge the config of every layer: as made, made again from it, and loaded from a file.

    What the verdict keeps is what is wrong: by way, node and argument.
    """
    expected = evidence.expectation.config
    if not expected:
        raise ReferenceFaultError("it states no config")
    observed = evidence.part(evidence.observation.config, "the configs")
    faults: list[str] = []
    want: dict[str, Any] = {}
    seen: dict[str, Any] = {}
    for way, said in _OF.items():
        told = getattr(observed, way)
        if told is None:
            if getattr(evidence.observation, _TRIPS[way]) is not None:
                raise NotAnsweredError(f"the adapter did not answer: the configs {way} are missing")
            continue
        for node, arguments in expected.items():
            if node not in told:
                faults.append(f"{said}{node}: no config")
                continue
            wrong = dict(unlike(arguments, told[node]))
            faults += [f"{said}{node}.{where}: {what}" for where, what in wrong.items()]
            for key in {where.partition(".")[0].partition("[")[0] for where in wrong}:
                want.setdefault(way, {}).setdefault(node, {})[key] = arguments[key].values
                seen.setdefault(way, {}).setdefault(node, {})[key] = told[node].get(key)
    return structural("config", faults, want or None, seen)


def unlike(arguments: Mapping[str, Argument], told: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each argument of which a config says nothing, or something else: where, and what."""
    for key, argument in arguments.items():
        if key not in told:
            if not argument.optional:
                yield key, f"expected {_shown(argument)}, missing"
            continue
        for where, what in _differs(argument, told[key]):
            yield f"{key}{where}", what


def _differs(argument: Argument, told: Any) -> Iterator[tuple[str, str]]:
    if any(_same(value, told) for value in argument.values):
        return
    if argument.items is not None:
        told = _without_input(told)
        if not isinstance(told, list) or len(told) != len(argument.items):
            yield "", f"expected {len(argument.items)} of them, observed {_short(told)}"
            return
        for index, (one, other) in enumerate(zip(argument.items, told, strict=True)):
            for where, what in _differs(one, other):
                yield f"[{index}]{where}", what
    elif argument.made is not None:
        made = argument.made
        if not isinstance(told, dict) or told.get("class_name") != made.class_name:
            yield "", f"expected {_shown(argument)}, observed {_short(told)}"
            return
        inner = told.get("config")
        for where, what in unlike(made.config, inner if isinstance(inner, dict) else {}):
            yield f".{where}", what
    else:
        yield "", f"expected {_shown(argument)}, observed {_short(told)}"


def _without_input(layers: Any) -> Any:
    """A list of layers without the input that a built ``Sequential`` puts in front of its own."""
    if not isinstance(layers, list):
        return layers
    return [
        one for one in layers if not (isinstance(one, dict) and one.get("class_name") == _INPUT)
    ]


def _same(want: Any, told: Any) -> bool:
    """Whether a config says this value.

    True is not 1; 1 is 1.0, and 0.1 may have been rounded to float32 on the way. Of an object the
    parts count that are asked about.
    """
    if isinstance(want, dict):
        if not isinstance(told, dict) or not want.keys() <= told.keys():
            return False
        exact = "class_name" in want or want.keys() == told.keys()
        return exact and all(_same(one, told[key]) for key, one in want.items())
    if isinstance(want, list):
        if not isinstance(told, list) or len(want) != len(told):
            return False
        return all(_same(one, other) for one, other in zip(want, told, strict=True))
    if isinstance(want, bool) or isinstance(told, bool) or want is None or told is None:
        return want is told
    return (type(want) is type(told) is str and want == told) or _same_number(want, told)


def _same_number(want: Any, told: Any) -> bool:
    if not isinstance(want, (int, float)) or not isinstance(told, (int, float)):
        return False
    return want == told or (isinstance(want, float) and float(np.float32(want)) == told)


def _shown(argument: Argument) -> str:
    if argument.made is not None:
        return f"a {argument.made.class_name}"
    return _short(argument.values[0]) if argument.values else "a list"


def _short(value: Any) -> str:
    return text.clean(json.dumps(value, default=str), _LONGEST)
