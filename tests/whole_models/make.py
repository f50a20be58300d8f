"""Whole models of Keras, compiled, saved and trained: ``python make.py FOLDER NAME ...``.

For each: ``NAME.keras`` as it is before training, and ``NAME.npz`` with inputs, targets and what
it answers after three steps. Run in a process of its own, by the tests of ``port``.
"""

import sys
from pathlib import Path

import keras
import numpy as np
from keras import layers

STEPS = 3


def cnn():
    return keras.Sequential(
        [
            keras.Input((29, 30, 3)),
            layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False),
            layers.BatchNormalization(momentum=0.9),
            layers.ReLU(),
            layers.DepthwiseConv2D(3, padding="same", strides=2),
            layers.SeparableConv2D(6, 3, padding="same", activation="relu6"),
            layers.MaxPooling2D(2, padding="same"),
            layers.Conv2DTranspose(5, 3, strides=2, padding="same"),
            layers.Dropout(0.0),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ]
    )


def text():
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    x = layers.Embedding(50, 8, mask_zero=True)(tokens)
    x = layers.Bidirectional(layers.LSTM(6, return_sequences=True))(x)
    x = layers.GRU(7, return_sequences=True)(x)
    x = layers.TimeDistributed(layers.Dense(5, activation="tanh"))(x)
    x = layers.GlobalAveragePooling1D()(x)
    return keras.Model(tokens, layers.Dense(3)(x))


def text_in_a_row():
    return keras.Sequential(
        [
            keras.Input((9,), dtype="int32"),
            layers.Embedding(50, 8, mask_zero=True),
            layers.LSTM(6, return_sequences=True),
            layers.LayerNormalization(),
            layers.GRU(4),
            layers.Dense(1, activation="sigmoid"),
        ]
    )


def block():
    x = keras.Input((10, 16))
    attended = layers.MultiHeadAttention(4, 4)(x, x, use_causal_mask=True)
    y = layers.LayerNormalization(epsilon=1e-6)(layers.Add()([x, attended]))
    fed = layers.Dense(16)(layers.Dense(32, activation="gelu")(y))
    return keras.Model(x, layers.LayerNormalization()(y + fed))


def convolutional():
    x = keras.Input((20, 4))
    y = layers.Conv1D(8, 3, padding="causal", dilation_rate=2, activation="silu")(x)
    y = layers.Conv1D(8, 4, strides=2, padding="same")(y)
    y = layers.UpSampling1D(2)(layers.GroupNormalization(4)(y))
    y = layers.Concatenate()([y, layers.Conv1D(8, 1)(x)])
    return keras.Model(x, layers.Dense(2)(layers.GlobalMaxPooling1D()(y)))


def encoder_decoder():
    source = keras.Input((None,), dtype="int32", name="source")
    target = keras.Input((None,), dtype="int32", name="target")
    x = layers.Embedding(30, 8, mask_zero=True, name="source_table")(source)
    encoded, h, c = layers.LSTM(8, return_sequences=True, return_state=True, name="encoder")(x)
    y = layers.Embedding(30, 8, mask_zero=True, name="target_table")(target)
    y = layers.LSTM(8, return_sequences=True, name="decoder")(y, initial_state=[h, c])
    y = layers.Concatenate()([y, layers.Attention()([y, encoded])])
    return keras.Model([source, target], layers.Dense(30)(y))


def awkward():
    """Shared layers, a model in a model that is called twice, functions, and names that collide."""
    a, b = keras.Input((6,), name="in put"), keras.Input((6,), name="class")
    shared = layers.Dense(6, activation="elu", name="forward")
    inner = keras.Sequential(
        [keras.Input((6,)), layers.Dense(4, name="train"), layers.BatchNormalization(name="bn")],
        name="in-ner",
    )
    p, q = shared(a), shared(b)
    r = shared(p)
    dot = layers.Dot(axes=1)([inner(p), inner(q)])
    parts = [r, dot, keras.ops.mean(q, axis=-1, keepdims=True)]
    y = keras.ops.reshape(keras.ops.concatenate(parts, axis=-1), (-1, 2, 4))[:, 1]
    last = layers.Dense(2, name="lambda")
    outputs = [last(y), keras.ops.softmax(r)]
    last.trainable = False
    return keras.Model([a, b], outputs)


