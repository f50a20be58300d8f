"""The jax adapter: Keras's layers as functions of ``jax.numpy``, ``jax.lax`` and ``jax.nn``.

JAX compiles every new shape, so all that a case asks of values and gradients is one jitted
function. Where ``compiled`` is asked, call 0 is also made without jit: that is the eager answer,
and the jitted one is the compiled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
import numpy as np
from jax import numpy as jnp

from conformance.adapters.jax import random
from conformance.adapters.jax.describe import Description
from conformance.adapters.jax.functions import JaxLibrary, answered, is_wide
from conformance.adapters.jax.tables.layers import TABLE
from conformance.adapters.jax.training import loss_of, optimizer_of
from conformance.adapters.native.session import CallSession, Examined, Framework, Subject
from conformance.adapters.shared.compiling import forget, keep_context
from conformance.adapters.shared.functions import is_function
from conformance.adapters.worker.loop import kind_of
from conformance.adapters.worker.precision import declared, jax_precision
from conformance.adapters.worker.probe import probe

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from conformance.adapters.native.feeds import Feeds
    from conformance.adapters.native.model import Answer, Model

UNANSWERED = {
    "open_sizes": "jax.eval_shape states shapes where every size is known",
    "open_batch": "jax.eval_shape states shapes where every size is known",
    "output_spec": "JAX has no layers that state their answers",
    "weights": "JAX has no layers that name their weights",
    "params": "JAX has no layers that hold parameters: functions are given arrays",
    "config": "a function has no configuration",
    "config_round_trip": "a function has no configuration to be rebuilt from",
    "save_round_trip": "JAX has no models to save",
    "from_numpy": "what arrays of NumPy are to Keras's functions is asked of Keras",
    "from_lists": "what lists are to Keras's functions is asked of Keras",
    "initial": "JAX has no layers that make their own weights",
    "summary": "JAX has no summary of a model",
    "mask": "JAX's arrays carry no masks; a layer that heeds one is given it",
    "exchange": "JAX reads and writes no files of Keras",
    "clone": "what clone_model makes of a model is Keras's own",
    "metrics": "JAX has no metrics",
    "optimizer": "JAX has no optimizers that keep variables: a formula is given what it was before",
    "raises": "what Keras must refuse is said of Keras, not of JAX",
}
"""Facets that JAX has no notion of."""

_CASES_BETWEEN_SHEDDINGS = 16
"""See :func:`forget`."""


class Adapter:
    """Runs programs in JAX on the CPU."""

    kinds = ("model", "function", "steps")

    def __init__(self, framework: Framework, versions: Mapping[str, str]) -> None:
        """Make it.

        Args:
            framework: JAX, or what stands on it.
            versions: The versions that its numbers depend on.
        """
        keep_context()
        self._framework = framework
        self._versions = versions
        self._cases = 0

    def hello(self) -> dict[str, Any]:
        """Pin what could change an answer, and say what this is."""
        jax.config.update("jax_default_matmul_precision", jax_precision())
        measured = probe(jax.jit(jnp.matmul), jax.jit(_conv))
        return {
            "versions": dict(self._versions),
            "precision": declared(),
            "probe": measured,
            "settings": {
                "jax_default_matmul_precision": jax_precision(),
                "jax_enable_x64": str(jax.config.jax_enable_x64),
                "backend": jax.default_backend(),
            },
        }

    def run(
        self, program: Mapping[str, Any], tensors: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Answer one program.

        Args:
            program: A ``Program`` of ``conformance/cases/model.py`` as a plain dict.
            tensors: Its arrays.

        Returns:
            The observation and its arrays.

        Raises:
            Unsupported: No facet can be answered, or a layer, or an argument.
        """
        self._cases += 1
        if self._cases % _CASES_BETWEEN_SHEDDINGS == 0:
            forget(jax)
        if (kind := kind_of(program)) != "model":
            return answered(self._framework.unanswered, kind, program, tensors)
        with jax.enable_x64(_is_wide(program)):
            return CallSession(self._framework, program, tensors).answer()


