"""docs/architecture.md says which room imports which; every module is held to it.

The source is parsed, nothing of it is imported: what counts are imports as they are written, those
inside functions included. What stands under ``if TYPE_CHECKING:`` counts for circles alone.
"""

from __future__ import annotations

import ast
import fnmatch
import re
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

T = TypeVar("T")
ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs/architecture.md"
PACKAGE = "conformance"

FRAMEWORKS = {
    "ai_edge_litert",
    "flax",
    "jax",
    "keras",
    "onnxruntime",
    "openvino",
    "optax",
    "tensorflow",
    "tf_keras",
    "torch",
}
"""Imported by the adapters of these names alone, inside their processes."""

IN_A_PROCESS = {
    "shared": {"jax"},  # compiling.py is for whatever compiles with JAX
    "worker": set(),
    "native": set(),
    "keras": {"h5py", "jax", "keras", "openvino", "tensorflow", "tf_keras", "torch"},
    "models": {"jax", "keras", "onnx", "onnxruntime"},
    "exported": {"ai_edge_litert", "onnxruntime", "openvino", "tensorflow", "torch"},
    "torch": {"torch"},
    "jax": {"jax", "optax"},  # JAX's optimizers
    "flax": {"flax", "jax", "optax"},
    "numpy": set(),
}
"""Folders of ``adapters/`` that a framework's interpreter runs, with what they import of others."""

BESIDE = {"__init__.py", "adapters/__init__.py", "facets.py"}
"""What such a process imports besides: the packages of these folders, and what both sides go by."""

EMPTY = {"", "adapters"}
"""Packages with nothing in them but the version and a word: anyone may look where they lie."""

BETWEEN_FAMILIES = {
    "convolutional.conv": "sliding windows",
    "normalization.layer": "a mean and a variance that are given",
    "reshaping.reshape": "where an array's channels are",
}
"""Modules of ``reference/spec/layers/`` that other families import, with what they take."""

ENGINE = ("arithmetic", "array", "elementary", "exactness", "windows")
PLUGIN = ("items", "keys", "run", "touched")
CIRCLES = {
    # An array asks its arithmetic, and an arithmetic makes arrays.
    frozenset(f"reference.engine.{name}" for name in ENGINE),
    # One comparison, and the half of it that is about names.
    frozenset({"touched.changes", "touched.names"}),
    # An item finds the run in pytest's stash, by a key that has the run's type.
    frozenset(f"pytest_plugin.{name}" for name in PLUGIN),
}
"""Modules that name each other, by types alone."""


class Import(NamedTuple):
    """One import, as written: ``from origin import name``, or ``import origin``."""

    origin: str
    name: str
    typing: bool
    """Whether it is under ``if TYPE_CHECKING:``."""


class Row(NamedTuple):
    """A room, by the documentation."""

    patterns: tuple[str, ...]
    """What is in it: ``reference/engine/``, ``cli_*.py``."""
    imports: tuple[str, ...]
    """``cases.model``: a room, or one module of it."""


# --- reading --------------------------------------------------------------------------------


@cache
def sources() -> dict[str, str]:
    """The text of every module, by its path."""
    folder = ROOT / PACKAGE
    return {
        path.relative_to(folder).as_posix(): path.read_text("utf-8")
        for path in sorted(folder.rglob("*.py"))
    }


def name_of(path: str) -> str:
    """``cases/model.py`` as ``cases.model``; of a package, its own name."""
    return path.removesuffix(".py").removesuffix("__init__").rstrip("/").replace("/", ".")


@cache
def imports_of(text: str) -> list[Import]:
    """Every import of a module."""
    return list(_imports(ast.parse(text), typing=False))


def _imports(node: ast.AST, *, typing: bool) -> Iterator[Import]:
    if isinstance(node, ast.ImportFrom):
        assert node.level == 0, "imports are absolute here"
        for alias in node.names:
            yield Import(node.module or "", alias.name, typing)
    elif isinstance(node, ast.Import):
        for alias in node.names:
            yield Import(alias.name, "", typing)
    elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        for child in node.body:
            yield from _imports(child, typing=True)
        for child in node.orelse:
            yield from _imports(child, typing=typing)
    else:
        for child in ast.iter_child_nodes(node):
            yield from _imports(child, typing=typing)


