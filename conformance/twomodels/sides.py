"""What the user names as a model: its kind, its file, and what to take from it."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

KERAS = frozenset({".keras", ".h5", ".hdf5"})
EXPORTED = frozenset({".onnx", ".tflite", ".xml", ".pt2"})

_WANTED = (
    "a model is a .keras or .h5 file, a port's Python file (FILE.py, FILE.py:NAME), or an exported "
    "file: .onnx, .tflite, .xml (OpenVINO), .pt2, or the folder of a SavedModel"
)


class Usage(Exception):  # noqa: N818 - an outcome, told to the user as it is
    """What was asked for can't be meant; the text says why and what to do."""


class Side(Struct, frozen=True, kw_only=True):
    """One of the two models."""

    given: str
    """As it was named."""
    kind: str
    """The module of ``adapters/models/`` that opens it."""
    path: Path
    entry: str = ""
    """Of a port: the class or function that makes the model; empty: its ``load``."""

    @property
    def name(self) -> str:
        """For messages: the file's own name, and the entry."""
        return f"{self.path.name}:{self.entry}" if self.entry else self.path.name

    @property
    def is_keras(self) -> bool:
        """Whether it is a Keras model, whose layers the reference knows."""
        return self.kind == "keras_file"


def side(given: str) -> Side:
    """Read what the command line names.

    Raises:
        Usage: It is no model of any kind, or not there.
    """
    path, entry = Path(given), ""
    head, colon, tail = given.rpartition(":")
    if colon and head.endswith(".py"):
        path, entry = Path(head), tail
        if not entry.isidentifier():
            message = f"{given}: {entry!r} is no name of a class or a function"
            raise Usage(message)
    try:
        there, folder = path.exists(), path.is_dir()
    except OSError as error:
        message = f"{given}: {error.strerror}"
        raise Usage(message) from error
    except ValueError as error:
        message = f"{given!r}: {error}"
        raise Usage(message) from error
    if not given.strip() or not there:
        message = f"{given!r}: there is no such file or folder"
        raise Usage(message)
    return Side(given=given, kind=_kind(path, given, folder=folder), path=path, entry=entry)


def _kind(path: Path, given: str, *, folder: bool) -> str:
    suffix = path.suffix.lower()
    if folder:
        if (path / "saved_model.pb").exists():
            return "exported"
        message = f"{given} is a folder without saved_model.pb; {_WANTED}"
        raise Usage(message)
    if suffix in KERAS:
        return "keras_file"
    if suffix in EXPORTED:
        return "exported"
    if suffix == ".py":
        return "port"
    message = f"{given}: nothing is known of files that end in {suffix!r}; {_WANTED}"
    raise Usage(message)
