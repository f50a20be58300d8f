"""Where a definition can be changed, and how: one operator, comparison, number or word at a time.

What says an error's message, checks a type, annotates or documents is left as it is: no case is to
see that.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

OPERATORS: Final[dict[type[ast.AST], type[ast.AST]]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.MatMult: ast.Mult,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
"""Each operator, and what is put in its place."""

WORDS: Final = {
    "maximum": "minimum",
    "minimum": "maximum",
    "max": "min",
    "min": "max",
    "sum": "mean",
    "mean": "sum",
    "argmax": "argmin",
    "argmin": "argmax",
    "sin": "cos",
    "cos": "sin",
    "sinh": "cosh",
    "cosh": "sinh",
    "floor": "ceil",
    "ceil": "floor",
    "sqrt": "square",
    "square": "sqrt",
    "zeros": "ones",
    "ones": "zeros",
    "zeros_like": "ones_like",
    "ones_like": "zeros_like",
    "greater": "greater_equal",
    "greater_equal": "greater",
    "less": "less_equal",
    "less_equal": "less",
    "logical_and": "logical_or",
    "logical_or": "logical_and",
    "any": "all",
    "all": "any",
    "left": "right",
    "right": "left",
}
"""Names of functions, and those that are called in their place."""

SILENT: Final = frozenset(
    {"Refused", "Unsupported", "NearKinkError", "TypeError", "ValueError", "isinstance", "join"}
    | {"kink", "turning", "rivals", "turn"}
)
"""What is called to say something, to tell kinds apart, or to note where data lies near a step."""

BOUNDS: Final = frozenset(
    {"variance", "steep", "spread", "quantum", "distance", "bound", "halves", "squares", "strict"}
)
"""Names of what bounds rounding, or notes steps, which is no part of an answer."""

SYMMETRIC: Final = frozenset(
    {"max", "min", "maximum", "minimum", "add", "multiply", "logical_and", "logical_or"}
    | {"array_equal", "zip", "broadcast_shapes", "result_type", "promoted", "pair", "hypot"}
    | {"logical_xor", "bitwise_and", "bitwise_or", "bitwise_xor", "logaddexp", "gcd", "lcm"}
)
"""What answers the same with its arguments exchanged, or nothing that could be told apart."""


@dataclass(frozen=True)
class Site:
    """One change of one place.

    Attributes:
        line: From 1.
        column: From 0.
        function: Qualified name of the outermost function or method that it is in.
        what: The change, as ``+ becomes -``.
    """

    line: int
    column: int
    function: str
    what: str


def sites(source: str) -> list[Site]:
    """Every change that a module's functions offer, in the order of the source."""
    tree = ast.parse(source)
    return [Site(*found[:4]) for found in _all(tree)]


def changed(source: str, number: int) -> ast.Module:
    """The module with one of its :func:`sites` changed, by its place in that list."""
    tree = ast.parse(source)
    for index, (*_, change) in enumerate(_all(tree)):
        if index == number:
            change()
            return ast.fix_missing_locations(tree)
    raise IndexError(number)


def _all(tree: ast.Module) -> Iterator[tuple[int, int, str, str, Any]]:
    for name, function in _functions(tree, ""):
        arguments = function.args
        for default in (*arguments.defaults, *arguments.kw_defaults):
            if default is not None:
                yield from _within(default, name)
        for statement in function.body:
            yield from _within(statement, name)


