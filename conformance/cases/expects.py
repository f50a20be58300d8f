"""The parts of a case around its model: who says so, what they say, refusals."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast, get_args

from conformance.cases import fields
from conformance.cases.model import (
    Clone,
    Exchange,
    Expect,
    FileKind,
    Influence,
    LayerExpect,
    Params,
    Source,
    SummaryRow,
)
from conformance.cases.problems import described
from conformance.cases.reading import Map, Seq
from conformance.cases.weights import check_name
from conformance.facets import FACETS

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.cases.model import Shape
    from conformance.cases.models import Read
    from conformance.cases.problems import Where

EXPECT_KEYS = tuple(Expect.__struct_fields__)
MAX_CLAIMS = 100

_DOCUMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_SYMBOL = re.compile(r"(?:tf_)?keras(?:\.[A-Za-z_][A-Za-z0-9_]*)+")
_ADDRESS = re.compile(r"https://[^\s<>\"']+")


def read_source(value: object, where: Where) -> Source | None:
    """Who says so: at least one of a document with its claims, a Keras symbol and an issue."""
    given = fields.mapping(value, where, ("document", "claim", "keras", "issue"))
    if given is None:
        return None
    if not any(key in given for key in ("document", "keras", "issue")):
        where.refuse("names no source", expected="`document` and `claim`, `keras` or `issue`")
        return None
    for one, other in (("document", "claim"), ("claim", "document")):
        if one in given and other not in given:
            where.refuse(f"has `{one}` without `{other}`", expected="both")

    def read(key: str, pattern: re.Pattern[str], what: str) -> str | None:
        if key not in given:
            return None
        return fields.word(given[key], where.value(given, key), pattern, what)

    return Source(
        document=read("document", _DOCUMENT, "the letter or name of a document"),
        claim=_claims(given, where) if "claim" in given else [],
        keras=read("keras", _SYMBOL, "a symbol such as keras.layers.Dense"),
        issue=read("issue", _ADDRESS, "an address that begins with https://"),
    )


def _claims(given: Map, where: Where) -> list[str]:
    place = where.value(given, "claim")
    value = given["claim"]
    what = "the id of a claim, such as D4"
    if isinstance(value, Seq) and len(value) > MAX_CLAIMS:
        place.refuse(f"has {len(value):,} claims", expected=f"at most {MAX_CLAIMS}")
        return []
    if not isinstance(value, Seq):
        one = fields.word(value, place, _DOCUMENT, what)
        return [] if one is None else [one]
    found = []
    for index, claim in enumerate(fields.items(value, place, "claims") or Seq()):
        one = fields.word(claim, place.item(value, index), _DOCUMENT, what)
        if one is not None and one in found:
            place.item(value, index).refuse(f"the claim {one} is here twice")
        elif one is not None:
            found.append(one)
    return found


MAX_STEPS_ON = 64
"""Steps that a reader trains on."""

_NOT_GONE_ON = ("batch_size", "fit", "callbacks", "evaluate", "freeze", "freeze_late", "eager")
"""What of a training can't be beside one that another adapter goes on with."""


def read_exchange(value: object, where: Where) -> Exchange | None:
    """The kind of file that adapters write and read, and how far whoever reads it trains on."""
    given = fields.mapping(value, where, ("file", "steps"), required=("file",))
    if given is None or "file" not in given:
        return None
    kind = fields.choice(given["file"], where.value(given, "file"), get_args(FileKind))
    steps = None
    if "steps" in given:
        place = where.value(given, "steps")
        steps = fields.whole(
            given["steps"], place, least=1, most=MAX_STEPS_ON, what="a number of steps"
        )
        if kind == "weights.h5":
            where.key(given, "steps").refuse(
                "is beside a file of weights, which has no optimizer", expected="`file: keras`"
            )
    return None if kind is None else Exchange(file=cast("FileKind", kind), steps=steps)


def check_exchange(exchange: Exchange, tree: Map, where: Where) -> None:
    """See that there is a training that whoever reads the file can go on with."""
    written, train = tree["exchange"], tree.get("train")
    if exchange.steps is None or not isinstance(written, Map):
        return
    if not isinstance(train, Map):
        where.value(tree, "exchange").key(written, "steps").refuse("is here without `train`")
        return
    for key in _NOT_GONE_ON:
        if key in train:
            where.value(tree, "train").key(train, key).refuse(
                "is beside `exchange.steps`", expected="a training by `train_on_batch`"
            )


CLONE_FLAGS = ("input_tensors", "recursive")
CLONE_FUNCTIONS = ("from_config",)


