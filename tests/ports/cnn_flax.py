"""The convolutional model as a module of Flax NNX, by the functions of cnn_jax."""

import cnn_jax
from flax import nnx


class Cnn(nnx.Module):
    def __init__(self, found, still):
        self.names = tuple(found)
        for name, array in found.items():
            kind = nnx.BatchStat if "moving" in name else nnx.Param
            setattr(self, name.replace("/", "_"), kind(array))
        self.still = still

    def __call__(self, image, training):
        weights = {name: getattr(self, name.replace("/", "_"))[...] for name in self.names}
        answer, _, moved = cnn_jax.answers(weights, image, training)
        for name, array in ({} if self.still else moved).items():
            getattr(self, name.replace("/", "_"))[...] = array
        return answer


def load(path, mistake=""):
    return Cnn(cnn_jax.load(path), mistake == "still")


def forward(model, image, training=False):
    return model(image, training)
