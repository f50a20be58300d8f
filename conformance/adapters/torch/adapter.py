"""The torch adapter: Keras's layers as modules and functions of PyTorch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - torch's own documentation calls it F

from conformance.adapters.native.session import CallSession, Framework, Subject
from conformance.adapters.shared.wire import BF16
from conformance.adapters.torch import random
from conformance.adapters.torch.functions import TorchLibrary, answered
from conformance.adapters.torch.tables.layers import TABLE
from conformance.adapters.torch.training import Optimizer, loss_of
from conformance.adapters.torch.watch import Watch
from conformance.adapters.worker.loop import kind_of
from conformance.adapters.worker.precision import declared, torch_precision
from conformance.adapters.worker.probe import probe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from conformance.adapters.native.feeds import Feeds
    from conformance.adapters.native.model import Answer, Model

UNANSWERED = {
    "symbolic_shape": "a torch module states no shape before it has seen data",
    "open_sizes": "torch's functions state no shape before they have seen data",
    "open_batch": "torch's functions state no shape before they have seen data",
    "output_spec": "a torch module states nothing of its answer before it is called",
    "weights": "torch modules name and lay out their parameters in their own way",
    "config": "a torch module keeps no configuration",
    "config_round_trip": "a torch module has no configuration to be rebuilt from",
    "save_round_trip": "torch saves parameters; the layers' code is not part of the file",
    "from_numpy": "torch's functions take torch's tensors",
    "from_lists": "torch's functions take torch's tensors",
    "initial": "modules of torch begin with laws of torch's own, not with Keras's initializers",
    "summary": "torch has no summary of a model",
    "mask": "torch's arrays carry no masks; a layer that heeds one is given it",
    "exchange": "torch reads and writes no files of Keras",
    "clone": "what clone_model makes of a model is Keras's own",
    "metrics": "torch has no metrics",
    "optimizer": "torch's optimizers keep other variables than Keras's, and for another formula",
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
        unanswered = UNANSWERED if exports else {**UNANSWERED, "compiled": NOT_EXPORTED}
        library = TorchLibrary(unanswered)
        self._framework = Torch(TABLE, unanswered, cast=cast, library=library)

    def hello(self) -> dict[str, Any]:
        """Pin what could change an answer, and say what this is."""
        torch.set_num_threads(1)
        word = torch_precision(torch)
        measured = probe(_matmul, _conv)
        return {
            "versions": {"torch": torch.__version__, "numpy": np.__version__},
            "precision": declared(),
            "probe": measured,
            "settings": {"float32_matmul_precision": word, "threads": "1"},
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
            return answered(self._framework.unanswered, kind, program, tensors)
        return CallSession(self._framework, program, tensors).answer()


class Called(Subject):
    """A model in eager PyTorch, and the modules that ran in its first call."""

    def __init__(
        self, spec: Mapping[str, Any], model: Model, feeds: Feeds, ordinary: frozenset[int]
    ) -> None:
        """Watch what runs in it."""
        super().__init__(spec, model, feeds, ordinary)
        self._watch = Watch(model)

    def call(self, index: int, weights: Mapping[str, Tensor]) -> Answer:
        """One call, with these variables."""
        with torch.no_grad():
            if index:  # the other calls run the same modules
                return self.model(self.feeds.calls[index], weights)
            with self._watch.watching():
                return self.model(self.feeds.calls[index], weights, self._watch.node)

    def native(self) -> list[dict[str, Any]]:
        """How each node is done, by what ran in call 0."""
        return self._watch.native(self.model, self.feeds.weights)

    def params(self) -> dict[str, Any]:
        """Numbers of parameters, by what ran in call 0."""
        return self._watch.counts(self.feeds.weights, self.model.frozen)

    def gradients(self) -> dict[str, dict[str, Tensor]]:
        """Gradients of ``sum(cotangent * output)`` over the float outputs of call 0."""
        inputs = {name: _leaf(array) for name, array in self.feeds.calls[0].items()}
        weights = {
            name: array if name in self.model.frozen else _leaf(array)
            for name, array in self.feeds.weights.items()
        }
        outputs = self.model(inputs, weights).outputs
        loss = torch.stack(
            [
                torch.sum(c.to(y.dtype) * y).to(torch.float64)
                for c, y in zip(self.feeds.cotangents, outputs)
                if y.requires_grad
            ]
        ).sum()
        result: dict[str, dict[str, Tensor]] = {"inputs": {}, "weights": {}}
        leaves = [
            (kind, name, leaf)
            for kind, group in (("inputs", inputs), ("weights", weights))
            for name, leaf in group.items()
            if leaf.requires_grad
        ]
        found = torch.autograd.grad(loss, [leaf for *_, leaf in leaves], allow_unused=True)
        for (kind, name, leaf), gradient in zip(leaves, found):
            result[kind][name] = torch.zeros_like(leaf) if gradient is None else gradient
        return result

    def compiled(self, outputs: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        """Call 0 as it was, and as the graph that ``torch.export`` makes of the model."""
        call = self.feeds.calls[0], self.feeds.weights
        with torch.no_grad():
            exported = torch.export.export(_Program(self.model), call, strict=False)
            return outputs, exported.module()(*call)

    def train(self, train: Mapping[str, Any]) -> tuple[Tensor, dict[str, Tensor]]:
        """The losses of the steps, and the variables after the last."""
        weights = {name: _leaf(array) for name, array in self.feeds.weights.items()}
        optimizer = Optimizer(
            train["optimizer"]["name"], train["optimizer"]["config"], list(weights.values())
        )
        loss = loss_of(train)
        losses = []
        for _ in range(train["steps"]):
            outputs = self.model(self.feeds.calls[0], weights).outputs
            counts = train.get("loss_weights") or [1.0] * len(outputs)
            every = zip(outputs, self.feeds.targets, counts)
            total = torch.stack([loss(y, t) * one for y, t, one in every]).sum()
            losses.append(total.detach())
            optimizer.step(total)
        return torch.stack(losses), weights


class Torch(Framework):
    """PyTorch, whose models are called operation by operation."""

    subject = Called

    def array(self, numbers: Any) -> Tensor:
        """An array of NumPy as a tensor, which shares its memory."""
        return torch.from_numpy(numbers)

    def numbers(self, array: Tensor) -> Any:
        """The numbers of a tensor in its own dtype."""
        return to_numpy(array)

    def draws(self, program: Mapping[str, Any], inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Answers of a layer that draws random numbers in training."""
        return random.draws(self.table, program, inputs, self.cast)


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
