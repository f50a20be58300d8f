"""Makes the Keras models that the ports of this folder port: ``python make_models.py FOLDER``.

Beside each ``NAME.keras`` its weights as ``NAME.npz``, by ``layer/variable``, and of two of them
``NAME.onnx``, where that can be exported.
"""

import importlib.util
import sys
from pathlib import Path

import keras
import numpy as np
import own_layers
from keras import layers


def cnn():
    x = image = keras.Input((11, 10, 3), name="image")
    x = layers.Conv2D(6, 3, strides=2, padding="same", activation="relu", name="conv1")(x)
    x = layers.BatchNormalization(name="bn1")(x)
    x = layers.MaxPooling2D(3, strides=2, padding="same", name="pool1")(x)
    x = layers.Conv2D(5, 3, padding="same", use_bias=False, name="conv2")(x)
    x = layers.BatchNormalization(name="bn2")(x)
    x = layers.LeakyReLU(name="act2")(x)
    x = layers.AveragePooling2D(2, strides=1, padding="same", name="pool2")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(7, activation="relu", name="hidden")(x)
    return keras.Model(image, layers.Dense(4, activation="softmax", name="classes")(x))


def text():
    x = tokens = keras.Input((9,), dtype="int32", name="tokens")
    x = layers.Embedding(20, 6, mask_zero=True, name="embedding")(x)
    x = layers.GRU(5, return_sequences=True, name="gru")(x)
    x = layers.LSTM(4, name="lstm")(x)
    return keras.Model(tokens, layers.Dense(3, activation="sigmoid", name="scores")(x))


def transformer():
    x = sequence = keras.Input((7, 8), name="sequence")
    y = layers.MultiHeadAttention(2, 4, name="attention")(x, x, use_causal_mask=True)
    x = layers.Add(name="add1")([x, y])
    x = layers.LayerNormalization(name="norm1")(x)
    y = layers.Dense(12, activation="gelu", name="wide")(x)
    y = layers.Dense(8, name="narrow")(y)
    x = layers.Add(name="add2")([x, y])
    x = layers.LayerNormalization(epsilon=1e-6, name="norm2")(x)
    x = layers.GlobalAveragePooling1D(name="mean")(x)
    return keras.Model(sequence, layers.Dense(3, name="answer")(x))


def own():
    x = numbers = keras.Input((4,), name="numbers")
    x = layers.Dense(5, activation="relu", name="first")(x)
    x = own_layers.Squared(name="squared")(x)
    x = layers.LayerNormalization(name="norm")(x)
    return keras.Model(numbers, layers.Dense(2, name="last")(x))


def block():
    x = tokens = keras.Input((6, 8), name="tokens")
    x = x + keras.ops.convert_to_tensor(np.linspace(-1, 1, 48).reshape(6, 8).astype("float32"))
    y = layers.LayerNormalization(epsilon=1e-6, name="norm1")(x)
    y = layers.MultiHeadAttention(2, 4, name="attention")(y, y)
    x = x + y
    y = layers.LayerNormalization(epsilon=1e-6, name="norm2")(x)
    y = layers.Dense(12, activation="gelu", name="wide")(y)
    y = layers.Dropout(0.2, name="drop")(y)
    x = x + layers.Dense(8, name="narrow")(y)
    x = layers.LayerNormalization(epsilon=1e-6, name="norm3")(x)
    return keras.Model(tokens, layers.Dense(3, name="answer")(x[:, 0]))


def images():
    x = image = keras.Input((12, 12, 3), name="image")
    x = layers.Conv2D(4, 3, strides=2, padding="same", activation="relu", name="conv1")(x)
    x = layers.BatchNormalization(name="bn1")(x)
    x = layers.Conv2D(4, 3, padding="same", dilation_rate=2, name="conv2")(x)
    x = layers.BatchNormalization(name="bn2")(x)
    x = layers.ReLU(name="relu2")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(5, name="code")(x)
    x = layers.Dense(36, activation="relu", name="wide")(x)
    x = layers.Reshape((3, 3, 4), name="grid")(x)
    x = layers.UpSampling2D(interpolation="bilinear", name="up")(x)
    x = layers.Conv2D(3, 3, name="conv3")(x)
    x = layers.GlobalAveragePooling2D(name="mean")(x)
    return keras.Model(image, layers.Dense(3, activation="softmax", name="classes")(x))


def sentence():
    x = tokens = keras.Input((7,), dtype="int32", name="tokens")
    x = layers.Embedding(20, 6, name="embedding")(x)
    x = layers.LSTM(5, name="lstm")(x)
    x = layers.Dropout(0.2, name="drop")(x)
    kind = layers.Dense(3, activation="softmax", name="kind")(x)
    return keras.Model(tokens, [kind, layers.Dense(1, name="score")(x)])


def main(folder, *wanted):
    random = np.random.default_rng(0)
    for make in [globals()[name] for name in wanted or ("cnn", "text", "transformer", "own")]:
        keras.utils.set_random_seed(1)
        model = make()
        for variable in model.weights:  # as after some training: nothing is 0 or 1 throughout
            if variable.name in {"gamma", "moving_variance"}:
                variable.assign(random.uniform(0.5, 1.5, variable.shape))
            elif len(variable.shape) < 3 and "kernel" not in variable.name:
                variable.assign(random.normal(0, 0.3, variable.shape))
        model.save(folder / f"{make.__name__}.keras")
        if make in {cnn, text} and importlib.util.find_spec("onnx"):
            one = model.inputs[0]
            model(np.ones((3, *one.shape[1:]), one.dtype))
            model.export(folder / f"{make.__name__}.onnx", format="onnx", verbose=False)
        named = {
            f"{layer.name}/{variable.path.split('/', 1)[1]}": np.asarray(variable.numpy())
            for layer in model.layers
            for variable in layer.weights
        }
        short = {
            name.replace("gru_cell/", "").replace("lstm_cell/", ""): a for name, a in named.items()
        }
        np.savez(folder / f"{make.__name__}.npz", **short)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