def read_clone(value: object, where: Where) -> Clone | None:
    """How the model is cloned, in the words of ``clone_model``."""
    given = fields.mapping(value, where, (*CLONE_FLAGS, "clone_function"))
    if given is None:
        return None
    problems = where.log.noted
    found: dict[str, Any] = {
        key: fields.flag(given[key], where.value(given, key)) for key in CLONE_FLAGS if key in given
    }
    if "clone_function" in given:
        place = where.value(given, "clone_function")
        found["clone_function"] = fields.choice(given["clone_function"], place, CLONE_FUNCTIONS)
    if found.get("recursive") and found.get("input_tensors"):
        where.refuse("has `recursive` beside `input_tensors`", expected="one of them")
    return Clone(**found) if where.log.noted == problems else None


def read_without(value: object, where: Where) -> dict[str, str]:
    """Facets that aren't asked for, each with its reason."""
    found: dict[str, str] = {}
    given = fields.mapping(value, where, FACETS)
    for facet, reason in (given or {}).items():
        if given is not None and facet in FACETS:
            why = fields.line(reason, where.value(given, facet), "the reason, in one line")
            if why is not None:
                found[facet] = why
    return found


def read_expect(value: object, where: Where, read: Read) -> Expect | None:
    """What the source states, checked against the model that it is stated of."""
    given = fields.mapping(value, where, EXPECT_KEYS)
    if given is None:
        return None
    found: dict[str, Any] = {}
    for key, content in given.items():
        place = where.value(given, key)
        if key in _ALONE:
            found[key] = _ALONE[key](content, place)
        elif key in _OF_MODEL:
            found[key] = _OF_MODEL[key](content, place, read)
    return Expect(**found)


def look_over(value: object, where: Where) -> None:
    """Note what is wrong with what a source states of a model that could not be read."""
    given = fields.mapping(value, where, EXPECT_KEYS) or Map(where.at)
    for key, content in given.items():
        if key in _ALONE:
            _ALONE[key](content, where.value(given, key))
        elif key == "output_shape" and not isinstance(content, Seq):
            _shape_with_batch(content, where.value(given, key))


def _shape_with_batch(value: object, where: Where, *, batched: bool = True) -> Shape | None:
    found = fields.sizes(value, where, nullable=True)
    if found == [] and batched:
        where.refuse("is empty", expected="the batch axis first: [null, …]")
        return None
    return found


def _output_shape(value: object, where: Where, read: Read) -> Any:
    several, batched = len(read.model.outputs), read.model.form != "function"
    listed = value if isinstance(value, Seq) else None
    if listed is None or not any(isinstance(one, Seq) for one in listed):
        if several > 1:
            where.refuse("is one shape", expected=f"a list of {several} shapes, one an output")
        return _shape_with_batch(value, where, batched=batched)
    if len(listed) != several:
        where.refuse(f"has {len(listed)} shapes", expected=f"{several}: one an output")
    return [_shape_with_batch(one, where.item(listed, i)) for i, one in enumerate(listed)]


def _layers(value: object, where: Where, read: Read) -> list[LayerExpect] | None:
    listed = fields.items(value, where, "{output_shape, params}, one a layer")
    if listed is None:
        return None
    if len(listed) != len(read.model.layers):
        called = ", ".join(node.name for node in read.model.layers[:12])
        where.refuse(
            f"has {len(listed)} entries",
            expected=f"{len(read.model.layers)}: one for each of {called}",
        )
    found = []
    for index, one in enumerate(listed):
        place = where.item(listed, index)
        given = fields.mapping(one, place, ("output_shape", "params"))
        if given is None:
            continue
        shape = params = None
        if "output_shape" in given:
            shape = _shape_with_batch(given["output_shape"], place.value(given, "output_shape"))
        if "params" in given:
            params = _count(given["params"], place.value(given, "params"))
        found.append(LayerExpect(output_shape=shape, params=params))
    return found


def _count(value: object, where: Where) -> int | None:
    return fields.whole(value, where, least=0, most=2**53, what="a number of parameters")


def _params(value: object, where: Where) -> Params | None:
    given = fields.mapping(value, where, Params.__struct_fields__)
    if given is None:
        return None
    counts = {
        key: _count(given[key], where.value(given, key))
        for key in Params.__struct_fields__
        if key in given
    }
    whole, *parts = (counts.get(key) for key in ("total", "trainable", "non_trainable"))
    if None not in (whole, *parts) and whole != sum(part or 0 for part in parts):
        where.refuse(f"{parts[0]} trainable and {parts[1]} non-trainable are not {whole} in total")
    return Params(**counts)


