"""What a script asks of one ``fit``: rows, validation, callbacks, the files that these write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.cases.model import Fit
from conformance.repro.text import identifier, literal

if TYPE_CHECKING:
    from conformance.cases.model import Named, Train
    from conformance.repro.plan import Body, Plan

_PASSED = (
    "validation_split",
    "validation_freq",
    "validation_batch_size",
    "validation_steps",
    "initial_epoch",
    "steps_per_epoch",
)

_GENERATOR = """\
def batches():
    while True:
        for i in range(0, len({y}), {size}):
            yield {rows}"""

_DATASET = """\
class Rows(keras.utils.{base}):
    def __len__(self):
        return -(-len({y}) // {size})
    def __getitem__(self, index):
        i = index * {size}
        return {rows}"""

_READ = """\
observed = {{}}
for number, path in enumerate(sorted(os.listdir(folder)), 1):
    {load}
    for layer, arrays in weights.items():
        for name, variable in zip(arrays, held.get_layer(layer).weights):
            observed[f"file {{number}}/{{layer}}/{{name}}"] = np.array(as_numpy(variable))"""


def fit_lines(plan: Plan, train: Train, rows: tuple[str, str, str], result: Body) -> list[str]:
    """Statements that train the model by ``fit`` and fill ``history``.

    Args:
        plan: What is shown.
        train: The training.
        rows: Inputs, targets, and the weights of rows behind a comma if any, as source.
        result: Takes the modules that are needed.

    Raises:
        Unsupported: Several inputs in batches of their own take more than a few lines.
    """
    fit = train.fit or Fit()
    lines: list[str] = []
    given = [_given(plan, train, fit, rows, lines)]
    if train.checkpoint:
        result.imports.append("import tempfile")
        lines.append("folder = tempfile.mkdtemp()")
    if train.callbacks:
        given.append(f"callbacks=[{', '.join(_callback(one) for one in train.callbacks)}]")
    given += [f"{key}={literal(one)}" for key in _PASSED if (one := getattr(fit, key))]
    arguments = ", ".join([*given, f"epochs={train.steps}", "shuffle=False", "verbose=0"])
    return [*lines, f"history = model.fit({arguments}).history"]


def compile_source(train: Train) -> str:
    """What ``compile`` is given besides, behind a comma; or nothing."""
    fit = train.fit or Fit()
    keys = ("steps_per_execution", "jit_compile")
    return "".join(
        f", {key}={literal(one)}" for key in keys if (one := getattr(fit, key)) is not None
    )


def read_lines(train: Train) -> str:
    """Statements that fill ``observed`` with what the files hold."""
    whole = not any(
        str(one.config.get("filepath")).endswith(".weights.h5") for one in train.callbacks
    )
    path = "os.path.join(folder, path)"
    load = f"held = keras.models.load_model({path})"
    return _READ.format(load=load if whole else f"model.load_weights({path}); held = model")


def _given(plan: Plan, train: Train, fit: Fit, rows: tuple[str, str, str], lines: list[str]) -> str:
    x, y, weights = rows
    held = fit.validation_rows
    validation = ""
    if held:
        part = f"[-{held}:]"
        kept = f", {train.sample_weight[-held:]}" if train.sample_weight else ""
        weighed = f", np.array({kept[2:]}, 'float32')" if kept else ""
        validation = f", validation_data=({_cut(x, part)}, {_cut(y, part)}{weighed})"
        x, y = _cut(x, f"[:-{held}]"), _cut(y, f"[:-{held}]")
        if train.sample_weight:
            weights = f", sample_weight=np.array({train.sample_weight[:-held]}, 'float32')"
    if fit.data is None:
        return f"{x}, {y}, batch_size={train.batch_size}{weights}{validation}"
    if x.startswith("[") or y == "targets":
        raise plan.no()
    part = f"[i : i + {train.batch_size}]"
    weighed = f", w{part}" if train.sample_weight else ""
    if train.sample_weight:
        lines.append(f"w = {weights.removeprefix(', sample_weight=')}")
    words: dict[str, Any] = {
        "y": y,
        "size": train.batch_size,
        "rows": f"{x}{part}, {y}{part}{weighed}",
    }
    classes = "" if train.class_weight is None else weights
    if fit.data == "generator":
        lines.append(_GENERATOR.format(**words))
        return f"batches(){classes}{validation}"
    lines.append(_DATASET.format(base="Sequence" if plan.old else "PyDataset", **words))
    return f"Rows(){classes}{validation}"


def _cut(arrays: str, part: str) -> str:
    """Some rows of an array, or of each in a list."""
    several = arrays.startswith("[") or arrays == "targets"
    return f"[one{part} for one in {arrays}]" if several else f"{arrays}{part}"


def _callback(named: Named) -> str:
    config = dict(named.config)
    if named.name == "LearningRateScheduler":
        return f"keras.callbacks.LearningRateScheduler({_schedule(config['schedule'])})"
    path = config.pop("filepath", None)
    first = [] if path is None else [f"os.path.join(folder, {literal(path)})"]
    own = [*first, *(f"{identifier(key)}={literal(one)}" for key, one in config.items())]
    return f"keras.callbacks.{identifier(named.name)}({', '.join(own)})"


def _schedule(named: dict[str, Any]) -> str:
    ((name, config),) = named.items()
    if name == "listed":
        return f"lambda epoch, rate: {literal(config['rates'])}[epoch]"
    epochs, factor = literal(config["epochs"]), literal(config["factor"])
    return f"lambda epoch, rate: rate if epoch < {epochs} else rate * {factor}"
