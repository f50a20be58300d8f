"""An adapter's work in the fewest plain framework calls: what its overhead is counted from.

Whoever compares a framework with its documentation has to build the model, set its weights, call
it, differentiate it, and send it through its round trips. That is all that is done here: no
protocol, no facet that can fail alone, no answer sorted and described.
"""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Arrays = Mapping[str, Any]


def loop(adapter: str) -> Callable[[Mapping[str, Any], Arrays], object]:
    """The bare loop's body for an adapter, with its framework imported.

    Raises:
        SystemExit: There is none for this adapter.
    """
    if adapter == "torch":
        import torch

        return lambda program, arrays: _torch_body(program)(torch, program, arrays)
    if adapter == "tf-keras":
        import tensorflow as tf
        import tf_keras

        return lambda program, arrays: _in_keras(tf_keras, _TensorFlow(tf), program, arrays)
    import keras

    backends: dict[str, Callable[[], Any]] = {
        "keras-numpy": _NumPy,
        "keras-torch": _Torch,
        "keras-tensorflow": _TensorFlow,
    }
    if adapter not in backends:
        raise SystemExit(f"no bare loop for {adapter}; there are torch, tf-keras, {[*backends]}")
    backend = backends[adapter]()
    return lambda program, arrays: _in_keras(keras, backend, program, arrays)


def _group(arrays: Arrays, prefix: str) -> list[Any]:
    return [array for name, array in arrays.items() if name.startswith(prefix)]


# Keras


class _NumPy:
    """Calls alone."""

    def tensor(self, array: Any) -> Any:
        return array

    def numbers(self, output: Any) -> Any:
        return np.asarray(output)


class _Torch:
    """Calls and autograd."""

    def __init__(self) -> None:
        import torch

        self._torch = torch

    def tensor(self, array: Any) -> Any:
        return self._torch.tensor(array)

    def numbers(self, output: Any) -> Any:
        return output.detach().numpy()

    def gradients(self, model: Any, inputs: list[Any], cotangents: list[Any]) -> list[Any]:
        leaves = [tensor.requires_grad_() for tensor in inputs]
        sources = [*leaves, *(variable.value for variable in model.trainable_weights)]
        outputs = _listed(model(_packed(leaves)))
        pulled = [self._torch.as_tensor(cotangent) for cotangent in cotangents]
        found = self._torch.autograd.grad(outputs, sources, pulled, allow_unused=True)
        return [None if gradient is None else gradient.numpy() for gradient in found]


class _TensorFlow:
    """Calls, tape and graph."""

    def __init__(self, tf: Any = None) -> None:
        if tf is None:
            import tensorflow as tf
        self._tf = tf

    def tensor(self, array: Any) -> Any:
        return self._tf.convert_to_tensor(array)

    def numbers(self, output: Any) -> Any:
        return output.numpy()

    def gradients(self, model: Any, inputs: list[Any], cotangents: list[Any]) -> list[Any]:
        tf = self._tf
        # Keras 3's variables hold TensorFlow's; those of Keras 2 are TensorFlow's own.
        own = [
            one if isinstance(one, tf.Variable) else one.value for one in model.trainable_weights
        ]
        with tf.GradientTape() as tape:
            for tensor in inputs:
                tape.watch(tensor)
            outputs = _listed(model(_packed(inputs)))
        found = tape.gradient(
            outputs,
            [*inputs, *own],
            output_gradients=[tf.convert_to_tensor(cotangent) for cotangent in cotangents],
            unconnected_gradients=tf.UnconnectedGradients.ZERO,
        )
        return [tf.convert_to_tensor(gradient).numpy() for gradient in found]

    def compiled(self, model: Any, inputs: list[Any]) -> list[Any]:
        traced = self._tf.function(lambda *given: model(_packed(list(given))), autograph=False)
        return [output.numpy() for output in _listed(traced(*inputs))]


