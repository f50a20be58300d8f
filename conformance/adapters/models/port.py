"""A port as a Python file: its functions or its module, called and watched.

Loading the file runs its code, here and nowhere else. It defines either ``load(path)`` and
``forward(model, *inputs, training=False)``, with ``activations(model, *inputs)`` and
``train_step(model, inputs, targets, settings)`` if it likes, or a class or function that is named
and called without arguments.
"""

from __future__ import annotations

import inspect
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.adapters.models import dropping, jax_training
from conformance.adapters.models.base import Sent, finite, flat, run_file
from conformance.adapters.models.watching import Watch
from conformance.adapters.worker.failure import Unsupported

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import ModuleType

EPSILON = 1e-7
"""Of Keras's Adam."""

_BLIND = (
    "nothing is seen inside: the model is no torch.nn.Module, and its file has no function "
    "activations(model, *inputs); its outputs alone are compared"
)
_UNTRAINABLE = (
    "it can't be trained here: it is no torch.nn.Module with parameters, and its file has no "
    "function train_step(model, inputs, targets, settings)"
)


def open_model(program: Mapping[str, Any]) -> Port:
    """Run the file ``path`` and make its model: of ``entry``, or by its ``load(weights)``."""
    module = run_file(Path(program["path"]))
    entry, weights = program.get("entry") or "", program.get("weights") or ""
    return Port(module, entry, weights, still=bool(program.get("still")))


