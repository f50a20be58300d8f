"""A Python file taken apart: its functions, and what runs when the file is imported.

A function stands for all that is written inside it: nested functions, lambdas, classes. What does
not change how code runs is left out: comments, layout, docstrings, annotations of functions. An
annotation in a class body stays, as dataclasses are made of them.
"""

from __future__ import annotations

import ast
import copy
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

Kind = Literal["def", "class", "import", "assign", "other"]

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)

_NAMING = (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)
"""What may bind a name besides an assignment, an import and a definition."""

_PLAIN = (
    ast.Constant,
    ast.Name,
    ast.Attribute,
    ast.Tuple,
    ast.List,
    ast.Set,
    ast.Dict,
    ast.UnaryOp,
    ast.BinOp,
    ast.expr_context,
    ast.operator,
    ast.unaryop,
)


@dataclass(frozen=True)
class Definition:
    """One ``def``, methods included, that is in no other."""

    name: str
    """Qualified within its file: ``conv``, ``Dense.call``."""
    node: ast.FunctionDef | ast.AsyncFunctionDef

    @property
    def first(self) -> int:
        """Its first line: that of its first decorator, as of its code object."""
        return min([self.node.lineno, *(one.lineno for one in self.node.decorator_list)])

    @property
    def last(self) -> int:
        """Its last line."""
        return self.node.end_lineno or self.node.lineno

    @property
    def parameters(self) -> str:
        """Names and kinds of the parameters, and which of them have a default."""
        bare = copy.copy(self._node.args)
        none = ast.Constant(None)
        bare.defaults = [none for _ in bare.defaults]
        bare.kw_defaults = [None if one is None else none for one in bare.kw_defaults]
        return dump([bare, *getattr(self.node, "type_params", ())])

    @property
    def defaults(self) -> str:
        """The parameters' defaults."""
        return dump([*self.node.args.defaults, *self.node.args.kw_defaults])

    @property
    def computes_defaults(self) -> bool:
        """Whether a default is more than literals and names."""
        given = [*self.node.args.defaults, *self.node.args.kw_defaults]
        return any(not is_plain(one) for one in given if one is not None)

    @property
    def decorators(self) -> str:
        """Its decorators."""
        return dump(self.node.decorator_list)

    @property
    def kind(self) -> str:
        """What a call of it gives: ``def``, ``async``, ``generator`` or ``async generator``."""
        kinds = ["async"] if isinstance(self.node, ast.AsyncFunctionDef) else []
        kinds += ["generator"] if _yields(self.node) else []
        return " ".join(kinds) or "def"

    @cached_property
    def body(self) -> str:
        """What it does."""
        return dump(self._node.body)

    @cached_property
    def _node(self) -> ast.FunctionDef | ast.AsyncFunctionDef:
        """The same without docstrings and annotations: made in its place, where it is asked for."""
        normalised(self.node)
        return self.node


@dataclass(frozen=True)
class Item:
    """A statement of a module or class."""

    kind: Kind
    name: str
    """What it binds; empty for ``other``."""
    text: str
    """What it is, normalised; of a function its decorators, of an import ``module:name``."""


@dataclass
class Scope:
    """A module, or a class that is in no function."""

    name: str
    """Qualified; empty for the module."""
    header: str = ""
    """Bases, keywords and decorators of a class."""
    items: list[Item] = field(default_factory=list)
    tangled: set[str] = field(default_factory=set)
    """Names that more may be bound to than one plain item."""

    def bound(self) -> dict[str, Item]:
        """What each name is bound to that one plain item alone binds."""
        return {one.name: one for one in self.items if one.name and one.name not in self.tangled}

    def names(self) -> set[str]:
        """Every name that may be bound in it."""
        return self.tangled | {one.name for one in self.items}