def _in_keras(keras: Any, backend: Any, program: Mapping[str, Any], arrays: Arrays) -> object:
    facets = program["facets"]
    model = _keras_model(keras, program["model"])
    _set_weights(model, arrays)
    inputs = [one["name"] for one in program["model"]["inputs"]]

    def fed(call: int) -> list[Any]:
        return [backend.tensor(arrays[f"call/{call}/{name}"]) for name in inputs]

    def called(which: Any, call: int = 0) -> list[Any]:
        return [backend.numbers(output) for output in _listed(which(_packed(fed(call))))]

    answer: list[Any] = [called(model, call) for call in range(len(program["calls"]))]
    if "gradients" in facets and hasattr(backend, "gradients"):
        answer.append(backend.gradients(model, fed(0), _group(arrays, "cotangent/")))
    if "compiled" in facets and hasattr(backend, "compiled"):
        answer.append(backend.compiled(model, fed(0)))
    if "config_round_trip" in facets:
        again = model.__class__.from_config(model.get_config())
        again.set_weights(model.get_weights())
        answer.append(called(again))
    if "save_round_trip" in facets:
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "model.keras")
            model.save(path)
            answer.append(called(keras.models.load_model(path, compile=False)))
    if "summary" in facets:
        model.summary(print_fn=lambda text, **_: answer.append(text))
    if "state" in facets and hasattr(backend, "gradients"):
        train = program["train"]
        optimizer = getattr(keras.optimizers, train["optimizer"]["name"])
        model.compile(optimizer(**train["optimizer"].get("config", {})), train["loss"]["name"])
        x, y = _packed(_group(arrays, "call/0/")), _packed(_group(arrays, "target/"))
        answer += [model.train_on_batch(x, y) for _ in range(train["steps"])]
        answer.append(model.get_weights())
    return answer


def _keras_model(keras: Any, spec: Mapping[str, Any]) -> Any:
    inputs = {
        one["name"]: keras.Input(tuple(one["shape"]))
        for one in spec["inputs"]
        if not one.get("declared_by")
    }
    layers = {
        node["name"]: getattr(keras.layers, node["layer"])(**node["config"], name=node["name"])
        for node in spec["nodes"]
    }
    if spec["form"] == "sequential":
        return keras.Sequential([*inputs.values(), *layers.values()])
    tensors = dict(inputs)
    for node in spec["nodes"]:
        tensors[node["name"]] = layers[node["name"]](_packed([tensors[n] for n in node["inputs"]]))
    outputs = [tensors[name] for name in spec["outputs"]]
    return keras.Model(_packed(list(inputs.values())), _packed(outputs))


def _set_weights(model: Any, arrays: Arrays) -> None:
    for layer in model.layers:
        for variable in layer.weights:
            name = variable.name.rsplit("/", 1)[-1].removesuffix(":0")
            variable.assign(arrays[f"weight/{layer.name}/{name}"])


def _packed(tensors: list[Any]) -> Any:
    return tensors[0] if len(tensors) == 1 else tensors


def _listed(outputs: Any) -> list[Any]:
    return list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]


# PyTorch


def _torch_body(program: Mapping[str, Any]) -> Callable[[Any, Mapping[str, Any], Arrays], object]:
    return _function_in_torch if program["model"]["form"] == "function" else _in_torch


_FUNCTIONS: dict[str, Callable[[Any, Mapping[str, Any]], Any]] = {
    "ops.add": lambda torch, given: torch.add(given["x1"], given["x2"]),
    "ops.greater": lambda torch, given: torch.gt(given["x1"], given["x2"]),
    "ops.sum": lambda torch, given: torch.sum(
        given["x"], dim=tuple(given["axis"]), keepdim=given["keepdims"]
    ),
    "ops.transpose": lambda torch, given: torch.permute(given["x"], tuple(given["axes"])),
    "ops.where": lambda torch, given: torch.where(given["condition"], given["x1"], given["x2"]),
}
"""Only what :data:`overhead.FUNCTIONS` needs."""


def _function_in_torch(torch: Any, program: Mapping[str, Any], arrays: Arrays) -> object:
    """Every facet that torch answers: the call, and its gradients for every float input."""
    (node,) = program["model"]["nodes"]
    specs = program["model"]["inputs"]

    def called(*, gradients: bool) -> tuple[dict[str, Any], Any]:
        fed = {}
        for spec in specs:
            dtype = spec.get("dtype", "float32")
            tensor = torch.tensor(arrays[f"call/0/{spec['name']}"], dtype=getattr(torch, dtype))
            fed[spec["name"]] = (
                tensor.requires_grad_() if gradients and "float" in dtype else tensor
            )
        given = {key: fed[name] for key, name in node["tensors"].items()}
        return fed, _FUNCTIONS[node["layer"]](torch, {**given, **node.get("arguments", {})})

    def numbers(tensor: Any) -> Any:
        return (tensor.view(torch.uint16) if tensor.dtype is torch.bfloat16 else tensor).numpy()

    answer = [numbers(called(gradients=False)[1])]
    if "gradients" in program["facets"]:
        fed, output = called(gradients=True)
        leaves = [tensor for tensor in fed.values() if tensor.requires_grad]
        cotangent = torch.as_tensor(arrays["cotangent/0"]).to(output.dtype)
        answer += map(numbers, torch.autograd.grad(output, leaves, cotangent))
    return answer


