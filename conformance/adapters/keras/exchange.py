"""Files that adapters exchange: a model as ``.keras``, or its weights as ``.weights.h5``."""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.adapters.keras import training
from conformance.adapters.keras.backends.base import Feed, Plan
from conformance.adapters.keras.build import Net, build
from conformance.adapters.keras.quantizing import quantize
from conformance.adapters.keras.weights import variables
from conformance.adapters.shared.functions import is_function
from conformance.adapters.shared.texts import decoded
from conformance.adapters.worker.failure import Unsupported, failure
from conformance.adapters.worker.outputs import Arrays

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.adapters.keras.backends.base import Backend

FILE_LIMIT = 16 * 2**20
"""Bytes of a file that is exchanged."""

UNPACKED_LIMIT = 128 * 2**20
"""Bytes of all that a file holds, as its directory says."""

MEMBERS_LIMIT = 1000
"""Members of a file."""


class FileError(ValueError):
    """What was handed over is no file that could be loaded safely."""


def check(backend: Backend, *, trains: bool = False) -> None:
    """See that a backend exchanges files at all, and trains where that is asked.

    Raises:
        Unsupported: It does not.
    """
    if "exchange" in backend.unsupported:
        raise Unsupported(backend.unsupported["exchange"])
    if trains and "state" in backend.unsupported:
        raise Unsupported(backend.unsupported["state"])


def written(model: Any, kind: str) -> Any:
    """A model as it is saved, the bytes as an array; the file itself is gone afterwards.

    Args:
        model: The model, with the weights that are to be saved.
        kind: ``keras`` or ``weights.h5``.

    Raises:
        Unsupported: The file is larger than :data:`FILE_LIMIT`.
        Exception: Whatever Keras raises.
    """
    with tempfile.TemporaryDirectory(prefix="keras-conformance-") as folder:
        path = Path(folder) / f"model.{kind}"
        if kind == "keras":
            model.save(str(path))
        else:
            model.save_weights(str(path))
        size = path.stat().st_size
        if size > FILE_LIMIT:
            raise Unsupported(f"the file has {size:,} bytes; {FILE_LIMIT:,} are exchanged at most")
        return np.frombuffer(path.read_bytes(), np.uint8)


def load(
    backend: Backend, program: Mapping[str, Any], tensors: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Call 0's outputs from a file that another adapter wrote; or the training that goes on.

    Args:
        backend: The Keras that reads.
        program: The program of whose model the file is.
        tensors: The array ``file``, what call 0 is fed, and what is trained towards.

    Returns:
        An observation with one call, or with the state after training, and its arrays.
    """
    arrays = Arrays()
    steps = program["exchange"].get("steps")
    try:
        check(backend, trains=steps is not None)
        model = _loaded(backend.keras, program, tensors["file"], compiled=steps is not None)
        if steps is not None:
            return {"state": _trained_on(backend, program, tensors, model, arrays)}, arrays.tensors
        feeds = [_feed(spec, tensors) for spec in program["model"]["inputs"]]
        values = backend.evaluator(model, Plan(calls=[feeds])).call(0)
    except (Unsupported, NotImplementedError) as reason:
        return Unsupported(str(reason) or type(reason).__name__).answer(), {}
    except FileError as error:
        return {"status": "error", "error": failure(error, "exchange", internal=False)}, {}
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - the framework's refusal is an answer
        said = failure(error, "exchange")
        return {"status": "error", "error": {**said, "message": _cause(error, said["message"])}}, {}
    outputs = [
        arrays.output(f"call/0/output/{j}", value.array, value.dtype)
        for j, value in enumerate(values)
    ]
    return {"calls": [{"outputs": outputs}]}, arrays.tensors


_INSIDE = "Exception encountered: "
"""Before what was raised inside, in each of the messages that Keras puts around it."""


def _cause(error: Exception, message: str) -> str:
    """What Keras says first and last of a file that it can't read; between are whole configs."""
    first, between, rest = str(error).partition(". Please ensure")
    cause = rest.rpartition(_INSIDE)[2]
    return f"{first} … {_INSIDE}{cause}" if between and cause and _INSIDE in rest else message


def _trained_on(
    backend: Backend,
    program: Mapping[str, Any],
    tensors: Mapping[str, Any],
    model: Any,
    arrays: Arrays,
) -> dict[str, Any]:
    """Losses and weights of so many further steps, with the optimizer that the file holds."""
    spec = program["model"]
    rows = (
        [_feed(one, tensors).array for one in spec["inputs"]],
        [tensors[f"target/{j}"] for j in range(len(spec["outputs"]))],
    )
    layers = {
        node["name"]: model.get_layer(node["name"])
        for node in spec["nodes"]
        if not node.get("shares") and not is_function(node["layer"])
    }
    losses = training.trained_on(model, program["train"], rows, program["exchange"]["steps"])
    return {
        "losses": arrays.put("state/losses", losses),
        "weights": {
            one.name: arrays.put(
                f"state/weight/{one.name}", np.array(backend.numbers(one.variable))
            )
            for one in variables(Net(model, layers, spec))
        },
    }


def _loaded(keras: Any, program: Mapping[str, Any], content: Any, *, compiled: bool) -> Any:
    """The model that a file holds, by Keras's safe mode: the file is not to be trusted."""
    kind = program["exchange"]["file"]
    if content.dtype != np.uint8 or content.ndim != 1 or content.size > FILE_LIMIT:
        raise FileError(f"a file is an array of at most {FILE_LIMIT:,} bytes")
    with tempfile.TemporaryDirectory(prefix="keras-conformance-") as folder:
        path = Path(folder) / f"model.{kind}"
        path.write_bytes(content.tobytes())
        if kind == "keras":
            _check_members(path)
            return keras.saving.load_model(str(path), compile=compiled, safe_mode=True)
        net = build(keras, program["model"])
        if program["model"].get("quantize"):
            quantize(keras, net.model, program["model"]["quantize"])
        net.model.load_weights(str(path))
        return net.model


def _check_members(path: Path) -> None:
    """See that what an archive unpacks to is bounded, before anything of it is unpacked."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except zipfile.BadZipFile:
        return  # Keras says what it makes of it
    if len(members) > MEMBERS_LIMIT or sum(one.file_size for one in members) > UNPACKED_LIMIT:
        raise FileError(
            f"the file holds {len(members)} members of {sum(one.file_size for one in members):,} "
            f"bytes; {MEMBERS_LIMIT} of {UNPACKED_LIMIT:,} are read at most"
        )


def _feed(spec: Mapping[str, Any], tensors: Mapping[str, Any]) -> Feed:
    array = tensors[f"call/0/{spec['name']}"]
    dtype = spec.get("dtype", "float32")
    return Feed(spec["name"], decoded(array) if dtype == "string" else array, dtype)