@dataclass
class Parts:
    """A file, taken apart."""

    source: bytes
    functions: dict[str, list[Definition]] = field(default_factory=dict)
    """By name; several where a name is defined more than once, as a property is."""
    scopes: dict[str, Scope] = field(default_factory=dict)
    _tree: ast.Module = field(default_factory=lambda: ast.Module([], []))

    @cached_property
    def tree(self) -> ast.Module:
        """All of it without docstrings and annotations."""
        normalised(self._tree)
        return self._tree

    @cached_property
    def text(self) -> str:
        """All of it but comments, layout and docstrings; annotations are in it."""
        tree = ast.parse(self.source)
        _WithoutDocstrings().visit(tree)
        return dump(tree)

    def lines(self, one: Definition) -> list[bytes]:
        """A definition as it is written, which is quicker to compare than what it does."""
        return self._lines[one.first - 1 : one.last]

    def at(self, line: int) -> set[str]:
        """The functions that a code object with this first line may belong to."""
        index = bisect_right(self._spans, (line, 1 << 62, "")) - 1
        named = set()
        # No function is inside another one here, but several may share a line.
        while index >= 0 and self._spans[index][1] >= line:
            named.add(self._spans[index][2])
            index -= 1
        return named

    @cached_property
    def _lines(self) -> list[bytes]:
        return self.source.splitlines()

    @cached_property
    def _spans(self) -> list[tuple[int, int, str]]:
        found = [one for several in self.functions.values() for one in several]
        return sorted((one.first, one.last, one.name) for one in found)


def take_apart(source: bytes) -> Parts:
    """Take a Python file apart.

    Raises:
        SyntaxError: It can't be parsed by the Python that runs here.
    """
    try:
        tree = ast.parse(source)
        parts = Parts(source, _tree=tree)
        _take_scope(parts, Scope(""), tree, "")
    except (ValueError, RecursionError, MemoryError) as error:  # null bytes, absurd nesting
        raise SyntaxError(f"{type(error).__name__}: {error}") from error
    return parts


def normalised(tree: Any, *, in_class: bool = False) -> Any:
    """Take out of a tree what doesn't change how code runs: docstrings and most annotations."""
    _WithoutDocstrings().visit(tree)
    return _WithoutAnnotations(in_class=in_class).visit(tree)


def is_plain(node: ast.expr) -> bool:
    """Whether an expression is made of literals, names, attributes and operators alone."""
    return all(isinstance(one, _PLAIN) for one in ast.walk(node))


def dump(node: Any) -> str:
    """A tree, or a list of them, as text without places."""
    if isinstance(node, list):
        return "\n".join("-" if one is None else ast.dump(one) for one in node)
    return ast.dump(node)


def _take_scope(parts: Parts, scope: Scope, node: ast.Module | ast.ClassDef, prefix: str) -> None:
    parts.scopes[scope.name] = scope
    documented = ast.get_docstring(node, clean=False) is not None
    for statement in node.body[documented:]:
        if isinstance(statement, FUNCTIONS):
            _take_function(parts, statement, prefix)
            scope.items.append(Item("def", statement.name, dump(statement.decorator_list)))
        elif isinstance(statement, ast.ClassDef):
            name = prefix + statement.name
            while name in parts.scopes:  # the same name once more
                name += "'"
            header = dump([*statement.bases, *statement.keywords, *statement.decorator_list])
            scope.items.append(Item("class", statement.name, ""))
            _take_scope(parts, Scope(name, header), statement, f"{name}.")
        elif isinstance(statement, ast.Import | ast.ImportFrom):
            scope.items += _imports(statement)
        elif not _is_for_checkers(statement):
            _take_inside(parts, statement, prefix)
            outline = _Outline().visit(copy.deepcopy(statement))
            outline = normalised(outline, in_class=isinstance(node, ast.ClassDef))
            bound = _assigned(outline)
            scope.items.append(Item("assign" if bound else "other", bound, dump(outline)))
            scope.tangled |= set() if bound else _bound_in(statement)
    times = Counter(item.name for item in scope.items if item.name)
    scope.tangled |= {name for name, count in times.items() if count > 1}


def _take_function(parts: Parts, node: ast.FunctionDef | ast.AsyncFunctionDef, prefix: str) -> None:
    name = prefix + node.name
    parts.functions.setdefault(name, []).append(Definition(name, node))


