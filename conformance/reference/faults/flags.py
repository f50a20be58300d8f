"""What can be wrong with who says that a layer is in training, and with what is frozen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from conformance.reference.faults.fault import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.cases.model import Call, Graph, Model

_EVERY_ROW = 65_536
"""More rows than a case may feed."""


def of_flags(program: Graph) -> Iterator[Fault]:
    """Faults of flags: only those that the program could show."""
    told = any(call.training is not None or call.predict for call in program.calls)
    own = any("training" in node.arguments for node in program.model.nodes)
    if told:
        yield Fault(
            name="flags-ignored",
            says="did not tell its layers with which flag it was called",
            calls=lambda calls: [_told(call, None) for call in calls],
        )
        yield Fault(
            name="flags-kept",
            says="stayed in training once it had been called so",
            calls=_kept,
        )
    if own and (told or program.train is not None):
        yield Fault(
            name="flag-of-the-model-first",
            says="took what the model is told before what a layer's own call says",
            model=_silent,
        )
    if program.train is None:
        return
    if program.train.freeze:
        yield Fault(
            name="ignored:freeze",
            says="trained what had been made not trainable",
            train=lambda train: msgspec.structs.replace(train, freeze=[]),
        )
    if program.train.freeze_late:
        yield Fault(
            name="frozen-after-compile",
            says="heeded what was made not trainable after compile",
            train=lambda train: msgspec.structs.replace(
                train, freeze=[*train.freeze, *train.freeze_late]
            ),
        )
    if program.train.batch_size is not None:
        yield Fault(
            name="ignored:batch_size",
            says="took all rows for one batch",
            train=lambda train: msgspec.structs.replace(train, batch_size=_EVERY_ROW),
        )


def _told(call: Call, flag: bool | None) -> Call:  # noqa: FBT001 - null, true or false, as in a case
    return msgspec.structs.replace(call, training=flag, predict=False)


def _kept(calls: list[Call]) -> list[Call]:
    kept, on = [], False
    for call in calls:
        on = on or call.training is True
        kept.append(_told(call, flag=True) if on else call)
    return kept


def _silent(model: Model) -> Model:
    nodes = [
        msgspec.structs.replace(
            node,
            arguments={key: one for key, one in node.arguments.items() if key != "training"},
        )
        for node in model.nodes
    ]
    return msgspec.structs.replace(model, nodes=nodes)
