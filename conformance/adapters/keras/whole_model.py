"""One model of a user's, told to whoever ports it: variables, their places, activations.

``python whole_model.py REQUEST`` in an interpreter that has Keras 3. REQUEST is a JSON file:

- ``model``: the ``.keras`` file; ``custom``: Python files that register custom objects.
- ``names``: of the inputs, in order.
- ``inputs``: an ``.npz`` file with an array for each input, in order (``0``, ``1`` ...).
- ``told``: where to write the JSON; ``arrays``: where to write the activations (``.npz``).
- ``calls``: paths of the layers and functions that are recorded; those inside them are not.
- ``fed``: paths of layers of which the inputs are written down as well.

It is run by path, imports the standard library, NumPy and Keras alone, and is no adapter: it speaks
no protocol, and loads a file that its user named, as ``keras.saving.load_model`` does in safe mode.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


def main(request: str) -> None:
    """Do what a request asks for."""
    import numpy as np

    with open(request, encoding="utf-8") as file:  # noqa: PTH123 - as bootstrap.py
        asked = json.load(file)
    import keras

    for number, path in enumerate(asked["custom"]):
        _imported(path, f"custom_objects_{number}")
    model = keras.saving.load_model(asked["model"], compile=False, safe_mode=True)
    layers = _layers(keras, model)
    given = np.load(asked["inputs"], allow_pickle=False)
    inputs = [given[str(number)] for number in range(len(given.files))]
    fed = _fed(keras, model, dict(zip(asked["names"], inputs)))
    seen = _seen(keras, model, fed, set(asked["calls"]), set(asked["fed"]))
    places = _places(keras, model)
    told = {
        "versions": {"keras": keras.__version__, "numpy": np.__version__},
        "backend": keras.backend.backend(),
        "layers": {
            path: {
                "class": type(layer).__name__,
                "variables": [
                    {
                        "path": variable.path,
                        "shape": [int(size) for size in variable.shape],
                        "dtype": keras.backend.standardize_dtype(variable.dtype),
                        "trainable": bool(variable.trainable),
                        "place": places.get(id(variable), ""),
                    }
                    for variable in layer.weights
                ],
                "values": _values(keras, layer),
            }
            for path, layer in layers.items()
        },
        "calls": [[path, len(outputs)] for path, outputs, _, _ in seen],
    }
    arrays: dict[str, Any] = {}
    for number, (_, outputs, fed, masks) in enumerate(seen):
        for which, array in enumerate(outputs):
            arrays[f"{number}.{which}"] = array
        for which, array in masks.items():
            arrays[f"{number}.mask.{which}"] = array
        for which, array in enumerate(fed):
            arrays[f"{number}.in.{which}"] = array
    np.savez(asked["arrays"], **arrays)
    with open(asked["told"], "w", encoding="utf-8") as file:  # noqa: PTH123
        json.dump(told, file)


def _imported(path: str, name: str) -> None:
    """Run a file of the user's, which registers what Keras is to find."""
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)


def _layers(keras: Any, model: Any) -> dict[str, Any]:
    """Every layer by its path, those of nested models too: ``encoder/dense``."""
    found: dict[str, Any] = {}

    def walk(one: Any, before: str) -> None:
        for layer in one.layers:
            path = f"{before}{layer.name}"
            found[path] = layer
            if isinstance(layer, keras.Model):
                walk(layer, f"{path}/")

    walk(model, "")
    return found


def _values(keras: Any, layer: Any) -> dict[str, Any]:
    """What a layer has learned by ``adapt()`` that its config does not hold."""
    if type(layer).__name__ != "Normalization":
        return {}
    found = {name: getattr(layer, name, None) for name in ("mean", "variance")}
    if any(one is None for one in found.values()):
        return {}
    # Both stand with the axes of the input, of size 1 where they are not normalized.
    return {name: keras.ops.convert_to_numpy(one).ravel().tolist() for name, one in found.items()}


def _fed(keras: Any, model: Any, inputs: Any) -> Any:
    """The inputs as the model takes them: one, a list, or a dictionary; by their names."""
    found = list(inputs.values())
    try:
        return keras.tree.map_structure(lambda one: inputs[one.name], model.input)
    except (AttributeError, KeyError, ValueError):  # a Sequential whose input has no such name
        return found if len(found) > 1 else found[0]


