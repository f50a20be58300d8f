"""The kinds of mistakes: for a node of a tree, what could stand in its place."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from planting.source import Function, Source, arguments, name_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Found", "apply", "name_of"]


class Found(NamedTuple):
    """One edit: what is replaced, by what."""

    kind: str
    node: ast.expr | ast.stmt
    after: str
    until: ast.expr | None = None
    """Where it ends, if not with the node."""


_COMPARED: Final[dict[type[ast.cmpop], str]] = {
    ast.Lt: "<=",
    ast.LtE: "<",
    ast.Gt: ">=",
    ast.GtE: ">",
    ast.Eq: "!=",
    ast.NotEq: "==",
    ast.Is: "is not",
    ast.IsNot: "is",
    ast.In: "not in",
    ast.NotIn: "in",
}
_COMPUTED: Final[dict[type[ast.operator], tuple[str, ...]]] = {
    ast.Add: ("-",),
    ast.Sub: ("+",),
    ast.Mult: ("+", "/"),
    ast.Div: ("*",),
    ast.FloorDiv: ("*", "%"),
    ast.Mod: ("//",),
    ast.Pow: ("*",),
    ast.MatMult: ("*",),
}
_WORDS: Final = {
    "valid": "same",
    "same": "valid",
    "channels_last": "channels_first",
    "channels_first": "channels_last",
    "zeros": "ones",
    "ones": "zeros",
    "glorot_uniform": "glorot_normal",
    "orthogonal": "glorot_uniform",
    "uniform": "normal",
    "tanh": "sigmoid",
    "sigmoid": "hard_sigmoid",
    "relu": "leaky_relu",
    "nearest": "bilinear",
    "bilinear": "nearest",
    "constant": "reflect",
    "reflect": "constant",
    "symmetric": "reflect",
    "concat": "sum",
    "sum": "concat",
    "int": "count",
    "multi_hot": "count",
    "count": "multi_hot",
    "one_hot": "multi_hot",
    "float32": "float16",
    "int32": "int64",
    "int64": "int32",
    "bool": "int32",
    "whitespace": "character",
}
_FUNCTIONS: Final = {
    "max": "min",
    "min": "max",
    "amax": "amin",
    "amin": "amax",
    "maximum": "minimum",
    "minimum": "maximum",
    "sum": "mean",
    "mean": "sum",
    "floor": "ceil",
    "ceil": "floor",
    "round": "floor",
    "argmax": "argmin",
    "any": "all",
    "all": "any",
    "zeros": "ones",
    "ones": "zeros",
    "zeros_like": "ones_like",
    "ones_like": "zeros_like",
    "less": "less_equal",
    "less_equal": "less",
    "greater": "greater_equal",
    "greater_equal": "greater",
    "equal": "not_equal",
    "not_equal": "equal",
    "logical_and": "logical_or",
    "logical_or": "logical_and",
    "sqrt": "square",
    "rsqrt": "square",
    "square": "abs",
    "cos": "sin",
    "sin": "cos",
    "uniform": "normal",
    "add": "subtract",
    "subtract": "add",
    "multiply": "add",
    "divide": "multiply",
}
_COMMUTE: Final = frozenset(
    {
        "add",
        "dtype",
        "equal",
        "getattr",
        "hasattr",
        "isinstance",
        "logical_and",
        "logical_or",
        "logical_xor",
        "max",
        "maximum",
        "min",
        "minimum",
        "multiply",
        "not_equal",
        "print",
        "result_type",
        "setattr",
        "zip",
    }
)
"""What takes its arguments in either order, or no tensors."""
_NO_TENSOR: Final = re.compile("axis|axes|shape|dtype|size|num|perm|equation|units|dims|index")
_STATES: Final = ("assign", "assign_add", "assign_sub", "reset_states", "reset_state")


def apply(source: Source, node: ast.AST) -> Iterator[Found]:
    """The edits of one node, of all kinds."""
    for rule in _RULES:
        yield from rule(source, node)


def _comparison(source: Source, node: ast.AST) -> Iterator[Found]:
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and not _guards(source, node):
        other = _COMPARED[type(node.ops[0])]
        text = f"({source.of(node.left)} {other} {source.of(node.comparators[0])})"
        yield Found("comparison", node, text)


def _arithmetic(source: Source, node: ast.AST) -> Iterator[Found]:
    if not isinstance(node, ast.BinOp):
        return
    left, right = source.of(node.left), source.of(node.right)
    if any(isinstance(n, ast.JoinedStr) or _is(n, str) for n in (node.left, node.right)):
        return
    sequences = (ast.Tuple, ast.List, ast.ListComp)
    sequence = isinstance(node.left, sequences) or isinstance(node.right, sequences)
    if isinstance(node.op, ast.Add) and (sequence or "shape" in left + right):
        yield Found("arithmetic", node, f"({right} + {left})")
        return
    for other in _COMPUTED.get(type(node.op), ()):
        yield Found("arithmetic", node, f"({left} {other} {right})")
    if isinstance(node.op, ast.Sub | ast.Div | ast.MatMult):
        sign = {ast.Sub: "-", ast.Div: "/", ast.MatMult: "@"}[type(node.op)]
        yield Found("swapped", node, f"({right} {sign} {left})")


def _constant(source: Source, node: ast.AST) -> Iterator[Found]:
    value = _number(node)
    if value is None or _is_default(source, node) or _about_axis(source, node):
        return
    if isinstance(source.parent(node), ast.UnaryOp):
        return
    others = [value * 2 if value else 0.5] if isinstance(value, float) else [value + 1, value - 1]
    for other in others:
        yield Found("constant", node, f"({other})")  # type: ignore[arg-type] # a number is one


def _axis(source: Source, node: ast.AST) -> Iterator[Found]:
    value = _number(node)
    if value is None or not _about_axis(source, node) or _is_default(source, node):
        return
    if isinstance(source.parent(node), ast.UnaryOp):
        return
    for other in (value - 1, 1) if value < 0 else (value + 1, -1):
        yield Found("axis", node, str(other))  # type: ignore[arg-type]


def _default(source: Source, node: ast.AST) -> Iterator[Found]:
    if not isinstance(node, Function):
        return
    for default in arguments(node).values():
        if default is not None and (other := _other_value(source, default)):
            yield Found("default", default, other)


def _condition(source: Source, node: ast.AST) -> Iterator[Found]:
    if isinstance(node, ast.If | ast.IfExp) and not _raises(node):
        if not isinstance(node.test, ast.Compare):
            yield Found("condition", node.test, f"not ({source.of(node.test)})")
    elif isinstance(node, ast.BoolOp):
        word = "or" if isinstance(node.op, ast.And) else "and"
        yield Found("condition", node, f"({f' {word} '.join(map(source.of, node.values))})")
        sign = " and " if word == "or" else " or "
        yield Found("condition", node, f"({sign.join(map(source.of, node.values[1:]))})")


def _refusal(source: Source, node: ast.AST) -> Iterator[Found]:
    del source  # it is a rule like the others
    if isinstance(node, ast.If) and _raises(node):
        yield Found("refusal", node.test, "False")


def _boolean(source: Source, node: ast.AST) -> Iterator[Found]:
    if not _is(node, bool) or _is_default(source, node):
        return
    around = source.parent(node)
    kind = "flag"
    if isinstance(around, ast.keyword) and around.arg == "trainable":
        kind = "trainable"
    yield Found(kind, node, str(not node.value))  # type: ignore[attr-defined, arg-type]


def _flag(source: Source, node: ast.AST) -> Iterator[Found]:
    """``training`` that is ignored."""
    del source  # it is a rule like the others
    if isinstance(node, ast.Name) and node.id == "training" and isinstance(node.ctx, ast.Load):
        yield Found("flag", node, "None")
        yield Found("flag", node, "True")


def _argument(source: Source, node: ast.AST) -> Iterator[Found]:
    """An argument that is ignored: what the layer keeps of it is read as its default."""
    if not _of_self(node) or not isinstance(node.ctx, ast.Load):  # type: ignore[attr-defined]
        return
    function, owner = source.function(node), source.class_of(node)
    if function is None or owner is None or function.name in {"__init__", "get_config"}:
        return
    made = next((n for n in owner.body if isinstance(n, Function) and n.name == "__init__"), None)
    default = arguments(made).get(node.attr) if made else None  # type: ignore[attr-defined]
    if isinstance(default, ast.Constant) and isinstance(default.value, bool | int | float):
        yield Found("argument", node, source.of(default))  # type: ignore[arg-type]
    if isinstance(default, ast.Constant) and default.value in {"valid", "concat", "reflect"}:
        yield Found("argument", node, source.of(default))  # type: ignore[arg-type]


def _dtype(source: Source, node: ast.AST) -> Iterator[Found]:
    if isinstance(node, ast.keyword):
        if node.arg == "dtype" and not _is(node.value, type(None)):
            yield Found("dtype", node.value, "None")
        if node.arg == "dtype" and _is(node.value, str):
            other = _WORDS.get(node.value.value)  # type: ignore[attr-defined]
            if other:
                yield Found("dtype", node.value, repr(other))
    elif isinstance(node, ast.Call):
        name = name_of(node.func)
        if name in {"cast", "convert_to_tensor", "saturate_cast"} and len(node.args) > 1:
            yield Found("dtype", node, f"{source.of(node.args[0])}")
        if name == "to" and isinstance(node.func, ast.Attribute) and len(node.args) == 1:
            yield Found("dtype", node, source.of(node.func.value))


def _mask(source: Source, node: ast.AST) -> Iterator[Found]:
    if isinstance(node, ast.keyword) and node.arg and "mask" in node.arg:
        if not isinstance(node.value, ast.Constant):
            yield Found("mask", node.value, "None")
    elif isinstance(node, ast.Call) and name_of(node.func) == "logical_not" and len(node.args) == 1:
        yield Found("mask", node, source.of(node.args[0]))
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Invert):
        yield Found("mask", node, source.of(node.operand))
    elif isinstance(node, ast.Compare) and _asks_for_mask(source, node):
        yield Found("mask", node, "False")
    elif isinstance(node, ast.Return) and node.value is not None:
        function = source.function(node)
        if function and function.name == "compute_mask" and not _is(node.value, type(None)):
            yield Found("mask", node.value, "None")


def _asks_for_mask(source: Source, node: ast.Compare) -> bool:
    return isinstance(node.ops[0], ast.IsNot) and "mask" in source.of(node.left)


def _state(source: Source, node: ast.AST) -> Iterator[Found]:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        if name_of(node.value.func) in _STATES:
            yield Found("state", node, "pass")
    elif isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
        function = source.function(node)
        given = arguments(function) if function else {}
        for name in ("states", "state", "initial_state"):
            if name in given and len(node.value.elts) == 2:  # noqa: PLR2004 - output, states
                yield Found("state", node.value.elts[1], name)
        if len(node.value.elts) > 1:
            second = node.value.elts[1]
            if isinstance(second, ast.List) and len(second.elts) > 1:
                yield Found("state", second, f"[{', '.join(map(source.of, second.elts[::-1]))}]")


def _config(source: Source, node: ast.AST) -> Iterator[Found]:
    function = source.function(node) if hasattr(node, "lineno") else None
    if function is None or function.name != "get_config":
        return
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if key is not None and _is(key, str):
                yield Found("config", key, "**{}", value)
                default = _default_of(source, node, key.value)  # type: ignore[attr-defined]
                if default and default != source.of(value):
                    yield Found("config", value, default)


def _default_of(source: Source, node: ast.AST, argument: str) -> str:
    owner = source.class_of(node)
    made = owner and next(
        (n for n in owner.body if isinstance(n, Function) and n.name == "__init__"), None
    )
    default = arguments(made).get(argument) if made else None
    return source.of(default) if isinstance(default, ast.Constant) else ""


def _made(source: Source, node: ast.AST) -> Iterator[Found]:
    """What a weight is made with."""
    if not isinstance(node, ast.keyword) or node.arg is None:
        return
    around = source.parent(node)
    if not isinstance(around, ast.Call) or name_of(around.func) != "add_weight":
        return
    if node.arg == "initializer":
        yield Found(
            "initializer",
            node.value,
            "'ones'" if "ones" not in source.of(node.value) else "'zeros'",
        )
    elif node.arg in {"regularizer", "constraint"}:
        yield Found("regularizer", node.value, "None")


def _gradient(source: Source, node: ast.AST) -> Iterator[Found]:
    """A gradient that is stopped on one way; the numbers stay."""
    if not isinstance(node, ast.Call):
        return
    called = source.of(node.func)
    if called == "convert_to_tensor" and isinstance(source.parent(node), ast.Assign):
        if "backend" in _imports(source) or "torch" in _imports(source):
            yield Found("gradient", node, f"{source.of(node)}.detach()")
        return
    function = source.function(node)
    if function is None or not called.startswith(("ops.", "self.activation", "activations.")):
        return
    if not function.name.startswith(("call", "_call", "_compute", "_apply", "_normalize")):
        return
    if "ops" not in _imports(source):
        return
    for argument in node.args[:2]:
        tensor = isinstance(argument, ast.Name) or _of_self(argument)
        if tensor and not _NO_TENSOR.search(source.of(argument)):
            yield Found("gradient", argument, f"ops.stop_gradient({source.of(argument)})")


def _swapped(source: Source, node: ast.AST) -> Iterator[Found]:
    if not isinstance(node, ast.Call) or name_of(node.func) in _COMMUTE:
        return
    plain = ast.Name | ast.Attribute | ast.Subscript
    for first, second in zip(node.args, node.args[1:], strict=False):
        if isinstance(first, plain) and isinstance(second, plain):
            one, two = source.of(first), source.of(second)
            if one == two:
                continue
            begin, end = source.span(node)
            at, to = source.span(first)[0], source.span(second)[1]
            between = source.text[source.span(first)[1] : source.span(second)[0]]
            text = source.text
            yield Found("swapped", node, text[begin:at] + two + between + one + text[to:end])
            return


def _function(source: Source, node: ast.AST) -> Iterator[Found]:
    if not isinstance(node, ast.Call):
        return
    other = _FUNCTIONS.get(name_of(node.func))
    if other is None:
        return
    if isinstance(node.func, ast.Attribute):
        yield Found("function", node.func, f"{source.of(node.func.value)}.{other}")
    elif other in {"max", "min", "any", "all"}:
        yield Found("function", node.func, other)


def _dropped(source: Source, node: ast.AST) -> Iterator[Found]:
    """A call, or a sentence about the layer, that is not there."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        name = name_of(node.value.func)
        if name not in _STATES and name not in {"warn", "__init__"}:
            yield Found("dropped", node, "pass")
    elif isinstance(node, ast.AugAssign):
        yield Found("dropped", node, "pass")
    elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        given = arguments(function) if (function := source.function(node)) else {}
        if len(node.targets) == 1 and node.targets[0].id in given:
            yield Found("dropped", node, "pass")


