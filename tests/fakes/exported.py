"""An exporter whose files have mistakes: each case's name tells which."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from conformance.adapters.keras.build import Net
from conformance.adapters.shared.exporters import ROUTES, TFJS


def create(name: str) -> Any:
    """The adapter of the route that is named, with a mistake in what it writes."""
    if ROUTES[name].keras == "keras":
        os.environ["KERAS_BACKEND"] = ROUTES[name].backend
    from conformance.adapters.exported import adapter, session

    session.write = _spoiling(session.write)
    made = adapter.create(name)

    run = made.run

    def noting(program, tensors):
        _case[:] = [program["case"].rpartition("/")[2]]
        return run(program, tensors)

    made.run = noting
    return made


_case: list[str] = []


def _spoiling(write):
    def spoiled(keras, route, net, feeds, folder):
        mistake = _MISTAKES.get(_case[0])
        if route.format == TFJS:
            mistake = _FOR_TFJS.get(_case[0], mistake)
        if mistake is not None:
            net = Net(mistake(keras, net.model), net.layers, net.spec)
        path = write(keras, route, net, feeds, folder)
        if _case[0] == "batch-axis-of-one" and route.format == "openvino":
            return _fixed(path)
        return path

    return spoiled


def _fixed(path):
    """OpenVINO's reader of torch's graphs leaves every size open, so the file itself is changed."""
    import openvino

    model = openvino.Core().read_model(str(path))
    model.reshape([1, 3])
    fixed = path.with_name("fixed.xml")
    openvino.save_model(model, str(fixed), compress_to_fp16=False)
    return fixed


def _transposed(_keras, model):
    kernel, bias = model.get_weights()
    model.set_weights([np.ascontiguousarray(kernel.T), bias])
    return model


def _without_bias(_keras, model):
    *kernel, bias = model.get_weights()
    model.set_weights([*kernel, np.zeros_like(bias)])
    return model


def _other_side(keras, model):
    """Padding of `same` stands behind where one is odd; here it stands in front."""
    convolution = model.layers[-1]
    x = keras.Input(model.inputs[0].shape[1:], name="x")
    padded = keras.layers.ZeroPadding1D((1, 0))(x)
    other = keras.layers.Conv1D(convolution.filters, convolution.kernel_size, padding="valid")
    made = keras.Model(x, other(padded))
    made.set_weights(model.get_weights())
    made(np.zeros((1, *model.inputs[0].shape[1:]), "float32"))
    return made


def _of_one_row(keras, model):
    """The model with a batch axis of one: a converter writes what the model itself says."""
    given = keras.Input(batch_size=1, shape=model.inputs[0].shape[1:], name="x")
    dense = keras.layers.Dense(model.layers[-1].units)
    made = keras.Model(given, dense(given))
    made.set_weights(model.get_weights())
    return made


class _OfOneRow:
    """A model whose file has a batch axis of one."""

    def __init__(self, keras, model):
        self._keras, self._model = keras, model
        self.inputs = model.inputs

    def export(self, path, **settings):
        settings.pop("dynamic_shapes", None)
        (given,) = self._model.inputs
        spec = self._keras.InputSpec(shape=(1, *given.shape[1:]), dtype="float32", name="x")
        settings["input_signature"] = [spec]
        self._model.export(path, **settings)


def _other_side_of_an_image(keras, model):
    """Likewise; tfjs pads no sequences."""
    convolution = model.layers[-1]
    kernel, bias = model.get_weights()
    steps, channels = model.inputs[0].shape[1:]
    x = keras.Input((steps, channels), name="x")
    image = keras.layers.Reshape((steps, 1, channels))(x)
    padded = keras.layers.ZeroPadding2D(((1, 0), (0, 0)))(image)
    other = keras.layers.Conv2D(convolution.filters, (*convolution.kernel_size, 1))
    answer = keras.layers.Reshape((steps, convolution.filters))(other(padded))
    made = keras.Model(x, answer)
    made.set_weights([kernel[:, None], bias])
    return made


_FOR_TFJS = {
    "padding-on-the-other-side": _other_side_of_an_image,
    "batch-axis-of-one": _of_one_row,
}

_MISTAKES = {
    "transposed-kernel": _transposed,
    "dropped-bias": _without_bias,
    "padding-on-the-other-side": _other_side,
    "batch-axis-of-one": _OfOneRow,
}
