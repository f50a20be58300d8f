"""A model's inputs: their shapes, who declares them, and what is fed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from conformance.cases import fields, names
from conformance.cases.model import STRING, Data, InputSpec, Target
from conformance.cases.problems import described
from conformance.cases.reading import Map, Seq

if TYPE_CHECKING:
    from conformance.cases.layers import Layer
    from conformance.cases.problems import Where

KEYS = ("shape", "batch_shape", "sizes", "dtype", "batch", "data", "low", "high", "values")
GENERATORS = ("normal", "integers", "arange", "uniform", "indices", "boolean")
_WHOLE = ("integers", "arange", "indices")
"""Generators of whole numbers: what an integer dtype can hold."""
DEFAULT_BATCH = 2
MAX_BATCH = 65_536
MAX_BOUND = 2**24
"""Beyond, float32 doesn't tell neighbouring whole numbers apart."""
UNSIGNED_BELOW = 9.0
"""The unsigned integers that are drawn by default stay below, as the others are at most 4."""
MAX_CALLS = 64
"""Batch sizes, or sizes of an input, that one case may list."""


class Fed(NamedTuple):
    """What a case says of one input. ``shape`` is None where the first layer is left to say it."""

    name: str
    shape: list[int] | None
    """Sizes of what is fed."""
    batch_size: int | None
    dtype: str
    batches: list[int] | None
    data: Data
    where: Where
    batch_where: Where
    open_shape: list[int | None] | None = None
    """What the framework is told of the shape, where it isn't told every size."""
    later: list[list[int]] | None = None
    """Sizes fed to the calls after the first, where the case lists several."""


class Declared(NamedTuple):
    """What a first layer's own arguments say of the input. A size of None is any size."""

    shape: list[int | None]
    batch_size: int | None
    where: Where


WHOLE_KEYS = ("shape", "dtype", "data", "low", "high", "values")
"""Keys of an array with its whole shape, which has no batch axis."""


def read_inputs(case: Map, where: Where, *, whole: bool = False) -> list[Fed] | None:
    """The inputs of a case, in order; none at all where the model's first layer may declare one.

    Args:
        case: The case.
        where: Its place.
        whole: Whether they are arrays with their whole shape, without a batch axis.
    """
    if "input" in case and "inputs" in case:
        where.key(case, "inputs").refuse("is beside `input`", expected="one of the two")
        return None
    if "input" in case:
        fed = _read("x", case["input"], where.value(case, "input"), whole=whole)
        return None if fed is None else [fed]
    if "inputs" not in case:
        return []
    return read_named(case["inputs"], where.value(case, "inputs"), whole=whole)


def read_named(inputs: object, place: Where, *, whole: bool = True) -> list[Fed] | None:
    """A mapping of inputs by name."""
    if not isinstance(inputs, Map) or not inputs:
        place.mistyped("a mapping of input names, such as {a: {shape: [3]}}", inputs)
        return None
    found = []
    for name, value in inputs.items():
        if not fields.NAME.fullmatch(name):
            place.key(inputs, name).refuse("is no name for an input", expected="letters, digits, _")
        found.append(_read(name, value, place.value(inputs, name), whole=whole))
    sound = [fed for fed in found if fed is not None]
    return sound if len(sound) == len(found) else None


def _read(name: str, value: object, where: Where, *, whole: bool) -> Fed | None:
    return (_array if whole else _input)(name, value, where)


def _array(name: str, value: object, where: Where) -> Fed | None:
    """An input with its whole shape; its numbers may be literal, a scalar's too."""
    given = fields.mapping(value, where, WHOLE_KEYS)
    if given is None:
        return None
    problems = where.log.noted
    shape = None
    if "shape" in given:
        shape = fields.shape(given["shape"], where.value(given, "shape"))
    dtype = "float32"
    if "dtype" in given:
        known = (*fields.DTYPES, fields.COMPLEX)
        dtype = fields.choice(given["dtype"], where.value(given, "dtype"), known) or dtype
    data, written = _data(given, where, dtype, least=0)
    if written is not None and dtype == fields.COMPLEX:
        if written[-1:] != [2]:
            where.value(given, "values").refuse(
                f"has the shape {written}", expected="a pair for each complex number"
            )
        written = written[:-1]
    if written is not None and shape not in (None, written):
        where.value(given, "values").refuse(
            f"has the shape {written}", expected=f"{shape}, as `shape` says"
        )
    shape = written if written is not None else shape
    if where.log.noted > problems or not fields.not_too_many(shape or [], where):
        return None
    return Fed(name, shape, None, dtype, None, data, where, where)


