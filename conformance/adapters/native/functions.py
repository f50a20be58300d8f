"""Keras's functions as a framework's own: rows of data, and how a node is bound to one of them.

Most functions of Keras are one call of the framework's. Such a row (:class:`Direct`) says which,
what Keras's arguments are called there, and which dtypes have to be cast around it; no code of ours
runs in between. Where one call won't do, a row (:class:`Own`) names a function of the adapter.

As with layers, an argument is either handled, known to be without effect, or a reason to say
``unsupported``: none is ignored in silence. Nothing here imports a framework.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import inspect
from enum import Enum
from typing import TYPE_CHECKING, Any, Callable, NamedTuple, Union

from conformance.adapters.native.binding import is_one_of
from conformance.adapters.shared.functions import literal, spelled
from conformance.adapters.worker.failure import Unsupported

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.adapters.native.binding import Function

Json = Any


class Kind(Enum):
    """Stands in a row for a value that is not written out."""

    REQUIRED = "required"
    """Instead of a default: the argument has none."""
    WHOLE = "an integer"
    LIST = "a list"
    TEXT = "a string"
    NUMBER = "a number"
    """Of Python, in the place of an array."""
    ARRAY = "an array"


REQUIRED, WHOLE, LIST, TEXT, NUMBER, ARRAY = Kind


WHOLE_DTYPES = (
    "bool",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
)
TO_FLOAT = dict.fromkeys(WHOLE_DTYPES, "float32")
"""Casts for a function that takes floats alone, or answers whole numbers for whole numbers."""


class Dtypes(NamedTuple):
    """Where a framework's dtypes are others than Keras's, and what a port has to cast.

    All mappings are from a dtype to the one that it is cast to; others stay.
    """

    meet: Sequence[str] = ()
    """Arrays that are promoted to one dtype. Where the framework promotes otherwise than Keras
    (``Table.promotion``), they are cast first."""
    given: Mapping[str, Mapping[str, str]] = {}
    """By the array's name: how it is cast before the call; ``*``: whatever its dtype."""
    pairs: Mapping[tuple[str, str], str] = {}
    """Of arrays that meet: further pairs as in ``Table.promotion``, for this function alone."""
    met: Mapping[str, str] = {}
    """To what arrays are cast that have met in a dtype which the symbol does not take."""
    alike: bool = False
    """Whether the symbol promotes nothing, so that arrays that meet are always cast."""
    answer: Mapping[str, str] = {}
    """How the answers are cast, by the dtype of the one array that goes in; where several meet,
    none goes in, or ``which`` is told, by the dtype of the answer. Nothing is cast where the case
    gives a ``dtype``: the symbol is told it."""
    which: Sequence[int] = ()
    """Places of the answers that are cast; all of them where it is empty."""


class Direct(NamedTuple):
    """A function that is one call of the framework's own."""

    symbol: str
    """``torch.sum``."""
    arrays: Sequence[str] = ("x",)
    """Keras's names of the arrays that the symbol takes by position, in its order; ``*operands``
    takes all that are left. Lists of arrays are one argument."""
    keywords: Mapping[str, Json] = {}
    """Keras's literal arguments that are passed on, each with Keras's default, which is passed
    where the argument is left out."""
    rename: Mapping[str, str] = {}
    """What the symbol calls them: ``{"axis": "dim"}``."""
    instead: Mapping[str, Mapping[Json, Json]] = {}
    """By Keras's argument: what is passed instead of a value, ``{"dtype": {None: "float32"}}``.
    """
    front: Sequence[str] = ()
    """Those of ``keywords`` that go by position, before the arrays."""
    place: Sequence[str] = ()
    """Those that go by position, behind the arrays."""
    fixed: Mapping[str, Json] = {}
    """Further arguments of the symbol: ``{"approximate": "none"}``."""
    only: Mapping[str, Sequence[Json | Kind]] = {}
    """Values that the row covers, by argument; where it is left out and not among ``keywords``, the
    first. An argument that is here and not among ``keywords`` is not passed on."""
    numbers: Sequence[str] = ()
    """Arrays in whose place the symbol takes a number of Python's. Elsewhere a number becomes an
    array without axes."""
    dtypes: Dtypes = Dtypes()
    note: str = ""
    """What whoever ports it should know, in a sentence."""
    why: Mapping[str, str] = {}
    """Why an argument has no counterpart, where there is a reason."""
    composed: bool = False
    """As of an own function: the symbol is an operator, or the case is one of several."""
    needs: str = ""
    """A library without which the row is not there: ``optax``."""


