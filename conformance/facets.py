"""The facets: each question that a case asks of an adapter, as data.

A facet's row says when a case asks for it, what an adapter answers it with, when it passes and what
else must be right for it to mean anything. The keys of ``without``, the rules of dependency in
:mod:`conformance.verdicts` and :mod:`conformance.bringup`, and the tables of facets in the
documentation follow from these rows. What stays elsewhere, by a facet's name, is code: its judge
(``conformance/verdicts/facets.py``), the fault that proves its check can fail
(``conformance/reference/faults/editing.py``), and what adapters do to answer it.

Adapters' processes import this module too: it is Python 3.9 and imports nothing but ``typing``.
"""

from __future__ import annotations

from typing import NamedTuple

MODEL = "model"
"""A model made of layers, fed arrays with a batch axis."""
FUNCTION = "function"
"""A function, or an object that is called like one, fed arrays of any shape."""
STEPS = "steps"
"""An object with a memory, and a list of calls of its methods."""
APPLICATION = "application"
"""A model that Keras itself puts together: one of ``keras.applications``."""


class Facet(NamedTuple):
    """One question about a case.

    Attributes:
        name: As in programs, verdicts, ``without`` and the ledger.
        answer: The part of an observation that answers it, where a name tells: ``calls``.
        answers: The same in the words of docs/architecture.md.
        how: What the adapter does for it. Markdown, for docs/architecture.md.
        passes: When it passes. Markdown, for docs/verdicts.md.
        wrong: In two or three words, what is wrong where it fails (``conformance.bringup``).
        kinds: The kinds of program that it can be asked of.
        parts: A case must have one of these for the facet to be asked of it
            (``conformance/cases/building.py``); empty: every case but a refusal asks for it.
        when: The same in words. Markdown, for docs/cases.md.
        stated_by: Keys of a case, or of its ``expect``, with which the source speaks of this facet.
        blocked_by: Facets without which its numbers mean nothing: where one of them has failed, a
            failure of this one says nothing new. Only numeric facets have any.
        follows: Further facets whose failure explains a failure of this one.
        needs_numbers: Whether numbers must be fed to judge it; else the model alone will do.
        repeats: Whether it asks for call 0's answer once more, got in another way.
        of_calls: Whether it is judged by the answers to calls.
        trains: Whether it is judged by the limits for gradients and for what training changes.
        sampled: Whether few cases of a file are asked for it, those that together show each
            argument (``conformance/cases/repeating.py``). What repeats an answer is, too.
        apart: Whether those cases are chosen for it alone, so that they move no other's.
    """

    name: str
    answer: str
    answers: str
    how: str
    passes: str
    wrong: str
    kinds: frozenset[str]
    parts: tuple[str, ...] = ()
    when: str = ""
    stated_by: tuple[str, ...] = ()
    blocked_by: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()
    needs_numbers: bool = True
    repeats: bool = False
    of_calls: bool = False
    trains: bool = False
    sampled: bool = False
    apart: bool = False

    @property
    def numeric(self) -> bool:
        """Whether its numbers mean something only from the case's weights, in the right shape."""
        return bool(self.blocked_by)

    @property
    def explained_by(self) -> frozenset[str]:
        """Facets whose failure explains a failure of this one.

        Weights that are wrong block what depends on them by themselves, where they matter: a wrong
        order or dtype of variables explains no wrong number.
        """
        return frozenset(self.blocked_by).difference({"weights"}).union(self.follows)


_MODEL = frozenset({MODEL})
_BUILT = frozenset({MODEL, APPLICATION})
_FUNCTION = frozenset({FUNCTION})
_CALLED = frozenset({MODEL, FUNCTION})
_SHOWN = _CALLED | _BUILT
_ANY = frozenset({MODEL, FUNCTION, STEPS, APPLICATION})

_PLACED = ("weights", "shape")
"""The case's weights could be set, and the answer has the right shape."""
_TRUE = (*_PLACED, "values")

