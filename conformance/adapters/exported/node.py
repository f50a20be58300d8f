"""TensorFlow.js's layers in a Node process that lives as long as this one, and is asked by frames.

``tfjs/runner.mjs`` is what runs there. It ends with its stdin, and so with this process.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.adapters.shared import wire

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.adapters.shared.wire import Array

FOLDER = "KERAS_CONFORMANCE_TFJS"
"""Environment variable that names the folder into which npm installed tfjs."""

OWN = Path(__file__).parent / "tfjs"
"""What runs in Node, and the package's version; it may be installed here."""

_PACKAGE = "@tensorflow/tfjs"

_FLAGS = (
    "--max-old-space-size=1024",  # MiB of JavaScript's own objects; numbers lie outside
    "--disallow-code-generation-from-strings",  # a model is data
)


class JavaScriptError(Exception):
    """What JavaScript raised. The text begins with the error's type."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        """Keep the type apart: ``ValueError`` and ``NotImplementedError`` are tfjs's own."""
        self.type = str(told.get("type", "Error"))
        super().__init__(f"{self.type}: {told.get('message', '')}")


class NodeEndedError(Exception):
    """The Node process died over a question, or wrote something that is no answer."""


class Node:
    """One Node process with tfjs's layers, on their backend of the CPU, which has one thread."""

    def __init__(self) -> None:
        """Start it, and ask what it is.

        Raises:
            ModuleNotFoundError: Node or the package isn't there. The text says how to get it.
            NodeEndedError: It is there, and doesn't start.
        """
        self._command = command()
        self._process = self._started()
        told, _ = self.ask({"do": "hello"})
        self.versions = {str(name): str(version) for name, version in told["versions"].items()}
        self.backend = str(told["backend"])

    def ask(
        self, message: Mapping[str, Any], arrays: Mapping[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Array]]:
        """Ask one thing, and wait for the answer; whoever waits too long ends this process.

        Args:
            message: ``do``, one of ``hello``, ``load`` and ``call``, and what that takes.
            arrays: float32, int32 and bool ones, by name.

        Raises:
            JavaScriptError: The question raised there.
            NodeEndedError: There is no answer. The next question begins another process.
        """
        if self._process.poll() is not None:
            self._process = self._started()
        pipe, answers = self._process.stdin, self._process.stdout
        if pipe is None or answers is None:
            raise NodeEndedError("it has no pipes")
        try:
            for buffer in wire.frame(wire.encode(message, arrays or {})):
                pipe.write(buffer)
            pipe.flush()
            length = wire.announced(_exactly(answers, wire.PREFIX))
            told, tensors = wire.decode(_exactly(answers, length))
        except (OSError, EOFError, wire.WireError) as error:
            self._process.kill()
            status = self._process.wait()
            raise NodeEndedError(f"Node ended ({status}): {error}") from error
        if "error" in told:
            raise JavaScriptError(told["error"])
        return told, tensors

    def end(self) -> None:
        """Let it go; it needn't be called, as Node ends with its stdin."""
        self._process.communicate()

    def _started(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def _exactly(stream: Any, count: int) -> bytes:
    read: bytes = stream.read(count)
    if len(read) < count:
        raise EOFError("its answer is cut short")
    return read


def command() -> list[str]:
    """How Node is started.

    Raises:
        ModuleNotFoundError: It isn't there, or the package isn't.
    """
    node = shutil.which("node")
    if node is None:
        raise ModuleNotFoundError(
            "Node isn't installed: there is no `node` on the path; version 18 or newer is needed",
            name="node",
        )
    folder = Path(os.environ.get(FOLDER) or OWN).absolute()
    if not (folder / "node_modules" / _PACKAGE / "package.json").is_file():
        raise ModuleNotFoundError(
            f"{_PACKAGE} is not installed in {folder}: copy package.json and package-lock.json of "
            f"{OWN} into a folder, install there with `npm ci --ignore-scripts`, and name the "
            f"folder in {FOLDER}",
            name=_PACKAGE,
        )
    return [node, *_FLAGS, str(OWN / "runner.mjs"), str(folder)]
