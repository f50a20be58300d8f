"""A case's YAML, ``vary`` resolved, to a :class:`Case`: what is asked, what is fed, its digest."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Literal, cast

import msgspec

from conformance.cases import (
    drawing,
    expects,
    fields,
    flags,
    inputs,
    misplaced,
    models,
    passing,
    quantizing,
    settings,
    subjects,
    training,
    twins,
    unspecified,
    weights,
)
from conformance.cases.layers import LayerReader
from conformance.cases.model import (
    Call,
    Case,
    Expect,
    Extra,
    Graph,
    Place,
    Raises,
    Source,
)
from conformance.cases.reading import Map, Seq
from conformance.facets import FACETS, MODEL, asked_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from collections.abc import Set as AbstractSet

    from conformance.cases.inputs import Fed
    from conformance.cases.layers import Layer
    from conformance.cases.model import Model, Program
    from conformance.cases.models import Read
    from conformance.cases.problems import Where

_CALLS = "calls"
"""Under this key ``adapt`` has what each of its calls is given."""

KEYS = (
    "id",
    "title",
    "why",
    "source",
    "input",
    "inputs",
    "model",
    "layer",
    "function",
    "of",
    "with",
    "object",
    "variables",
    "steps",
    "application",
    "config",
    "as",
    "call",
    "settings",
    "quantize",
    "training",
    "adapt",
    "weights",
    "train",
    "targets",
    "random",
    "equals",
    "exchange",
    "clone",
    "raises",
    "unspecified",
    "expect",
    "without",
    "vary",
    "unless",
    "combine",
)
"""Every key of a case, in the order in which docs/cases.md explains them."""


_BESIDE_NO_REFUSAL = (
    "expect",
    "equals",
    "train",
    "targets",
    "random",
    "exchange",
    "clone",
    "without",
)
"""Keys that mean nothing where a refusal is asked for."""

_ONE_OF = "`model`, `layer`, `function`, `object` or `application`"


class CaseReader:
    """Reads the concrete cases of one file; what they share is read once."""

    def __init__(self, file: str) -> None:
        """``file``: the file's path relative to its catalogue, for the cases' places."""
        self._file = file
        self._layers = LayerReader()
        self._incomplete_layers = LayerReader(incomplete=True)

    def read(
        self, tree: Map, where: Where, *, case_id: str, yaml: str, variation: dict[str, Any]
    ) -> Case | None:
        """The case, or None where the log says why there is none."""
        problems = where.log.noted
        tree = misplaced.as_meant(tree, where, KEYS)
        fields.mapping(tree, where, KEYS, required=("title",))
        title = fields.line(tree.get("title", "-"), where.value(tree, "title"))
        why = None
        if "why" in tree:
            why = fields.text(tree["why"], where.value(tree, "why"), "what the case catches")
        source = _symbol_as_source(tree)
        if "source" in tree:
            source = expects.read_source(tree["source"], where.value(tree, "source"))
        elif source is None:
            where.refuse("the key 'source' is missing", expected="who says so")
        raises = self._raises(tree, where)
        unsaid = unspecified.read(tree, where)
        without = {}
        if "without" in tree:
            without = expects.read_without(tree["without"], where.value(tree, "without"))
        built = self._subject(tree, where, raises, without)
        if built is None or title is None or source is None or where.log.noted > problems:
            return None
        program = unspecified.asked(built[0], unsaid, tree, where)
        if program is None:
            return None
        expect = built[1]
        refusal = None if raises is None else Raises(at=cast("Literal['build', 'call']", raises))
        return Case(
            id=case_id,
            digest=digest(program, expect, refusal, unspecified=bool(unsaid.text)),
            title=title,
            source=source,
            place=Place(file=self._file, line=where.at[0], column=where.at[1]),
            yaml=yaml,
            program=msgspec.structs.replace(program, case=case_id),
            expect=expect,
            why=why.strip() if why is not None else None,
            raises=refusal,
            unspecified=unsaid.text,
            without=without,
            variation=variation,
        )

    @staticmethod
    def _raises(tree: Map, where: Where) -> str | None:
        """The stage at which the case wants a refusal."""
        if "raises" not in tree:
            return None
        for key in _BESIDE_NO_REFUSAL:
            if key in tree:
                where.key(tree, key).refuse("is beside `raises`, which asks for a refusal only")
        return expects.read_raises(tree["raises"], where.value(tree, "raises"))

    def _subject(
        self, tree: Map, where: Where, raises: str | None, without: dict[str, str]
    ) -> tuple[Program, Expect] | None:
        """The program of whatever the case is about."""
        subject = subjects.which(tree, where)
        if subject is None:
            return None
        if subject == "function":
            return subjects.function(tree, where, raises, without)
        if subject == "object":
            return subjects.steps_of(tree, where, raises, without)
        if subject == "application":
            return subjects.application(tree, where, raises, without)
        return self._program(tree, where, raises, without)

    def _program(
        self, tree: Map, where: Where, raises: str | None, without: dict[str, str]
    ) -> tuple[Program, Expect] | None:
        layers = self._incomplete_layers if raises == "build" else self._layers
        given = inputs.read_inputs(tree, where)
        read = settings.under(
            _model(tree, where, given, layers, raises), settings.read_settings(tree, where)
        )
        read = quantizing.under(read, quantizing.read_quantize(tree, where))
        # Read whether or not there is a model, so that their mistakes show at once as well.
        train = training.read_train(tree, where)
        told = weights.read_weights(tree, where, read)
        if read is None:
            _look_over(tree, where, layers)
            return None
        expect, twin, random = Expect(), None, None
        if "expect" in tree:
            place = where.value(tree, "expect")
            expect = expects.read_expect(tree["expect"], place, read) or expect
        if "equals" in tree:
            twin = twins.read_twin(tree["equals"], where.value(tree, "equals"), read, layers)
        exchange = None
        if "exchange" in tree:
            exchange = expects.read_exchange(tree["exchange"], where.value(tree, "exchange"))
        if exchange is not None:
            expects.check_exchange(exchange, tree, where)
        clone = None
        if "clone" in tree:
            clone = expects.read_clone(tree["clone"], where.value(tree, "clone"))
        if "random" in tree:
            random = drawing.read_random(tree["random"], where.value(tree, "random"), read)
        listed = _calls(tree, where, read, raises, twin=twin is not None)
        if listed is None:
            return None
        if train is not None:
            training.check(train, tree, where, read, listed[0].batch)
        program = Graph(
            case="",
            model=read.model,
            calls=listed,
            extra=_extra(listed, read, expect, raises, without),
            facets=[],
            weights=told.kind,
            given=dict(told.given),
            initial=told.initial,
            train=train,
            twin=twin,
            random=random,
            exchange=exchange,
            clone=clone,
        )
        asked = _asked(program, read, expect, without) if raises is None else {"raises"}
        facets = [facet for facet in FACETS if facet in asked]
        return msgspec.structs.replace(program, facets=facets), expect


def _look_over(tree: Map, where: Where, layers: LayerReader) -> None:
    """Note what is wrong with the parts around a model that could not be read."""
    if "expect" in tree:
        expects.look_over(tree["expect"], where.value(tree, "expect"))
    if "exchange" in tree:
        expects.read_exchange(tree["exchange"], where.value(tree, "exchange"))
    if "clone" in tree:
        expects.read_clone(tree["clone"], where.value(tree, "clone"))
    if "training" in tree:
        flags.listed_flags(tree["training"], where.value(tree, "training"))
    if isinstance(equals := tree.get("equals"), Map) and "model" in equals:
        place = where.value(tree, "equals")
        models.look_over(equals["model"], place.value(equals, "model"), layers)


def _symbol_as_source(tree: Map) -> Source | None:
    """The documentation of the one symbol that a case is about, which needn't be named again."""
    homes = {"layer": "layers.", "function": "", "object": "", "application": "applications."}
    for key, home in homes.items():
        if isinstance(tree.get(key), str):
            return Source(keras=f"keras.{home}{tree[key]}")
    return None


