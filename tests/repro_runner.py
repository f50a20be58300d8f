"""Runs scripts one after the other in one interpreter: ``python repro_runner.py BACKEND [broken]``.

Standard input is a JSON object of sources by name, standard output one of what each came to: an
empty text, or the exception. The line of a script that names Keras's backend is replaced. By
``broken`` everything is a little off in that Keras, by ``reshaped`` its answers have other shapes.
"""

from __future__ import annotations

import functools
import json
import os
import re
import sys
from typing import Any

LINE = re.compile(r'^os\.environ\["KERAS_BACKEND"\] = .*$', flags=re.MULTILINE)


def break_keras() -> None:
    """Numbers, dtypes, open batches, trainable flags and configs are others than they should be."""
    import keras
    import numpy as np

    whole, given, added, predict = (
        keras.ops.convert_to_numpy,
        keras.Input,
        keras.layers.Layer.add_weight,
        keras.Model.predict_on_batch,
    )

    def numbers(tensor: Any) -> Any:
        array = np.array(whole(tensor))
        if array.dtype.kind == "b":
            return ~array
        return array * 1.001 + 1e-3 if array.dtype.kind == "f" else array + 1

    keras.ops.convert_to_numpy = numbers
    keras.Model.predict_on_batch = lambda *args: predict(*args) * 1.001
    keras.Model.count_params = lambda _: -1
    keras.backend.standardize_dtype = lambda _: "float8"
    keras.Input = lambda *shape, **kwargs: given(*shape, **{"batch_size": 7, **kwargs})
    keras.layers.Layer.add_weight = lambda *args, **kwargs: added(
        *args, **{**kwargs, "trainable": not kwargs.get("trainable", True)}
    )


def break_configs() -> None:
    """Each layer states other arguments than its own, as a script asks it.

    Keras itself, where it makes the config of a model or a file, is told what is true: the scripts
    of round trips are to fail for their numbers.
    """
    import keras

    def broken(get_config: Any) -> Any:
        @functools.wraps(get_config)
        def stated(layer: Any) -> dict[str, Any]:
            config = get_config(layer)
            by_script = sys._getframe(1).f_globals["__name__"] == "__main__"
            return dict.fromkeys(config, "another") if by_script else config

        return stated

    left = [keras.layers.Layer]
    for kind in left:
        left.extend(one for one in kind.__subclasses__() if one not in left)
        if "get_config" in vars(kind):
            kind.get_config = broken(kind.get_config)


def reshape_answers() -> None:
    """Every answer has an axis more."""
    import keras

    whole, given = keras.ops.convert_to_numpy, keras.ops.convert_to_tensor
    keras.ops.convert_to_numpy = lambda tensor: whole(tensor)[None]
    keras.ops.convert_to_tensor = lambda *fed: given(*fed)[None]


def as_at_first() -> None:
    """Put Keras's settings back: a script sets those of its case, and counts on no other."""
    import keras

    keras.config.set_image_data_format("channels_last")
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")


def main() -> None:
    backend, *rest = sys.argv[1:]
    sources = json.load(sys.stdin)
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    os.environ["KERAS_BACKEND"] = backend
    if rest == ["broken"]:
        break_keras()
        break_configs()
    elif rest == ["reshaped"]:
        reshape_answers()
    came_to = {}
    for name, source in sources.items():
        swapped, count = LINE.subn(f'os.environ["KERAS_BACKEND"] = "{backend}"', source)
        assert count == 1, name
        as_at_first()
        try:
            exec(compile(swapped, name, "exec"), {"__name__": "__main__"})  # noqa: S102 - ours
        except Exception as error:  # noqa: BLE001 - what a script of its own would exit with
            came_to[name] = f"{type(error).__name__}: {error}"[:500]
        else:
            came_to[name] = ""
    with answer:
        json.dump(came_to, answer)


if __name__ == "__main__":
    main()
