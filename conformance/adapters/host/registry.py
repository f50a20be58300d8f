"""Which adapters there are, and how each is started.

Three kinds: the built-in ones; those that third parties register under the entry point group
``keras_conformance.adapters``; and those named on the command line as ``NAME=COMMAND``. Nothing
here imports a framework, and a third party's entry point is loaded only once it is selected.
Each of them may be selected in another environment, as ``NAME@keras==3.14.1``. And every
``keras-NAME`` is an adapter, whether or not the suite knows it: Keras on the backend NAME.
"""

from __future__ import annotations

import difflib
import fnmatch
import importlib.metadata
import importlib.util
import itertools
import re
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.adapters.host.environment import jax_pins, keras_pins, pins
from conformance.adapters.host.variant import Variant, VariantError
from conformance.adapters.shared.exporters import ROUTES
from conformance.adapters.shared.naming import BACKEND_VARIABLE, KERAS_3, SEPARATOR

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ENTRY_POINTS = "keras_conformance.adapters"
"""Entry point group; the entry point's name is the adapter's."""

BOOTSTRAP = Path(__file__).parents[1] / "worker" / "bootstrap.py"
"""The script that starts a worker in any interpreter."""

_KERAS_ADAPTER = "conformance.adapters.keras.adapter"
_KERAS_BACKEND = re.compile(r"keras-([a-z][a-z0-9_]{0,39})")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")
_COLUMN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+!=,-]{0,199}")


_MAY_GIVE = ("env", "requires", "family")
"""What a registration may say beside how its adapter is started."""


class RegistryError(Exception):
    """An adapter that does not exist or is not described properly. The text says what to do."""


@dataclass(frozen=True)
class AdapterSpec:
    """How to start one adapter."""

    name: str
    """Name in reports, in ``--adapter`` and in the ledger."""
    command: tuple[str, ...]
    """Program and arguments; never passed through a shell."""
    env: Mapping[str, str | None] = field(default_factory=dict)
    """Environment variables set, or removed where None, on top of the inherited ones."""
    requires: tuple[str, ...] = ()
    """Top-level modules that must be importable here; empty for another environment's command."""
    family: str = "other"
    """``keras``, ``torch``, ``jax``, ``flax`` or ``numpy`` of the built-in ones, else what its
    author says."""
    known_as: str = ""
    """The name under which ledgers speak of it, where that is another: ``keras-mlx`` for an adapter
    of one's own of Keras on MLX. What is known of Keras is then known of it."""
    problem: str = ""
    """Why it cannot be started although it is registered; reported as an error of the adapter."""
    hint: str = ""
    """What to do where something is missing; without it, `pip install` of what is."""
    by_name: bool = False
    """Whether it is in no default row: it is selected only by a pattern that matches its name."""
    variant: Variant | None = None
    """The other environment that it is to run in, still to be made (``environments.preparing``)."""

    def missing(self) -> list[str]:
        """Names of required distributions that are not installed, found without importing any."""
        return [name.replace("_", "-") for name in self.requires if not _is_installed(name)]


def worker_command(module: str, name: str, python: str = sys.executable) -> tuple[str, ...]:
    """The command that serves an adapter module from a Python interpreter.

    Args:
        module: Dotted name or path of the module with ``create``.
        name: Passed to ``create``.
        python: The interpreter; it needs the framework and NumPy, not keras-conformance.
    """
    return (python, str(BOOTSTRAP), module, name)


def built_in() -> dict[str, AdapterSpec]:
    """The adapters of keras-conformance itself, by name, in the order of reports."""
    backends = {
        "tensorflow": ("keras", "tensorflow"),
        "torch": ("keras", "torch"),
        "jax": ("keras", "jax"),
        "numpy": ("keras",),
        "openvino": ("keras", "openvino"),
    }
    specs = [
        _spec(f"keras-{backend}", "keras", requires, keras_pins(f"keras-{backend}", backend))
        for backend, requires in backends.items()
    ]
    specs += [
        _spec("tf-keras", "keras", ("tf_keras", "tensorflow"), keras_pins("tf-keras", None)),
        _spec("torch", "torch", ("torch",), {}),
        _spec("jax", "jax", ("jax",), jax_pins()),
        _spec("flax", "flax", ("flax", "jax"), jax_pins()),
        # NumPy is always installed, and most of the cases are about what it hasn't got.
        replace(_spec("numpy", "numpy", ("numpy",), {}), by_name=True),
    ]
    return {spec.name: spec for spec in specs}