def _input(name: str, value: object, where: Where) -> Fed | None:
    given = fields.mapping(value, where, KEYS)
    if given is None:
        return None
    problems = where.log.noted
    shape, batch_size, open_shape, later = _shape(given, where)
    dtype = "float32"
    if "dtype" in given:
        known = (*fields.DTYPES, STRING)
        dtype = fields.choice(given["dtype"], where.value(given, "dtype"), known) or dtype
    data, rows = _data(given, where, dtype)
    if rows is not None:
        shape = _literal_shape(shape, rows, where.value(given, "values"))
    batches, batch_where = _batches(given, where)
    if rows is not None:
        if batches not in (None, [rows[0]]):
            batch_where.refuse(
                f"is {described(given['batch'])}, but `values` has {rows[0]} rows",
                hint="leave `batch` out: it follows from `values`",
            )
        batches = rows[:1]
    if later and rows is not None:
        where.value(given, "sizes").refuse("lists several beside `values`", expected="one")
    if where.log.noted > problems:
        return None
    return Fed(name, shape, batch_size, dtype, batches, data, where, batch_where, open_shape, later)


def read_target(value: object, where: Where) -> Target | None:
    """What an output is trained towards; literal numbers have the batch axis, ``shape`` has not."""
    given = fields.mapping(value, where, WHOLE_KEYS)
    if given is None:
        return None
    problems = where.log.noted
    shape = None
    if "shape" in given:
        shape = fields.shape(given["shape"], where.value(given, "shape"))
    dtype = "float32"
    if "dtype" in given:
        dtype = fields.choice(given["dtype"], where.value(given, "dtype"), fields.DTYPES) or dtype
    data, rows = _data(given, where, dtype)
    if rows is not None:
        shape = _literal_shape(shape, rows, where.value(given, "values"))
    if where.log.noted > problems or not fields.not_too_many(shape or [], where):
        return None
    return Target(dtype=dtype, data=data, shape=shape)


class _Shapes(NamedTuple):
    """Sizes fed, the fixed batch size, what is declared where that leaves sizes open."""

    fed: list[int] | None = None
    batch_size: int | None = None
    told: list[int | None] | None = None
    later: list[list[int]] | None = None


def _shape(given: Map, where: Where) -> _Shapes:
    if "shape" in given and "batch_shape" in given:
        where.key(given, "batch_shape").refuse("is beside `shape`", expected="one of the two")
    if "batch_shape" in given:
        place = where.value(given, "batch_shape")
        whole = fields.shape(given["batch_shape"], place)
        if whole == []:
            place.refuse("is empty", expected="the batch size first")
        return _Shapes(whole[1:], whole[0]) if whole else _Shapes()
    if "shape" in given:
        place = where.value(given, "shape")
        if "sizes" in given:
            told = fields.sizes(given["shape"], place, nullable=True)
            sizes = (
                None if told is None else _sizes(given["sizes"], where.value(given, "sizes"), told)
            )
            if not sizes:
                return _Shapes()
            return _Shapes(sizes[0], None, told, sizes[1:] or None)
        if isinstance(given["shape"], Seq) and None in given["shape"]:
            place.refuse("leaves a size open", hint="say what is fed: `sizes: […]`")
            return _Shapes()
        return _Shapes(fields.shape(given["shape"], place))
    if "sizes" in given:
        where.key(given, "sizes").refuse("is here without `shape`", hint="`shape: [null, 3]`")
    return _Shapes()


