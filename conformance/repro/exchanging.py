"""What a script does to show a file that one backend of Keras writes and another reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.adapters.shared.naming import base_of
from conformance.adapters.worker.failure import Unsupported
from conformance.repro import pieces, quantizing
from conformance.repro.plan import KERAS_3
from conformance.repro.training import targets_source, trained_lines, weights_source
from conformance.verdicts.exchange import writer_of

if TYPE_CHECKING:
    from conformance.repro.plan import Body, Plan

_GOES_ON = """\
model = keras.saving.load_model(path)
losses = []
for _ in range({steps}):
    model.reset_metrics()  # before Keras 3.15 it tells the mean of all losses so far
    losses.append(model.train_on_batch({data}, return_dict=True)["loss"])"""


def writer(plan: Plan) -> str:
    """The adapter whose file is read: the first that deviates.

    Raises:
        Unsupported: There is no such file, or no Keras 3 wrote it.
    """
    comparisons = plan.judged.comparisons if plan.judged else []
    found = [writer_of(one) for one in comparisons if one.message]
    found += [writer_of(one) for one in comparisons]
    named = next((name for name in found if name), "")
    if not base_of(named).startswith(KERAS_3) or plan.old:
        raise Unsupported(f"the file of {named or 'no adapter'} is not shown by a script")
    return named


def begin_lines(plan: Plan, begin: list[str]) -> list[str]:
    """Statements in front of Keras's import, for two processes that have a backend each.

    Args:
        plan: What is shown.
        begin: Those of one process; the first chooses the backend.
    """
    other = base_of(writer(plan)).removeprefix(KERAS_3)
    kind = "" if plan.graph.exchange is None else plan.graph.exchange.file
    return [
        f"path = os.path.join(tempfile.mkdtemp(), 'model.{kind}')",
        "child = os.fork()  # one process writes the file, this one reads it",
        f'os.environ["KERAS_BACKEND"] = {plan.backend!r} if child else {other!r}',
        "if child:",
        '    assert os.waitpid(child, 0)[1] == 0, "the file was not written"',
        *begin[1:],
    ]


def exchange_lines(
    plan: Plan, build: list[str], weights: list[str], fed: str, result: Body
) -> list[str]:
    """Statements that write the model in one process, and fill ``observed`` in the other.

    Args:
        plan: What is shown.
        build: Statements that build the model.
        weights: Statements that set its weights.
        fed: What it is called with, as source.
        result: Takes the modules that are needed.
    """
    if plan.goes_on is not None:
        return [*build, *_going_on(plan, plan.goes_on, weights, fed, result)]
    whole = plan.graph.exchange is not None and plan.graph.exchange.file == "keras"
    settled = "\n".join(weights).splitlines()
    quantized = quantizing.lines(plan.program.model.quantize)
    return [
        *build,
        "if not child:",
        *(f"    {line}" for line in settled),
        f"    model.{'save' if whole else 'save_weights'}(path)",
        "    os._exit(0)",
        "model = keras.saving.load_model(path, compile=False)"
        if whole
        else "\n".join([*quantized, "model.load_weights(path)"]),
        f"outputs = flat({plan.called}({fed}))",
        pieces.OBSERVED,
    ]


def _going_on(plan: Plan, steps: int, weights: list[str], fed: str, result: Body) -> list[str]:
    """A training in one process, and so many steps more, from its file, in the other.

    Raises:
        Unsupported: Nothing is trained.
    """
    train = plan.program.train
    if train is None:
        raise plan.no()
    trained = "\n".join([*weights, *trained_lines(plan, train, fed, result)]).splitlines()
    data = f"{fed}, {targets_source(plan)}{weights_source(train)}"
    return [
        "if not child:",
        *(f"    {line}" for line in trained),
        "    model.save(path)",
        "    os._exit(0)",
        _GOES_ON.format(steps=steps, data=data),
        pieces.LEFT.format("trained"),
        'observed["losses"] = np.array([np.ravel(loss)[0] for loss in losses])',
    ]