def exporters() -> dict[str, AdapterSpec]:
    """The adapters of what comes out of Keras, by name. None is asked unless it is named."""
    return {
        route.name: AdapterSpec(
            route.name,
            worker_command("conformance.adapters.exported.adapter", route.name),
            {**pins(), **keras_pins(route.name, None if route.keras != "keras" else route.backend)},
            (route.keras, *route.modules),
            "exported",
            known_as=route.writer,
            by_name=True,
            hint=route.hint,
        )
        for route in ROUTES.values()
    }


def keras_backend(name: str, backend: str, family: str = "keras") -> AdapterSpec:
    """The adapter of Keras 3 on any backend.

    Args:
        name: The adapter's.
        backend: What ``KERAS_BACKEND`` is to be. The package ``keras_BACKEND`` must be installed.
        family: The adapter's.
    """
    known_as = f"{KERAS_3}{backend}"
    env = {**pins(), **keras_pins(name, backend)}
    command = worker_command(_KERAS_ADAPTER, known_as)
    requires = (f"keras_{backend}",)
    return AdapterSpec(name, command, env, requires, family, known_as=known_as)


def with_python(spec: AdapterSpec, python: str, name: str) -> AdapterSpec:
    """A built-in adapter in another interpreter, say of another framework version.

    What is installed there is not known here, so ``requires`` becomes empty: the worker itself
    answers "not installed".
    """
    command = (python, *spec.command[1:])
    return replace(spec, name=_checked(name, _COLUMN), command=command, requires=())


def from_command(text: str) -> AdapterSpec:
    """Read ``NAME=COMMAND`` as given to ``--adapter-command``.

    The command is split like a shell would split it, but no shell runs: no variables, no pipes.
    ``{worker}`` in it is the path of the worker's script, ``{python}`` is this interpreter:
    ``old=/venvs/2021/bin/python {worker} conformance.adapters.keras.adapter tf-keras``.

    Raises:
        RegistryError: The text is not of that form.
    """
    name, equals, command = text.partition("=")
    if not equals:
        raise RegistryError(f"--adapter-command wants NAME=COMMAND, got {text!r}")
    try:
        parts = shlex.split(command)
    except ValueError as error:
        raise RegistryError(f"--adapter-command {name}: {error} in {command!r}") from error
    if not parts:
        raise RegistryError(f"--adapter-command {name}: the command behind '=' is empty")
    places = {"{worker}": str(BOOTSTRAP), "{python}": sys.executable}
    command_parts = tuple(places.get(part, part) for part in parts)
    known_as = _keras_adapter_in(parts)
    return AdapterSpec(
        name=_checked(name),
        command=command_parts,
        env=pins(),
        family="keras" if known_as else "other",
        known_as=known_as,
    )


def _keras_adapter_in(parts: Sequence[str]) -> str:
    """The name that a command gives to the suite's own adapter of Keras; empty for any other."""
    for module, name in itertools.pairwise(parts):
        if module == _KERAS_ADAPTER:
            return name
    return ""


def names() -> list[str]:
    """Names of the built-in and the registered adapters, without loading anything."""
    return [*built_in(), *ROUTES, *sorted(_entry_points())]


