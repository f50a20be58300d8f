"""The worker's life: says hello, answers one case after the other, leaves when the host does."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import platform
import sys
import time
from typing import TYPE_CHECKING, Any, Protocol

from conformance.adapters.shared.wire import WireError
from conformance.adapters.worker.channel import Channel
from conformance.adapters.worker.failure import Unsupported, failure, own, with_causes
from conformance.adapters.worker.process import follow_parent, prepare, resident_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import ModuleType

    from conformance.adapters.shared.wire import Array

PROTOCOL = 2


class Adapter(Protocol):
    """What an adapter module's ``create(name)`` returns."""

    kinds: Sequence[str] = ("model",)
    """What it can be asked about: ``model``, ``function``, ``steps``, ``application``."""

    def hello(self) -> dict[str, Any]:
        """``versions``, ``precision``, ``probe`` and ``settings`` of a ``Hello``."""

    def run(
        self, program: dict[str, Any], tensors: dict[str, Array]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Answer one program: an ``Observation`` without type, id, case and rss, and its arrays."""


def serve(module: str, name: str) -> int:
    """Answer the host until it says goodbye or is gone.

    Args:
        module: Dotted name, or path of a ``.py`` file, of the module that holds ``create``.
        name: The adapter's name, passed to ``create``.

    Returns:
        The process's exit code.
    """
    prepare()
    channel = Channel()
    follow_parent(channel.fileno())
    adapter: Adapter | None = None
    try:
        while (received := channel.receive()) is not None:
            message, tensors = received
            kind = message.get("type")
            if kind == "bye":
                break
            if kind == "hello":
                adapter, hello = _hello(module, name, message.get("protocol"))
                channel.send(hello, {})
            elif kind in {"run", "load"} and adapter is not None:
                _answer(channel, adapter, message, tensors)
            else:
                _say(f"cannot follow a message of type {kind!r} here")
                return 2
    except (WireError, BrokenPipeError) as error:
        _say(f"the connection to the host broke: {error}")
        return 2
    _leave()
    return 0


def _hello(module: str, name: str, protocol: object) -> tuple[Adapter | None, dict[str, Any]]:
    hello: dict[str, Any] = {
        "type": "hello",
        "protocol": PROTOCOL,
        "name": name,
        "status": "ready",
        "python": platform.python_version(),
        "platform": platform.platform(),
    }
    if protocol != PROTOCOL:
        reason = f"the host speaks protocol {protocol!r}; this worker speaks {PROTOCOL}"
        return None, {**hello, "status": "error", "reason": reason}
    try:
        adapter: Adapter = load(module).create(name)
        hello.update(adapter.hello())
    except ModuleNotFoundError as error:
        own = (error.name or "").split(".")[0] == "conformance"
        status = "error" if own else "not-installed"
        reason = with_causes(error) if error.__cause__ or error.__context__ else str(error)
        return None, {**hello, "status": status, "reason": reason}
    except Exception as error:  # noqa: BLE001 - whatever a framework's import raises is the answer
        failed = failure(error, "hello")
        _say(failed["traceback"])
        return None, {**hello, "status": "error", "reason": with_causes(error)}
    return adapter, hello


def load(module: str) -> ModuleType:
    """Import the module that holds an adapter's ``create``, by its dotted name or its path."""
    if not module.endswith(".py"):
        found = importlib.import_module(module)
        own(found.__file__ or module)
        return found
    spec = importlib.util.spec_from_file_location("adapter", module)
    if spec is None or spec.loader is None:
        raise ImportError(f"{module} cannot be imported")
    loaded = importlib.util.module_from_spec(spec)
    own(loaded.__file__ or module)
    sys.modules["adapter"] = loaded
    spec.loader.exec_module(loaded)
    return loaded


def _answer(
    channel: Channel, adapter: Adapter, message: Mapping[str, Any], tensors: dict[str, Array]
) -> None:
    program = message["program"]
    head = {"type": "result", "id": message["id"], "case": program["case"]}
    started = time.perf_counter()
    try:
        observation, arrays = _observed(adapter, message["type"], program, tensors)
    except Unsupported as error:
        observation, arrays = error.answer(), {}
    except Exception as error:  # noqa: BLE001 - the host learns of everything that went wrong
        observation, arrays = {"status": "error", "error": failure(error, "adapter")}, {}
    seconds = {**observation.get("seconds", {}), "run": time.perf_counter() - started}
    tail = {"seconds": seconds, "rss": resident_bytes()}
    try:
        channel.send({**observation, **head, **tail}, arrays)
    except WireError as error:
        refused = {"status": "error", "error": failure(error, "adapter", internal=True)}
        channel.send({**refused, **head, **tail}, {})


def _observed(
    adapter: Adapter, asked: str, program: dict[str, Any], tensors: dict[str, Array]
) -> tuple[dict[str, Any], dict[str, Any]]:
    kind = kind_of(program)
    if kind not in getattr(adapter, "kinds", ("model",)):
        raise Unsupported(f"this adapter answers nothing about {_SUBJECTS[kind]}")
    return _asked(adapter, asked)(program, tensors)


def _asked(adapter: Adapter, kind: str) -> Callable[..., tuple[dict[str, Any], dict[str, Any]]]:
    """The method that answers a message of this type."""
    if kind == "run":
        return adapter.run
    load: Any = getattr(adapter, "load", None)
    if load is None:
        raise Unsupported("this adapter reads no files of others")
    found: Callable[..., tuple[dict[str, Any], dict[str, Any]]] = load
    return found


_SUBJECTS = {
    "model": "models",
    "function": "functions called on arrays",
    "steps": "objects that are called step by step",
    "application": "the models of keras.applications",
}


def kind_of(program: Mapping[str, Any]) -> str:
    """What a program is about: ``model``, ``function``, ``steps`` or ``application``."""
    if program.get("kind") == "steps":
        return "steps"
    form = program.get("model", {}).get("form")
    return form if form in {"function", "application"} else "model"


def _say(text: str) -> None:
    """Tell whoever reads stderr, which may be nobody any more."""
    with contextlib.suppress(OSError):
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


def _leave() -> None:
    """End here: some frameworks crash or hang when the interpreter takes them down."""
    with contextlib.suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(0)
