"""The parts of a port that are the same in every file of a framework.

They are text, as the file holds them: what runs there runs without this project.
"""

from __future__ import annotations

LOADING = '''

def read_weights(path):
    """The variables in a ``.keras`` file: arrays by layer and name, in Keras's layout."""
    with zipfile.ZipFile(path) as archive, archive.open("model.weights.h5") as stream:
        with h5py.File(io.BytesIO(stream.read()), "r") as file:
            return {
                layer: {name: np.asarray(file[place]) for name, place in places.items()}
                for layer, places in PLACES.items()
            }
'''

OUTPUT_MASKS = '''

def output_masks(model, *inputs):
    """The mask of each output by its number, as arrays of NumPy: true where an entry counts."""
    answers = activations(model, *inputs)
    names = [name for name in answers if name.startswith("masks/")]
    return {int(name.removeprefix("masks/")): answers[name] for name in names}
'''

CHECKING = '''

def check(path, recorded):
    """Print each layer's difference from what Keras answered; 1 if one is no rounding.

    ``recorded`` holds the inputs, and every layer's answer in inference. What a mask leaves out is
    not compared: Keras does not document what stands there.
    """
    with np.load(recorded, allow_pickle=False) as file:
        known = {name: file[name] for name in file.files}
    model = load(path)
    inputs = [known[f"inputs/{name}"] for name in INPUTS]
    answers = activations(model, *inputs)
    print(f"{'layer':40} {'shape':>22} {'largest':>10} {'difference':>11} {'relative':>9}")
    wrong = 0
    for key, expected in known.items():
        kind, _, name = key.partition("/")
        if kind != "answers":
            continue
        found = answers.get(name)
        told = name if name.isprintable() else ascii(name)
        if found is None or found.shape != expected.shape:
            said = "not answered" if found is None else f"{found.shape} instead of {expected.shape}"
            print(f"{told:40} {said}")
            wrong += 1
            continue
        shape, mask = expected.shape, known.get(f"masks/{name}")
        if mask is not None and mask.shape == shape[: mask.ndim]:
            found, expected = found[mask], expected[mask]
        apart = np.abs(found.astype(np.float64) - expected.astype(np.float64))
        apart = float(apart.max(initial=0.0))
        largest = float(np.abs(expected.astype(np.float64)).max(initial=0.0))
        relative = apart / largest if largest else apart
        off = not relative <= TOLERANCE
        wrong += off
        print(
            f"{told:40} {str(shape):>22} {largest:10.4g} "
            f"{apart:11.3g} {relative:9.1e}{'  <-- differs' if off else ''}"
        )
    print("the same as Keras" if not wrong else f"{wrong} of the answers above differ from Keras's")
    return 1 if wrong else 0


if __name__ == "__main__":
    here = os.path.dirname(os.path.abspath(__file__))
    given = sys.argv[1:] + [MODEL, RECORDED][len(sys.argv) - 1 :]
    sys.exit(check(*[one if os.path.exists(one) else os.path.join(here, one) for one in given[:2]]))
'''

TORCH_LAYER = '''
class KerasLayer(nn.Module):
    """A layer of Keras: its variables, under Keras's names and in Keras's layout, and its function.

    What training does not change by gradients (moving statistics) are buffers.
    """

    def __init__(self, function, variables=(), frozen=(), mask=None, trainable=True, **config):
        super().__init__()
        self.function, self.config, self.mask_function = function, config, mask
        self.takes = inspect.signature(function).parameters
        self.trainable = trainable
        self.variables = {}
        for name, shape in dict(variables).items():
            attribute = name.replace("/", "_")
            self.variables[name] = attribute
            if name in frozen:
                self.register_buffer(attribute, torch.zeros(shape))
            else:
                one = nn.Parameter(torch.zeros(shape), requires_grad=trainable)
                self.register_parameter(attribute, one)

    def forward(self, x, **more):
        weights = {name: getattr(self, attribute) for name, attribute in self.variables.items()}
        before = dict(weights)
        if "training" in self.takes and "training" not in {**self.config, **more}:
            # A layer that is not trainable answers as in inference.
            more["training"] = self.training and self.trainable
        answer = self.function(x, weights, **{**self.config, **more})
        with torch.no_grad():
            for name, array in weights.items():
                if array is not before[name]:
                    before[name].copy_(array)
        return answer

    def mask(self, x):
        return self.mask_function(x, {}, **self.config)
'''

TORCH_USE = '''

def load(path):
    """The model with the weights of a ``.keras`` file, in inference."""
    model = Model()
    with torch.no_grad():
        for layer, arrays in read_weights(path).items():
            for name, array in arrays.items():
                getattr(getattr(model, layer), name.replace("/", "_")).copy_(torch.tensor(array))
    return model.eval()


def forward(model, *inputs, training=False):
    """The model's answer to arrays: a tensor, or a list of them."""
    return model.train(training)(*[torch.as_tensor(one) for one in inputs])


def activations(model, *inputs):
    """What every layer answers in inference, by its name, as arrays of NumPy."""
    answers = {}
    with torch.no_grad():
        model.eval()(*[torch.as_tensor(one) for one in inputs], answers=answers)
    return answers


def note(answers, found):
    """Keep what was found in ``answers``, as arrays of NumPy; a second output as ``NAME.1``."""
    for name, answer in found.items():
        for number, one in enumerate(answer if isinstance(answer, list) else [answer]):
            answers[f"{name}.{number}" if number else name] = one.detach().cpu().numpy()
'''

