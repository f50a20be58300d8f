"""Faults of settings of the process: one that nobody looks at, and one that comes too late."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from conformance.reference.faults.fault import Fault
from conformance.reference.model.settings import settled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.cases.model import Model


def of_settings(model: Model) -> Iterator[Fault]:
    """Each setting of a case without effect; and all of them against what arguments say."""
    if model.settings is None:
        return
    for key in msgspec.to_builtins(model.settings):

        def without(other: Model, key: str = key) -> Model:
            if other.settings is None:
                return other
            kept = msgspec.structs.replace(other.settings, **{key: None})
            return msgspec.structs.replace(other, settings=kept)

        yield Fault(
            name=f"ignored-setting:{key}",
            says=f"ignored the setting {key} of the process",
            model=without,
        )
    yield Fault(
        name="setting-over-argument",
        says="took the settings of the process where arguments say otherwise",
        model=_over_arguments,
    )


def _over_arguments(model: Model) -> Model:
    """The model without the arguments that stand against its settings."""
    nodes = []
    for node in model.nodes:
        bare = {key: value for key, value in node.config.items() if key not in _AGAINST}
        nodes.append(msgspec.structs.replace(node, config=bare))
    changed = msgspec.structs.replace(model, nodes=nodes)
    return model if settled(changed) == settled(model) else changed


_AGAINST = frozenset({"data_format", "dtype"})