def _sizes(value: object, where: Where, told: list[int | None]) -> list[list[int]] | None:
    """What each call is fed: one list of sizes, or a list of them."""
    listed = value if isinstance(value, Seq) and value and isinstance(value[0], Seq) else None
    if listed is not None and len(listed) > MAX_CALLS:
        where.refuse(f"lists {len(listed)}", expected=f"at most {MAX_CALLS} lists of sizes")
        return None
    places = (
        [(value, where)]
        if listed is None
        else [(one, where.item(listed, i)) for i, one in enumerate(listed)]
    )
    found = []
    for one, place in places:
        sizes = fields.shape(one, place)
        if sizes is None:
            return None
        if not _fits(told, sizes) or None not in told:
            place.refuse(
                f"is {sizes}",
                expected=f"a number for each axis of `shape` {told}, where one is open",
            )
        found.append(sizes)
    return found


def _batches(given: Map, where: Where) -> tuple[list[int] | None, Where]:
    if "batch" not in given:
        return None, where
    place = where.value(given, "batch")
    value = given["batch"]
    listed = value if isinstance(value, Seq) else None
    if listed is None:
        one = fields.whole(value, place, least=0, most=MAX_BATCH, what="a number of rows")
        return (None if one is None else [one]), place
    if not 0 < len(listed) <= MAX_CALLS:
        place.refuse(f"is {described(value)}", expected=f"1 to {MAX_CALLS} numbers of rows")
        return None, place
    found = [
        fields.whole(v, place.item(listed, i), least=0, most=MAX_BATCH, what="a number of rows")
        for i, v in enumerate(listed)
    ]
    sound = [rows for rows in found if rows is not None]
    return (sound if len(sound) == len(found) else None), place


def _data(given: Map, where: Where, dtype: str, *, least: int = 1) -> tuple[Data, list[int] | None]:
    """Where the numbers come from, and the whole shape of literal ones (of ``least`` axes)."""
    if "values" in given:
        return _literal(given, where, dtype, least)
    if dtype == STRING:
        where.refuse("has no strings", hint="write them out: `values: [[a, b], [c, d]]`")
        return Data(), None
    fractions = "float" in dtype or dtype == fields.COMPLEX
    kind: Any = "boolean" if dtype == "bool" else "normal" if fractions else "integers"
    if dtype.startswith("u") and not given.keys() & {"data", "low", "high"}:
        return Data(kind="indices", high=UNSIGNED_BELOW), None
    place = where
    if "data" in given:
        place = where.value(given, "data")
        kind = fields.choice(given["data"], place, GENERATORS) or kind
    held = (
        kind == "boolean"
        if dtype == "bool"
        else kind != "boolean"
        if fractions
        else kind in _WHOLE and not (kind == "integers" and dtype.startswith("u"))
    )
    if not held:
        place.refuse(
            f"{kind} data can't be held by the dtype {dtype}",
            hint="indices (with `high`) are whole numbers from 0 on; boolean is for bool alone",
        )
    low, high = (_bound(given, where, key, kind) for key in ("low", "high"))
    if kind == "indices" and high is None and "high" not in given:
        where.refuse("has indices without `high`", expected="the number that they stay below")
    if (high is not None or low is not None) and not (low or 0) < (1 if high is None else high):
        where.refuse("has an empty range", expected="`low` (0) below `high` (1)")
    return Data(kind=kind, low=low, high=high), None


def _literal(given: Map, where: Where, dtype: str, least: int) -> tuple[Data, list[int] | None]:
    """Numbers or strings that are written out, and their whole shape."""
    for key in ("data", "low", "high"):
        if key in given:
            where.key(given, key).refuse("is beside `values`", expected="one of the two")
    place = where.value(given, "values")
    literal = fields.array(given["values"], place, strings=dtype == STRING)
    if literal is None:
        return Data(), None
    if len(literal[1]) < least:
        place.mistyped("a list of rows", given["values"])
        return Data(), None
    return Data(kind="values", values=literal[0]), literal[1]