def select(patterns: Iterable[str] = (), commands: Sequence[str] = ()) -> list[AdapterSpec]:
    """The adapters that any of the patterns matches, each once, in the order of reports.

    Args:
        patterns: Names or globs (``keras-*``), with ``@`` and another environment where one is
            wanted (``keras-*@keras==3.14.1``); none means all but those that have to be named.
        commands: ``NAME=COMMAND`` texts, whose adapters can be selected like any other.

    Raises:
        RegistryError: A pattern matches nothing, two adapters share a name, or what is behind an
            ``@`` is not understood.
    """
    own, third = built_in() | exporters(), _entry_points()
    given: dict[str, AdapterSpec] = {}
    for text in commands:
        spec = from_command(text)
        if spec.name in own or spec.name in third or spec.name in given:
            raise RegistryError(
                f"--adapter-command {spec.name}: there is an adapter of this name; use another"
            )
        given[spec.name] = spec
    known = [*own, *sorted(third), *given]
    backends: list[str] = []

    def spec_of(name: str) -> AdapterSpec:
        if name in third:
            return _load(third[name])
        return own.get(name) or given.get(name) or _any_keras_backend(name)

    chosen: set[str] = set()
    columns: dict[str, AdapterSpec] = {}
    default = [name for name in known if name not in own or not own[name].by_name]
    for pattern in list(patterns) or default:
        matched = _matching(pattern, known)
        base, at, rest = pattern.partition(SEPARATOR)
        bases = _matching(base, known) if at else []
        if not matched and not bases and _names_a_backend(base, in_environment=bool(at)):
            matched, bases = ([], [base]) if at else ([base], [])
            backends += matched
        chosen.update(matched)
        for name in bases if not matched else ():
            column = _column(spec_of(name), rest)
            if columns.setdefault(column.name, column) != column:
                raise RegistryError(_same_name(column, columns[column.name]))
        if not matched and not bases:
            raise RegistryError(_no_match(base if at else pattern, known))
    plain = [name for name in dict.fromkeys([*known, *backends]) if name in chosen]
    return [*map(spec_of, plain), *columns.values()]


def _matching(pattern: str, known: Iterable[str]) -> list[str]:
    """The names that a pattern means: exporters only where it begins as they do, as ``onnx-*``."""
    return [
        name
        for name in known
        if fnmatch.fnmatchcase(name, pattern)
        and not (name in ROUTES and pattern.startswith(("*", "?", "[")))
    ]


def _names_a_backend(name: str, *, in_environment: bool) -> bool:
    """Whether a name that no adapter has stands for a Keras backend.

    Where its environment is named, whether it has such a backend is for the adapter to say. Here,
    only an installed package makes the difference to a slip of the pen.
    """
    found = _KERAS_BACKEND.fullmatch(name)
    return found is not None and (in_environment or _is_installed(f"keras_{found[1]}"))


def _any_keras_backend(name: str) -> AdapterSpec:
    return keras_backend(name, name.removeprefix(KERAS_3))


def _column(spec: AdapterSpec, text: str) -> AdapterSpec:
    """An adapter in the environment that the text behind its ``@`` asks for."""
    if spec.command[:2] != (sys.executable, str(BOOTSTRAP)):
        raise RegistryError(
            f"{spec.name} is started by a command of its own, so it cannot be run in another "
            "environment by '@'; name that environment in its command"
        )
    try:
        variant = Variant.parse(text)
    except VariantError as error:
        raise RegistryError(f"{spec.name}{SEPARATOR}: {error}") from None
    if variant.backend and spec.family != "keras":
        raise RegistryError(f"{spec.name}{SEPARATOR}: backend= is for adapters of Keras alone")
    name = f"{spec.name}{SEPARATOR}{variant.label}"
    return replace(spec, name=_checked(name, _COLUMN), variant=variant)


def _same_name(one: AdapterSpec, other: AdapterSpec) -> str:
    return (
        f"two columns would be named {one.name}: {_places(one)} and {_places(other)}. Name one of "
        "them by a link with another name"
    )


def _places(spec: AdapterSpec) -> str:
    variant = spec.variant or Variant()
    roots = [str(one.root) for one in variant.checkouts]
    return ", ".join([*roots, *([str(variant.python)] if variant.python else [])])


def _spec(
    name: str, family: str, requires: tuple[str, ...], env: Mapping[str, str | None]
) -> AdapterSpec:
    command = worker_command(f"conformance.adapters.{family}.adapter", name)
    return AdapterSpec(name, command, {**pins(), **env}, requires, family)


