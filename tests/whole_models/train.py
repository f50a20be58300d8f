"""Train a ported model as Keras trained: ``python train.py PORT.py NAME.keras NAME.npz OUT.npz``.

It does what whoever ported a model would do with its file, on whatever framework that is for.
"""

import importlib.util
import sys

import numpy as np

STEPS = 3


def main(port, model, data, out):
    spec = importlib.util.spec_from_file_location("port", port)
    port = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(port)
    with np.load(data) as file:
        inputs = [file[name] for name in file.files if name.startswith("inputs/")]
        targets = [file[name] for name in file.files if name.startswith("targets/")]
    kind = "torch" if hasattr(port, "torch") else "flax" if hasattr(port, "nnx") else "jax"
    found = {"torch": in_torch, "jax": in_jax, "flax": in_flax}[kind](port, model, inputs, targets)
    np.savez(out, **{f"after/{at}": np.asarray(one) for at, one in enumerate(found)})


def several(answer):
    return answer if isinstance(answer, list) else [answer]


def error(answers, targets, masks):
    """Keras's mean squared error of each output, without what its mask leaves out."""
    total = 0.0
    for number, (answer, target) in enumerate(zip(several(answers), targets, strict=True)):
        each = ((answer - target) ** 2).mean(-1)
        mask = masks.get(number)
        total = total + (each.mean() if mask is None else (each * mask).sum() / mask.sum())
    return total


def masks_of(port, model, inputs):
    return port.output_masks(model, *inputs) if hasattr(port, "output_masks") else {}


def in_torch(port, path, inputs, targets):
    import torch

    model = port.load(path)
    masks = {at: torch.tensor(one) for at, one in masks_of(port, model, inputs).items()}
    targets = [torch.tensor(one) for one in targets]
    optimizer = port.optimizer(model)
    for _ in range(STEPS):
        optimizer.zero_grad()
        error(port.forward(model, *inputs, training=True), targets, masks).backward()
        optimizer.step()
    with torch.no_grad():
        return [one.numpy() for one in several(port.forward(model, *inputs))]


def in_jax(port, path, inputs, targets):
    import jax

    weights = port.load(path)
    masks = masks_of(port, weights, inputs)
    trainable, frozen = port.split(weights)
    state = port.optimizer_state(trainable)

    def loss(trainable, frozen, call):
        answers, changed = port.forward_and_update(
            port.joined(trainable, frozen), *inputs, call=call
        )
        return error(answers, targets, masks), changed

    for call in range(STEPS):
        gradients, changed = jax.grad(loss, has_aux=True)(trainable, frozen, call)
        trainable, state = port.optimizer_step(gradients, state, trainable)
        frozen = port.split(changed)[1]
    return several(port.forward(port.joined(trainable, frozen), *inputs))


def in_flax(port, path, inputs, targets):
    from flax import nnx

    model = port.load(path)
    masks = masks_of(port, model, inputs)
    state = port.optimizer_state(nnx.state(model, nnx.Param))

    def loss(model):
        return error(port.forward(model, *inputs, training=True), targets, masks)

    for _ in range(STEPS):
        gradients = nnx.grad(loss)(model)
        moved, state = port.optimizer_step(gradients, state, nnx.state(model, nnx.Param))
        nnx.update(model, moved)
    return several(port.forward(model, *inputs))


if __name__ == "__main__":
    main(*sys.argv[1:])