def without_facets(case: Case, facets: AbstractSet[str]) -> Case:
    """The same case, not asked for these facets."""
    kept = [facet for facet in case.program.facets if facet not in facets]
    program = msgspec.structs.replace(case.program, facets=kept)
    if isinstance(program, Graph):
        extra = [call for call in program.extra if call.facet not in facets]
        program = msgspec.structs.replace(program, extra=extra)
    blank = msgspec.structs.replace(program, case="")
    return msgspec.structs.replace(
        case,
        program=program,
        digest=digest(blank, case.expect, case.raises, unspecified=bool(case.unspecified)),
    )


def digest(
    program: Program, expect: Expect, raises: Raises | None, *, unspecified: bool = False
) -> str:
    """SHA-256 of what can change the answer, in hex: the id, the place and the words can't.

    The same as long as canonical JSON of program (its case left blank), expect and raises is. That
    of a graph is as it was before there were kinds of programs, with the extra calls among the
    others, so that what is known of a case holds on.
    """
    told: Any = program
    if isinstance(program, Graph):
        told = msgspec.to_builtins(program)
        del told["kind"]
        told["calls"] += told.pop("extra", [])
    parts = (told, expect, raises, "unspecified") if unspecified else (told, expect, raises)
    content = msgspec.json.encode(parts, order="sorted")
    return hashlib.sha256(content).hexdigest()