def _functions(
    node: ast.AST, prefix: str
) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Outermost functions, and methods of classes."""
    for child in getattr(node, "body", []):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield prefix + child.name, child
        elif isinstance(child, ast.ClassDef):
            yield from _functions(child, f"{prefix}{child.name}.")


def _within(node: ast.AST, name: str) -> Iterator[tuple[int, int, str, str, Any]]:
    if _left_out(node):
        return
    for what, change in _changes(node):
        yield getattr(node, "lineno", 0), getattr(node, "col_offset", 0), name, what, change
    for field, child in ast.iter_fields(node):
        if field in {"annotation", "returns", "decorator_list", "type_params"}:
            continue
        for one in child if isinstance(child, list) else [child]:
            if isinstance(one, ast.AST):
                yield from _within(one, name)


def _left_out(node: ast.AST) -> bool:
    """Whether no answer depends on what stands below."""
    if isinstance(node, ast.Call):
        return _called(node) in SILENT or _called(node).startswith("_note")
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.Assign):
        return bool(_names(node.targets) & BOUNDS)
    if isinstance(node, ast.keyword):
        return node.arg in BOUNDS
    if isinstance(node, ast.If):
        return _gives_up(node)
    return isinstance(node, ast.Raise | ast.Assert | ast.JoinedStr)


def _names(targets: list[ast.expr]) -> set[str]:
    return {one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)}


def _gives_up(node: ast.If) -> bool:
    """Whether it keeps the reference from what it does not know: no framework is asked that."""
    last = node.body[-1]
    return (
        not node.orelse
        and isinstance(last, ast.Raise)
        and isinstance(last.exc, ast.Call)
        and _called(last.exc) == "Unsupported"
    )


def _called(node: ast.Call) -> str:
    function = node.func
    return getattr(function, "attr", getattr(function, "id", ""))


def _changes(node: ast.AST) -> Iterator[tuple[str, Any]]:
    if isinstance(node, ast.BinOp | ast.BoolOp | ast.AugAssign):
        yield from _operator(node)
    elif isinstance(node, ast.Compare):
        for index in range(len(node.ops)):
            yield from _comparison(node, index)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Not):
        if isinstance(node.op, ast.USub):
            yield "- is gone", _setting(node, op=ast.UAdd())
        else:
            yield "not is gone", _setting(node, operand=ast.UnaryOp(ast.Not(), node.operand))
    elif isinstance(node, ast.Constant):
        yield from _constant(node)
    elif isinstance(node, ast.Call):
        yield from _call(node)


def _setting(node: Any, **fields: Any) -> Any:
    def change() -> None:
        for key, value in fields.items():
            setattr(node, key, value)

    return change


def _operator(node: Any) -> Iterator[tuple[str, Any]]:
    other = OPERATORS.get(type(node.op))
    if other is not None:
        yield f"{_word(type(node.op))} becomes {_word(other)}", _setting(node, op=other())


def _comparison(node: ast.Compare, index: int) -> Iterator[tuple[str, Any]]:
    kind = type(node.ops[index])
    other = OPERATORS.get(kind)
    if other is not None:
        ops = [other() if place == index else op for place, op in enumerate(node.ops)]
        yield f"{_word(kind)} becomes {_word(other)}", _setting(node, ops=ops)


def _constant(node: ast.Constant) -> Iterator[tuple[str, Any]]:
    value = node.value
    other: Any
    if isinstance(value, bool):
        other = not value
    elif isinstance(value, int):
        other = value + 1
    elif isinstance(value, float) and value != 0:
        other = value * 1.25
    elif isinstance(value, float):
        other = 0.25
    else:
        return
    yield f"{value!r} becomes {other!r}", _setting(node, value=other)


def _call(node: ast.Call) -> Iterator[tuple[str, Any]]:
    word = _called(node)
    if word in WORDS:
        key = "attr" if isinstance(node.func, ast.Attribute) else "id"
        other = WORDS[word]

        def rename() -> None:
            setattr(node.func, key, other)

        yield f"{word} becomes {other}", rename
    if (
        len(node.args) > 1
        and word not in SYMMETRIC
        and not any(isinstance(one, ast.Starred) for one in node.args[:2])
    ):
        first, second, *rest = node.args
        yield (
            f"the first arguments of {word or 'a call'} change places",
            _setting(node, args=[second, first, *rest]),
        )


def _word(kind: type[ast.AST]) -> str:
    return kind.__name__