def functions():
    """Functions named as the port's own, constants, lists, states, and arguments of training."""
    x = keras.Input((6, 4))
    states = layers.SimpleRNN(5, return_sequences=True, return_state=True)(x)
    y = layers.GRU(5, reset_after=False, dropout=0.0)(states[0], initial_state=states[1])
    taken = keras.ops.sum(keras.ops.take(keras.ops.sigmoid(x), [0, 2], axis=1), axis=(1, 2))
    scaled = x / keras.ops.sqrt(6.0)
    middle = layers.Flatten()(layers.CenterCrop(3, 2)(keras.ops.expand_dims(scaled, -1)))
    return keras.Model(
        {"zeta": x}, [layers.Dense(2)(keras.ops.concatenate([y, middle], axis=-1)), taken]
    )


def mobilenet():
    # Through 27 normalizations of four images, one unit in the last place of the weights changes
    # Keras's own second step at a rate of 0.001 by a twentieth, so it is trained slowly.
    return keras.applications.MobileNet(
        weights=None, input_shape=(64, 64, 3), alpha=0.25, classes=10, dropout=0.0
    )


def resnet():
    return keras.applications.ResNet50(weights=None, input_shape=(32, 32, 3), classes=10)


MODELS = {
    "cnn": (cnn, "adam"),
    "text": (text, "sgd"),
    "text_in_a_row": (text_in_a_row, "adam"),
    "block": (block, "adam"),
    "convolutional": (convolutional, "sgd"),
    "encoder_decoder": (encoder_decoder, "adam"),
    "awkward": (awkward, "sgd"),
    "functions": (functions, "sgd"),
    "mobilenet": (mobilenet, "slow sgd"),
    "resnet": (resnet, "sgd"),
}


def away_from_defaults(model):
    """Give what begins with zeros or ones numbers that show when they are left out or mixed up."""
    random = np.random.default_rng(0)
    for variable in model.weights:
        bounds = {
            "moving_variance": (0.5, 2.0),
            "gamma": (0.7, 1.3),
            "moving_mean": (-0.3, 0.3),
            "beta": (-0.3, 0.3),
            "bias": (-0.3, 0.3),
        }.get(variable.path.rpartition("/")[2])
        if bounds:
            variable.assign(random.uniform(*bounds, variable.shape).astype("float32"))


def drawn(model):
    """Inputs, sequences among them that end early, and targets."""
    random = np.random.default_rng(1)
    inputs = []
    for one in model.inputs:
        shape = [size or (8 if at else 4) for at, size in enumerate(one.shape)]
        shape[0] = 4
        if one.dtype == "int32":
            array = random.integers(1, 30, shape).astype("int32")
            for row in range(1, 4):
                array[row, -row:] = 0
        else:
            array = random.uniform(-1, 1, shape).astype("float32")
        inputs.append(array)
    shapes = [keras.ops.shape(one) for one in answers(model, inputs)]
    return inputs, [random.uniform(-1, 1, shape).astype("float32") for shape in shapes]


def answers(model, inputs):
    found = model(inputs if len(inputs) > 1 else inputs[0])
    return [keras.ops.convert_to_numpy(one) for one in keras.tree.flatten(found)]


def main(folder, names):
    for name in names:
        keras.utils.set_random_seed(7)
        make, kind = MODELS[name]
        model = make()
        away_from_defaults(model)
        model.compile(
            keras.optimizers.Adam(1e-3)
            if kind == "adam"
            else keras.optimizers.SGD({"sgd": 0.01, "slow sgd": 0.0001}[kind], momentum=0.9),
            loss="mse",
        )
        model.save(folder / f"{name}.keras")
        inputs, targets = drawn(model)
        arrays = {f"inputs/{at}": one for at, one in enumerate(inputs)}
        arrays.update({f"targets/{at}": one for at, one in enumerate(targets)})
        for _ in range(STEPS):
            model.train_on_batch(
                inputs if len(inputs) > 1 else inputs[0],
                targets if len(targets) > 1 else targets[0],
            )
        arrays.update({f"after/{at}": one for at, one in enumerate(answers(model, inputs))})
        np.savez(folder / f"{name}.npz", **arrays)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