class Package:
    """The modules of the package, or of a copy of it, and what they import."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = texts
        self.paths = {name_of(path): path for path in texts}
        self.imports = {name_of(path): imports_of(text) for path, text in texts.items()}

    def own(self, module: str, *, typing: bool = False) -> set[str]:
        """The modules of ours that a module imports; with those for types, if asked."""
        found = set()
        for one in self.imports[module]:
            if within(one.origin, PACKAGE) and (typing or not one.typing):
                origin = one.origin[len(PACKAGE) + 1 :]
                both = f"{origin}.{one.name}".lstrip(".")
                found.add(both if both in self.paths else origin)
        return found - EMPTY

    def others(self, module: str) -> set[str]:
        """The packages of others that a module imports when it runs."""
        return {
            one.origin.partition(".")[0]
            for one in self.imports[module]
            if not within(one.origin, PACKAGE) and not one.typing
        }


def rows(text: str) -> list[Row]:
    """The rooms of every table whose last column is ``imports``."""
    found: list[Row] = []
    inside = False
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.startswith("|"):
            inside = False
        elif cells[-1] == "imports":
            inside = True
        elif inside and not set(cells[0]) <= {"-", " "}:
            named = tuple(re.findall(r"`([^`]+)`", cells[0]))
            found.append(Row(named, tuple(re.findall(r"`([^`]+)`", cells[-1]))))
    return found


def row_of(path: str, table: Iterable[Row]) -> Row | None:
    """The row of a module: that of the innermost folder."""
    fitting = [
        (len(pattern), row)
        for row in table
        for pattern in row.patterns
        if path.startswith(pattern) or fnmatch.fnmatch(path, pattern)
    ]
    return max(fitting, key=lambda pair: pair[0])[1] if fitting else None


# --- the rules ------------------------------------------------------------------------------


def strays(package: Package, table: list[Row]) -> list[str]:
    """Imports that the documentation doesn't allow, and modules without a room."""
    found = []
    for module, path in package.paths.items():
        if not module:
            continue  # conformance itself, which is its version
        row = row_of(path, table)
        if row is None:
            found.append(f"{path} is in no room")
            continue
        for target in sorted(package.own(module)):
            theirs = row_of(package.paths.get(target, target.replace(".", "/") + "/"), table)
            if theirs is not row and not any(within(target, one) for one in row.imports):
                found.append(f"{path} imports {target}")
    return found


def within(module: str, room: str) -> bool:
    return module == room or module.startswith(f"{room}.")


def idle(package: Package, table: list[Row]) -> list[str]:
    """Rooms that aren't there, and what the documentation allows that nobody does."""
    found = []
    for row in table:
        inside = [m for m, path in package.paths.items() if m and row_of(path, table) is row]
        if not inside:
            found.append(f"{row.patterns[0]} has no module")
        imported = set().union(*(package.own(module) for module in inside))
        found += [
            f"{row.patterns[0]} imports nothing of {one}"
            for one in row.imports
            if inside and not any(within(target, one) for target in imported)
        ]
    return found


def circles(package: Package) -> set[frozenset[str]]:
    """Modules that import each other, along any way, types included."""
    reach: dict[str, set[str]] = {}
    for start in package.paths:
        seen: set[str] = set()
        left = [start]
        while left:
            for target in package.own(left.pop(), typing=True) & package.paths.keys() - seen:
                seen.add(target)
                left.append(target)
        reach[start] = seen
    return {
        frozenset(other for other in reach[module] if module in reach[other])
        for module in reach
        if module in reach[module]
    }


def foreign(package: Package) -> list[str]:
    """Imports of frameworks and of pytest in rooms that know none."""
    found = []
    for module, path in package.paths.items():
        others = package.others(module)
        folder = path.split("/")
        home = folder[1] if folder[0] == "adapters" and folder[1] in IN_A_PROCESS else ""
        allowed = set() if "tables" in folder else IN_A_PROCESS.get(home, set())
        found += [f"{path} imports {one}" for one in sorted(others & FRAMEWORKS - allowed)]
        if folder[0] != "pytest_plugin" and others & {"pytest", "_pytest", "xdist"}:
            found.append(f"{path} imports pytest")
    return found


