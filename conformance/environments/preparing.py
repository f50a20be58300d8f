"""Makes the environments of columns, and points their adapters at them.

Two ways. Where the packages asked for are pure Python and what is installed here meets their
needs, they are unpacked into a folder that goes first on the adapter's path: an *overlay*, made in
a second, and everything else is what the other columns run with. Else it takes an *environment* of
its own, with the versions that are installed here wherever they fit.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import re
import sys
import sysconfig
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from conformance.adapters.registry import with_python
from conformance.environments import store
from conformance.environments.problems import BlockedError, PreparationError
from conformance.environments.releases import no_such_release
from conformance.environments.uv import Uv

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from conformance.adapters.registry import AdapterSpec
    from conformance.environments.uv import Resolved
    from conformance.environments.variant import Pin, Variant

_GPU = re.compile(r"nvidia-|cuda-|triton$")
"""Packages of a build for graphics cards: gigabytes, and adapters run on the CPU."""


def prepare(
    specs: Iterable[AdapterSpec], tell: Callable[[str], None] = lambda _: None
) -> list[AdapterSpec]:
    """Make what the columns need; adapters without a variant are handed back as they are.

    Args:
        specs: Adapters as :func:`conformance.adapters.registry.select` gives them.
        tell: Is told of everything that was made, which takes from one second to minutes.

    Raises:
        PreparationError: One cannot be made; the text begins with the column's name.
    """
    return [_prepared(spec, tell) for spec in specs]


def _prepared(spec: AdapterSpec, tell: Callable[[str], None]) -> AdapterSpec:
    variant = spec.variant
    if variant is None:
        return spec
    if variant.python is not None:
        return with_python(spec, str(variant.python), spec.name)
    started = time.monotonic()
    try:
        folder, about, new = _environment(spec, variant)
    except PreparationError as problem:
        raise type(problem)(f"{spec.name}: {problem}") from problem
    if new:
        what = "overlay" if about["kind"] == "overlay" else "environment"
        tell(f"{spec.name}: {what} made in {time.monotonic() - started:.1f} s")
    roots = [str(one.root) for one in variant.checkouts]
    if folder is not None and about["kind"] == "environment":
        spec = with_python(spec, str(folder / "venv" / "bin" / "python"), spec.name)
    elif folder is not None:
        roots.append(str(folder / "site"))
    inherited = os.environ.get("PYTHONPATH", "")
    path = os.pathsep.join([*roots, *([inherited] if inherited else [])])
    changed = {one.package for one in variant.pins} | {one.package for one in variant.checkouts}
    requires = tuple(name for name in spec.requires if name.replace("_", "-") not in changed)
    return replace(spec, env={**spec.env, "PYTHONPATH": path or None}, requires=requires)


def _environment(spec: AdapterSpec, variant: Variant) -> tuple[Path | None, dict[str, Any], bool]:
    """The folder of what is pinned, what is noted of it, and whether it was made now."""
    if not variant.pins:
        return None, {"kind": "overlay"}, False
    overlay = _key(variant.pins, ())
    found = store.made(overlay)
    if found and _is_met(found[0] / "site"):
        return *found, False
    whole = _key(variant.pins, [*spec.requires, *_installed()])
    if kept := store.made(whole):
        return *kept, False
    uv = Uv.find()
    if found is None and all(one.pure for one in _looked_up(uv, variant.pins)):
        found = store.make(overlay, lambda folder: _unpack(uv, variant.pins, folder))
        if _is_met(found[0] / "site"):
            return *found, True
    made = store.make(whole, lambda folder: _build(uv, spec, variant.pins, folder))
    return *made, True


def _key(pins: Sequence[Pin], beside: Iterable[str]) -> str:
    """A readable name, and a digest of all that decides about the content."""
    beside = sorted(beside)
    parts = [*sorted(map(str, pins)), sys.version, sysconfig.get_platform(), *beside]
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


def _is_met(site: Path) -> bool:
    """Whether the packages of an overlay find all that they need, in it or here."""
    overlaid = {
        canonicalize_name(one.name): one
        for one in importlib.metadata.distributions(path=[str(site)])
    }
    for distribution in overlaid.values():
        for text in distribution.requires or ():
            try:
                needed = Requirement(text)
            except InvalidRequirement:
                return False
            if needed.marker and not needed.marker.evaluate({"extra": ""}):
                continue
            name = canonicalize_name(needed.name)
            try:
                version = (
                    overlaid[name].version if name in overlaid else importlib.metadata.version(name)
                )
            except importlib.metadata.PackageNotFoundError:
                return False
            if not needed.specifier.contains(version, prereleases=True):
                return False
    return bool(overlaid)


def _installed() -> list[str]:
    """What is installed here, as requirements."""
    return sorted({f"{one.name}=={one.version}" for one in importlib.metadata.distributions()})


def _build(uv: Uv, spec: AdapterSpec, pins: Sequence[Pin], folder: Path) -> dict[str, Any]:
    """An environment with the pins, whatever else the adapter needs, and NumPy."""
    pinned = {pin.package for pin in pins}
    needed = {canonicalize_name(_distribution(name)) for name in spec.requires} | {"numpy"}
    wanted = [*map(str, pins), *sorted(needed - pinned)]
    preferred = [
        one for one in _installed() if canonicalize_name(one.partition("==")[0]) not in pinned
    ]
    options: list[str] = []
    packages = uv.resolve(wanted, preferred=preferred)
    if any(_GPU.match(one.name) for one in packages) and "UV_TORCH_BACKEND" not in os.environ:
        options = ["--torch-backend", "cpu"]
        try:
            packages = uv.resolve(wanted, preferred=preferred, options=options)
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