def _imports(node: ast.Import | ast.ImportFrom) -> list[Item]:
    """An item for each name that is bound; none for a star or a future, which bind no one name."""
    if isinstance(node, ast.ImportFrom):
        module = "." * node.level + (node.module or "")
        if module == "__future__" or any(alias.name == "*" for alias in node.names):
            return [Item("other", "", dump(node))]
        return [
            Item("import", one.asname or one.name, f"{module}:{one.name}") for one in node.names
        ]
    return [
        Item("import", one.asname or one.name.partition(".")[0], f"{one.name}:")
        for one in node.names
    ]


def _assigned(statement: ast.stmt) -> str:
    """The one name that a statement gives a plain value; empty where it is anything else."""
    if not isinstance(statement, ast.Assign) or len(statement.targets) > 1:
        return ""
    target = statement.targets[0]
    return target.id if isinstance(target, ast.Name) and is_plain(statement.value) else ""


def _is_for_checkers(statement: ast.stmt) -> bool:
    """Whether it is ``if TYPE_CHECKING:``, which doesn't run."""
    if not isinstance(statement, ast.If) or statement.orelse:
        return False
    test = statement.test
    name = test.attr if isinstance(test, ast.Attribute) else getattr(test, "id", "")
    return name == "TYPE_CHECKING"


def _bound_in(statement: ast.stmt) -> set[str]:
    """Every name that a statement may bind, by whatever is inside it."""
    found: set[str] = set()
    for one in ast.walk(statement):
        if isinstance(one, ast.Name) and not isinstance(one.ctx, ast.Load):
            found.add(one.id)
        elif isinstance(one, ast.alias):
            found.add(one.asname or one.name.partition(".")[0])
        elif isinstance(one, (*FUNCTIONS, ast.ClassDef, *_NAMING)) and one.name:
            found.add(one.name)
    return found


def _yields(node: ast.AST) -> bool:
    """Whether a function is a generator: yields of functions inside it don't count."""
    left = list(ast.iter_child_nodes(node))
    while left:
        one = left.pop()
        if isinstance(one, ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(one, (*FUNCTIONS, ast.Lambda)):
            left += ast.iter_child_nodes(one)
    return False


def _take_inside(parts: Parts, statement: ast.AST, prefix: str) -> None:
    """Take the functions that are defined somewhere in a statement, as in ``try:``."""
    for one in ast.iter_child_nodes(statement):
        if isinstance(one, FUNCTIONS):
            _take_function(parts, one, prefix)
        else:
            inner = f"{prefix}{one.name}." if isinstance(one, ast.ClassDef) else prefix
            _take_inside(parts, one, inner)


class _Outline(ast.NodeTransformer):
    """A statement without the functions in it, which are taken by themselves."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return _outlined(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return _outlined(node)


def _outlined(node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
    marks: list[ast.expr] = [ast.Constant(f"def {node.name}"), *node.decorator_list]
    return ast.Expr(ast.Tuple(marks, ast.Load()))


class _WithoutDocstrings(ast.NodeTransformer):
    """Takes out what a module, class or function says of itself."""

    def generic_visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, (ast.Module, ast.ClassDef, *FUNCTIONS)):
            if ast.get_docstring(node, clean=False) is not None:
                node.body = node.body[1:]
            if not node.body and not isinstance(node, ast.Module):
                node.body = [ast.Pass()]
        return super().generic_visit(node)


class _WithoutAnnotations(ast.NodeTransformer):
    """Takes out the annotations that only readers and type checkers look at."""

    def __init__(self, *, in_class: bool) -> None:
        self._in_class = in_class

    def generic_visit(self, node: ast.AST) -> ast.AST:
        scoped = isinstance(node, (ast.ClassDef, *FUNCTIONS))
        before = self._in_class
        if scoped:
            self._in_class = isinstance(node, ast.ClassDef)
        super().generic_visit(node)
        self._in_class = before
        if isinstance(node, FUNCTIONS):
            node.returns = None
        elif isinstance(node, ast.arg):
            node.annotation = None
        elif isinstance(node, ast.AnnAssign) and not self._in_class:
            if node.value is not None:
                return ast.Assign([node.target], node.value)
            node.annotation = ast.Constant(None)  # what is left makes a name local
        return node
