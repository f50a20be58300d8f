"""The flax adapter: Keras's layers as modules of Flax NNX, or JAX where Flax has none.

A module is made, filled with the case's weights and called, within the function that JAX traces:
everything else about a case goes as in the jax adapter.
"""

from __future__ import annotations

import flax

from conformance.adapters.flax.tables.layers import TABLE
from conformance.adapters.jax.adapter import UNANSWERED as OF_JAX
from conformance.adapters.jax.adapter import Adapter, Jax, versions
from conformance.adapters.jax.functions import JaxLibrary

UNANSWERED = {
    **OF_JAX,
    "output_spec": "a module of Flax states nothing of its answer before it is called",
    "weights": "modules of Flax name and lay out their variables in their own way",
    "params": "a module is made for each call here, so that no model holds parameters to count",
    "config": "a module of Flax keeps no configuration",
    "config_round_trip": "a module of Flax has no configuration to be rebuilt from",
    "save_round_trip": "Flax saves variables; the modules' code is not part of the file",
    "initial": "modules of Flax begin with laws of Flax's own, not with Keras's initializers",
    "summary": "nnx.tabulate wants the whole model as one module",
    "mask": "JAX's arrays carry no masks; a layer that heeds one is given it",
    "raises": "what Keras must refuse is said of Keras, not of Flax",
}
"""Facets that Flax has no notion of."""


def create(name: str) -> Adapter:
    """Make the adapter; the contract is in docs/adapters.md."""
    framework = Jax(TABLE, UNANSWERED, library=JaxLibrary(UNANSWERED))
    return Adapter(framework, {"flax": flax.__version__, **versions()})