def processes(package: Package) -> list[str]:
    """What an adapter's process couldn't run: newer Python, packages that it hasn't got."""
    found = []
    for path, text in package.texts.items():
        first, _, rest = path.partition("/")
        home = rest.partition("/")[0]
        if path not in BESIDE and not (first == "adapters" and home in IN_A_PROCESS):
            continue
        try:
            ast.parse(text, path, feature_version=(3, 9))
        except SyntaxError as error:
            found.append(f"{path} is no Python 3.9: {error.msg}")
            continue
        module = name_of(path)
        allowed = {"numpy", *sys.stdlib_module_names, *IN_A_PROCESS.get(home, set())}
        found += [f"{path} imports {one}" for one in sorted(package.others(module) - allowed)]
        found += [
            f"{path} imports {one}"
            for one in sorted(package.own(module))
            if package.paths.get(one) not in BESIDE
            and not any(within(one, f"adapters.{name}") for name in IN_A_PROCESS)
        ]
    return found


def families(package: Package) -> list[str]:
    """Imports from one family of layers to another."""
    layers = "reference.spec.layers."
    return [
        f"{package.paths[module]} imports {target}"
        for module in package.paths
        if module.startswith(layers)
        for target in sorted(package.own(module))
        if target.startswith(layers)
        and family(target) not in {"base", family(module)}
        and target.removeprefix(layers) not in BETWEEN_FAMILIES
    ]


def family(module: str) -> str:
    """``pooling`` of ``reference.spec.layers.pooling.windows``."""
    return module.split(".")[3]


# --- the package is as it is said to be -----------------------------------------------------


@pytest.fixture(scope="module")
def package() -> Package:
    return Package(sources())


@pytest.fixture(scope="module")
def table() -> list[Row]:
    return rows(DOCUMENT.read_text("utf-8"))


def test_a_room_imports_what_the_documentation_says(package: Package, table: list[Row]) -> None:
    assert len(table) > 30
    assert strays(package, table) == []


def test_the_documentation_allows_nothing_that_is_not_done(
    package: Package, table: list[Row]
) -> None:
    assert idle(package, table) == []


def test_no_module_imports_itself_along_another(package: Package) -> None:
    assert circles(package) == CIRCLES


def test_only_adapters_import_frameworks_and_only_the_plugin_imports_pytest(
    package: Package,
) -> None:
    assert foreign(package) == []


def test_the_reference_knows_of_adapters_only_what_is_shared(package: Package) -> None:
    known = {
        target
        for module in package.paths
        if within(module, "reference")
        for target in package.own(module)
        if within(target, "adapters")
    }
    # Faults dress up as adapters: they make observations.
    assert {one for one in known if not within(one, "adapters.shared")} == {
        "adapters.host.observation"
    }


def test_what_runs_in_an_adapters_process_needs_python_3_9_and_its_framework(
    package: Package,
) -> None:
    assert processes(package) == []


def test_families_of_the_specification_are_apart(package: Package) -> None:
    assert families(package) == []


# --- and a package that isn't is found ------------------------------------------------------


TYPES = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    "


def with_module(path: str, text: str) -> Package:
    """A copy of the package with this text more in one module."""
    texts = dict(sources())
    texts[path] = texts.get(path, "from __future__ import annotations\n") + text
    return Package(texts)


def added(
    rule: Callable[[Package], Iterable[T]], package: Package, path: str, text: str
) -> list[T]:
    """What a rule finds of such a copy and not of the package."""
    before = list(rule(package))
    return [one for one in rule(with_module(path, text)) if one not in before]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("report/new.py", "from conformance.reference.answer import store\n"),
        ("report/new.py", "def late():\n    from conformance.run.plan import Plan\n"),
        ("cases/model.py", "import conformance.verdicts.model\n"),
        ("verdicts/new.py", "from conformance.adapters.host import host\n"),
        ("reference/engine/new.py", "from conformance.reference.model import network\n"),
        ("run/new.py", "from conformance import pytest_plugin\n"),
        ("records/new.py", "if 1:\n    from conformance.wording.text import plural\n"),
        ("new_room/__init__.py", ""),
    ],
)
def test_an_import_that_is_not_allowed_is_found(
    path: str, text: str, package: Package, table: list[Row]
) -> None:
    (found,) = added(lambda one: strays(one, table), package, path, text)
    assert found.startswith(path)