class Traced(Subject):
    """A model as one function that JAX traces once a shape, and what was seen on the way."""

    def __init__(
        self, spec: Mapping[str, Any], model: Model, feeds: Feeds, ordinary: frozenset[int]
    ) -> None:
        """Wrap the model."""
        super().__init__(spec, model, feeds, ordinary)
        self._seen: dict[Any, Answer] = {}
        self._step: Callable[[Any, Any], tuple[list[Any], dict[str, Any]]] = jax.jit(self.step)
        self._description: Description | None = None

    def step(
        self, inputs: Mapping[str, Any], weights: Mapping[str, Any]
    ) -> tuple[list[Any], dict[str, Any]]:
        """Outputs of one call, and the variables that it changes; notes the shapes on the way."""
        answer: Answer = self.model(inputs, weights)
        self._seen[_shapes(inputs)] = answer
        return answer.outputs, dict(answer.updates)

    def call(self, index: int, weights: Mapping[str, Any]) -> Answer:
        """One call, with these variables."""
        return self.seen(index, *jax.device_get(self._step(self.feeds.calls[index], weights)))

    def seen(self, index: int, outputs: list[Any], updates: Mapping[str, Any]) -> Answer:
        """The answer to a call: these arrays, and the shapes that were seen in it."""
        traced = self._seen[_shapes(self.feeds.calls[index])]
        return traced._replace(outputs=outputs, updates=updates)

    def gradients(self) -> dict[str, dict[str, Any]]:
        """Gradients of ``sum(cotangent * output)`` over the float outputs of call 0."""
        found: dict[str, dict[str, Any]] = jax.device_get(
            jax.jit(lambda feeds: self._differentiated(feeds)[2])(self.feeds)
        )
        return found

    def everything(self, feeds: Feeds) -> tuple[list[Any], Any, dict[str, Any]]:
        """What one jitted function answers.

        Returns:
            Outputs and updates of all calls in their order, the gradients of call 0 where there
            are cotangents, and the variables that the ordinary calls have changed.
        """
        changed = dict[str, Any]()
        answers, gradients = [], None
        for index, inputs in enumerate(feeds.calls):
            if index == 0 and feeds.cotangents:
                outputs, updates, gradients = self._differentiated(feeds)
            else:
                outputs, updates = self._step(inputs, {**feeds.weights, **changed})
            answers.append(outputs)
            if index in self.ordinary:
                changed.update(updates)
        return answers, gradients, changed

    def _differentiated(
        self, feeds: Feeds
    ) -> tuple[list[Any], dict[str, Any], dict[str, dict[str, Any]]]:
        """Call 0, and the gradients of its float outputs."""
        first = feeds.calls[0]
        floats = {k: x for k, x in first.items() if jnp.issubdtype(x.dtype, jnp.floating)}

        def differentiable(some: Mapping[str, Any], weights: Mapping[str, Any]) -> Any:
            outputs, updates = self._step({**first, **some}, {**feeds.weights, **weights})
            return [y for y in outputs if _is_float(y)], (outputs, updates)

        trainable = {k: w for k, w in feeds.weights.items() if k not in self.model.frozen}
        moving, pull, (outputs, updates) = jax.vjp(differentiable, floats, trainable, has_aux=True)
        pairs = [c for c, y in zip(feeds.cotangents, outputs) if _is_float(y)]
        gradients = pull([c.astype(y.dtype) for c, y in zip(pairs, moving)])
        return outputs, updates, dict(zip(("inputs", "weights"), gradients))

    def symbolic(self) -> dict[str, Any]:
        """Shapes with the batch's size left open."""
        return self._described().symbolic()

    def native(self) -> list[dict[str, Any]]:
        """How each node is done; nothing of a model that can't be traced.

        Why it can't be is the answer to ``symbolic_shape``.
        """
        try:
            return self._described().native()
        except Exception:  # noqa: BLE001 - whatever JAX raises is told once
            return []

    def _described(self) -> Description:
        if self._description is None:
            self._description = Description(self.model, self.spec["inputs"], self.feeds.weights)
        return self._description

    def compiled(self, outputs: list[Any]) -> tuple[list[Any], list[Any]]:
        """Call 0 operation by operation; what jit gave is the compiled answer."""
        inputs = {name: jnp.asarray(x) for name, x in self.feeds.calls[0].items()}
        weights = {name: jnp.asarray(w) for name, w in self.feeds.weights.items()}
        eager, _ = jax.device_get(self.step(inputs, weights))
        return eager, outputs

    def train(self, train: Mapping[str, Any]) -> tuple[Any, Mapping[str, Any]]:
        """The losses of the steps, and the variables after the last."""
        start, update = optimizer_of(train["optimizer"]["name"], train["optimizer"]["config"])
        loss = loss_of(train)

        def total(weights: Any, inputs: Any, targets: Any) -> Any:
            outputs, _ = self.step(inputs, weights)
            counts = train.get("loss_weights") or [1.0] * len(targets)
            return sum(loss(y, t) * one for y, t, one in zip(outputs, targets, counts))

        def step(state: Any, weights: Any, inputs: Any, targets: Any) -> Any:
            value, gradients = jax.value_and_grad(total)(weights, inputs, targets)
            return value, *update(state, weights, gradients)

        jitted = jax.jit(step)
        feeds = self.feeds
        weights = {name: jnp.asarray(array) for name, array in feeds.weights.items()}
        state = start(weights)
        losses = []
        for _ in range(train["steps"]):
            value, state, weights = jitted(state, weights, feeds.calls[0], feeds.targets)
            losses.append(value)
        return np.stack(jax.device_get(losses)), weights