_ALL = (
    Facet(
        name="symbolic_shape",
        answer="symbolic",
        answers="`symbolic`",
        how="shapes of inputs, outputs and nodes before any data; `null` for unknown",
        passes="inputs, outputs and every node of the case have exactly the stated shape, `None` "
        "where it is `None`",
        wrong="wrong shape",
        kinds=_SHOWN,
        stated_by=("input_shape", "output_shape", "layers"),
        needs_numbers=False,
    ),
    Facet(
        name="open_sizes",
        answer="open_sizes",
        answers="`open_sizes`",
        how="shapes and dtypes of a function's outputs, called on symbolic tensors of the inputs' "
        "ranks, every size of which is `None`",
        passes="as many outputs as there are, each of its dtype and rank, and each size that is "
        "stated is that of the answer; `None` is right anywhere "
        "([below](#what-a-function-states-of-open-sizes))",
        wrong="wrong shape",
        kinds=_FUNCTION,
        parts=("open_sizes",),
        when="a function of `keras.ops` or `keras.activations` is fed an array with an axis, and "
        "its documentation tells the number and the ranks of its outputs without any size "
        "([below](#open-sizes-of-functions))",
        follows=("symbolic_shape",),
        needs_numbers=False,
    ),
    Facet(
        name="open_batch",
        answer="open_batch",
        answers="`open_batch`",
        how="the same, but only one size is `None`: the first of the first input that has an axis, "
        "and of each other input whose first size is the same",
        passes="likewise",
        wrong="wrong shape",
        kinds=_FUNCTION,
        parts=("open_batch",),
        when="the same of a function that is fed an array with two axes or more; few cases of a "
        "file are asked, as for what repeats an answer",
        follows=("symbolic_shape",),
        needs_numbers=False,
        sampled=True,
        apart=True,
    ),
    Facet(
        name="weights",
        answer="weights",
        answers="`weights`",
        how="every variable as `<node>/<variable>`, its shape, in Keras's order",
        passes="the variables have the names, shapes, dtypes and trainable flags, in order",
        wrong="wrong weights",
        kinds=_MODEL,
        stated_by=("weights",),
        needs_numbers=False,
    ),
    Facet(
        name="params",
        answer="params",
        answers="`params`",
        how="total, trainable, non-trainable; by node",
        passes="total, trainable, non-trainable, and by node where the adapter sees it",
        wrong="wrong weights",
        kinds=_BUILT,
        stated_by=("params",),
        follows=("weights",),
        needs_numbers=False,
    ),
    Facet(
        name="config",
        answer="config",
        answers="`config`",
        how="`get_config()` of each node's layer: in the model itself (`made`), and, where the two "
        "round trips are asked, in the models that they give (`rebuilt`, `loaded`)",
        passes="each config has every argument that the case gives, with its value, and every "
        "other one at its documented default or not at all ([below](#what-a-config-states))",
        wrong="wrong config",
        kinds=_MODEL,
        needs_numbers=False,
    ),
    Facet(
        name="shape",
        answer="calls",
        answers="`calls`",
        how="the shape of each output of each call, and of each node where it is seen",
        passes="every output of every ordinary call has the shape, as stated and as sent; nodes "
        "where the adapter sees them",
        wrong="wrong shape",
        kinds=_ANY,
        stated_by=("output_shape",),
        follows=("symbolic_shape",),
        of_calls=True,
    ),
    Facet(
        name="dtype",
        answer="calls",
        answers="`calls`",
        how="the dtype of each output is the framework's own, whatever it travels as",
        passes="every output has the dtype, as stated and as sent",
        wrong="wrong dtype",
        kinds=_ANY,
        stated_by=("dtype",),
        of_calls=True,
    ),
    Facet(
        name="output_spec",
        answer="specs",
        answers="`specs`",
        how="by node, what its layer states without being called: `compute_output_shape` and then "
        "`compute_output_spec` of a layer freshly made (`shape`, `spec`); of another the other way "
        "round (`spec_first`, `shape_second`); what a symbolic call of the model's layer answers "
        "with `training` and `return_attention_scores` turned round (`other`), and then both again "
        "(`spec_again`, `shape_again`); under the empty name, where there are several nodes, what "
        "the model states before its first call (`shape`, `spec`) and behind all calls "
        "(`spec_again`, `shape_again`)",
        passes="every node, and a model of several nodes, states the symbolic shapes and dtypes of "
        "its outputs each time, with other flags those that the flags ask for",
        wrong="wrong shape",
        kinds=_MODEL,
        needs_numbers=False,
        sampled=True,
    ),
    Facet(
        name="probes",
        answer="calls",
        answers="`calls[i].probes`",
        how="the node `Lambda: {function: probe}` returns its input unchanged and notes the shape "
        "that it saw",
        passes="every probing Lambda saw the shape",
        wrong="wrong shape",
        kinds=_MODEL,
        parts=("probes",),
        when="the model has a `Lambda: {function: probe}`",
        stated_by=("probes",),
        follows=("shape", "values"),
        of_calls=True,
    ),
    Facet(
        name="values",
        answer="calls",
        answers="`calls`",
        how="weights are set by name, then *every* call of `program.calls` is made on the one "
        "model, in order, with the flag `training` where the call has one and by "
        "`predict_on_batch` where it has `predict`; what an ordinary call changes of the "
        "variables holds for those after it; an error of one call is that call's `error`",
        passes="every output of every ordinary call, by the rule",
        wrong="wrong values",
        kinds=_ANY,
        stated_by=("values",),
        blocked_by=_PLACED,
        of_calls=True,
    ),
    Facet(
        name="mask",
        answer="calls",
        answers="`calls[0].masks`",
        how="the mask that travels with each output of call 0, or null",
        passes="each output of call 0 has no mask where none is due, else exactly that mask",
        wrong="wrong mask",
        kinds=_MODEL,
        parts=("masks",),
        when="the model holds `Masking`, `mask_zero: true` or a `mask` keyword: the mask that goes "
        "with each output of the first call, or that none does",
        of_calls=True,
    ),
    Facet(
        name="raises",
        answer="error",
        answers="`error` or `calls[i].error`",
        how="the framework's own refusal, never the adapter's",
        passes="the framework (not the adapter) raised a `ValueError` or a `TypeError` at the "
        "stated stage, in words that name an argument or the input",
        wrong="no refusal",
        kinds=_SHOWN,
        parts=("raises",),
        when="`raises` is there; nothing else is asked for then",
        stated_by=("raises",),
        of_calls=True,
    ),
    Facet(
        name="gradients",
        answer="gradients",
        answers="`gradients`",
        how="of `sum(cotangent/j * output j)` over all outputs, of call 0, for every float input "
        "and trainable weight",
        passes="every float input and trainable weight, by the rule, and no others",
        wrong="wrong gradients",
        kinds=_CALLED,
        blocked_by=_PLACED,
        follows=("values",),
        trains=True,
    ),
    Facet(
        name="batch",
        answer="calls",
        answers="`calls`",
        how="a call with the first row of call 0 alone",
        passes="the first row alone gives the first row",
        wrong="wrong values",
        kinds=_MODEL,
        parts=("rows",),
        when="the first call has at least two rows, the batch size is not fixed, and nothing is "
        "called in training or stateful: its first row is then fed alone as well",
        blocked_by=_TRUE,
        repeats=True,
        of_calls=True,
    ),
    Facet(
        name="influence",
        answer="calls",
        answers="`calls`",
        how="a call for each stated change of call 0's input",
        passes="exactly the stated entries change by more than rounding",
        wrong="wrong values",
        kinds=_MODEL,
        parts=("influence",),
        when="`expect.influence` is there: a call for each entry, with the input changed there",
        stated_by=("influence",),
        blocked_by=_PLACED,
        follows=("values",),
        of_calls=True,
    ),
    Facet(
        name="equals",
        answer="twin",
        answers="`twin`",
        how="`program.twin.model` built and run the same way, arrays under `twin/`",
        passes="the twin's answers, parameter counts and gradients are the first model's "
        "(`abs(a - b) <= 16 (τa + τb)`), and its answers are true",
        wrong="wrong values",
        kinds=_MODEL,
        parts=("equals",),
        when="`equals` is there",
        stated_by=("equals",),
        blocked_by=_TRUE,
        of_calls=True,
    ),
    Facet(
        name="compiled",
        answer="compiled",
        answers="`compiled`",
        how="outputs of call 0 in graph mode (jit, tf.function)",
        passes="call 0's outputs, by the same truth as `values`",
        wrong="wrong in graph mode",
        kinds=_CALLED,
        blocked_by=_TRUE,
        repeats=True,
    ),
    Facet(
        name="config_round_trip",
        answer="config_round_trip",
        answers="`config_round_trip`",
        how="outputs of call 0 from a model (or a loss, a schedule) rebuilt from its config, "
        "weights copied; of a metric that is rebuilt before its first step, or an optimizer "
        "before the second half of its steps and given its variables, each result, and then every "
        "variable after the last step, in the order of their names",
        passes="call 0's outputs, by the same truth as `values`; of an object its results and "
        "last variables",
        wrong="wrong round trip",
        kinds=_ANY,
        blocked_by=_TRUE,
        repeats=True,
    ),
    Facet(
        name="save_round_trip",
        answer="save_round_trip",
        answers="`save_round_trip`",
        how="outputs of call 0 from the model saved as `.keras` and loaded",
        passes="call 0's outputs, by the same truth as `values`",
        wrong="wrong round trip",
        kinds=_BUILT,
        blocked_by=_TRUE,
        follows=("config_round_trip",),
        repeats=True,
    ),
    Facet(
        name="clone",
        answer="clone",
        answers="`clone`",
        how="outputs of call 0 from `keras.models.clone_model` of the model, as `program.clone` "
        "says, weights copied, while the model's own are noughts",
        passes="call 0's outputs, by the same truth as `values`",
        wrong="wrong round trip",
        kinds=_MODEL,
        parts=("clone",),
        when="`clone` is there: a clone answers with weights of its own",
        stated_by=("clone",),
        blocked_by=_TRUE,
        follows=("config_round_trip",),
        repeats=True,
    ),
    Facet(
        name="from_numpy",
        answer="from_numpy",
        answers="`from_numpy`",
        how="outputs of a function's call 0 from arrays of NumPy, of the inputs' dtypes, in the "
        "places of tensors; `changed` names the inputs whose arrays are other ones afterwards",
        passes="call 0's outputs, by the same truth as `values`, and no array is changed",
        wrong="wrong values",
        kinds=_FUNCTION,
        parts=("numpy_inputs",),
        when="a function is fed arrays, all of dtypes that NumPy has ([below](#arrays-of-numpy))",
        blocked_by=_TRUE,
        repeats=True,
        apart=True,
    ),
    Facet(
        name="from_lists",
        answer="from_lists",
        answers="`from_lists`",
        how="outputs of a function's call 0 from lists of Python's numbers in the places of "
        "tensors, of an array without axes the number; of a metric the result of each step that "
        "has one, of one that is updated with lists",
        passes="call 0's outputs, or each result, by the same truth as `values`; any dtype",
        wrong="wrong values",
        kinds=frozenset({FUNCTION, STEPS}),
        parts=("lists",),
        when="a function or a metric is documented to take lists, and is fed float32, int32 and "
        "bool alone ([below](#lists-of-numbers))",
        blocked_by=_TRUE,
        repeats=True,
        apart=True,
    ),
    Facet(
        name="exchange",
        answer="files",
        answers="`files`",
        how="the file that the model is saved to, as an array of bytes; then, in a `load` for each "
        "file that another adapter wrote, call 0's outputs from it; with `exchange.steps` the file "
        "of the trained model, optimizer included, and `state` after so many further steps",
        passes="call 0's outputs from every file that another adapter of the run wrote, by the "
        "same truth as `values`; with `exchange.steps` the losses and weights of a training that "
        "goes on from it, as of one that was never interrupted",
        wrong="wrong round trip",
        kinds=_MODEL,
        parts=("exchange",),
        when="`exchange` is there: files that other adapters of the run wrote are read",
        stated_by=("exchange",),
        blocked_by=_TRUE,
        follows=("save_round_trip",),
    ),
    Facet(
        name="losses",
        answer="state",
        answers="`state.losses`",
        how="the losses of `train.steps` calls of `train_on_batch`, or, with "
        "`train.batch_size`, of as many epochs of one `fit`, unshuffled; with `train.evaluate`, "
        "that of `test_on_batch` or `evaluate` behind them; last, as they change the model",
        passes="the loss of every training step, by the rule",
        wrong="wrong training",
        kinds=_MODEL,
        parts=("train",),
        when="`train` is there: the loss of each step",
        stated_by=("train",),
        blocked_by=_PLACED,
        follows=("values", "gradients"),
        trains=True,
    ),
    Facet(
        name="metrics",
        answer="state",
        answers="`state.metrics`",
        how="the value of each metric after each training step, of that step alone, by the "
        "metric's name: those of `train.metrics`, then those of `train.weighted_metrics`; of a "
        "`fit` all that its history holds besides the loss, `val_loss` and `learning_rate` too",
        passes="every metric after every training step, by the rule, and no others",
        wrong="wrong training",
        kinds=_MODEL,
        parts=("metrics",),
        when="`train` has `metrics` or `weighted_metrics`, validation or a callback that changes "
        "the learning rate: each metric after each step",
        stated_by=("train",),
        blocked_by=_PLACED,
        follows=("values", "gradients", "losses"),
        trains=True,
    ),
    Facet(
        name="optimizer",
        answer="state",
        answers="`state.optimizer`",
        how="the optimizer's own variables after that training: `iteration`, `learning_rate`, and "
        "`<node>/<variable>/<slot>` for what it keeps of a weight",
        passes="every variable of the optimizer, by the rule, and no others",
        wrong="wrong training",
        kinds=_MODEL,
        parts=("optimizer_variables",),
        when="`train` has `optimizer_variables: true`: what the optimizer holds after training",
        stated_by=("train",),
        blocked_by=_PLACED,
        follows=("values", "gradients", "losses"),
        trains=True,
    ),
    Facet(
        name="checkpoint",
        answer="state",
        answers="`state.checkpoint`",
        how="the weights in the files that `ModelCheckpoint` wrote, loaded as Keras documents: "
        "`<number>/<node>/<variable>`, the files numbered from 1 in the order of their names",
        passes="every weight in every file, by the rule, and no other files",
        wrong="wrong training",
        kinds=_MODEL,
        parts=("checkpoint",),
        when="`train` has the callback `ModelCheckpoint`: the weights in the files that it wrote",
        stated_by=("train",),
        blocked_by=_PLACED,
        follows=("values", "gradients", "losses"),
        trains=True,
    ),
    Facet(
        name="state",
        answer="state",
        answers="`state.weights`",
        how="the weights after that training. Without `train`: every variable after the ordinary "
        "calls in order, from the case's weights, which are set anew for it and for every other "
        "question. Of steps: every variable after each, as `<step>/<variable>`",
        passes="every trained weight, by the rule; without training, every variable after the "
        "calls",
        wrong="wrong training",
        kinds=frozenset({MODEL, STEPS}),
        parts=("train", "changes"),
        when="`train` is there: the weights after training; or a call, of a layer or of the model, "
        "has `training: true`, or `training: false` of a layer whose statistics training moves, or "
        "a layer `stateful: true`: every variable after the ordinary calls, from the case's "
        "weights; so of a model with `quantize`; of `steps`, every variable after every step",
        stated_by=("train",),
        blocked_by=_PLACED,
        follows=("values", "gradients", "losses"),
        trains=True,
    ),
    Facet(
        name="random",
        answer="random",
        answers="`random`",
        how="two calls with `training=True` of one model fed `random/<input>`, then of one built "
        "anew with the same seed, then of one with the seed `program.random.other`; each call fed "
        "a fresh copy; of functions as well `rebuilt`, the second call of what is made from the "
        "configuration",
        passes="what the layer draws in training follows its law (below)",
        wrong="wrong draws",
        kinds=_CALLED,
        parts=("random",),
        when="`random` is there",
        stated_by=("random",),
        follows=("shape", "values"),
    ),
    Facet(
        name="initial",
        answer="initial",
        answers="`initial`",
        how="every variable's numbers as the model was made, before it is given the case's",
        passes="each variable holds what its initializer, as given or documented, makes: numbers "
        "by the rule, draws by their law (below)",
        wrong="wrong weights",
        kinds=_MODEL,
        parts=("made",),
        when="the case is one of the few of its file that together show each layer with each of "
        "its arguments, and with every initializer",
        follows=("weights",),
        needs_numbers=False,
    ),
    Facet(
        name="summary",
        answer="summary",
        answers="`summary`",
        how="the parsed rows of `model.summary()` without input rows",
        passes="the rows (class, shape, parameters) and the totals",
        wrong="wrong summary",
        kinds=_MODEL,
        parts=("summary",),
        when="`expect.summary` is there",
        stated_by=("summary",),
        follows=("symbolic_shape", "weights", "params"),
        needs_numbers=False,
    ),
)

