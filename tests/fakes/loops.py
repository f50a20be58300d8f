"""Training loops of a framework alone, with an optimizer as it is printed in docs/porting/code.

    python loops.py torch

prints what the weights are after each step of Keras's Adam on the sum of their squares, with a
schedule of the learning rate. Torch's state is saved and loaded half-way, JAX's step is jitted.
"""

from __future__ import annotations

import json
import sys

from printed import CODE, blocks

RATE = {"initial_learning_rate": 0.1, "decay_steps": 2, "decay_rate": 0.5}
WEIGHTS = [1.0, -2.0, 0.25]
STEPS = 6


def defined(framework: str, page: str, name: str):
    """What a block of a page defines."""
    for _, space in blocks(CODE / framework / f"{page}.md"):
        if name in space:
            return space[name]
    raise KeyError(name)


def torch_loop() -> list[list[float]]:
    import torch

    adam = defined("torch", "optimizers", "Adam")
    schedule = defined("torch", "schedules", "exponential_decay")
    weights = torch.nn.Parameter(torch.tensor(WEIGHTS))
    optimizer = adam([weights], clipnorm=1.0)
    scheduler = schedule(optimizer, **RATE)
    found = []
    for step in range(STEPS):
        if step == STEPS // 2:
            kept = optimizer.state_dict(), scheduler.state_dict()
            optimizer = adam([weights], clipnorm=1.0)
            scheduler = schedule(optimizer, **RATE)
            optimizer.load_state_dict(kept[0])
            scheduler.load_state_dict(kept[1])
        loss = (weights**2).sum()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        scheduler.step()
        found.append(weights.tolist())
    return found


def jax_loop() -> list[list[float]]:
    import jax
    import optax
    from jax import numpy as jnp

    schedule = defined("jax", "schedules", "exponential_decay")(**RATE)
    optimizer = defined("jax", "optimizers", "adam")(learning_rate=schedule, clipnorm=1.0)
    weights = {"w": jnp.asarray(WEIGHTS)}
    state = optimizer.init(weights)

    @jax.jit
    def step(weights, state):
        gradients = jax.grad(lambda weights: (weights["w"] ** 2).sum())(weights)
        moves, state = optimizer.update(gradients, state, weights)
        return optax.apply_updates(weights, moves), state

    found = []
    for _ in range(STEPS):
        weights, state = step(weights, state)
        found.append(weights["w"].tolist())
    return found


def flax_loop() -> list[list[float]]:
    from flax import nnx
    from jax import numpy as jnp

    class Model(nnx.Module):
        def __init__(self):
            self.w = nnx.Param(jnp.asarray(WEIGHTS))

    model = Model()
    schedule = defined("flax", "schedules", "exponential_decay")(**RATE)
    adam = defined("flax", "optimizers", "adam")
    optimizer = nnx.Optimizer(model, adam(learning_rate=schedule, clipnorm=1.0), wrt=nnx.Param)
    found = []
    for _ in range(STEPS):
        gradients = nnx.grad(lambda model: (model.w[...] ** 2).sum())(model)
        optimizer.update(model, gradients)
        found.append(model.w[...].tolist())
    return found


if __name__ == "__main__":
    loops = {"torch": torch_loop, "jax": jax_loop, "flax": flax_loop}
    sys.stdout.write(json.dumps(loops[sys.argv[1]]()))
