"""Pieces of the scripts that show Keras: what they do the same way in every case."""

from __future__ import annotations

OPENVINO = """\
import openvino

# As in the run: float32 that is float32, whatever the processor would rather do.
compile_model = openvino.compile_model
openvino.compile_model = lambda model, device="CPU", config=None, **rest: compile_model(
    model, device, {"INFERENCE_PRECISION_HINT": "f32", **(config or {})}, **rest
)"""

SWITCHES = {
    "jax": 'os.environ["JAX_DEFAULT_MATMUL_PRECISION"] = "highest"',
    "tensorflow": 'os.environ["NVIDIA_TF32_OVERRIDE"] = "0"',
    "torch": 'os.environ["NVIDIA_TF32_OVERRIDE"] = "0"',
}
"""On GPUs: float32 that is float32, as in the run."""

IMPORTED_BY_KERAS = frozenset({*SWITCHES, "numpy", "openvino", "mlx", "paddle"})

ANNOUNCED = """\
# A backend that Keras doesn't know by itself is brought to it by its own package.
for one in distributions():
    for point in one.entry_points:
        if (point.group, point.name) == ("keras.backends", os.environ["KERAS_BACKEND"]):
            __import__(point.value.split(":")[0].split(".")[0])"""

AS_NUMPY = '''
def as_numpy(array):
    """The numbers of a tensor or variable."""
    return {}'''

KIND = '''
def kind(tensor):
    """Keras's name of the dtype of a tensor or variable."""
    return {}'''

FLAT = '''
def flat(answer):
    """The tensors of a nested answer, one after the other."""
    if isinstance(answer, dict):
        answer = [answer[key] for key in sorted(answer)]
    if isinstance(answer, (list, tuple)):
        return [tensor for part in answer for tensor in flat(part)]
    return [answer]'''

PROBE = '''
seen = []


def probe(x):
    """What a Lambda does: it notes the shape that it is given."""
    if all(isinstance(size, int) for size in x.shape):
        seen.append(tuple(x.shape))
    return x'''

SET_WEIGHTS = """\
for layer, arrays in weights.items():
    model.get_layer(layer).set_weights(list(arrays.values()))"""

OBSERVED = 'observed = {f"output {j}": as_numpy(y) for j, y in enumerate(outputs)}'

NAMES = """\
names = {
    id(variable): f"{layer}/{name}"
    for layer, arrays in weights.items()
    for name, variable in zip(arrays, model.get_layer(layer).weights)
}"""

TRACED = '''
def traced(fed, **said):
    """The model's answer, traced where the backend is JAX, as in the run."""
    if keras.backend.backend() != "jax":
        return model(fed, **said)
    import jax

    variables = model.trainable_variables, model.non_trainable_variables
    values = [[variable.value for variable in some] for some in variables]
    answer, left = jax.jit(lambda *given: model.stateless_call(*given, **said))(*values, fed)
    for variable, value in zip(model.non_trainable_variables, left):
        variable.assign(value)
    return answer'''

GRAPH = (
    TRACED
    + '''


def in_graph_mode(fed):
    """The model's answer, traced and compiled where its backend does that."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow

        return tensorflow.function(model, autograph=False)(fed)
    return {}(fed)'''
)

OLD_GRAPH = '''
def in_graph_mode(fed):
    """The model's answer, traced."""
    import tensorflow

    return tensorflow.function(model, autograph=False)(fed)'''

MASKS = """\
masks = []


class Masks(keras.layers.Layer):
    supports_masking = True

    def call(self, x, mask=None):
        masks.append(mask)
        return x


for output in outputs:
    Masks()(output)"""

OBSERVED_MASKS = """\
observed = {
    f"mask of output {j}": as_numpy(mask) for j, mask in enumerate(masks) if mask is not None
}"""

FROM_CONFIG = """\
with keras.utils.custom_object_scope({"probe": probe}):
    again = model.__class__.from_config(model.get_config())
again.set_weights(model.get_weights())"""

FROM_FILE = """\
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "model.keras")
    model.save(path)
    with keras.utils.custom_object_scope({"probe": probe}):
        again = keras.models.load_model(path, compile=False)"""

RECORDER = """\
recorded = []


class Recorder(keras.optimizers.Optimizer):
    # Keeps the gradients, and changes nothing.
    def apply(self, gradients, trainable_variables=None):
        recorded.extend(gradients)


class Asked(keras.Model):
    # Its loss is sum(cotangent * output); the inputs are variables, too.
    def __init__(self):
        super().__init__()
        self.model = model
        self.inputs_too = {added}

    def call(self, unused):
        return unused

    def compute_loss(self, *unused, **options):
        fed = {fed}
        total = 0.0
        for variable in self.trainable_variables:
            # So that all have a gradient: zero, where no output depends on them.
            total = keras.ops.add(total, keras.ops.sum(variable * 0))
        for output, cotangent in zip(flat(self.model(fed)), cotangents):
            if "float" in kind(output):
                part = keras.ops.sum(keras.ops.multiply(cotangent, output))
                total = keras.ops.add(total, part)
        return total


asked = Asked()
asked.compile(optimizer=Recorder(1.0), run_eagerly=True)
asked.train_on_batch(np.zeros((1, 1), "float32"), np.zeros((1, 1), "float32"))"""
"""Fills ``recorded`` with a gradient for each of ``asked.trainable_variables``."""

RECORDED = """\
names.update(zip(map(id, asked.inputs_too), {of}))
observed = {{
    f"gradient of {{names[id(variable)]}}": as_numpy(gradient)
    for variable, gradient in zip(asked.trainable_variables, recorded)
}}"""

LEFT = """\
observed = {{
    f"{} {{layer}}/{{name}}": as_numpy(variable)
    for layer, arrays in weights.items()
    for name, variable in zip(arrays, model.get_layer(layer).weights)
}}"""

TAPE = """\
given = {given}
variables = model.trainable_weights
with tf.GradientTape() as tape:
    for tensor in given:
        tape.watch(tensor)
    fed = {fed}
    pairs = [(y, c) for y, c in zip(flat(model(fed)), cotangents) if "float" in kind(y)]
found = tape.gradient(
    [y for y, _ in pairs],
    [*given, *variables],
    output_gradients=[tf.cast(c, y.dtype) for y, c in pairs],
    unconnected_gradients=tf.UnconnectedGradients.ZERO,
)
names = [*{of}, *(names[id(variable)] for variable in variables)]
observed = {{
    f"gradient of {{name}}": as_numpy(tf.convert_to_tensor(gradient))
    for name, gradient in zip(names, found)
}}"""
