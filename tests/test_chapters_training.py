"""docs/porting/chapters/training.md: its formulas against cases that train, lose and draw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from chapters import Held, cases, close, code, held, wide

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = "training.md"


def normalized() -> Iterator[Held]:
    """BatchNormalization in training, of features along the last axis."""
    for case in cases("layers/normalization_training.yaml"):
        (node, *more) = case.program.model.nodes
        plain = not more and not node.tensors and not node.config.get("renorm")
        plain = plain and node.config.get("trainable", True)
        once = len(case.program.calls) == 1 and case.program.train is None
        if plain and once and node.layer == "BatchNormalization" and node.arguments.get("training"):
            one = held(case)
            last = node.config.get("axis", -1) in (-1, one.fed("x").ndim - 1)
            if last and f"weight/{node.name}/moving_mean" in one.answer.feeds:
                yield one


def moves(one: Held, page: dict[str, Any]) -> bool:
    """Whether answer and statistics are the page's."""
    node, weights = one.case.program.model.nodes[0], one.weights()
    named = {key: node.config[key] for key in ("momentum", "epsilon") if key in node.config}
    y, mean, variance = page["batch_normalization"](
        one.fed("x"), weights["moving_mean"], weights["moving_variance"], **named
    )
    y = y * weights.get("gamma", 1.0) + weights.get("beta", 0.0)
    state = one.answer.arrays
    start = f"truth/state/weight/{node.name}/"
    return (
        close(y, one.truth())
        and close(mean, state[f"{start}moving_mean"])
        and close(variance, state[f"{start}moving_variance"])
    )


LOSSES = {
    "MeanSquaredError": ("mean_squared_error", ()),
    "Huber": ("huber", ("delta",)),
    "BinaryCrossentropy": ("binary_crossentropy", ("from_logits", "label_smoothing")),
    "SparseCategoricalCrossentropy": ("sparse_categorical_crossentropy", ("from_logits",)),
}


def lost() -> Iterator[Held]:
    """Cases of the losses that the page has."""
    for file in ("regression", "probabilistic"):
        for case in cases(f"losses/{file}.yaml"):
            config = case.program.model.nodes[0].config
            if config.get("ignore_class") is None:
                yield held(case)


def loses(one: Held, page: dict[str, Any]) -> bool:
    """Whether the loss is the page's."""
    node = one.case.program.model.nodes[0]
    name, keys = LOSSES[node.layer.removeprefix("losses.")]
    named = {key: node.config[key] for key in keys if key in node.config}
    losses = page[name](one.fed("y_true"), one.fed("y_pred"), **named)
    weight = one.fed(node.tensors["sample_weight"]) if "sample_weight" in node.tensors else None
    if weight is not None and weight.ndim > losses.ndim:
        weight = weight[..., 0]
    reduction = node.config.get("reduction", "sum_over_batch_size")
    return close(page["reduced"](losses, weight, reduction), one.truth())


def optimized(optimizer: str) -> Iterator[Held]:
    """Cases of an optimizer's steps without what the page leaves out."""
    file = {"Adam": "adam"}.get(optimizer, "sgd")
    for case in cases(f"optimizers/{file}.yaml"):
        config = getattr(case.program, "object", case.program).config
        plain = not any(map(config.get, ("ema_overwrite_frequency", "gradient_accumulation_steps")))
        calls = {step.call for step in case.program.steps}
        rate = config.get("learning_rate", 0.0)
        if plain and calls <= {"apply", "set"} and isinstance(rate, float):
            yield held(case)


def steps(one: Held, page: dict[str, Any]) -> bool:
    """Whether each variable, after all steps, is where the page's formulas take it."""
    program, config = one.case.program, dict(one.config)
    rate = config.get("learning_rate")
    weights = {
        spec.name: wide(one.answer.feeds[f"variable/{spec.name}"]) for spec in program.variables
    }
    kinds = ["momentum", "velocity"] + ["velocity_hat"] * bool(config.get("amsgrad"))
    slots = {name: dict.fromkeys(kinds, 0.0 * weight) for name, weight in weights.items()}
    clips = {key: config.get(key) for key in ("clipnorm", "clipvalue", "global_clipnorm")}
    done = 0
    for at, step in enumerate(program.steps):
        if step.call == "set":
            rate = step.arguments["learning_rate"]
            continue
        done += 1
        gradients = [
            wide(one.answer.feeds[f"step/{at}/{given}"]) for given in step.tensors.values()
        ]
        for name, gradient in zip(step.tensors, page["clipped"](gradients, **clips), strict=True):
            weight = page["decayed"](weights[name], rate, config.get("weight_decay"))
            if one.config and program.object.layer.endswith("Adam"):
                named = {k: config[k] for k in ("beta_1", "beta_2", "epsilon") if k in config}
                new = page["adam"](weight, gradient, slots[name], rate, done, **named)
            else:
                named = {k: config[k] for k in ("momentum", "nesterov") if k in config}
                new = page["sgd"](weight, gradient, slots[name], rate, **named)
            weights[name], slots[name] = new
    last = len(program.steps) - 1
    return all(
        close(weight, one.answer.arrays[f"truth/state/weight/{last}/{name}"])
        for name, weight in weights.items()
    )