FACETS = {facet.name: facet for facet in _ALL}
"""Every facet by its name, in the order in which they are judged."""

NUMERIC = frozenset(facet.name for facet in _ALL if facet.numeric)
"""Facets whose numbers mean something only from the case's weights and in the right shape."""

REPEATS = frozenset(facet.name for facet in _ALL if facet.repeats)
"""Facets that ask for call 0's answer once more, got another way: from a row by itself, or from
the model traced into a graph, rebuilt from its config, or from a file, or from arrays of NumPy
or lists."""

SAMPLED = frozenset(
    facet.name for facet in _ALL if (facet.repeats or facet.sampled) and not facet.stated_by
)
"""Facets that few cases of a file are asked for; what a case asks for by a key of its own is not
among them."""

APART = tuple(facet.name for facet in _ALL if facet.apart)
"""Those of them for which the cases are chosen one facet at a time."""

AGAIN = tuple(facet.name for facet in _ALL if facet.repeats and facet.answer == facet.name)
"""Those of them whose answer is a part of the observation of its own, named as they are."""

OF_CALLS = frozenset(facet.name for facet in _ALL if facet.of_calls)
"""Facets that are judged by the answers to calls."""


def asked_of(kind: str, parts: frozenset[str]) -> frozenset[str]:
    """What a case that refuses nothing is asked.

    Args:
        kind: of its program: ``model``, ``function`` or ``steps``.
        parts: what the case has of :attr:`Facet.parts`.

    Returns:
        Names of facets.
    """
    return frozenset(
        facet.name
        for facet in _ALL
        if kind in facet.kinds and (not facet.parts or not parts.isdisjoint(facet.parts))
    )


def answered_with(name: str) -> str:
    """The facet whose answer holds this one's too; a facet's own name where none does.

    Args:
        name: of a facet, or any text.
    """
    facet = FACETS.get(name)
    return facet.answer if facet is not None and facet.answer in FACETS else name


OPEN = ("open_sizes", "open_batch")
"""Facets that ask a function for shapes and dtypes of which not all sizes are known."""

TRAINED = frozenset(facet.name for facet in _ALL if facet.answer == "state")
"""Facets that a training answers, where there is one."""