def _model(
    tree: Map, where: Where, given: list[Fed] | None, layers: LayerReader, raises: str | None
) -> Read | None:
    """The model, from ``model`` or ``layer``; without inputs only its layers are looked at."""
    may_disagree = raises is not None
    if "layer" in tree:
        layer = _one_layer(tree, where, layers)
        if layer is None or given is None:
            return None
        read = models.single_layer(
            layer,
            where,
            given,
            call=tree.get("call"),
            call_where=where.value(tree, "call") if "call" in tree else None,
            may_disagree=may_disagree,
        )
        return passing.passed(_adapted(read, tree, where), tree, where)
    if "model" not in tree:
        where.refuse("has no subject", expected=_ONE_OF)
        return None
    place = where.value(tree, "model")
    if given is None:
        models.look_over(tree["model"], place, layers)
        return None
    return models.read_model(tree["model"], place, given, layers, may_disagree=may_disagree)


def _adapted(read: Read | None, tree: Map, where: Where) -> Read | None:
    """The model of one layer, with what that layer is adapted to."""
    if "adapt" not in tree:
        return read
    place, written = where.value(tree, "adapt"), tree["adapt"]
    calls = _each_call(written, place) if isinstance(written, Map) else [_samples(written, place)]
    if read is None or not calls or None in calls:
        return None
    *before, last = calls
    node = msgspec.structs.replace(read.model.nodes[0], adapt=last, adapted_before=before)
    return read._replace(model=msgspec.structs.replace(read.model, nodes=[node]))


def _each_call(written: Map, place: Where) -> list[Any] | None:
    """What each of several calls of ``adapt`` is given: ``{calls: [first, second]}``."""
    fields.mapping(written, place, [_CALLS], required=[_CALLS])
    if _CALLS not in written:
        return None
    each, place = written[_CALLS], place.value(written, _CALLS)
    if not isinstance(each, Seq) or len(each) < 2:  # noqa: PLR2004 (one is written without it)
        place.mistyped("two lists of samples or more", each)
        return None
    return [_samples(one, place.item(each, i)) for i, one in enumerate(each)]


def _samples(written: object, place: Where) -> Any:
    """What one call of ``adapt`` is given; None where it was refused."""
    first = written
    while isinstance(first, Seq) and first:
        first = first[0]
    literal = fields.array(written, place, strings=isinstance(first, str))
    if literal is None:
        return None
    if not literal[1] or 0 in literal[1]:
        place.mistyped("a list of samples", written)
        return None
    return literal[0]


def _one_layer(tree: Map, where: Where, layers: LayerReader) -> Layer | None:
    place = where.value(tree, "layer")
    name = fields.text(tree["layer"], place, "a layer's name")
    config_place = where.value(tree, "config") if "config" in tree else place
    return None if name is None else layers.named(name, tree.get("config"), place, config_place)


def _batches(fed: Sequence[Fed], raises: str | None) -> list[int] | None:
    """Numbers of rows of each call; every input gets the same."""
    said = [one for one in fed if one.batches is not None]
    fixed = [one.batch_size for one in fed if one.batch_size is not None]
    batches = said[0].batches if said else [fixed[0]] if fixed else [inputs.DEFAULT_BATCH]
    sound = True
    for one in said[1:]:
        if one.batches != batches:
            one.batch_where.refuse(
                f"feeds {one.batches} rows, but {said[0].name!r} {batches}",
                expected="the same for every input",
            )
            sound = False
    for one in fed:
        for rows in batches or ():
            sound = fields.not_too_many([rows, *(one.shape or [])], one.where) and sound
            if one.batch_size not in (None, rows) and raises is None:
                one.batch_where.refuse(
                    f"feeds {rows} rows to a model made for {one.batch_size}",
                    hint="a case that wants this refused says `raises: call`",
                )
                sound = False
    return batches if sound else None


def _later_sizes(
    fed: Sequence[Fed], batches: list[int], *, twin: bool
) -> list[dict[str, list[int]]] | None:
    """Sizes of the calls after the first, by input, where inputs list several."""
    listing = [one for one in fed if one.later]
    if not listing:
        return []
    count = len(listing[0].later or ())
    for one in listing:
        place = one.where
        if twin:
            place.refuse("lists several sizes beside `equals`", expected="one list of sizes")
        elif len(one.later or ()) != count or len(batches) not in (1, count + 1):
            place.refuse(
                f"lists {len(one.later or ()) + 1} sizes",
                expected="as many for every input that lists several, and for `batch`",
            )
        elif all(fields.not_too_many([max(batches), *sizes], place) for sizes in one.later or ()):
            continue
        return None
    return [{one.name: (one.later or [])[i] for one in listing} for i in range(count)]


