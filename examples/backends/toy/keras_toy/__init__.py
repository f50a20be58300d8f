"""A Keras backend in a package of its own: Keras's torch backend under another name.

It stands for a backend that has just begun to work, and has one mistake: its ``elu`` forgets
``alpha``. The tutorial of docs/backends.md finds it.
"""

import importlib
import os

os.environ["KERAS_BACKEND"] = "torch"
keras = importlib.import_module("keras")
_config = importlib.import_module("keras.src.backend.config")
_nn = importlib.import_module("keras.src.backend.torch.nn")


def elu(x, alpha=1.0):
    """The exponential linear unit, without its alpha: the mistake."""
    del alpha
    return _torch_elu(x)


_torch_elu, _nn.elu = _nn.elu, elu
# What `keras.backend.backend()` tells from now on.
_config._BACKEND = "toy"
os.environ["KERAS_BACKEND"] = "toy"