def test_types_may_be_named_across_rooms(package: Package, table: list[Row]) -> None:
    text = TYPES + "from conformance.run import plan\n"
    assert added(lambda one: strays(one, table), package, "report/new.py", text) == []


def test_a_room_that_is_gone_and_a_permission_that_nobody_uses_are_found(
    package: Package, table: list[Row]
) -> None:
    wording = next(row for row in table if row.patterns == ("wording/",))
    more = [*table, Row(("gone/",), ("touched",)), wording._replace(imports=("touched",))]
    more.remove(wording)
    assert [one for one in idle(package, more) if one not in idle(package, table)] == [
        "gone/ has no module",
        "wording/ imports nothing of touched",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "from conformance.cases import loading\n",
        TYPES + "import conformance.cases.loading\n",
    ],
)
def test_a_circle_is_found(text: str, package: Package) -> None:
    (found,) = added(circles, package, "cases/model.py", text)
    assert {"cases.model", "cases.loading"} <= found


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("reference/model/network.py", "import torch.nn\n"),
        ("run/plan.py", "from pytest import skip\n"),
        ("adapters/torch/adapter.py", "def f():\n    import jax\n"),
        ("adapters/host/host.py", "import keras\n"),
        ("adapters/torch/tables/core.py", "import torch\n"),
    ],
)
def test_a_framework_or_pytest_where_it_should_not_be_is_found(
    path: str, text: str, package: Package
) -> None:
    (found,) = added(foreign, package, path, text)
    assert found.startswith(path)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("adapters/native/new.py", "import msgspec\n"),
        ("adapters/keras/new.py", "from conformance.adapters.host import registry\n"),
        ("adapters/jax/layers/new.py", "import flax\n"),
        ("adapters/numpy/ops/new.py", "import keras\n"),
        ("adapters/numpy/ops/new.py", "from conformance.reference import evaluate\n"),
        ("adapters/worker/new.py", "match 1:\n    case 1: pass\n"),
        ("adapters/__init__.py", "try: pass\nexcept* ValueError: pass\n"),
        ("adapters/shared/new.py", "from conformance.cases import model\n"),
    ],
)
def test_what_a_process_could_not_run_is_found(path: str, text: str, package: Package) -> None:
    (found,) = added(processes, package, path, text)
    assert found.startswith(path)


def test_an_import_from_family_to_family_is_found(package: Package) -> None:
    text = "from conformance.reference.spec.layers.merging.dot import Dot\n"
    path = "reference/spec/layers/core/dense.py"
    assert added(families, package, path, text) == [
        f"{path} imports reference.spec.layers.merging.dot"
    ]


def test_a_case_goes_through_the_rooms_of_the_sentence_and_no_others() -> None:
    """From YAML to a verdict: what the first sentence of the documentation names."""
    from conformance.cases import load
    from conformance.reference import evaluate
    from conformance.reference.faults.observe import observe
    from conformance.verdicts.cell import judge_cell

    (case,) = [one for one in load().cases if one.id == "documents/dense/last-axis"]
    rooms: set[str] = set()

    def entered(frame, _event, _argument) -> None:
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(ROOT / PACKAGE):
            rooms.add(path.relative_to(ROOT / PACKAGE).parts[0].removesuffix(".py"))

    sys.setprofile(entered)
    try:
        answer = evaluate(case)
        observation, arrays = observe(case, answer.feeds)
        verdict = judge_cell(
            case,
            "honest",
            expectation=answer.expectation,
            truth=answer.arrays,
            observation=observation,
            tensors=arrays,
        )
    finally:
        sys.setprofile(None)
    assert verdict.outcome == "pass"
    text = DOCUMENT.read_text()
    sentence = text[text.index("In one sentence") : text.index("Words that are")]
    named = {"cases", "reference", "adapters", "verdicts", "records"}
    assert all(f"*{word}" in sentence for word in ("cases", "reference", "adapter", "verdict"))
    leaves = {"acceptance", "facets", "invariants", "sources", "__init__"}
    assert rooms - leaves <= named