class Port:
    """A model and the functions that its file has for it."""

    def __init__(self, module: ModuleType, entry: str, weights: str, *, still: bool) -> None:
        """Make the model; ``still``: without its drop-outs.

        Raises:
            Unsupported: The file has no such function or class, or not those that are needed.
        """
        self._module, self._entry, self._weights = module, entry, weights
        self._still = still
        self.model = self._made()
        self._torch = _torch_of(self.model, module)
        self._jax = None if self._torch else _jax_of(self.model, module)
        if self._torch:
            self._torch.set_num_threads(1)
            self._torch.manual_seed(0)
        self._is_module = self._torch is not None and isinstance(self.model, self._torch.nn.Module)

    def _made(self) -> Any:
        model = self._called()
        if self._still:
            dropping.silence(model)
        return model

    def _called(self) -> Any:
        if self._entry:
            found = getattr(self._module, self._entry, None)
            if found is None:
                raise Unsupported(f"the file defines no {self._entry}")
            return found()
        needed = [name for name in ("load", "forward") if not self._own(name)]
        if needed:
            raise Unsupported(
                f"the file defines no {' and no '.join(needed)}; a port defines load(path) and "
                "forward(model, *inputs, training=False), or name a class or a function that takes "
                "nothing: FILE.py:NAME"
            )
        return self._module.load(self._weights)

    def _own(self, name: str) -> Any:
        """A function of the file; None where there is none."""
        found = getattr(self._module, name, None)
        return found if callable(found) else None

    def told(self) -> dict[str, Any]:
        """What it is made of, and what can be asked of it."""
        flax = sys.modules.get("flax") if jax_training.is_flax(self.model) else None
        named = [("PyTorch", self._torch), ("Flax", flax), ("JAX", self._jax)]
        framework = next((f"{n} {one.__version__}" for n, one in named if one), "Python")
        notes = [] if self._sees() else [_BLIND]
        return {"framework": framework, "inputs": [], "trains": self._trains(), "notes": notes}

    def _sees(self) -> bool:
        return self._is_module or self._own("activations") is not None

    def _trains(self) -> bool:
        trainable = self._is_module and any(p.requires_grad for p in self.model.parameters())
        if trainable or self._own("train_step") is not None:
            return True
        return self._jax is not None and jax_training.trains(self._module, self.model)

    def infer(self, inputs: Sequence[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Its outputs in inference, and what its modules or its ``activations`` answer."""
        sent = Sent()
        fed = [self._tensor(array) for array in inputs]
        seen: list[tuple[str, Any]] = []
        kinds: dict[str, str] = {}
        with self._no_gradients():
            activations = self._own("activations")
            if activations is not None:
                told = activations(self.model, *fed)
                seen = [
                    (f"{name}[{place}]" if place else str(name), one)
                    for name, value in told.items()
                    for place, one in enumerate(flat(value))
                ]
                output = self._forward(fed, training=False)
            elif self._is_module:
                with Watch(self._torch, self.model) as watch:
                    output = self._forward(fed, training=False)
                seen, kinds = watch.seen, watch.kinds
            else:
                output = self._forward(fed, training=False)
        outputs = [self._numbers(one) for one in _arrays(output)]
        for place, array in enumerate(outputs):
            sent.put(f"output/{place}", array)
        told_seen = []
        for place, (name, value) in enumerate(seen):
            kept = sent.put(f"seen/{place}", self._numbers(value))
            if kept is not None:
                told_seen.append({"name": name, "tensor": kept, "kind": kinds.get(name, "")})
        answer = {
            "seen": told_seen,
            "outputs": [f"output/{place}" for place in range(len(outputs))],
            "left_out": sent.left_out,
        }
        return answer, sent.arrays

    def weights(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Its parameters and buffers, as far as there is room."""
        sent = Sent()
        names = [
            name
            for name, values in self._variables("before")[1]
            if sent.put(f"variable/before/{name}", values) is not None
        ]
        return {"variables": names}, sent.arrays

    def train(
        self, inputs: Sequence[Any], targets: Sequence[Any], settings: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Steps of its own ``train_step``, or of torch's optimizer on the mean squared error."""
        if not self._trains():
            raise Unsupported(_UNTRAINABLE)
        before = self._variables("before")
        fed = [self._tensor(array) for array in inputs]
        wanted = [self._tensor(array) for array in targets]
        losses = []
        step: Any = self._step(settings)
        for _ in range(settings["steps"]):
            self.model, loss = step(self.model, fed, wanted)
            losses.append(finite(float(self._numbers(loss))))
        after = self._variables("after")
        answer, arrays = self.infer(inputs)
        self.model = self._made()  # as it was, for whoever asks next
        sent = {f"variable/{when}/{name}": a for when, all_ in (before, after) for name, a in all_}
        names = [name for name, _ in before[1]]
        return {**answer, "losses": losses, "variables": names}, {**arrays, **sent}

    def _step(self, settings: Mapping[str, Any]) -> Any:
        """What makes one update: takes model, inputs, targets; returns the model and the loss."""
        own = self._own("train_step")
        if own is not None:
            return lambda model, inputs, targets: own(model, inputs, targets, dict(settings))
        if self._is_module:
            return self._torch_step(settings)
        return jax_training.step_of(self._module, self.model, settings)

    def _torch_step(self, settings: Mapping[str, Any]) -> Any:
        torch = self._torch
        parameters = [one for one in self.model.parameters() if one.requires_grad]
        rate = settings["learning_rate"]
        adam = settings["optimizer"] == "adam"
        optimizer = (
            torch.optim.Adam(parameters, lr=rate)
            if adam
            else torch.optim.SGD(parameters, lr=rate, momentum=settings["momentum"])
        )
        steps = 0

        def step(model: Any, inputs: Sequence[Any], targets: Sequence[Any]) -> tuple[Any, Any]:
            nonlocal steps
            steps += 1
            if adam:
                # Keras adds its epsilon to the root of the second moment as it is, PyTorch to the
                # one that has been corrected for its start: the same after this division.
                optimizer.param_groups[0]["eps"] = EPSILON / math.sqrt(1 - 0.999**steps)
            optimizer.zero_grad()
            outputs = flat(self._forward(inputs, training=True))
            if len(outputs) != len(targets):
                raise ValueError(f"{len(outputs)} outputs are answered, not {len(targets)}")
            loss = sum(((y - t) ** 2).mean() for y, t in zip(outputs, targets))
            loss.backward()
            optimizer.step()
            return model, loss.detach()

        return step

    def _variables(self, when: str) -> tuple[str, list[tuple[str, Any]]]:
        """Parameters and buffers by name, copied; of what is no module, none."""
        if self._jax is not None:
            arrays = jax_training.named(self.model)
            return when, [(name, np.array(self._numbers(one))) for name, one in arrays]
        if not self._is_module:
            return when, []
        named = [*self.model.named_parameters(), *self.model.named_buffers()]
        return when, [
            (name, np.array(self._numbers(one))) for name, one in named if one.is_floating_point()
        ]

    def _forward(self, inputs: Sequence[Any], *, training: bool) -> Any:
        if self._is_module:
            self.model.train(training)
        forward = self._own("forward")
        if forward is not None and not self._entry:
            return forward(self.model, *inputs, training=training)
        if not self._is_module and _takes(self.model, "training"):
            return self.model(*inputs, training=training)
        return self.model(*inputs)

    def _tensor(self, array: Any) -> Any:
        array = np.asarray(array)
        if self._torch:
            whole = array.dtype.kind in "iu"
            return self._torch.from_numpy(np.array(array.astype(np.int64) if whole else array))
        return self._jax.numpy.asarray(array) if self._jax else array

    def _numbers(self, value: Any) -> Any:
        if hasattr(value, "detach"):
            value = value.detach().to("cpu")
            if str(value.dtype) == "torch.bfloat16":
                value = value.float()
            return np.asarray(value.resolve_conj().numpy())
        return np.asarray(value)

    def _no_gradients(self) -> Any:
        import contextlib

        return self._torch.no_grad() if self._torch else contextlib.nullcontext()


def _arrays(output: Any) -> list[Any]:
    """The arrays of an answer; lists of plain numbers are one.

    Raises:
        Unsupported: It holds none.
    """
    found = flat(output)
    if not found:
        why = ": does it end with a return?" if output is None else ""
        raise Unsupported(f"the model's answer is {type(output).__name__} and no array{why}")
    if isinstance(output, (list, tuple)) and all(isinstance(one, (int, float)) for one in found):
        return [np.asarray(output, np.float32)]
    return found


def _torch_of(model: Any, module: ModuleType) -> Any:
    """PyTorch, where the model is made of it; None otherwise."""
    torch = sys.modules.get("torch")
    if torch is None or isinstance(model, torch.nn.Module):
        return torch
    used = _used(module)
    return torch if "torch" in used and "jax" not in used else None


def _jax_of(model: Any, module: ModuleType) -> Any:
    """JAX, where the model is made of it or the file imports it; None otherwise."""
    jax = sys.modules.get("jax")
    if jax is None or not _used(module).isdisjoint({"jax", "flax"}):
        return jax
    return jax if jax_training.is_made_of_jax(model) else None


def _used(module: ModuleType) -> set[str]:
    """The packages of the modules that a file imports under a name of its own."""
    named = [one for one in vars(module).values() if inspect.ismodule(one)]
    return {one.__name__.split(".")[0] for one in named}


def _takes(function: Any, argument: str) -> bool:
    try:
        return argument in inspect.signature(function).parameters
    except (TypeError, ValueError):
        return False