_RULES: Final[tuple[Callable[[Source, ast.AST], Iterator[Found]], ...]] = (
    _comparison,
    _arithmetic,
    _constant,
    _axis,
    _default,
    _condition,
    _refusal,
    _boolean,
    _flag,
    _argument,
    _dtype,
    _mask,
    _state,
    _config,
    _made,
    _gradient,
    _swapped,
    _function,
    _dropped,
)


def _is(node: ast.AST, kind: type) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) is kind


def _number(node: ast.AST) -> int | float | None:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = _number(node.operand)
        return None if value is None else -value
    if _is(node, int) or _is(node, float):
        return node.value  # type: ignore[attr-defined, no-any-return]
    return None


def _of_self(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
    )


def _guards(source: Source, node: ast.AST) -> bool:
    """Whether it is all that a refusal depends on, which has a kind of its own."""
    around = source.parent(node)
    return isinstance(around, ast.If) and around.test is node and _raises(around)


def _raises(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.body[-1], ast.Raise)


def _is_default(source: Source, node: ast.AST) -> bool:
    return isinstance(source.parent(node), ast.arguments)


def _about_axis(source: Source, node: ast.AST) -> bool:
    """Whether a number says along what: ``axis=1``, ``dims=(0, 2)``, ``axis = -1``."""
    for around in source.above(node):
        if isinstance(around, ast.keyword):
            return around.arg in {"axis", "axes", "dim", "dims"}
        if isinstance(around, ast.Assign):
            return "axis" in source.of(around.targets[0]) or "axes" in source.of(around.targets[0])
        if isinstance(around, ast.Call):
            return name_of(around.func) in {"transpose", "permute", "moveaxis", "swapaxes"}
        if not isinstance(around, ast.Tuple | ast.List | ast.UnaryOp):
            return False
    return False


def _other_value(source: Source, default: ast.expr) -> str:
    """Another default; empty where none comes to mind."""
    if _is(default, bool):
        return str(not default.value)  # type: ignore[attr-defined]
    if (number := _number(default)) is not None:
        return str(number + 1 if isinstance(number, int) else number * 2 or 0.1)
    if _is(default, str):
        other = _WORDS.get(default.value)  # type: ignore[attr-defined]
        return repr(other) if other else ""
    if isinstance(default, ast.Tuple) and default.elts:
        numbers = [_number(one) for one in default.elts]
        if None not in numbers:
            return source.of(default)[:1] + ", ".join(str((n or 0) + 1) for n in numbers) + ",)"
    return ""


def _imports(source: Source) -> frozenset[str]:
    found = set[str]()
    for node in source.tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            found |= {one.asname or one.name for one in node.names}
    return frozenset(found)