def _entry_points() -> dict[str, importlib.metadata.EntryPoint]:
    found: dict[str, importlib.metadata.EntryPoint] = {}
    own = {*built_in(), *ROUTES}
    for point in importlib.metadata.entry_points(group=ENTRY_POINTS):
        if point.name in own or (point.name in found and found[point.name].value != point.value):
            maker = point.dist.name if point.dist else "a distribution"
            raise RegistryError(
                f"{maker} registers an adapter {point.name!r}, a name that is taken; "
                f"uninstall {maker} or ask its author for another name"
            )
        found[_checked(point.name)] = point
    return found


def _load(point: importlib.metadata.EntryPoint) -> AdapterSpec:
    """A third party's adapter. One that is broken is reported, and harms no other."""
    try:
        value = point.load()
        value = value() if callable(value) else value
        return _from_value(point.name, value)
    except Exception as error:  # noqa: BLE001 - it is other people's code, of any quality
        problem = f"its entry point {point.value} failed: {type(error).__name__}: {error}"
        return AdapterSpec(name=point.name, command=(), problem=problem)


def _from_value(name: str, value: object) -> AdapterSpec:
    if isinstance(value, AdapterSpec):
        return replace(value, name=name)
    if not isinstance(value, Mapping):
        raise TypeError(f"it gives a {type(value).__name__}, not a mapping")
    ways = {"command", "module", "keras_backend"} & set(value)
    wrong = set(value) - {"command", "module", "keras_backend", "backend", *_MAY_GIVE}
    if wrong or len(ways) != 1 or ("backend" in value and "keras_backend" not in value):
        raise TypeError(
            "it must give one of 'command', 'module' and 'keras_backend', and may give "
            f"{', '.join(_MAY_GIVE)}, and 'backend' beside 'keras_backend'"
        )
    env = {str(key): None if item is None else str(item) for key, item in _items(value, "env")}
    if "keras_backend" in value:
        backend = str(value["keras_backend"])
        if not _KERAS_BACKEND.fullmatch(f"{KERAS_3}{backend}"):
            raise TypeError(
                f"'keras_backend' can't be {backend!r}: it is what KERAS_BACKEND is to be"
            )
        spec = keras_backend(name, backend, str(value.get("family", "keras")))
        if "backend" in value:
            env[BACKEND_VARIABLE] = str(value["backend"])
        return replace(
            spec,
            env={**spec.env, **env},
            requires=_strings(value.get("requires", spec.requires)),
        )
    command = _strings(value.get("command", ())) or worker_command(str(value["module"]), name)
    family = str(value.get("family", "other"))
    return AdapterSpec(
        name=name,
        command=command,
        env={**pins(), **env},
        requires=_strings(value.get("requires", ())),
        family=family,
        # What is known of Keras is known of every adapter of Keras, whatever its name.
        known_as=f"{KERAS_3}{name}" if family == "keras" else "",
    )


def _strings(value: Any) -> tuple[str, ...]:
    if isinstance(value, str) or not all(isinstance(item, str) for item in value):
        raise TypeError("'command' and 'requires' must be lists of strings")
    return tuple(value)


def _items(value: Mapping[Any, Any], key: str) -> Iterable[tuple[Any, Any]]:
    inner = value.get(key, {})
    if not isinstance(inner, Mapping):
        raise TypeError(f"{key!r} must be a mapping")
    return inner.items()


def _is_installed(module: str) -> bool:
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return False
    # A mere folder of that name somewhere on the path is a namespace package, not the framework.
    return spec is not None and spec.origin is not None


def _checked(name: str, allowed: re.Pattern[str] = _NAME) -> str:
    if not allowed.fullmatch(name):
        raise RegistryError(
            f"{name[:80]!r} cannot name an adapter: letters, digits and . _ @ + - are allowed, "
            "at most 64 (200 with versions), starting with a letter or digit"
        )
    return name


def _no_match(pattern: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(pattern, known, n=3, cutoff=0.5)
    hint = f"; did you mean {' or '.join(close)}?" if close else "."
    if backend := _KERAS_BACKEND.fullmatch(pattern):
        hint += (
            f" For a Keras backend {backend[1]!r} the package keras_{backend[1]} is needed, which "
            f"is not installed here; where it is, name that environment: {pattern}@python=PATH."
        )
    return f"no adapter matches {pattern!r}{hint} Known: {', '.join(known)}"
