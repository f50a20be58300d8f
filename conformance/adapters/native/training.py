"""A model whose layers are called in training, as the functions of native adapters take it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def in_training(spec: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """The model with ``training=True`` among its layers' arguments.

    Args:
        spec: A ``Model`` of ``conformance/cases/model.py`` as a plain dict.
        more: Further arguments of every layer.
    """
    nodes = [
        {**node, "arguments": {}, "config": {**node["config"], "training": True, **more}}
        for node in spec["nodes"]
    ]
    return {**spec, "nodes": nodes}