def _seen(
    keras: Any, model: Any, inputs: Any, wanted: set[str], fed: set[str]
) -> list[tuple[str, list[Any], list[Any], dict[int, Any]]]:
    """What the wanted layers answered in one call of the model, in the order in which they ended.

    A layer inside another stands below it: ``encoder/dense``. What ``fed`` names is told with what
    it was given; with an answer goes the mask that Keras gives it. What is not wanted is not looked
    at: JAX traces the cells of recurrent layers, and has no numbers for them.
    """
    seen: list[tuple[str, list[Any], list[Any], dict[int, Any]]] = []
    above: list[str] = []

    @contextmanager
    def below(name: str) -> Iterator[str]:
        above.append(name)
        try:
            yield "/".join(above[1:])
        finally:
            above.pop()

    def flat(value: Any) -> list[Any]:
        return [
            np.array(keras.ops.convert_to_numpy(one), copy=True)
            for one in keras.tree.flatten(value)
            if one is not None and keras.ops.is_tensor(one)
        ]

    import numpy as np

    before = keras.Operation.__call__
    outer = keras.layers.Layer.__call__

    def masking(self: Any, *args: Any, **kwargs: Any) -> Any:
        """A layer's whole call, after which its answers have masks."""
        answer = outer(self, *args, **kwargs)
        path = "/".join([*above, self.name][1:])
        if path in wanted and seen and seen[-1][0] == path:
            for which, tensor in enumerate(keras.tree.flatten(answer)):
                mask = getattr(tensor, "_keras_mask", None)
                if mask is not None:
                    seen[-1][3][which] = np.array(keras.ops.convert_to_numpy(mask), bool)
        return answer

    def noting(self: Any, *args: Any, **kwargs: Any) -> Any:
        with below(self.name) as path:
            answer = before(self, *args, **kwargs)
        if path in wanted:
            given = flat((args, kwargs)) if path in fed else []
            seen.append((path, flat(answer), given, {}))
        return answer

    keras.Operation.__call__ = noting
    keras.layers.Layer.__call__ = masking
    try:
        model(inputs, training=False)
    finally:
        keras.Operation.__call__ = before
        keras.layers.Layer.__call__ = outer
    return seen


def _places(keras: Any, model: Any) -> dict[int, str]:
    """The dataset of ``model.weights.h5`` in which each variable lies, by the variable's ``id``.

    Found by experiment, as no document says it: each variable is filled with a number of its own,
    and the file that Keras writes is searched for it.
    """
    import tempfile  # not above: it would find this folder's random.py

    import h5py
    import numpy as np

    variables = list({id(one): one for one in model.weights}.values())
    before = [np.array(keras.ops.convert_to_numpy(one), copy=True) for one in variables]
    found: dict[int, str] = {}
    try:
        for number, variable in enumerate(variables):
            # Those of LoRA are added to the kernel that the file holds, and aren't in it.
            held = 0 if "lora_" in variable.path.rpartition("/")[2] else number
            variable.assign(np.full(before[number].shape, held, before[number].dtype))
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "numbered.weights.h5")  # noqa: PTH118
            model.save_weights(path)
            with h5py.File(path, "r") as file:

                def look(name: str, item: Any) -> None:
                    if isinstance(item, h5py.Dataset) and item.size:
                        number = int(np.asarray(item).flat[0])
                        if 0 <= number < len(variables):
                            found.setdefault(id(variables[number]), name)

                file.visititems(look)
    finally:
        for variable, array in zip(variables, before):
            variable.assign(array)
    return found


if __name__ == "__main__":
    # Python puts the script's own folder first, where modules are called random and settings.
    here = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120
    sys.path[:] = [entry for entry in sys.path if entry and os.path.abspath(entry) != here]  # noqa: PTH100
    if len(sys.argv) != len(("whole_model.py", "REQUEST")):
        raise SystemExit("usage: python whole_model.py REQUEST")
    main(sys.argv[1])
