"""Makes the environments of columns, and points their adapters at them.

Two ways. Where the packages asked for are pure Python and what is installed here meets their
needs, they are unpacked into a folder that goes first on the adapter's path: an *overlay*, made in
a second, and everything else is what the other columns run with. Else it takes an *environment* of
its own, with the versions that are installed here wherever they fit.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import re
import subprocess
import sys
import sysconfig
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from conformance.adapters.host.registry import with_python
from conformance.adapters.shared.naming import BACKEND_VARIABLE, PRECISION_VARIABLE
from conformance.environments import store
from conformance.environments.problems import BlockedError, PreparationError
from conformance.environments.releases import no_such_release
from conformance.environments.uv import Uv

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from conformance.adapters.host.registry import AdapterSpec
    from conformance.adapters.host.variant import Pin, Variant
    from conformance.environments.uv import Resolved

_GPU = re.compile(r"nvidia-|cuda-|triton$")
"""Packages of a build for graphics cards: gigabytes, and adapters run on the CPU."""


STANDS_FOR: Final = {
    "keras-nightly": "keras",
    "tf-nightly": "tensorflow",
    "tensorflow-cpu": "tensorflow",
}
"""Distributions that install the modules of another one."""

_ANSWER_SECONDS: Final = 60

_TELL: Final = """
import importlib.metadata, json, sys
print(json.dumps([{d.metadata["Name"]: d.version for d in importlib.metadata.distributions()
                   if d.metadata["Name"]}, sys.version]))
