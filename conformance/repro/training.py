"""What a script asks of a training: losses, metrics, weights, what the optimizer holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.repro import pieces
from conformance.repro.text import identifier, literal

if TYPE_CHECKING:
    from conformance.cases.model import Named, Train
    from conformance.repro.plan import Plan

_HELD = """\
owners = {v.path.replace("/", "_") + "_": names[id(v)] for v in model.trainable_weights}
observed = {}
for variable in optimizer.variables:
    # A slot has the path of the variable that it is kept for in front of its own name.
    owner = max((one for one in owners if variable.name.startswith(one)), key=len, default="")
    name = variable.name[len(owner) :]
    observed["optimizer's " + (owners[owner] + "/" + name if owner else name)] = np.asarray(
        as_numpy(variable)
    )"""

_TOLD = """\
observed = {
    f"metric {name}": np.array([float(np.asarray(one[name])) for one in told])
    for name in told[0]
    if name != "loss"
}"""


def training_lines(plan: Plan, train: Train, fed: str) -> list[str]:
    """Statements that train the model and fill ``observed``.

    Args:
        plan: What is shown: one of the facets that a training answers.
        train: The training.
        fed: What the model is called with, as source.

    Raises:
        Unsupported: Keras 2's optimizers keep variables of other names.
    """
    several = plan.network is not None and len(plan.network.outputs) > 1
    data = f"{fed}, {'targets' if several else 'targets[0]'}{weights_source(train)}"
    optimizer = f"keras.optimizers.{optimizer_source(train)}"
    compiled = f"loss={loss_source(train)}{', run_eagerly=True' if train.eager else ''}"
    if plan.facet == "optimizer":
        if plan.old:
            raise plan.no()
        made = [f"optimizer = {optimizer}", f"model.compile(optimizer=optimizer, {compiled})"]
        return [pieces.NAMES, *_compiled(train, made), *_trained(train, data), _HELD]
    if plan.facet == "metrics":
        more = metrics_source(train)
        called = f"model.train_on_batch({data}, return_dict=True)"
        return [
            *_compiled(train, [f"model.compile(optimizer={optimizer}, {compiled}{more})"]),
            f"told = [{called} for _ in range({train.steps})]",
            _TOLD,
        ]
    lines = [
        *_compiled(train, [f"model.compile(optimizer={optimizer}, {compiled})"]),
        *_trained(train, data),
    ]
    told = "np.array([np.ravel(loss)[0] for loss in losses])"
    if plan.facet == "losses":
        return [*lines, f'observed = {{"losses": {told}}}']
    return [*lines, pieces.LEFT.format("trained"), f'observed["losses"] = {told}']


def _compiled(train: Train, lines: list[str]) -> list[str]:
    """The statements that compile, between those that freeze layers before and after."""
    return [*_frozen(train.freeze), *lines, *_frozen(train.freeze_late)]


def _frozen(nodes: list[str]) -> list[str]:
    return [f"model.get_layer({node!r}).trainable = False" for node in nodes]


def _trained(train: Train, data: str) -> list[str]:
    """Fill ``losses``."""
    if train.batch_size is None:
        lines = [f"losses = [model.train_on_batch({data}) for _ in range({train.steps})]"]
        if train.evaluate:
            lines.append(f"losses.append(model.test_on_batch({data}))")
        return lines
    batches = f"batch_size={train.batch_size}, verbose=0"
    fitted = f"model.fit({data}, epochs={train.steps}, shuffle=False, {batches})"
    lines = [f'losses = list({fitted}.history["loss"])']
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


def optimizer_source(train: Train) -> str:
    """The optimizer, without the module that it is in."""
    return _made(train.optimizer)


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