def scheduled() -> Iterator[Held]:
    """Cases of the two schedules."""
    for case in cases("optimizers/schedules.yaml"):
        if case.program.model.nodes[0].layer.endswith((".ExponentialDecay", ".CosineDecay")):
            yield held(case)


def decays(one: Held, page: dict[str, Any]) -> bool:
    """Whether the rate of a step is the page's."""
    node = one.case.program.model.nodes[0]
    config = dict(node.config)
    initial = config.pop("initial_learning_rate")
    name = "cosine_decay" if node.layer.endswith("CosineDecay") else "exponential_decay"
    step = int(one.fed(node.tensors["step"]))
    return bool(np.allclose(page[name](step, initial, **config), one.truth(), rtol=1e-6))


def drawn() -> Iterator[Held]:
    """Cases of initializers that scale with the fans of a shape."""
    for case in cases("initializers/scaled.yaml"):
        node = case.program.model.nodes[0]
        if case.id.startswith("initializers/scaled/scaled[") and "shape" in node.arguments:
            yield held(case)


def spreads(one: Held, page: dict[str, Any]) -> bool:
    """Whether the law's scale is what the page says."""
    node = one.case.program.model.nodes[0]
    name, shape = node.layer.removeprefix("initializers."), node.arguments["shape"]
    scale = one.answer.arrays["truth/random/scale"].ravel()[0]
    if name.endswith("Uniform"):
        return bool(np.isclose(page["limit"](name, shape), scale))
    # The law is that of a standard normal, cut off at 2, whose own deviation is 0.8796.
    return bool(np.isclose(page["deviation"](name, shape), scale * 0.87962566))


def kernels() -> Iterator[Held]:
    """Cases of layers whose first kernel is drawn by glorot_uniform."""
    for case in cases("layers/convolutional.yaml"):
        (node, *more) = case.program.model.nodes
        given = any("initializer" in key for key in node.config)
        if "initial" in case.program.facets and not more and not given:
            yield held(case)


def kernel(one: Held, page: dict[str, Any]) -> bool:
    """Whether the limits of all kernels that are drawn evenly are what their fans say."""
    laws = {
        initial.name.rpartition("/")[2]: (initial.shape, initial.parts[0].law)
        for initial in one.answer.expectation.initial
        if len(initial.parts) == 1
    }
    return all(
        bool(np.isclose(page["limit"]("GlorotUniform", shape), law.scale))
        for name, (shape, law) in laws.items()
        if name in {"kernel", "depthwise_kernel", "pointwise_kernel"} and law and len(shape) > 2
    )


HELD = {
    "kernels of layers": (kernels, kernel, 10),
    "batch normalization": (normalized, moves, 5),
    "losses": (lost, loses, 20),
    "SGD": (lambda: optimized("SGD"), steps, 3),
    "Adam": (lambda: optimized("Adam"), steps, 4),
    "schedules": (scheduled, decays, 15),
    "initializers": (drawn, spreads, 10),
}


@pytest.mark.parametrize("what", HELD)
def test_the_formulas_are_what_keras_documents(what):
    each, holds, least = HELD[what]
    page = code(PAGE)
    found = [(one.case.id, holds(one, page)) for one in each()]
    assert [case for case, same in found if not same] == []
    assert len(found) >= least


@pytest.mark.parametrize(
    ("what", "right", "wrong"),
    [
        ("batch normalization", "x.var(axes)", "x.var(axes, ddof=1)"),
        ("batch normalization", "mean * (1 - momentum)", "mean * momentum"),
        ("losses", "weighted.sum() / losses.size", "weighted.mean() * 2"),
        ("losses", "shares = y_pred / y_pred.sum(-1, keepdims=True)", "shares = y_pred"),
        ("losses", "label_smoothing / 2", "label_smoothing"),
        ("losses", "np.broadcast_to(weight, losses.shape).sum()", "losses.size"),
        ("SGD", "momentum * velocity - rate * gradient if nesterov", "velocity if nesterov"),
        ("SGD", "weight * weight_decay * rate", "weight * weight_decay"),
        ("Adam", "np.sqrt(size) + epsilon", "np.sqrt(size + epsilon)"),
        ("Adam", "norm = np.sqrt(sum(", "norm = np.sqrt(max("),
        ("schedules", "step // decay_steps if staircase", "step / decay_steps if staircase"),
        ("schedules", "step = warmup_target, step - warmup_steps", "step = warmup_target, step"),
        ("initializers", "return shape[-2] * window, shape", "return window, shape"),
        ("kernels of layers", "6 / (fan_in + fan_out)", "6 / fan_in"),
        ("initializers", "np.sqrt(3 / fan_in)", "np.sqrt(1 / fan_in)"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_formula_is_seen(what, right, wrong):
    each, holds, _ = HELD[what]
    page = code(PAGE, right, wrong)
    assert not all(holds(one, page) for one in each())
