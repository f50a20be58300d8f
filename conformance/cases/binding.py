"""How a function's literals and arrays are bound to its arguments, by Keras's own signature.

Literals that the constructor has go there, the rest to the call. Arrays fill, in order, the
parameters that nothing else is named for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from conformance.cases import dictionaries, fields, names, references
from conformance.cases.problems import closest, described, did_you_mean
from conformance.cases.reading import Map, Seq

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from conformance.cases.model import Dictionary
    from conformance.cases.names import Arguments, Signature
    from conformance.cases.problems import Where

Operand: TypeAlias = "str | list[str] | Dictionary"
"""An array by its name, or a list or a dictionary of them that is one argument."""

MAX_NUMBER = 2**63 - 1
"""Size of a function's whole numbers: an int64 holds them."""


OPEN = {"ops.rearrange": "the length of an axis"}
"""Functions that take keyword arguments of any name, each a whole number, and what they are."""


class Bound(NamedTuple):
    """The parts of a node that a function's arguments make."""

    config: dict[str, Any]
    arguments: dict[str, Any]
    tensors: dict[str, Operand]
    inputs: list[str]


def read_passed(
    tree: Map, where: Where, scope: references.Scope, home: str = "under `config`"
) -> dict[str, Operand] | None:
    """The arrays that ``with:`` passes by keyword; ``home`` says where literals are written."""
    if "with" not in tree:
        return {}
    place = where.value(tree, "with")
    found = references.keywords(tree["with"], place, scope)
    if found is None:
        return None
    for key in found[0]:
        place.value(tree["with"], key).refuse(
            "is a literal", expected="the name of an input", hint=f"put {key!r} {home}"
        )
    return None if found[0] else dict(found[1])


def read_operands(
    value: object, where: Where, scope: references.Scope, *, incomplete: bool = False
) -> list[Operand] | None:
    """What ``of`` names: inputs, nodes; a list inside the list, or a mapping, is one argument.

    Of a case that wants the call refused a mapping may be ``incomplete``.
    """
    if isinstance(value, Map):
        held = dictionaries.read_dictionary(value, where, scope, incomplete=incomplete)
        return None if held is None else [held]
    if not isinstance(value, Seq):
        return [str(value)] if references.is_earlier(value, where, scope) else None
    if not value:
        where.refuse("is empty", expected="the names of inputs, or leave it out")
        return None
    found: list[Operand] = []
    sound = True
    for index, one in enumerate(value):
        place = where.item(value, index)
        if isinstance(one, Seq):
            inner = [
                name
                for i, name in enumerate(one)
                if references.is_earlier(name, place.item(one, i), scope)
            ]
            sound = sound and len(inner) == len(one)
            found.append(inner)
        elif references.is_earlier(one, place, scope):
            found.append(str(one))
        else:
            sound = False
    return found if sound else None


def literals_of(value: object, where: Where, symbol: str) -> dict[str, Any] | None:
    """The literal arguments of a function, as plain values; null for none."""
    if value is None:
        return {}
    if not isinstance(value, Map):
        where.mistyped(f"a mapping of {symbol}'s arguments", value)
        return None
    problems = where.log.noted
    found = {key: _literal(value[key], where.value(value, key)) for key in value}
    return found if where.log.noted == problems else None


def _literal(value: object, where: Where) -> Any:
    """A plain value; NaN and infinities are the strings that Python reads as such."""
    if isinstance(value, Map):
        return {key: _literal(one, where.value(value, key)) for key, one in value.items()}
    if isinstance(value, Seq):
        return [_literal(one, where.item(value, i)) for i, one in enumerate(value)]
    if type(value) is int and abs(value) > MAX_NUMBER:
        where.refuse(f"is {value:,}", expected="a whole number of at most 64 bits")
    return fields.json_value(value, where)


