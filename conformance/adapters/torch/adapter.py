"""The torch adapter: Keras's layers as modules and functions of PyTorch."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - torch's own documentation calls it F

from conformance.adapters.native.feeds import Feeds, split
from conformance.adapters.native.model import Model
from conformance.adapters.shared.wire import BF16
from conformance.adapters.torch import random
from conformance.adapters.torch.functions import answered
from conformance.adapters.torch.tables.layers import TABLE
from conformance.adapters.torch.training import Optimizer, loss_of
from conformance.adapters.torch.watch import Watch
from conformance.adapters.worker.failure import Unsupported, failure
from conformance.adapters.worker.loop import kind_of
from conformance.adapters.worker.outputs import Arrays
from conformance.adapters.worker.probe import effective_precision, probe

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor


UNANSWERED = {
    "symbolic_shape": "a torch module states no shape before it has seen data",
    "weights": "torch modules name and lay out their parameters in their own way",
    "config_round_trip": "a torch module has no configuration to be rebuilt from",
    "save_round_trip": "torch saves parameters; the layers' code is not part of the file",
    "summary": "torch has no summary of a model",
    "mask": "torch's arrays carry no masks; a layer that heeds one is given it",
    "raises": "what Keras must refuse is said of Keras, not of torch",
}
"""Facets that torch has no notion of."""


EXPORTS = "-export"
"""How the name of an adapter ends that answers ``compiled`` with ``torch.export``."""

NOT_EXPORTED = (
    "torch.export takes 40 to 100 ms a case, more than all the rest; an adapter started under the "
    "name torch-export answers this"
)


class Adapter:
    """Runs programs in eager PyTorch on one thread."""

    kinds = ("model", "function", "steps")

    def __init__(self, *, exports: bool) -> None:
        """Make it.

        Args:
            exports: Whether to answer ``compiled``, by ``torch.export``.
        """
        self._exports = exports

    def hello(self) -> dict[str, Any]:
        """Pin what could change an answer, and say what this is."""
        torch.set_num_threads(1)
        torch.set_float32_matmul_precision("highest")
        measured = probe(_matmul, _conv)
        return {
            "versions": {"torch": torch.__version__, "numpy": np.__version__},
            "precision": effective_precision(measured),
            "probe": measured,
            "settings": {"float32_matmul_precision": "highest", "threads": "1"},
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
        if (kind := kind_of(program)) != "model":
            unanswered = UNANSWERED if self._exports else {**UNANSWERED, "compiled": NOT_EXPORTED}
            return answered(unanswered, kind, program, tensors)
        run = Run(program, tensors)
        if not self._exports and "compiled" in run.asked:
            run.asked.remove("compiled")
            run.unsupported["compiled"] = NOT_EXPORTED
        return run.answer()


class Run:
    """One program on its way to its answer."""

    def __init__(self, program: Mapping[str, Any], tensors: Mapping[str, Any]) -> None:
        """Bind the model, and the twin where there is one."""
        self.program = program
        self.asked = set(program["facets"])
        if self.asked <= set(UNANSWERED):
            raise Unsupported("; ".join(UNANSWERED[facet] for facet in program["facets"]))
        self.arrays = Arrays()
        self.errors: dict[str, Any] = {}
        self.unsupported = {f: UNANSWERED[f] for f in program["facets"] if f in UNANSWERED}
        self.seconds: dict[str, float] = {}
        self.after: dict[str, Tensor] = {}
        self.model = Model(TABLE, program["model"], cast)
        self.feeds = self.model.declared(split(tensors, torch.from_numpy))
        self.drawn = {
            name.split("/", 1)[1]: torch.from_numpy(array)
            for name, array in tensors.items()
            if name.startswith("random/")
        }
        self.twin = None
        if program.get("twin") and "equals" in self.asked:
            self.twin = Model(TABLE, program["twin"]["model"], cast)
            self.twin_feeds = self.twin.declared(split(tensors, torch.from_numpy, prefix="twin/"))

    def answer(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Answer every facet that is asked; an error in one leaves the others alone."""
        watch = Watch(self.model)
        observation = self._built(self.model, self.feeds, watch, "")
        if self.twin is not None:
            observation["twin"] = self._built(self.twin, self.twin_feeds, Watch(self.twin), "twin/")
        if "compiled" in self.asked:
            self._facet("compiled", observation, self._compiled)
        if "state" in self.asked:
            self._facet("state", observation, self._state)
        if "random" in self.asked:
            self._facet("random", observation, self._draws)
        observation.update(
            unsupported=self.unsupported,
            errors=self.errors,
            native=watch.native(self.model, self.feeds.weights),
            seconds=self.seconds,
        )
        return observation, self.arrays.tensors

    def _facet(self, facet: str, into: dict[str, Any], work: Callable[[], Any]) -> None:
        """Put a facet's answer, its error, or the reason for having none where it belongs."""
        start = time.perf_counter()
        try:
            into[facet] = work()
        except Unsupported as reason:
            self.unsupported[facet] = str(reason)
        except Exception as error:  # noqa: BLE001 - whatever a framework raises is the answer
            self.errors[facet] = failure(error, facet)
        self.seconds[facet] = self.seconds.get(facet, 0.0) + time.perf_counter() - start

    def _built(self, model: Model, feeds: Feeds, watch: Watch, prefix: str) -> dict[str, Any]:
        start = time.perf_counter()
        built: dict[str, Any] = {"calls": []}
        first = feeds
        for index in range(len(feeds.calls)):
            result, updates = self._call(model, feeds, index, watch, prefix)
            built["calls"].append(result)
            if updates and index < len(self.program["calls"]):
                feeds = feeds._replace(weights={**feeds.weights, **updates})
        if not prefix:
            self.after = feeds.weights
        feeds = first
        self.seconds[f"{prefix}calls"] = time.perf_counter() - start
        if "params" in self.asked:
            built["params"] = watch.counts(feeds.weights, model.frozen)
        if "gradients" in self.asked and feeds.cotangents:
            self._facet("gradients", built, lambda: self._gradients(model, feeds, prefix))
        return built

    def _call(
        self, model: Model, feeds: Feeds, index: int, watch: Watch, prefix: str
    ) -> tuple[dict[str, Any], dict[str, Tensor]]:
        """The ``CallResult`` of one call, and the variables that it changed."""
        try:
            with torch.no_grad():
                if index == 0:  # the other calls run the same modules
                    with watch.watching():
                        answer = model(feeds.calls[index], feeds.weights, watch.node)
                else:
                    answer = model(feeds.calls[index], feeds.weights)
        except Exception as error:  # noqa: BLE001 - whatever a framework raises is the answer
            return {"error": failure(error, "call")}, {}
        return {
            "outputs": self._outputs(f"{prefix}call/{index}", answer.outputs),
            "nodes": answer.nodes,
            "probes": answer.probes,
        }, dict(answer.updates)

    def _outputs(self, name: str, outputs: list[Tensor]) -> list[dict[str, Any]]:
        return [
            self.arrays.output(f"{name}/output/{j}", to_numpy(output))
            for j, output in enumerate(outputs)
        ]

    def _gradients(self, model: Model, feeds: Feeds, prefix: str) -> dict[str, dict[str, str]]:
        inputs = {name: _leaf(array) for name, array in feeds.calls[0].items()}
        weights = {
            name: array if name in model.frozen else _leaf(array)
            for name, array in feeds.weights.items()
        }
        outputs = model(inputs, weights).outputs
        loss = torch.stack(
            [
                torch.sum(c.to(y.dtype) * y).to(torch.float64)
                for c, y in zip(feeds.cotangents, outputs)
                if y.requires_grad
            ]
        ).sum()
        result: dict[str, dict[str, str]] = {"inputs": {}, "weights": {}}
        leaves = [
            (kind, name, leaf)
            for kind, group in (("inputs", inputs), ("weights", weights))
            for name, leaf in group.items()
            if leaf.requires_grad
        ]
        found = torch.autograd.grad(loss, [leaf for *_, leaf in leaves], allow_unused=True)
        for (kind, name, leaf), gradient in zip(leaves, found):
            array = torch.zeros_like(leaf) if gradient is None else gradient
            key = f"{prefix}gradient/{kind}/{name}"
            result[kind][name] = self.arrays.put(key, to_numpy(array))
        return result

    def _compiled(self) -> list[dict[str, Any]]:
        """Call 0 as the graph that ``torch.export`` makes of the model."""
        call = self.feeds.calls[0], self.feeds.weights
        with torch.no_grad():
            exported = torch.export.export(_Program(self.model), call, strict=False)
            return self._outputs("compiled", exported.module()(*call))

    def _draws(self) -> dict[str, Any]:
        found = random.draws(TABLE, self.program, self.drawn)
        return {
            name: self.arrays.output(f"random/{name}", to_numpy(y)) for name, y in found.items()
        }

    def _state(self) -> dict[str, Any]:
        if not self.program.get("train"):
            return {"weights": self._weights(self.after)}
        if self.model.frozen:
            raise Unsupported("moving statistics in training are not handled here")
        train = self.program["train"]
        weights = {name: _leaf(array) for name, array in self.feeds.weights.items()}
        optimizer = Optimizer(
            train["optimizer"]["name"], train["optimizer"]["config"], list(weights.values())
        )
        loss = loss_of(train["loss"]["name"], train["loss"]["config"])
        losses = []
        for _ in range(train["steps"]):
            outputs = self.model(self.feeds.calls[0], weights).outputs
            total = torch.stack([loss(y, t) for y, t in zip(outputs, self.feeds.targets)]).sum()
            losses.append(total.detach())
            optimizer.step(total)
        return {
            "losses": self.arrays.put("state/losses", to_numpy(torch.stack(losses))),
            "weights": self._weights(weights),
        }

    def _weights(self, weights: Mapping[str, Tensor]) -> dict[str, str]:
        return {
            name: self.arrays.put(f"state/weights/{name}", to_numpy(weight))
            for name, weight in weights.items()
        }


