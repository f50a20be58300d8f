"""What a script asks of a training: losses, metrics, weights, what the optimizer holds."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from conformance.repro import pieces
from conformance.repro.fitting import compile_source, fit_lines, read_lines
from conformance.repro.subjects import words
from conformance.repro.text import identifier, literal

if TYPE_CHECKING:
    from conformance.cases.model import Named, Train
    from conformance.repro.plan import Body, Plan

_HELD = """\
owners = {v.path.replace("/", "_") + "_": names[id(v)] for v in model.trainable_weights}
observed = {}
for home, variable in held:
    # A slot has the path of the variable that it is kept for in front of its own name.
    owner = max((one for one in owners if variable.name.startswith(one)), key=len, default="")
    name = variable.name[len(owner) :]
    observed["optimizer's " + (owners[owner] + "/" + name if owner else home + name)] = np.asarray(
        as_numpy(variable)
    )"""

_HELD_BY_ONE = 'held = [("", variable) for variable in optimizer.variables]'
_HELD_BY_SEVERAL = """\
held = [("", optimizer.iterations)]
for key, part in {**several, "default_optimizer": several.default_optimizer}.items():
    held += [(key + "/", variable) for variable in part.variables]"""

_TOLD = """\
observed = {
    f"metric {name}": np.array([float(np.asarray(one[name])) for one in told])
    for name in told[0]
    if name != "loss"
}"""


_HISTORY = """\
observed = {
    f"metric {'learning_rate' if name == 'lr' else name}": np.array(values, float)
    for name, values in history.items()
    if name != "loss"
}"""


def training_lines(plan: Plan, train: Train, fed: str, result: Body) -> list[str]:
    """Statements that train the model and fill ``observed``.

    Args:
        plan: What is shown: one of the facets that a training answers.
        train: The training.
        fed: What the model is called with, as source.
        result: Takes the modules that are needed.

    Raises:
        Unsupported: Keras 2's optimizers keep variables of other names.
    """
    rows = (fed, targets_source(plan), weights_source(train))
    trained = functools.partial(_trained, plan, train, rows, result)
    made = optimizer_lines(train)
    compiled = _compile_source(train)
    if plan.facet == "metrics" or train.callbacks:
        compiled += metrics_source(train)
    if plan.facet == "optimizer":
        if plan.old:
            raise plan.no()
        made.append(f"model.compile(optimizer=optimizer, {compiled})")
        held = _HELD_BY_SEVERAL if _is_several(train) else _HELD_BY_ONE
        return [pieces.NAMES, *_compiled(train, made), *trained(), held, _HELD]
    lines = _compiled(train, [*made, f"model.compile(optimizer=optimizer, {compiled})"])
    if plan.facet == "metrics":
        if train.batch_size is not None:
            return [*lines, *fit_lines(plan, train, rows, result), _HISTORY]
        called = f"model.train_on_batch({', '.join(rows[:2])}{rows[2]}, return_dict=True)"
        return [*lines, f"told = [{called} for _ in range({train.steps})]", _TOLD]
    lines += trained()
    if plan.facet == "checkpoint":
        return [*lines, read_lines(train)]
    told = "np.array([np.ravel(loss)[0] for loss in losses])"
    if plan.facet == "losses":
        return [*lines, f'observed = {{"losses": {told}}}']
    return [*lines, pieces.LEFT.format("trained"), f'observed["losses"] = {told}']


def trained_lines(plan: Plan, train: Train, fed: str, result: Body) -> list[str]:
    """Statements that compile and train the model, and look at nothing of it.

    The arguments are those of :func:`training_lines`.
    """
    rows = (fed, targets_source(plan), weights_source(train))
    compiled = f"model.compile(optimizer=optimizer, {_compile_source(train)})"
    made = [*optimizer_lines(train), compiled]
    return [*_compiled(train, made), *_trained(plan, train, rows, result)]


def targets_source(plan: Plan) -> str:
    """What the model is trained towards, as source."""
    several = plan.network is not None and len(plan.network.outputs) > 1
    return "targets" if several else "targets[0]"


def _compile_source(train: Train) -> str:
    """What ``compile`` is given beside the optimizer, metrics left out."""
    eager = ", run_eagerly=True" if train.eager else ""
    loss, more = loss_source(train), f"{eager}{compile_source(train)}"
    if train.loss_weights is not None:
        more = f", loss_weights={literal(train.loss_weights)}{more}"
        loss = f"[{', '.join(loss for _ in train.loss_weights)}]"
    return f"loss={loss}{more}"


def _compiled(train: Train, lines: list[str]) -> list[str]:
    """The statements that compile, between those that freeze layers before and after."""
    return [*_frozen(train.freeze), *lines, *_frozen(train.freeze_late)]


def _frozen(nodes: list[str]) -> list[str]:
    return [f"model.get_layer({node!r}).trainable = False" for node in nodes]


def _trained(plan: Plan, train: Train, rows: tuple[str, str, str], result: Body) -> list[str]:
    """Fill ``losses``."""
    data = f"{rows[0]}, {rows[1]}{rows[2]}"
    if train.batch_size is None:
        lines = [f"losses = [model.train_on_batch({data}) for _ in range({train.steps})]"]
        if train.evaluate:
            lines.append(f"losses.append(model.test_on_batch({data}))")
        return lines
    batches = f"batch_size={train.batch_size}, verbose=0"
    lines = [*fit_lines(plan, train, rows, result), 'losses = list(history["loss"])']
    if train.evaluate:
        lines.append(f"losses.append(model.evaluate({data}, {batches}))")
    return lines


def metrics_source(train: Train) -> str:
    """What ``compile`` takes for the metrics, behind a comma; or nothing."""
    return "".join(
        f", {key}=[{', '.join(_metric(one) for one in named)}]"
        for key, named in (
            ("metrics", train.metrics),
            ("weighted_metrics", train.weighted_metrics),
        )
        if named
    )


def _metric(named: Named) -> str:
    return f"keras.metrics.{_made(named)}" if named.config else literal(named.name)


def optimizer_lines(train: Train) -> list[str]:
    """Statements that make ``optimizer``."""
    named = train.optimizer
    return words.made_lines("optimizer", f"optimizers.{named.name}", named.config)


def _is_several(train: Train) -> bool:
    return f"optimizers.{train.optimizer.name}" == words.SEVERAL


def loss_source(train: Train) -> str:
    """What ``compile`` takes for the loss."""
    return f"keras.losses.{_made(train.loss)}" if train.loss.config else literal(train.loss.name)


def weights_source(train: Train) -> str:
    """What ``train_on_batch`` takes for the weights of samples, behind a comma; or nothing."""
    if train.class_weight is not None:
        return f", class_weight={literal(dict(enumerate(train.class_weight)))}"
    if train.sample_weight is not None:
        return f", sample_weight=np.array({literal(train.sample_weight)}, 'float32')"
    return ""


def _made(named: Named) -> str:
    arguments = [f"{identifier(key)}={literal(value)}" for key, value in named.config.items()]
    return f"{identifier(named.name)}({', '.join(arguments)})"
