"""What is asked for behind the ``@`` of an adapter's column, read and checked.

``keras==3.14.1`` · ``keras==3.14.1,torch==2.12.0`` · ``keras=/path/to/checkout`` ·
``python=/path/to/venv`` · ``backend=my_backend.py`` · ``precision=tf32``. The text
comes from outside and goes into the arguments of other programs: nothing passes that is not a name,
a version, a known word or an existing path.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidName, canonicalize_name
from packaging.version import InvalidVersion, Version

_OPERATOR = re.compile(r"[<>!~=]=|[<>]")
_CHECKOUT = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)=(?!=)(.+)")
_ODD = re.compile(r"[^A-Za-z0-9._+-]+")
_SHOWN = 80


_OPTIONS = frozenset({"python", "backend", "precision"})
"""What is no package."""

_PRECISIONS = {
    "tf32": "tensorfloat32",
    "tensorfloat32": "tensorfloat32",
    "bf16": "bfloat16",
    "bfloat16": "bfloat16",
}
"""How a precision below float32 may be written, and what it is."""


class VariantError(ValueError):
    """What is behind the ``@`` is not understood. The text says what is."""


@dataclass(frozen=True)
class Pin:
    """One release of one package."""

    package: str
    """Its canonical name: ``tf-keras``."""
    version: Version

    def __str__(self) -> str:
        """As a requirement: ``keras==3.14.1``."""
        return f"{self.package}=={self.version}"


@dataclass(frozen=True)
class Checkout:
    """One package from a folder, as it stands there."""

    package: str
    root: Path
    """The folder that goes onto the path: the package lies directly in it."""


@dataclass(frozen=True)
class Variant:
    """How a column differs from its adapter: other releases, checkouts, another interpreter."""

    pins: tuple[Pin, ...] = ()
    checkouts: tuple[Checkout, ...] = ()
    python: Path | None = None
    backend: str = ""
    """The owner's class of a Keras backend: the path of a file, or the dotted name of a module."""
    precision: str = ""
    """What float32 work is declared to be done in, where that is coarser: ``tensorfloat32``."""

    @property
    def label(self) -> str:
        """What the column's name says behind the ``@``; files and folders by their last name."""
        parts = []
        if self.python is not None:
            parts.append(f"python={_ODD.sub('-', _environment(self.python).name)}")
        parts += map(str, self.pins)
        parts += (f"{one.package}={_ODD.sub('-', one.root.name)}" for one in self.checkouts)
        if self.backend:
            name = self.backend.removesuffix(".py").rpartition("/")[2]
            parts.append(f"backend={_ODD.sub('-', name)}")
        if self.precision:
            parts.append(f"precision={'tf32' if self.precision == 'tensorfloat32' else 'bf16'}")
        return ",".join(parts)

    @classmethod
    def parse(cls, text: str) -> Variant:
        """Read what is behind the ``@``.

        Args:
            text: Parts, separated by commas.

        Raises:
            VariantError: A part is none of the six forms, a package or an option is named twice,
                or a path does not lead to what it should.
        """
        pins: dict[str, Pin] = {}
        checkouts: dict[str, Checkout] = {}
        options: dict[str, str] = {}
        for part in (part.strip() for part in text.split(",")):
            option, _, value = part.partition("=")
            if option in _OPTIONS and not value.startswith("="):
                if option in options:
                    raise VariantError(f"{option} is named twice in {text[:_SHOWN]!r}")
                options[option] = value
            elif found := _CHECKOUT.fullmatch(part):
                name = canonicalize_name(found[1])
                if name in pins or name in checkouts:
                    raise VariantError(f"{name} is named twice in {text[:_SHOWN]!r}")
                checkouts[name] = _checkout(name, found[2])
            else:
                pin = parse_pin(part)
                if pin.package in pins or pin.package in checkouts:
                    raise VariantError(f"{pin.package} is named twice in {text[:_SHOWN]!r}")
                pins[pin.package] = pin
        return cls(
            pins=tuple(pins.values()),
            checkouts=tuple(checkouts.values()),
            python=_interpreter(options["python"]) if "python" in options else None,
            backend=_backend(options["backend"]) if "backend" in options else "",
            precision=_precision(options["precision"]) if "precision" in options else "",
        )


def parse_pin(text: str) -> Pin:
    """Read ``keras==3.14.1``.

    Raises:
        VariantError: It is anything else.
    """
    shown = text[:_SHOWN]
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        raise VariantError(
            f"{shown!r} is not understood; name a release (keras==3.14.1), a checkout "
            "(keras=/path/to/checkout), an interpreter (python=/path/to/venv), the class of a "
            "Keras backend (backend=my_backend.py) or a precision (precision=tf32)"
        ) from None
    if requirement.url or requirement.extras or requirement.marker:
        raise VariantError(f"{shown!r}: only a name, '==' and a version are taken")
    specifiers = list(requirement.specifier)
    if len(specifiers) != 1 or specifiers[0].operator != "==":
        raise VariantError(
            f"{shown!r}: name one release with '==', as in {requirement.name}==1.2.3"
        )
    try:
        version = Version(specifiers[0].version)
    except InvalidVersion:
        raise VariantError(f"{shown!r}: a release is wanted, without '*'") from None
    return Pin(canonicalize_name(requirement.name), version)


def parse_package(text: str) -> str:
    """The canonical name of a package.

    Raises:
        VariantError: No package can be named so.
    """
    try:
        return canonicalize_name(text, validate=True)
    except InvalidName:
        raise VariantError(f"{text[:_SHOWN]!r} cannot be the name of a package") from None


def _checkout(package: str, text: str) -> Checkout:
    folder = Path(text).expanduser().absolute()
    module = package.replace("-", "_")
    for root in (folder, folder / "src"):
        if (root / module / "__init__.py").is_file():
            return Checkout(package, root)
    raise VariantError(
        f"there is no package {module} in {folder}: name the root of a checkout, "
        f"the folder that holds {module}/__init__.py"
    )


def _interpreter(text: str) -> Path:
    given = Path(text).expanduser().absolute()
    if given.is_dir():
        found = [
            path for path in (given / "bin/python", given / "Scripts/python.exe") if _runs(path)
        ]
        if not found:
            raise VariantError(f"{given} is no virtual environment: there is no bin/python in it")
        return found[0]
    if not _runs(given):
        raise VariantError(f"{given} is neither a virtual environment nor an interpreter")
    return given


def _backend(text: str) -> str:
    if not text.endswith(".py"):
        if not all(part.isidentifier() for part in text.split(".")):
            raise VariantError(
                f"backend={text[:_SHOWN]}: name a Python file (backend=my_backend.py) or a module "
                "that the adapter's interpreter can import"
            )
        return text
    file = Path(text).expanduser().absolute()
    if not file.is_file():
        raise VariantError(f"there is no file {file}")
    return str(file)


def _precision(text: str) -> str:
    try:
        return _PRECISIONS[text]
    except KeyError:
        raise VariantError(
            f"precision={text[:_SHOWN]}: tf32 (TensorFloat-32) or bf16 (bfloat16); float32 is what "
            "every adapter is held to without it"
        ) from None


def _runs(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


def _environment(python: Path) -> Path:
    """The folder of an interpreter's environment."""
    return python.parent.parent if python.parent.name in {"bin", "Scripts"} else python
