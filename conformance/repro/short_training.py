"""Gradients, and what training leaves, on a few lines of Keras."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from conformance.repro.keras import listed
from conformance.repro.short_parts import TooLong, as_numpy, each_input, fed
from conformance.repro.training import loss_source, optimizer_lines, weights_source

if TYPE_CHECKING:
    from conformance.repro.plan import Plan
    from conformance.repro.short_parts import Writer
    from conformance.verdicts.model import Comparison

_TRAINED = re.compile(r"(?:trained|after) (.+)")
_OF = re.compile(r"gradient of (input )?(.+)")

_RECORDER = """\
gradients = []
class Recorder(keras.optimizers.Optimizer):  # keeps the gradients that it is handed
    def apply(self, found, variables=None): gradients.extend(found)
asked = keras.Model()"""


def gradient_lines(plan: Plan, compared: Comparison | None, write: Writer) -> list[str]:
    """Fill ``y`` with the gradient of ``sum(c * output)`` by one input or weight.

    Args:
        plan: What is shown.
        compared: The array that is off; by default the first.
        write: Gives an array as source.

    Raises:
        TooLong: There is no short way.
    """
    network, answer = plan.network, plan.answer
    if network is None or answer is None or answer.expectation.gradients is None:
        raise TooLong("the gradients are not known")
    if not all("float" in output.dtype for output in answer.expectation.calls[0].outputs):
        raise TooLong("outputs without gradients take more than a few lines")
    cotangents = [write(answer.feeds[f"cotangent/{j}"]) for j in range(len(network.outputs))]
    c = f"c = {listed(cotangents)}  # the loss is sum(c * output)"
    inputs = plan.program.model.inputs
    moving = [at for at, spec in enumerate(inputs) if "float" in spec.dtype]
    found = _OF.fullmatch(compared.what) if compared else None
    target, zero = 0, False
    if found and found[1]:
        target = moving.index([spec.name for spec in inputs].index(found[2]))
        truth = answer.arrays[answer.expectation.gradients.inputs[found[2]].tensor]
        zero = not np.asarray(truth).any()
    elif found:
        trained = [name for name, variable in network.variables.items() if variable.trainable]
        target, moving = trained.index(found[2]), []
    if plan.old:
        return [c, *_by_tape(plan, moving, target)]
    return [c, *_by_recorder(plan, moving, target, zero=zero)]


def _by_recorder(plan: Plan, moving: list[int], target: int, *, zero: bool) -> list[str]:
    """Through Keras's public API alone: one step of training keeps the gradients."""
    inputs, each = plan.program.model.inputs, each_input(plan)
    held, given = "model, lambda given: given", fed(plan)
    names = "asked.model, asked.call"
    if moving:
        made = [_variable(each[at], inputs[at].dtype) for at in moving]
        names, held = f"asked.x, {names}", f"{listed(made)}, {held}"
        alone = len(moving) == 1
        holder = "asked.x * 1" if alone else "asked.x[{}] * 1"
        places = {at: holder.format(i) for i, at in enumerate(moving)}
        convert = "keras.ops.convert_to_tensor({})" if len(each) > len(moving) else "{}"
        given = listed([convert.format(places.get(at, text)) for at, text in enumerate(each)])
    total = _total(plan, f"model({given})") + (" + 0 * keras.ops.sum(asked.x * 1)" if zero else "")
    return [
        *_RECORDER.splitlines(),
        f"{names} = {held}",
        f"asked.compute_loss = lambda *_, **__: {total}",
        "asked.compile(optimizer=Recorder(1.0), run_eagerly=True)",
        "asked.train_on_batch(np.zeros((1, 1)), np.zeros((1, 1)))",
        f"y = {as_numpy(plan, f'gradients[{target}]')}",
    ]


def _variable(array: str, dtype: str) -> str:
    kind = "" if dtype == "float32" else f", dtype={dtype!r}"
    return f"keras.Variable({array}{kind})"


def _total(plan: Plan, called: str) -> str:
    if plan.network is not None and len(plan.network.outputs) == 1:
        return f"keras.ops.sum(keras.ops.multiply(c, {called}))"
    return f"sum(keras.ops.sum(keras.ops.multiply(*pair)) for pair in zip(c, {called}))"


def _by_tape(plan: Plan, moving: list[int], target: int) -> list[str]:
    """Keras 2 is TensorFlow's own."""
    each, inputs = each_input(plan), plan.program.model.inputs
    made = [f"tf.cast({each[at]}, {inputs[at].dtype!r})" for at in moving]
    places = {at: f"given[{i}]" for i, at in enumerate(moving)}
    fed = listed([places.get(at, text) for at, text in enumerate(each)])
    of = f"given[{target}]" if moving else f"model.trainable_weights[{target}]"
    return [
        *([f"given = [tf.Variable(one) for one in [{', '.join(made)}]]"] if made else []),
        "with tf.GradientTape() as tape:",
        f"    outputs = model({fed})",
        f'y = tape.gradient(outputs, {of}, c, unconnected_gradients="zero")',
        "y = tf.convert_to_tensor(y).numpy()",
    ]


def state_lines(plan: Plan, compared: Comparison | None, write: Writer) -> list[str]:
    """Fill ``y`` with what a call, or training, leaves of one variable; or with the losses.

    Args:
        plan: What is shown.
        compared: The array that is off; by default the first.
        write: Gives an array as source.

    Raises:
        TooLong: There is no short way.
    """
    network, train, answer = plan.network, plan.program.train, plan.answer
    if network is None or answer is None or (plan.backend == "jax" and train is None):
        raise TooLong("what a traced call leaves takes more than a few lines")
    found = _TRAINED.fullmatch(compared.what) if compared else None
    place = list(network.variables).index(found[1]) if found else 0
    y = f"y = {as_numpy(plan, f'model.weights[{place}]')}"
    if train is None:
        return [f"model({fed(plan)})", y]
    if train.batch_size or train.evaluate or train.freeze or train.freeze_late or train.eager:
        raise TooLong("this training takes more than a few lines")
    targets = [answer.feeds[f"target/{j}"] for j in range(len(network.outputs))]
    called = f"model.train_on_batch(x, t{weights_source(train)})"
    losses = f"losses = [{called} for _ in range({train.steps})]"
    return [
        f"t = {listed([write(one) for one in targets])}",
        *optimizer_lines(train),
        f"model.compile(optimizer, {loss_source(train)})",
        losses,
        y if found else "y = np.array([np.ravel(loss)[0] for loss in losses])",
    ]