def bind(  # noqa: PLR0913 (what a call is made of)
    symbol: str,
    literals: dict[str, Any],
    operands: Sequence[Operand],
    passed: dict[str, Operand],
    places: tuple[Where, Where],
    *,
    incomplete: bool = False,
) -> Bound | None:
    """Bind a function's arguments by its signature.

    Args:
        symbol: ``ops.where``.
        literals: Literal arguments by name.
        operands: Arrays without a name, in order.
        passed: Arrays by the name of their parameter.
        places: Of the symbol and of the literals, for complaints.
        incomplete: Let required arguments be absent.

    Returns:
        None where it was refused; the reason is in the log.
    """
    where, config = places
    if wrong := names.unfit_symbol(symbol, "function"):
        where.refuse(wrong[0], hint=wrong[1])
        return None
    signature = names.signature(symbol)
    if signature is None:  # of a newer Keras: what has no name goes by place
        plain = [one for one in operands if isinstance(one, str)]
        if len(plain) < len(operands):
            where.refuse("has a list of arrays", expected="its parameter's name, under `with`")
            return None
        made = names.is_made(symbol)
        return Bound(literals if made else {}, {} if made else literals, passed, plain)
    problems = where.log.noted
    _check_dictionary(symbol, operands, where)
    _check_literals(symbol, signature, literals, passed, config)
    make = signature.make or {}
    call = {key: one for key, one in literals.items() if key not in make}
    tensors, rest = _filled(symbol, signature.call, operands, {*call}, passed, where)
    if not incomplete:
        for part, there in ((make, literals), (signature.call, {*call, *tensors})):
            for key, kind in part.items():
                if kind == "required" and key not in there:
                    where.refuse(f"{symbol} needs the argument {key!r}")
    if where.log.noted > problems:
        return None
    order = [*signature.call, *sorted(call.keys() - signature.call.keys())]
    return Bound(
        {key: one for key, one in literals.items() if key in make},
        dict(sorted(call.items(), key=lambda item: order.index(item[0]))),
        dict(sorted(tensors.items(), key=lambda item: order.index(item[0]))),
        rest,
    )


def _check_dictionary(symbol: str, operands: Sequence[Operand], where: Where) -> None:
    """A dictionary goes to layers that take one, and nothing else does."""
    given = any(isinstance(one, dict) for one in operands)
    if dictionaries.takes(symbol) and not (given and len(operands) == 1):
        where.refuse(
            f"{symbol} is called on something else than a dictionary",
            expected="`of: {images: …}`",
            hint=f"on images alone it is `layer: {symbol.removeprefix(dictionaries.PREFIX)}`",
        )
    elif given and not dictionaries.takes(symbol):
        where.refuse(f"{symbol} takes no dictionary", expected="the names of inputs under `of`")


def _check_literals(
    symbol: str,
    signature: Signature,
    literals: dict[str, Any],
    passed: Iterable[str],
    where: Where,
) -> None:
    known: Arguments = {**(signature.make or {}), **signature.call}
    possible = [name for name in known if not name.startswith("*")]
    for key, value in literals.items():
        if key not in possible and symbol in OPEN:
            if type(value) is not int:
                where.refuse(f"{key} is {described(value)}", expected=OPEN[symbol])
        elif key not in possible:
            hint = closest(key, possible, cutoff=0.5)
            where.refuse(
                f"{key!r} is no argument of {symbol}",
                expected=f"one of {', '.join(possible)}" if possible else "none",
                hint=f"did you mean {hint!r}?" if hint else "",
            )
        elif known[key] == "flag" and not isinstance(value, bool):
            where.refuse(f"{key} is {described(value)}", expected="true or false")
    for key in passed:
        if key not in signature.call:
            where.refuse(
                f"{key!r} is no argument of {symbol}'s call",
                expected=f"one of {', '.join(n for n in signature.call if not n.startswith('*'))}",
            )
        elif key in literals:
            where.refuse(f"{key!r} is both an array and a literal")


def _filled(  # noqa: PLR0913, PLR0917 (as ``bind``)
    symbol: str,
    call: Arguments,
    operands: Sequence[Operand],
    named: set[str],
    passed: dict[str, Operand],
    where: Where,
) -> tuple[dict[str, Operand], list[str]]:
    """Arrays by parameter, and those that a variadic parameter takes."""
    tensors = dict(passed)
    left = list(operands)
    for parameter in call:
        if not left:
            break
        if parameter.startswith("*"):
            rest = [one for one in left if isinstance(one, str)]
            if len(rest) < len(left):
                where.refuse("has a list of arrays where each is an argument of its own")
            return tensors, rest
        if parameter not in named and parameter not in tensors:
            tensors[parameter] = left.pop(0)
    if left:
        where.refuse(
            f"has {len(left)} more inputs than {symbol} has arguments left",
            hint="arrays that are one list are written so: `of: [[a, b]]`",
        )
    return tensors, []


def accepts(symbol: str, own: Arguments, config: dict[str, Any], where: Where) -> bool:
    """Whether a symbol has these arguments, its flags true or false; what is wrong is told.

    Args:
        symbol: What is asked for, by name.
        own: Its arguments.
        config: Those that are given.
        where: Where they stand.
    """
    sound = True
    for key, value in config.items():
        if key not in own:
            where.refuse(
                f"{key!r} is no argument of {symbol}",
                expected=f"one of {', '.join(own)}",
                hint=did_you_mean(key, own),
            )
        elif own[key] == "flag" and not isinstance(value, bool):
            where.refuse(f"{key} is {described(value)}", expected="true or false")
        else:
            continue
        sound = False
    return sound