class Own(NamedTuple):
    """A function of the adapter's, for what is more than one call.

    It takes arrays by Keras's names, and literals as keyword-only parameters with Keras's defaults.
    """

    module: str
    """Module of the adapter that holds it: ``ops.linalg``."""
    function: str
    symbol: str
    """The framework's own names for what it calls: ``torch.cumsum, torch.flatten``."""
    composed: bool = False
    """True where the framework has no such function and this one puts it together."""
    only: Mapping[str, Sequence[Json | Kind]] = {}
    """As of a direct row; an argument that is here and that the function lacks is not passed on."""
    dtypes: Dtypes = Dtypes()
    why: Mapping[str, str] = {}
    needs: str = ""
    through: str = ""
    """A function of the adapter's that is given this one first, ``moving.moved``: it asks for what
    a case asks. To whoever ports it, it says nothing."""


Row = Union[Direct, Own]


class Table(NamedTuple):
    """All functions that one adapter can do."""

    package: str
    """``conformance.adapters.torch``."""
    rows: Mapping[str, Sequence[Row]]
    """By Keras's symbol. The first row that covers the arguments is taken."""
    promotion: Mapping[tuple[str, str], str]
    """Pairs of dtypes, in the order of their names, that the framework promotes otherwise than
    Keras, and Keras's dtype. ``int`` and ``float`` are numbers of Python's."""
    absent: Mapping[str, str] = {}
    """Why a symbol or a namespace has no rows: ``{"metrics": "torch has no metrics"}``."""


def of_activations(activations: Mapping[str, Function]) -> dict[str, list[Row]]:
    """A row for each activation that a layer can be given, called on an array alone.

    Args:
        activations: By Keras's name, as in the table of layers.
    """
    return {
        f"activations.{name}": [Own("layers.activation", one.name, one.symbol)]
        for name, one in activations.items()
        if not one.package
    }


class Operation(NamedTuple):
    """A node bound to a row."""

    name: str
    symbol: str
    """Keras's."""
    row: Row
    literals: Mapping[str, Json]
    """Keras's arguments that the case gives, NaN and infinities as Python has them."""
    defaults: Mapping[str, Json]
    """Keras's defaults of the others, as far as the row knows them."""
    arrays: Sequence[str]
    """Keras's names of the arrays that the row takes, in its order."""
    required: Sequence[str]
    function: Callable[..., Any] | None = None
    """Of an own function."""
    idle: Sequence[str] = ()
    """Literals that the row covers and its function lacks."""


def bound(table: Table, node: Mapping[str, Any]) -> Operation:
    """Find the native counterpart of a node and check every argument.

    Args:
        table: What the adapter can do.
        node: A ``Node`` of ``conformance/cases/model.py`` as a plain dict.

    Raises:
        Unsupported: The adapter lacks the function, or an argument or its value, which is named.
    """
    symbol = node["layer"]
    rows = table.rows.get(symbol)
    if not rows:
        why = table.absent.get(symbol) or table.absent.get(symbol.partition(".")[0])
        if why:
            raise Unsupported(f"{symbol}: {why}")
    if not rows:
        raise Unsupported(f"this adapter has no native counterpart for {symbol}")
    literals = {
        key: literal(value)
        for key, value in {**node["config"], **node.get("arguments", {})}.items()
        if key != "name"
    }
    arrays = {**dict.fromkeys(node.get("tensors", {}), ARRAY)}
    refusal = ""
    for row in rows:
        if row.needs and not installed(row.needs):
            refusal = refusal or f"{row.needs}, which has it, is not installed"
            continue
        function = _own(table.package, row) if isinstance(row, Own) else None
        own = _taken(function) if function is not None else direct(row)
        reason = unfit(row, own, literals, arrays, operands=bool(node["inputs"]))
        if not reason:
            left = {k: v for k, v in own.defaults.items() if k not in literals and k not in arrays}
            known = {*own.arrays, *own.required, *own.defaults}
            idle = [key for key in literals if function is not None and key not in known]
            return Operation(
                node["name"], symbol, row, literals, left, own.arrays, own.required, function, idle
            )
        refusal = refusal or reason
    raise Unsupported(f"{symbol}: {refusal}")


class Taken(NamedTuple):
    """What a row can be given."""

    arrays: Sequence[str]
    required: Sequence[str]
    defaults: Mapping[str, Json]
    """Every literal argument, with Keras's default."""
    operands: bool
    """Whether it takes arrays without a name."""


def direct(row: Row) -> Taken:
    """What a direct row can be given."""
    known = _known.get(id(row))
    if known is not None and known[0] is row:
        return known[1]
    if not isinstance(row, Direct):
        raise TypeError(f"{row} is no direct row")
    named = [name for name in row.arrays if not name.startswith("*")]
    defaults = {name: some[0] for name, some in row.only.items() if name not in named}
    defaults.update(row.keywords)
    required = [*named, *(name for name, value in defaults.items() if value is REQUIRED)]
    found = Taken(
        named,
        required,
        {k: v for k, v in defaults.items() if not isinstance(v, Kind)},
        len(named) < len(row.arrays),
    )
    _known[id(row)] = row, found
    return found


_known: dict[int, tuple[Row, Taken]] = {}
"""By the identity of a row, which holds mappings and can't be a key itself. Rows are constants."""


def parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """What a function takes; of a partial, its ``**more`` are the keywords of its first argument.

    ``functools.partial(weighed, huber)`` takes what ``weighed`` names, and ``delta`` of ``huber``.
    """
    found = dict(inspect.signature(function).parameters)
    if isinstance(function, functools.partial) and function.args:
        for one in inspect.signature(function.args[0]).parameters.values():
            if one.kind is one.KEYWORD_ONLY:
                default = function.keywords.get(one.name, one.default)
                found[one.name] = one.replace(default=default)
    return [one for one in found.values() if one.kind is not one.VAR_KEYWORD]


@functools.cache  # a signature takes longer to find out than a small function to compute
def _taken(function: Callable[..., Any]) -> Taken:
    known = parameters(function)
    named = [p for p in known if p.kind is p.POSITIONAL_OR_KEYWORD]
    literals = [p for p in known if p.kind is p.KEYWORD_ONLY]
    return Taken(
        [p.name for p in named],
        [p.name for p in (*named, *literals) if p.default is p.empty],
        {p.name: p.default for p in literals if p.default is not p.empty},
        any(p.kind is p.VAR_POSITIONAL for p in known),
    )


def unfit(
    row: Row,
    own: Taken,
    literals: Mapping[str, Json],
    arrays: Mapping[str, Kind],
    *,
    operands: bool,
) -> str:
    """Why a row does not cover what a node is given; empty where it does."""
    given = {**literals, **arrays}
    known = {*own.arrays, *own.required, *own.defaults, *row.only}
    if isinstance(row, Direct):
        known |= set(row.keywords)
    for key in given:
        if key in known and (key in own.arrays or key not in arrays):
            continue
        if key in row.why:
            return row.why[key]
        said = f"={literals[key]!r}" if key in literals else ", an array,"
        return f"the argument {key}{said} is not handled here"
    if operands and not own.operands:
        return "arrays without a name are not handled here"
    for key in own.required:
        if key not in given:
            return f"the argument {key} is required and missing"
    for key, some in row.only.items():
        value = given.get(key, own.defaults.get(key, some[0]))
        if not any(_covers(one, value) for one in some):
            shown = "an array" if value is ARRAY else repr(value)
            return row.why.get(key) or f"no native counterpart with {key}={shown}"
    return ""


def _covers(allowed: Json | Kind, value: Json | Kind) -> bool:
    if value is ARRAY or allowed is ARRAY:
        return value is allowed
    if allowed is WHOLE:
        return isinstance(value, int) and not isinstance(value, bool)
    if allowed is LIST:
        return isinstance(value, list)
    if allowed is TEXT:
        return isinstance(value, str)
    if allowed is NUMBER:
        return isinstance(value, (int, float))
    return value is allowed or is_one_of(value, [allowed])


@functools.cache
def installed(library: str) -> bool:
    """Whether a library is there."""
    return importlib.util.find_spec(library) is not None


@functools.cache
def _function(module: str, name: str) -> Callable[..., Any]:
    found: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return found


def _own(package: str, row: Own) -> Callable[..., Any]:
    function = _function(f"{package}.{row.module}", row.function)
    if not row.through:
        return function
    module, _, name = row.through.rpartition(".")
    return _through(_function(f"{package}.{module}", name), function)


@functools.cache  # one and the same each time, whose signature is known then
def _through(outer: Callable[..., Any], inner: Callable[..., Any]) -> Callable[..., Any]:
    return functools.partial(outer, inner)


@functools.cache
def _sentence(function: Callable[..., Any]) -> str:
    while isinstance(function, functools.partial):  # whose own words are of what it is made of
        function = function.args[0]
    return " ".join((inspect.getdoc(function) or "").split())


def resolved(symbol: str) -> Callable[..., Any]:
    """The framework's function of this dotted name, as it stands in its module at the moment."""
    module, _, name = symbol.rpartition(".")
    owner, _, kind = module.rpartition(".")
    if kind[:1].isupper():  # torch.Tensor.to
        above = getattr(importlib.import_module(owner), kind)
    else:
        above = importlib.import_module(module)
    found: Callable[..., Any] = getattr(above, name)
    return found


def in_effect(operation: Operation, arrays: Mapping[str, Any]) -> dict[str, Json]:
    """Keras's arguments: those that the case gives and Keras's defaults of those that it doesn't.

    Args:
        operation: The bound node.
        arrays: Its arrays by name; those that it can do without are told.
    """
    told = {name: "array" for name in arrays if name not in operation.required}
    found = {**operation.defaults, **operation.literals, **told}
    return {key: spelled(value) for key, value in found.items()}


def note_of(operation: Operation) -> str:
    """What whoever wrote the row, or the function, says of it, in a sentence."""
    if operation.function is not None:
        return _sentence(operation.function)
    row = operation.row
    return f"``{operation.symbol}``: {row.note}" if isinstance(row, Direct) and row.note else ""