class _Program(nn.Module):  # type: ignore[misc] # torch is not followed by the type checker
    """A model as the module that ``torch.export`` wants."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self._model = model

    def forward(self, inputs: dict[str, Tensor], weights: dict[str, Tensor]) -> list[Tensor]:
        return self._model(inputs, weights).outputs


def create(name: str) -> Adapter:
    """Make the adapter; the contract is in docs/adapters.md."""
    return Adapter(exports=name.endswith(EXPORTS))


def cast(tensor: Tensor, dtype: str) -> Tensor:
    """A tensor in the dtype of this name."""
    return tensor.to(getattr(torch, dtype))


def to_numpy(tensor: Tensor) -> Any:
    """The numbers of a tensor in its own dtype."""
    tensor = tensor.detach()
    if tensor.dtype is torch.bfloat16:
        return BF16(tensor.contiguous().view(torch.uint16).numpy())
    return tensor.numpy()


def _leaf(array: Tensor) -> Tensor:
    """A copy that gradients are taken for, if it can have any."""
    return array.clone().requires_grad_(array.is_floating_point())


def _matmul(a: Any, b: Any) -> Any:
    return (torch.from_numpy(a) @ torch.from_numpy(b)).numpy()


def _conv(x: Any, kernel: Any) -> Any:
    weight = torch.from_numpy(kernel).permute(3, 2, 0, 1)
    return F.conv2d(torch.from_numpy(x).movedim(-1, 1), weight).movedim(1, -1).numpy()