class Jax(Framework):
    """JAX, or a library on top of it whose layers are functions of arrays here, too."""

    subject = Traced

    def array(self, numbers: Any) -> Any:
        """An array of NumPy as it is, which JAX takes."""
        return np.asarray(numbers)

    def numbers(self, array: Any) -> Any:
        """The numbers of an array in its own dtype."""
        return np.asarray(array)

    def draws(self, program: Mapping[str, Any], inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Answers of a layer that draws random numbers in training."""
        return random.draws(self.table, program, inputs, self.cast)

    def together(self, subjects: Sequence[Subject]) -> list[Examined] | None:
        """Every call and gradient, from one jitted function if it can be had."""
        traced = [subject for subject in subjects if isinstance(subject, Traced)]
        try:
            found = jax.device_get(jax.jit(_all(traced))([one.feeds for one in traced]))
        except Exception:  # noqa: BLE001 - which call raised is found out one by one
            return None
        return [
            Examined(
                [one.seen(index, outputs, {}) for index, outputs in enumerate(calls)],
                gradients,
                {**one.feeds.weights, **changed},
            )
            for one, (calls, gradients, changed) in zip(traced, found)
        ]


def create(name: str) -> Adapter:
    """Make the adapter; the contract is in docs/adapters.md."""
    library = JaxLibrary(UNANSWERED)
    return Adapter(Jax(TABLE, UNANSWERED, cast=_cast, library=library), versions())


def versions() -> dict[str, str]:
    """The versions that JAX's numbers depend on."""
    return {"jax": jax.__version__, "numpy": np.__version__}


def _cast(array: Any, dtype: str) -> Any:
    """An array, NumPy's or traced, in the dtype of this name."""
    return array.astype(jnp.dtype(dtype))


def _is_wide(program: Mapping[str, Any]) -> bool:
    """Whether the program speaks of float64, which JAX has only where it is told so.

    Of functions among the layers, whether they speak of any dtype of 64 bits.
    """
    models = [program["model"], *([program["twin"]["model"]] if program.get("twin") else [])]
    return any(
        "float64" in {one.get("dtype"), one.get("config", {}).get("dtype")}
        for model in models
        for one in (*model["inputs"], *model["nodes"])
    ) or any(
        is_wide({"model": {"inputs": [], "nodes": [node]}})
        for model in models
        for node in model["nodes"]
        if is_function(node["layer"])
    )


def _all(traced: Sequence[Traced]) -> Callable[[Sequence[Feeds]], list[Any]]:
    def everything(feeds: Sequence[Feeds]) -> list[Any]:
        return [one.everything(own) for one, own in zip(traced, feeds)]

    return everything


def _is_float(array: Any) -> bool:
    return bool(jnp.issubdtype(array.dtype, jnp.floating))


def _shapes(inputs: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple((name, tuple(array.shape)) for name, array in sorted(inputs.items()))


def _conv(x: Any, kernel: Any) -> Any:
    return jax.lax.conv_general_dilated(
        x, kernel, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC")
    )
