"""The weights of a Keras model from the ``.npz`` beside it, for the ports of this folder."""

import numpy as np
import torch


def read(path):
    """By ``layer/variable``."""
    with np.load(path.removesuffix(".keras") + ".npz") as found:
        return {name: found[name] for name in found.files}


def put(module, **arrays):
    """Give a module's parameters and buffers these numbers."""
    named = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    with torch.no_grad():
        for name, array in arrays.items():
            named[name].copy_(torch.tensor(np.ascontiguousarray(array)))


def linear(module, found, name):
    """A Dense layer's weights into an ``nn.Linear``."""
    put(module, weight=found[f"{name}/kernel"].T, bias=found[f"{name}/bias"])


def normal(module, found, name):
    """A BatchNormalization's into an ``nn.BatchNorm2d``."""
    put(
        module,
        weight=found[f"{name}/gamma"],
        bias=found[f"{name}/beta"],
        running_mean=found[f"{name}/moving_mean"],
        running_var=found[f"{name}/moving_variance"],
    )
