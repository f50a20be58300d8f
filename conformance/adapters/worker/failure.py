"""What an adapter says when something raised, and when it has no answer."""

from __future__ import annotations

import opcode
import os
import sys
import sysconfig
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import TracebackType

MESSAGE_LIMIT = 20_000
"""Characters of an exception's message that are kept."""

TRACEBACK_LIMIT = 20_000
"""Characters of a traceback that are kept, from its end."""

_MOST_CAUSES = 6

_REFUSALS = (ValueError, TypeError)
"""What Python raises of an argument; a library's own exceptions may be derived from one."""

_OWN_MODULES = frozenset({"__main__", "adapter", "builtins", "conformance", "numpy"})
"""Where types of the adapter's own come from."""

_OWN_FOLDER = str(Path(__file__).absolute().parents[2]) + os.sep
_own_files: set[str] = set()
_STANDARD = tuple({sysconfig.get_path(name) + os.sep for name in ("stdlib", "platstdlib")})
_SITE = (os.sep + "site-packages" + os.sep, os.sep + "dist-packages" + os.sep)


class Unsupported(Exception):  # noqa: N818 - not an error: the answer to a case
    """The framework has no notion of what the case asks. The text is the reason."""

    def answer(self) -> dict[str, Any]:
        """The fields of an observation that say so."""
        return {"status": "unsupported", "reason": str(self)}


class Absent(Unsupported):
    """The installed release lacks what the case is about: a layer, an argument, a function."""

    def answer(self) -> dict[str, Any]:
        """The fields of an observation that say so."""
        return {**super().answer(), "absent": True}


def failure(exc: BaseException, stage: str, *, internal: bool | None = None) -> dict[str, Any]:
    """Describe an exception as a ``Failure`` (``conformance/adapters/host/observation.py``).

    Args:
        exc: The exception, with its traceback.
        stage: ``build``, ``weights``, ``call``, or the facet that was being answered.
        internal: Whether the adapter itself is at fault, so that the exception never counts as the
            framework's refusal. By default decided by the innermost frame outside the standard
            library: a file of keras-conformance, or the adapter's module, means the adapter.
            Compiled functions have no frame: what one raises into a line of the adapter's is the
            framework's where its type is, or where it is a ``RuntimeError`` that the line itself
            doesn't raise; of other types whoever calls one passes ``internal=False``. Running out
            of memory or stack is never a refusal.
    """
    kind = type(exc)
    module = "" if kind.__module__ in {"builtins", "__main__"} else kind.__module__ + "."
    if internal is None:
        internal = isinstance(exc, (MemoryError, RecursionError)) or (
            _is_own(exc.__traceback__) and not _is_an_extensions(exc)
        )
    return {
        "stage": stage,
        "type": module + kind.__qualname__,
        "kind": next((one.__name__ for one in _REFUSALS if isinstance(exc, one)), ""),
        "message": _clipped_end(_text(exc)),
        "traceback": _clipped_start(_formatted(exc)),
        "internal": internal,
    }


def with_causes(exc: BaseException) -> str:
    """An exception's type and text, and those of what it was raised from.

    A framework that can't be imported often says so in words of its own, and the reason stands in
    the exception that it caught.
    """
    told: list[str] = []
    seen: list[BaseException] = []
    error: BaseException | None = exc
    while error is not None and error not in seen and len(seen) < _MOST_CAUSES:
        seen.append(error)
        told.append(f"{type(error).__name__}: {_text(error)}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "; caused by ".join(told)


def raiser(exc: BaseException) -> tuple[str, str]:
    """The function that raised, and its module; empty where that is the adapter's own."""
    trace = exc.__traceback__
    found = ("", "")
    while trace is not None:
        code = trace.tb_frame.f_code
        if code.co_filename.startswith(_OWN_FOLDER) or code.co_filename in _own_files:
            found = ("", "")
        elif not _is_standard(code.co_filename):
            found = (code.co_name, str(trace.tb_frame.f_globals.get("__name__", "")))
        trace = trace.tb_next
    return found


def own(path: str) -> None:
    """Count a file as the adapter's own: a third party's module lies outside keras-conformance."""
    _own_files.add(path)


def _is_own(trace: TracebackType | None) -> bool:
    """Whether the innermost frame outside the standard library is the adapter's own."""
    result = False
    while trace is not None:
        path = trace.tb_frame.f_code.co_filename
        if not _is_standard(path):
            result = path.startswith(_OWN_FOLDER) or path in _own_files
        trace = trace.tb_next
    return result


def _is_an_extensions(exc: BaseException) -> bool:
    """Whether an exception that ends in a line of the adapter's came out of compiled code."""
    root = type(exc).__module__.partition(".")[0]
    standard: frozenset[str] = getattr(
        sys, "stdlib_module_names", frozenset()
    )  # from Python 3.10 on
    if standard and root not in standard and root not in _OWN_MODULES:
        return True
    return type(exc) is RuntimeError and came_out_of_a_call(exc)


def came_out_of_a_call(exc: BaseException) -> bool:
    """Whether the line in which an exception begins doesn't raise it itself.

    Compiled code has no line of its own: what it raises begins where it was called.
    """
    trace = exc.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return False
    code = trace.tb_frame.f_code.co_code
    return not opcode.opname[code[trace.tb_lasti]].startswith(("RAISE", "RERAISE"))


def _is_standard(path: str) -> bool:
    if path.startswith("<"):  # frozen importlib, NumPy's dispatchers: code without a file
        return True
    # site-packages lies inside the standard library's folder, but is not part of it.
    return path.startswith(_STANDARD) and not any(part in path for part in _SITE)


def _text(exc: BaseException) -> str:
    try:
        return str(exc)
    except Exception as error:  # noqa: BLE001 - a framework's __str__ may raise anything
        return f"(its message cannot be shown: {type(error).__name__})"


def _formatted(exc: BaseException) -> str:
    try:
        return "".join(traceback.format_exception(type(exc), exc, exc.__traceback__, limit=-40))
    except Exception as error:  # noqa: BLE001 - likewise
        return f"(its traceback cannot be shown: {type(error).__name__})"


def _clipped_end(text: str) -> str:
    if len(text) <= MESSAGE_LIMIT:
        return text
    return f"{text[:MESSAGE_LIMIT]} … ({len(text) - MESSAGE_LIMIT} more characters)"


def _clipped_start(text: str) -> str:
    if len(text) <= TRACEBACK_LIMIT:
        return text
    return f"({len(text) - TRACEBACK_LIMIT} more characters) … {text[-TRACEBACK_LIMIT:]}"