def _bound(given: Map, where: Where, key: str, kind: str) -> float | None:
    """``low`` or ``high``: a number that a float32 holds, a whole one for indices."""
    if key not in given:
        return None
    place, value = where.value(given, key), given[key]
    if kind not in {"uniform", "indices"}:
        where.key(given, key).refuse(f"is of no use to {kind} data", hint="see `data`")
        return None
    sound = isinstance(value, int) or (isinstance(value, float) and kind == "uniform")
    if not sound or isinstance(value, bool) or not abs(value) < MAX_BOUND:
        place.mistyped("a whole number" if kind == "indices" else "a number", value)
        return None
    return float(value)


def _literal_shape(shape: list[int] | None, rows: list[int], where: Where) -> list[int]:
    if shape is not None and shape != rows[1:]:
        where.refuse(
            f"has rows of shape {rows[1:]}",
            expected=f"rows of shape {shape}, as `shape` says",
            hint="the first axis of `values` is the batch",
        )
    return rows[1:]


def declared_by(first: Layer) -> Declared | None:
    """The input as declared by a first layer's ``input_shape`` and its kin, if it has one."""
    own = names.arguments("layers", first.layer) or {}
    used = [key for key in names.DECLARING if key in first.config and key not in own]
    if not used:
        return None
    if len(used) > 1:
        first.where.refuse(f"declares its input {len(used)} times: {', '.join(used)}")
    key, value = used[0], first.config[used[0]]
    where = first.arguments._replace(path=f"{first.arguments.path}.{key}")
    if key == "input_dim":
        axes: Any = [value]
    else:
        axes = value
    sound = isinstance(axes, list) and all(
        size is None or (type(size) is int and 0 <= size <= fields.MAX_ELEMENTS) for size in axes
    )
    if not sound or (key.startswith("batch_") and not axes) or len(axes) > fields.MAX_RANK:
        where.refuse(
            f"is {described(value)}",
            expected="a whole number" if key == "input_dim" else "a list of sizes",
        )
        return None
    if key.startswith("batch_"):
        return Declared(axes[1:], axes[0], where)
    rows = first.config.get("batch_size") if "batch_size" not in own else None
    return Declared(axes, rows if type(rows) is int else None, where)


def settle(fed: Fed | None, declared: Declared | None, where: Where) -> Fed | None:
    """One input, from what the case and the first layer say of it.

    Args:
        fed: What the case says under ``input``, if it says anything.
        declared: What the first layer says, if it does.
        where: The model's place, for a complaint that nobody says anything.
    """
    if declared is None:
        if fed is None:
            where.refuse("has no input", hint="declare it with `input: {shape: […]}`")
        elif fed.shape is None:
            fed.where.refuse("has no shape", expected="`shape` or `batch_shape`")
        else:
            return fed
        return None
    if fed is not None and fed.shape is not None:
        size = fed.batch_size if fed.batch_size is not None else declared.batch_size
        return fed._replace(batch_size=size)
    shape = [size for size in declared.shape if size is not None]
    if len(shape) < len(declared.shape):
        declared.where.refuse(
            "leaves a size open", hint="say what is fed: `input: {shape: […]}` with every size"
        )
        return None
    if fed is None:
        return Fed("x", shape, declared.batch_size, "float32", None, Data(), where, where)
    return fed._replace(shape=shape, batch_size=declared.batch_size)


def agrees(declared: Declared, shape: list[int]) -> bool:
    """Whether data of this shape (without batch axis) fit what a first layer declares."""
    return _fits(declared.shape, shape)


def _fits(told: list[int | None], sizes: list[int]) -> bool:
    return len(told) == len(sizes) and all(
        size in (None, given) for size, given in zip(told, sizes, strict=True)
    )


def as_spec(fed: Fed, declaring: str | None) -> InputSpec:
    """The input as an adapter sees it."""
    return InputSpec(
        name=fed.name,
        shape=fed.shape or [],
        declared=fed.open_shape,
        batch_size=fed.batch_size,
        dtype=fed.dtype,
        data=fed.data,
        declared_by=declaring,
    )