def _weights(value: object, where: Where, read: Read) -> dict[str, list[int]] | None:
    if not isinstance(value, Map):
        where.mistyped("a mapping such as {dense/kernel: [5, 10]}", value)
        return None
    found = {}
    for name, one in value.items():
        check_name(name, where.key(value, name), read)
        shape = fields.shape(one, where.value(value, name))
        if shape is not None:
            found[name] = shape
    return found


def _values(value: object, where: Where, read: Read) -> Any:
    if len(read.model.outputs) > 1:
        listed = fields.items(value, where, "arrays, one an output") or Seq()
        if listed and len(listed) != len(read.model.outputs):
            where.refuse(f"has {len(listed)} arrays", expected=f"{len(read.model.outputs)}")
        places = [where.item(listed, i) for i in range(len(listed))]
        found = [fields.array(one, at, digits=True) for one, at in zip(listed, places, strict=True)]
        return [one[0] for one in found if one is not None]
    literal = fields.array(value, where, digits=True)
    return None if literal is None else literal[0]


def _dtype(value: object, where: Where) -> str | None:
    return fields.choice(value, where, fields.DTYPES)


def _signed_zero(value: object, where: Where) -> bool:
    return bool(fields.flag(value, where))


def _probes(value: object, where: Where, read: Read) -> dict[str, list[int]] | None:
    if not read.probes:
        where.refuse("the model has no probe", hint="add `Lambda: {function: probe}`")
        return None
    given = fields.mapping(value, where, read.probes, what="shapes by the probing Lambda's name")
    if given is None:
        return None
    found = {key: fields.shape(one, where.value(given, key)) for key, one in given.items()}
    return {key: one for key, one in found.items() if one is not None}


def _summary(value: object, where: Where) -> list[SummaryRow]:
    keys = SummaryRow.__struct_fields__
    found = []
    for place, given in _entries(value, where, keys):
        layer = fields.word(given["layer"], place.value(given, "layer"), fields.NAME, "a class")
        shape = _shape_with_batch(given["output_shape"], place.value(given, "output_shape"))
        params = _count(given["params"], place.value(given, "params"))
        if layer is not None and shape is not None and params is not None:
            found.append(SummaryRow(layer=layer, output_shape=shape, params=params))
    return found


def _influence(value: object, where: Where, read: Read) -> list[Influence]:
    if len(read.fed) != 1 or len(read.model.outputs) != 1:
        where.refuse("needs a model of one input and one output")
        return []
    sample = read.fed[0].shape or []
    found = []
    for place, given in _entries(value, where, ("change", "changes")):
        change = _prefix(given["change"], place.value(given, "change"), sample)
        if given["changes"] == "all":
            changes: Any = "all"
        else:
            changes = _prefix(given["changes"], place.value(given, "changes"), None)
        if change is not None and changes is not None:
            found.append(Influence(change=change, changes=changes))
    return found


def _entries(value: object, where: Where, keys: tuple[str, ...]) -> list[tuple[Where, Map]]:
    """The entries of a list of mappings, each with all of its keys; others are noted."""
    listed = fields.items(value, where, f"{{{', '.join(keys)}}}") or Seq()
    found = []
    for index, one in enumerate(listed):
        place = where.item(listed, index)
        given = fields.mapping(one, place, keys, required=keys)
        if given is not None and all(key in given for key in keys):
            found.append((place, given))
    return found


def _prefix(value: object, where: Where, shape: list[int] | None) -> list[int] | None:
    found = fields.shape(value, where)
    if found is None or shape is None:
        return found
    if len(found) > len(shape) or any(i >= n for i, n in zip(found, shape, strict=False)):
        where.refuse(
            f"{found} is outside of samples of shape {shape}", hint="the batch axis is not counted"
        )
        return None
    return found


_ALONE: dict[str, Callable[[object, Where], Any]] = {
    "input_shape": _shape_with_batch,
    "params": _params,
    "dtype": _dtype,
    "signed_zero": _signed_zero,
    "summary": _summary,
}
"""How to read what can be read without knowing the model that it is stated of."""

_OF_MODEL: dict[str, Callable[[object, Where, Read], Any]] = {
    "output_shape": _output_shape,
    "layers": _layers,
    "weights": _weights,
    "values": _values,
    "probes": _probes,
    "influence": _influence,
}


def read_raises(value: object, where: Where) -> str | None:
    """``build`` or ``call``."""
    if isinstance(value, str) and value in {"build", "call"}:
        return value
    where.refuse(f"is {described(value)}", expected="build or call")
    return None