"""


def prepare(
    specs: Iterable[AdapterSpec], tell: Callable[[str], None] = lambda _: None
) -> list[AdapterSpec]:
    """Make what the columns need; adapters without a variant are handed back as they are.

    Args:
        specs: Adapters as :func:`conformance.adapters.host.registry.select` gives them.
        tell: Is told of everything that was made, which takes from one second to minutes.

    Raises:
        PreparationError: One cannot be made; the text begins with the column's name.
    """
    return [_prepared(spec, tell) for spec in specs]


def _prepared(spec: AdapterSpec, tell: Callable[[str], None]) -> AdapterSpec:
    variant = spec.variant
    if variant is None:
        return spec
    started = time.monotonic()
    try:
        folder, about, new = _environment(spec, variant)
    except PreparationError as problem:
        raise type(problem)(f"{spec.name}: {problem}") from problem
    if new:
        what = "overlay" if about["kind"] == "overlay" else "environment"
        tell(f"{spec.name}: {what} made in {time.monotonic() - started:.1f} s")
    roots = [str(one.root) for one in variant.checkouts]
    if variant.python is not None:
        spec = with_python(spec, str(variant.python), spec.name)
    if folder is not None and about["kind"] == "environment":
        spec = with_python(spec, str(folder / "venv" / "bin" / "python"), spec.name)
    elif folder is not None:
        roots.append(str(folder / "site"))
    inherited = os.environ.get("PYTHONPATH", "")
    path = os.pathsep.join([*roots, *([inherited] if inherited else [])])
    changed = {one.package for one in variant.pins} | {one.package for one in variant.checkouts}
    requires = tuple(name for name in spec.requires if name.replace("_", "-") not in changed)
    env = {**spec.env, "PYTHONPATH": path or None}
    if variant.backend:
        env[BACKEND_VARIABLE] = variant.backend
    if variant.precision:
        env[PRECISION_VARIABLE] = variant.precision
    return replace(spec, env=env, requires=requires)


def _environment(spec: AdapterSpec, variant: Variant) -> tuple[Path | None, dict[str, Any], bool]:
    """The folder of what is pinned, what is noted of it, and whether it was made now."""
    if not variant.pins:
        return None, {"kind": "overlay"}, False
    if variant.python is not None:
        return _overlay_elsewhere(variant.python, variant.pins)
    overlay = _key(variant.pins, ())
    here = _versions_here()
    needs_more = _lacks_backend(spec, variant.pins, here)
    found = None if needs_more else store.made(overlay)
    if found and not _unmet(found[0] / "site", here):
        return *found, False
    whole = _key(variant.pins, [*spec.requires, *_installed()])
    if kept := store.made(whole):
        return *kept, False
    uv = Uv.find()
    pure = all(one.pure for one in _looked_up(uv, variant.pins))
    if found is None and pure and not needs_more:
        found = store.make(overlay, lambda folder: _unpack(uv, variant.pins, folder))
        if not _unmet(found[0] / "site", here):
            return *found, True
    made = store.make(whole, lambda folder: _build(uv, spec, variant.pins, folder))
    return *made, True


def _lacks_backend(spec: AdapterSpec, pins: Sequence[Pin], here: Mapping[str, str]) -> bool:
    """Whether the package of a Keras backend is neither installed here nor among the pins."""
    known = {*here, *(pin.package for pin in pins)}
    packages = [canonicalize_name(name) for name in spec.requires if name.startswith("keras_")]
    return any(name not in known for name in packages)


def _overlay_elsewhere(python: Path, pins: Sequence[Pin]) -> tuple[Path, dict[str, Any], bool]:
    """Releases of pure Python over an environment that the user keeps, which stays as it is.

    Raises:
        PreparationError: One has compiled parts, or needs what that environment lacks.
    """
    versions, about = _interpreter(python)
    overlay = _key(pins, (), about)
    found, new = store.made(overlay), False
    if found is None:
        uv = Uv.find(str(python))
        if compiled := [one for one in _looked_up(uv, pins) if not one.pure]:
            raise PreparationError(
                f"{' and '.join(map(str, compiled))} has compiled parts, so it can't be laid over "
                f"the environment of {python}; install it there, or leave python= away to have an "
                "environment made"
            )
        found, new = store.make(overlay, lambda folder: _unpack(uv, pins, folder)), True
    if unmet := _unmet(found[0] / "site", versions):
        raise PreparationError(
            f"{' and '.join(map(str, pins))} over the environment of {python}: {unmet}; install "
            "that there"
        )
    return *found, new


def _interpreter(python: Path) -> tuple[dict[str, str], str]:
    """What is installed for another interpreter, by canonical name, and what that interpreter is.

    Raises:
        PreparationError: It doesn't tell.
    """
    try:
        told = subprocess.run(
            [str(python), "-c", _TELL],
            capture_output=True,
            text=True,
            timeout=_ANSWER_SECONDS,
            check=True,
        )
        versions, about = json.loads(told.stdout)
        found = {str(canonicalize_name(name)): str(of) for name, of in versions.items()}
    except (OSError, subprocess.SubprocessError, ValueError, TypeError, AttributeError) as error:
        raise PreparationError(
            f"{python} does not tell what is installed for it: {error}"
        ) from None
    return found, str(about)


def _versions_here() -> dict[str, str]:
    here = importlib.metadata.distributions()
    return {str(canonicalize_name(one.name)): one.version for one in here}


def _key(pins: Sequence[Pin], beside: Iterable[str], python: str = sys.version) -> str:
    """A readable name, and a digest of all that decides about the content."""
    beside = sorted(beside)
    parts = [*sorted(map(str, pins)), python, sysconfig.get_platform(), *beside]
    digest = hashlib.blake2b("\n".join(parts).encode(), digest_size=6).hexdigest()
    names = "_".join(f"{one.package}-{one.version}" for one in pins)[:80]
    return f"{names}-{'environment' if beside else 'overlay'}-{digest}"


def _looked_up(uv: Uv, pins: Sequence[Pin]) -> list[Resolved]:
    """The releases themselves.

    Raises:
        PreparationError: One does not exist, or has no wheel for this interpreter.
    """
    try:
        return uv.resolve(map(str, pins), dependencies=False)
    except BlockedError:
        raise
    except PreparationError as problem:
        for pin in pins:
            if said := no_such_release(uv, pin):
                raise PreparationError(said) from problem
        raise


def _unpack(uv: Uv, pins: Sequence[Pin], folder: Path) -> dict[str, Any]:
    uv.unpack(map(str, pins), folder / "site")
    return {"kind": "overlay", "packages": [str(pin) for pin in pins]}


def _unmet(site: Path, beside: Mapping[str, str]) -> str:
    """What the packages of an overlay lack; empty if they find all that they need.

    Args:
        site: Where they were unpacked.
        beside: What else is installed, by canonical name.
    """
    overlaid = {
        str(canonicalize_name(one.name)): one
        for one in importlib.metadata.distributions(path=[str(site)])
    }
    if not overlaid:
        return "nothing was unpacked"
    versions = {**beside, **{name: one.version for name, one in overlaid.items()}}
    for name, distribution in overlaid.items():
        for text in distribution.requires or ():
            try:
                needed = Requirement(text)
            except InvalidRequirement:
                return f"a requirement of {name} is not understood: {text[:80]!r}"
            if needed.marker and not needed.marker.evaluate({"extra": ""}):
                continue
            required = canonicalize_name(needed.name)
            found = next((versions[one] for one in _stands_for(required) if one in versions), None)
            if found is None or not needed.specifier.contains(found, prereleases=True):
                return (
                    f"{name} needs {needed.name}{needed.specifier}, and {found or 'none'} is there"
                )
    return ""


def _stands_for(distribution: str) -> list[str]:
    """A distribution, and those that install the same modules under another name."""
    return [distribution, *(one for one, other in STANDS_FOR.items() if other == distribution)]


def _installed() -> list[str]:
    """What is installed here, as requirements."""
    return sorted({f"{one.name}=={one.version}" for one in importlib.metadata.distributions()})


def _build(uv: Uv, spec: AdapterSpec, pins: Sequence[Pin], folder: Path) -> dict[str, Any]:
    """An environment with the pins, whatever else the adapter needs, and NumPy."""
    pinned = {pin.package for pin in pins}
    # A nightly goes into the folder of the release: with both, each is half overwritten.
    without = sorted({STANDS_FOR[one] for one in pinned if one in STANDS_FOR} - pinned)
    pinned.update(without)
    needed = {canonicalize_name(_distribution(name)) for name in spec.requires} | {"numpy"}
    wanted = [*map(str, pins), *sorted(needed - pinned)]
    preferred = [
        one for one in _installed() if canonicalize_name(one.partition("==")[0]) not in pinned
    ]
    options: list[str] = []
    packages = uv.resolve(wanted, preferred=preferred, without=without)
    if any(_GPU.match(one.name) for one in packages) and "UV_TORCH_BACKEND" not in os.environ:
        options = ["--torch-backend", "cpu"]
        try:
            packages = uv.resolve(wanted, preferred=preferred, without=without, options=options)
        except PreparationError as problem:
            heavy = sum(bool(_GPU.match(one.name)) for one in packages)
            raise PreparationError(
                f"no CPU build of {' and '.join(map(str, pins))} is to be had: the index has one "
                f"with {heavy} packages for graphics cards, and PyTorch's own index of CPU builds "
                f"says: {problem}. Name a folder or an index that has it (UV_FIND_LINKS, "
                "UV_INDEX), set UV_TORCH_BACKEND to take what there is, or make an environment "
                f"yourself and name it: {spec.name.partition('@')[0]}@python=PATH"
            ) from problem
    uv.make_venv(map(str, packages), folder / "venv", options)
    return {"kind": "environment", "packages": [str(one) for one in packages]}


def _distribution(module: str) -> str:
    """The distribution that a module comes from, by the names that frameworks have."""
    name = module.replace("_", "-")
    for candidate in (name, f"{name}-cpu"):
        try:
            importlib.metadata.version(candidate)
        except importlib.metadata.PackageNotFoundError:
            continue
        return candidate
    return name