def _in_torch(torch: Any, program: Mapping[str, Any], arrays: Arrays) -> object:
    given = {name: torch.from_numpy(array) for name, array in arrays.items()}
    forward, parameters = _torch_model(torch, program["model"], given)

    def fed(call: int) -> dict[str, Any]:
        prefix = f"call/{call}/"
        return {n.removeprefix(prefix): a for n, a in given.items() if n.startswith(prefix)}

    answer: list[Any] = []
    with torch.no_grad():
        for call in range(len(program["calls"])):
            answer += [output.numpy() for output in forward(fed(call))]
    if "gradients" in program["facets"]:
        inputs = {name: array.clone().requires_grad_() for name, array in fed(0).items()}
        found = torch.autograd.grad(
            forward(inputs), [*inputs.values(), *parameters], _group(given, "cotangent/")
        )
        answer.append([gradient.numpy() for gradient in found])
    if "state" in program["facets"]:
        (target,) = _group(given, "target/")
        config = program["train"]["optimizer"].get("config", {})
        optimizer = torch.optim.SGD(parameters, lr=config.get("learning_rate", 0.01))
        for _ in range(program["train"]["steps"]):
            optimizer.zero_grad()
            loss = torch.nn.functional.mse_loss(forward(fed(0))[0], target)
            loss.backward()
            optimizer.step()
            answer.append(loss.item())
        answer.append([parameter.detach().numpy() for parameter in parameters])
    return answer


def _torch_model(
    torch: Any, spec: Mapping[str, Any], given: Mapping[str, Any]
) -> tuple[Callable[[dict[str, Any]], list[Any]], list[Any]]:
    layers = {node["name"]: _torch_layer(torch, node, given) for node in spec["nodes"]}
    parameters = [parameter for _, module in layers.values() for parameter in module]

    def forward(inputs: dict[str, Any]) -> list[Any]:
        tensors = dict(inputs)
        for node in spec["nodes"]:
            tensors[node["name"]] = layers[node["name"]][0](*(tensors[n] for n in node["inputs"]))
        return [tensors[name] for name in spec["outputs"]]

    return forward, parameters


def _torch_layer(
    torch: Any, node: Mapping[str, Any], given: Mapping[str, Any]
) -> tuple[Callable[..., Any], list[Any]]:
    """A layer's forward function and its parameters; only what :data:`overhead.CASES` needs."""
    nn, config, name = torch.nn, node["config"], node["name"]
    kernel, bias = given.get(f"weight/{name}/kernel"), given.get(f"weight/{name}/bias")

    def filled(module: Any, *values: Any) -> list[Any]:
        parameters = list(module.parameters())
        with torch.no_grad():
            for parameter, value in zip(parameters, values, strict=True):
                parameter.copy_(value)
        return parameters

    softmax = functools.partial(torch.softmax, dim=-1)
    activations = {None: lambda x: x, "relu": torch.relu, "softmax": softmax}
    activation = activations[config.get("activation")]
    match node["layer"]:
        case "Dense":
            dense = nn.utils.skip_init(nn.Linear, *kernel.shape)
            return (lambda x: activation(dense(x))), filled(dense, kernel.T, bias)
        case "Conv1D" | "Conv2D":
            conv_class = nn.Conv1d if node["layer"] == "Conv1D" else nn.Conv2d
            conv = nn.utils.skip_init(conv_class, *kernel.shape[-2:], tuple(kernel.shape[:-2]))
            inward = kernel.movedim((-1, -2), (0, 1))
            parameters = filled(conv, inward, bias)
            return (lambda x: activation(conv(x.movedim(-1, 1)).movedim(1, -1))), parameters
        case "MaxPooling2D":
            pool = nn.MaxPool2d(config.get("pool_size", 2))
            return (lambda x: pool(x.movedim(-1, 1)).movedim(1, -1)), []
        case "Flatten":
            return (lambda x: x.flatten(1)), []
        case "Activation":
            return activation, []
        case "Concatenate":
            return (lambda *xs: torch.cat(xs, -1)), []
    raise ValueError(f"the bare loop has no {node['layer']}")
