"""uv, which finds, downloads and unpacks packages for us.

Nothing is ever built from source: a release without a wheel for this interpreter cannot be had, and
no package's own code runs before an adapter imports it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import Version

from conformance.environments.configuration import settings
from conformance.environments.problems import BlockedError, PreparationError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping, Sequence

_RESOLVE_SECONDS: Final = 180
_INSTALL_SECONDS: Final = 3600
_NO_ANSWER: Final = 2
"""uv's exit code when it could not ask; 1 is an answer, that there is no solution."""


@dataclass(frozen=True)
class Resolved:
    """One package, as uv would install it."""

    name: str
    version: Version
    pure: bool
    """Whether its wheel is for any interpreter and any system."""
    published: dt.datetime | None
    """When it was uploaded, if the index tells."""

    def __str__(self) -> str:
        """As a requirement."""
        return f"{self.name}=={self.version}"


class Uv:
    """uv with the user's own settings, and pip's where he has none for uv."""

    def __init__(
        self,
        binary: str,
        variables: Mapping[str, str],
        options: Sequence[str] = (),
        python: str = sys.executable,
    ) -> None:
        """Hold the program, and what goes with every call.

        Args:
            binary: The program.
            variables: What it gets on top of the inherited ones.
            options: Of ``uv pip``.
            python: The interpreter that packages are for.
        """
        self._binary = binary
        self._python = python
        self._variables = dict(variables)
        self._options = tuple(options)

    @classmethod
    def find(cls, python: str = sys.executable) -> Uv:
        """The uv of this environment, else the one on the path.

        Args:
            python: The interpreter that packages are for.

        Raises:
            PreparationError: There is none.
        """
        binary = _packaged() or shutil.which("uv")
        if not binary:
            raise PreparationError(
                "other versions need uv, which is not installed: "
                "pip install 'keras-conformance[versions]'"
            )
        return cls(binary, *settings(), python)

    def resolve(
        self,
        requirements: Iterable[str],
        *,
        dependencies: bool = True,
        preferred: Sequence[str] = (),
        without: Sequence[str] = (),
        options: Sequence[str] = (),
    ) -> list[Resolved]:
        """What would be installed; only metadata is downloaded.

        Args:
            requirements: Names with specifiers.
            dependencies: With all that they need.
            preferred: ``name==version`` to take where it fits.
            without: Packages to leave out although others require them.
            options: Further ones of ``uv pip compile``.

        Raises:
            PreparationError: No releases fit, or none has a wheel for this interpreter.
            BlockedError: The index did not answer.
        """
        with tempfile.TemporaryDirectory(prefix="keras-conformance-") as folder:
            pins = Path(folder, "pins.txt")
            # Where the output exists already, uv keeps its versions as long as they fit.
            pins.write_text("\n".join(preferred), encoding="utf-8")
            ask = ["pip", "compile", "-", "--python", self._python, "--only-binary", ":all:"]
            ask += ["--no-header", "--no-annotate", *options]
            if without:
                left_out = Path(folder, "without.txt")
                # A requirement that holds nowhere takes the place of every other of its name.
                lines = [f"{name} ; python_version < '0'" for name in without]
                left_out.write_text("\n".join(lines), encoding="utf-8")
                ask += ["--override", str(left_out)]
            text = "\n".join(requirements)
            if preferred:
                self._run([*ask, "--output-file", str(pins)], _RESOLVE_SECONDS, text)
                # Once more in the form that tells which wheels there are.
                text = pins.read_text(encoding="utf-8")
                dependencies = False
            if not dependencies:
                ask.append("--no-deps")
            return _packages(self._run([*ask, "--format", "pylock.toml"], _RESOLVE_SECONDS, text))

    def unpack(self, packages: Iterable[str], folder: Path) -> None:
        """Unpack wheels into a folder, without what they need.

        Raises:
            PreparationError: It did not work.
        """
        install = ["pip", "install", "--no-deps", "--only-binary", ":all:"]
        install += ["--python", self._python, "--target", str(folder), *packages]
        self._run(install, _INSTALL_SECONDS)

    def make_venv(self, packages: Iterable[str], folder: Path, options: Sequence[str] = ()) -> None:
        """Make a virtual environment, which may be moved, with just these packages.

        Raises:
            PreparationError: It did not work.
        """
        venv = ["venv", "--no-project", "--relocatable", "--python", self._python, str(folder)]
        self._run(venv, _RESOLVE_SECONDS)
        install = ["pip", "install", "--no-deps", "--only-binary", ":all:", *options]
        install += ["--python", str(folder / "bin" / "python"), *packages]
        self._run(install, _INSTALL_SECONDS)

    def _run(self, arguments: Sequence[str], seconds: float, text: str = "") -> str:
        options = self._options if arguments[0] == "pip" else ()
        try:
            done = subprocess.run(
                [self._binary, "--quiet", "--color", "never", *arguments, *options],
                input=text,
                capture_output=True,
                text=True,
                env={**os.environ, **self._variables},
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise BlockedError(f"uv did not come to an end within {seconds:g} s") from None
        except OSError as error:
            raise PreparationError(f"uv cannot be started: {error}") from error
        if done.returncode:
            raise _problem(done.returncode, done.stderr)
        return done.stdout


def _packaged() -> str | None:
    """The program in the Python package ``uv``, where that is installed."""
    try:
        import uv
    except ModuleNotFoundError:
        return None
    try:
        return str(uv.find_uv_bin())
    except FileNotFoundError:
        return None


def _problem(code: int, stderr: str) -> PreparationError:
    """What uv printed, in a sentence."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    lines = [line for line in lines if not line.startswith(("warning:", "hint:"))]
    told = [re.sub(r"^(error|cause): ", "", line) for line in lines]
    if "No space left on device" in stderr:
        return BlockedError("the disk is full (No space left on device); nothing half-made is kept")
    if code == _NO_ANSWER and re.search("Failed to fetch|[Rr]equest failed|error sending", stderr):
        return BlockedError(
            f"the package index could not be asked: {'; '.join([*told[1:2], *told[-1:]])}. What "
            "was made before is kept and needs no network"
        )
    # The first line says that there is no solution, the next why.
    return PreparationError("; ".join(told[1:3] or told) or f"uv ended with exit code {code}")


def _packages(text: str) -> list[Resolved]:
    try:
        read: dict[str, Any] = tomllib.loads(text)
        return [
            Resolved(
                name=str(one["name"]),
                version=Version(one["version"]),
                pure=any(_is_pure(wheel) for wheel in one.get("wheels", ())),
                published=next(
                    (w["upload-time"] for w in one["wheels"] if "upload-time" in w), None
                ),
            )
            for one in read.get("packages", ())
        ]
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise PreparationError(
            f"what uv says of the packages is not understood ({type(error).__name__}: {error}); "
            "is it older than 0.7?"
        ) from error


def _is_pure(wheel: Mapping[str, Any]) -> bool:
    place = str(wheel.get("url") or wheel.get("path") or wheel.get("name", ""))
    try:
        tags = parse_wheel_filename(place.rsplit("/", 1)[-1])[3]
    except InvalidWheelFilename:
        return False
    return any(tag.abi == "none" and tag.platform == "any" for tag in tags)