def _calls(
    tree: Map, where: Where, read: Read, raises: str | None, *, twin: bool
) -> list[Call] | None:
    """The case's own calls: so many rows, of such sizes, with such a flag."""
    batches = _batches(read.fed, raises)
    sizes = _later_sizes(read.fed, batches or [], twin=twin)
    if batches is None or sizes is None:
        return None
    return flags.read_flags(tree, where, _ordinary(batches, sizes))


def _ordinary(batches: list[int], sizes: list[dict[str, list[int]]]) -> list[Call]:
    """The calls that the case itself lists."""
    if not sizes:
        return [Call(batch=rows) for rows in batches]
    rows_of_each = batches if len(batches) > 1 else batches * (len(sizes) + 1)
    later = zip(rows_of_each[1:], sizes, strict=True)
    return [Call(batch=batches[0]), *(Call(batch=rows, sizes=fed) for rows, fed in later)]


def _extra(
    listed: Sequence[Call],
    read: Read,
    expect: Expect,
    raises: str | None,
    without: dict[str, str],
) -> list[Extra]:
    """The calls that facets need beside the case's own."""
    if raises is not None:
        return []
    calls: list[Extra] = []
    rows = listed[0].batch
    # In training, and from a layer that keeps its state, a row's answer may depend on others.
    alone = not _behaviours(read.model, listed) & {"training", "stateful"}
    alone = alone and all(one.batch_size is None for one in read.fed)
    if rows >= 2 and alone and "batch" not in without:  # noqa: PLR2004 - a row and a neighbour
        calls.append(Extra(batch=1, facet="batch"))
    if "influence" not in without:
        calls += [
            Extra(batch=rows, facet="influence", at=one.change) for one in expect.influence or ()
        ]
    return calls


_MOVED_BY_TRAINING = frozenset({"BatchNormalization", "SpectralNormalization"})
"""Layers whose variables a call in training moves, so that one outside of it must not."""


def _behaviours(model: Model, calls: Sequence[Call]) -> set[str]:
    """What the model does beside answering: ``training``, ``at rest``, ``stateful``, ``masks``."""
    found = {"training"} if any(call.training for call in calls) else set()
    for node in model.nodes:
        if node.arguments.get("training") is True:
            found.add("training")
        inside = {node.layer, *(key for key, _ in _everywhere(node.config))}
        if node.arguments.get("training") is False and inside & _MOVED_BY_TRAINING:
            found.add("at rest")
        takes_mask = "mask" in node.tensors and not node.is_function
        if takes_mask or node.layer == "Masking":
            found.add("masks")
        for key, value in _everywhere(node.config):
            if key == "stateful" and value is True:
                found.add("stateful")
            if key == "Masking" or (key == "mask_zero" and value is True):
                found.add("masks")
    return found


def _everywhere(value: object) -> Iterator[tuple[str, object]]:
    """Every key and value of a layer's arguments, those of layers inside it included."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key, inner
            yield from _everywhere(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _everywhere(inner)


def _asked(program: Graph, read: Read, expect: Expect, without: dict[str, str]) -> set[str]:
    """Facets to ask for: what every case asks, and what this one has parts for."""
    behaviours = _behaviours(program.model, program.calls)
    called = {call.facet for call in program.extra}
    quantized = program.model.quantize is not None
    has = {
        "probes": read.probes,
        "rows": "batch" in called,
        "influence": "influence" in called,
        "summary": expect.summary is not None,
        "masks": "masks" in behaviours,
        "train": program.train is not None,
        "metrics": program.train is not None and program.train.told,
        "optimizer_variables": program.train is not None and program.train.optimizer_variables,
        "checkpoint": program.train is not None and program.train.checkpoint,
        "changes": quantized or behaviours & {"training", "at rest", "stateful"},
        "equals": program.twin is not None,
        "random": program.random is not None,
        "exchange": program.exchange is not None,
        "clone": program.clone is not None,
        "made": True,
    }
    parts = frozenset(part for part, there in has.items() if there)
    asked = set(asked_of(MODEL, parts).difference(without))
    if quantized or quantizing.holds_quantized(program.model):
        asked -= quantizing.UNDOCUMENTED
    # Functions alone state nothing of themselves.
    return asked if program.model.layers else asked - {"config", "output_spec"}
