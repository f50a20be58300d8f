"""Modules of torch that hold no numbers: each call gives them their parameters."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from torch import nn


def empty(kind: Callable[..., nn.Module], *arguments: Hashable, **keywords: Hashable) -> nn.Module:
    """A module for ``torch.func.functional_call``, with parameters on the meta device.

    To make one takes longer than a small layer takes to compute, as torch draws initial values even
    where there is nothing to fill. A case runs its layers several times, so what was made once
    serves for all equal arguments. It is to be called with all of its parameters, and holds no
    state.

    Args:
        kind: Its class.
        *arguments: Of the constructor.
        **keywords: Likewise.
    """
    if torch.compiler.is_compiling():  # what is made meanwhile belongs to the graph
        return kind(*arguments, **keywords, device="meta")
    return _kept(kind, *arguments, **keywords)


@functools.lru_cache(maxsize=256, typed=True)
def _kept(kind: Callable[..., nn.Module], *arguments: Hashable, **keywords: Hashable) -> nn.Module:
    return kind(*arguments, **keywords, device="meta")
