"""A package index that is a folder of tiny wheels, so that versions are tried without a network."""

from __future__ import annotations

import importlib.util
import os
import shutil
import zipfile
from pathlib import Path

import pytest
from runs import CASE, FAKES, environment

FRAMED = f"{{python}} {{worker}} {FAKES / 'framed.py'} framed"
COMMAND = ["--adapter-command", f"framed={FRAMED}"]

needs_uv = pytest.mark.skipif(
    importlib.util.find_spec("uv") is None and shutil.which("uv") is None,
    reason="uv is not installed: pip install 'keras-conformance[versions]'",
)

RELEASES = {"1.0": 1, "1.1": 1, "1.2": 3, "1.3": 3, "1.10": 3, "2.0": 1}
"""``fakeframe``'s releases and their slopes: wrong from 1.2 on, mended in 2.0."""


def wheel(folder, name, version, code, *, tag="py3-none-any", needs=()):  # noqa: PLR0913
    """Write one wheel with a package of one module."""
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{name}-{version}.dist-info"
    pure = str(tag.endswith("any")).lower()
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    files = {
        f"{name}/__init__.py": f"__version__ = {version!r}\n{code}",
        f"{info}/METADATA": "\n".join([*lines, *(f"Requires-Dist: {one}" for one in needs)]) + "\n",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: {pure}\nTag: {tag}\n",
    }
    listed = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"])
    path = folder / f"{name}-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for inner, text in [*files.items(), (f"{info}/RECORD", listed)]:
            archive.writestr(inner, text)
    return path


def releases(folder, slopes):
    """A folder with releases of ``fakeframe``, by their slopes; None has no Dense layer."""
    for version, slope in slopes.items():
        wheel(folder, "fakeframe", version, f"SLOPE = {slope}\n")
    return folder


def index(folder):
    """A folder with every release of ``fakeframe``, one of which cannot be imported."""
    releases(folder, RELEASES)
    wheel(folder, "fakeframe", "1.4", "import a_library_that_is_gone\n")
    wheel(folder, "fakeframe", "2.1rc1", "SLOPE = 1\n")
    return folder


def variables(folder, cache):
    """The environment in which a command finds the index, and nothing else."""
    return {
        **{
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PIP_", "UV_"))
        },
        **{k: v for k, v in environment(cache).items() if k.startswith("KERAS") or k == "COLUMNS"},
        "NO_COLOR": "1",
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(folder),
        "UV_CACHE_DIR": str(Path(cache) / "uv"),
    }


def cases(folder, *names):
    """A case file with Dense layers."""
    path = Path(folder) / "cases" / "fakes.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(CASE.format(id=name) for name in names))
    return path