JAX_LAYER = '''
class Walk:
    """One walk through the model: it runs layers, and keeps what they change.

    ``weights`` are arrays by layer and name; ``call`` counts calls in training, for dropout.
    """

    def __init__(self, weights, training=False, call=0, answers=None):
        self.weights = {layer: dict(arrays) for layer, arrays in weights.items()}
        self.training, self.call, self.answers = training, call, answers

    def __call__(self, name, x, **more):
        function, takes = LAYERS[name], TAKES.get(name, ())
        if "training" in takes and "training" not in function.keywords:
            # A layer that is not trainable answers as in inference.
            more["training"] = self.training and name not in NOT_TRAINABLE
        if "call" in takes:
            more["call"] = self.call
        return function(x, self.weights.setdefault(name, {}), **more)

    def note(self, answers):
        """Keep answers by the names of their layers, where ``answers`` are asked for."""
        if self.answers is not None:
            for name, answer in answers.items():
                for number, one in enumerate(answer if isinstance(answer, list) else [answer]):
                    self.answers[f"{name}.{number}" if number else name] = np.asarray(one)
'''

JAX_USE = '''

def load(path):
    """The weights of a ``.keras`` file: arrays by layer and name."""
    return {
        layer: {name: jnp.asarray(array) for name, array in arrays.items()}
        for layer, arrays in read_weights(path).items()
    }


def split(weights):
    """(trainable, frozen): what ``jax.grad`` is to differentiate, and the rest."""
    parts = ({}, {})
    for layer, arrays in weights.items():
        for name, array in arrays.items():
            still = layer in NOT_TRAINABLE or name in FROZEN.get(layer, ())
            parts[still].setdefault(layer, {})[name] = array
    return parts


def joined(trainable, frozen):
    """The weights that ``split`` took apart."""
    layers = [*trainable, *(layer for layer in frozen if layer not in trainable)]
    return {layer: {**trainable.get(layer, {}), **frozen.get(layer, {})} for layer in layers}


def forward(weights, *inputs, training=False):
    """The model's answer to arrays: an array, or a list of them."""
    return model(Walk(weights, training), *map(jnp.asarray, inputs))


def forward_and_update(weights, *inputs, call=0):
    """The model's answer in training, and the weights with moved statistics."""
    walk = Walk(weights, training=True, call=call)
    return model(walk, *map(jnp.asarray, inputs)), walk.weights


def activations(weights, *inputs):
    """What every layer answers in inference, by its name, as arrays of NumPy."""
    walk = Walk(weights, answers={})
    model(walk, *map(jnp.asarray, inputs))
    return walk.answers
'''

FLAX_LAYER = '''
class KerasLayer(nnx.Module):
    """A layer of Keras: its variables, under Keras's names and in Keras's layout, and its function.

    What training does not change by gradients (moving statistics) are ``nnx.BatchStat``.
    """

    def __init__(self, function, variables=(), frozen=(), mask=None, trainable=True, **config):
        self.function, self.mask_function = function, mask
        self.config = nnx.static(config)
        self.trainable, self.training, self.calls = trainable, False, 0
        self.names = nnx.static({name: name.replace("/", "_") for name in dict(variables)})
        for name, shape in dict(variables).items():
            kind = nnx.BatchStat if name in frozen or not trainable else nnx.Param
            setattr(self, self.names[name], kind(jnp.zeros(shape)))

    def __call__(self, x, **more):
        variables = {name: getattr(self, attribute) for name, attribute in self.names.items()}
        weights = {name: one[...] for name, one in variables.items()}
        before, takes = dict(weights), inspect.signature(self.function).parameters
        if "training" in takes and "training" not in {**self.config, **more}:
            # A layer that is not trainable answers as in inference.
            more["training"] = self.training and self.trainable
        if "call" in takes:
            more["call"] = self.calls
            self.calls += self.training
        answer = self.function(x, weights, **{**self.config, **more})
        for name, array in weights.items():
            if array is not before[name]:
                variables[name][...] = array
        return answer

    def mask(self, x):
        return self.mask_function(x, {}, **self.config)
'''

FLAX_USE = '''

def load(path):
    """The model with the weights of a ``.keras`` file, in inference."""
    model = Model()
    for layer, arrays in read_weights(path).items():
        for name, array in arrays.items():
            getattr(getattr(model, layer), name.replace("/", "_"))[...] = jnp.asarray(array)
    return model


def forward(model, *inputs, training=False):
    """The model's answer to arrays: an array, or a list of them."""
    model.set_attributes(training=training, raise_if_not_found=False)
    return model(*map(jnp.asarray, inputs))


def activations(model, *inputs):
    """What every layer answers in inference, by its name, as arrays of NumPy."""
    model.set_attributes(training=False, raise_if_not_found=False)
    answers = {}
    model(*map(jnp.asarray, inputs), answers=answers)
    return answers


def note(answers, found):
    """Keep what was found in ``answers``, as arrays of NumPy; a second output as ``NAME.1``."""
    for name, answer in found.items():
        for number, one in enumerate(answer if isinstance(answer, list) else [answer]):
            answers[f"{name}.{number}" if number else name] = np.asarray(one)
'''
