"""The question of a facet on a few lines of Keras, and what the answer must be."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from conformance.repro.cloning import cloned
from conformance.repro.short_answers import (
    compared_lines,
    dtype_lines,
    repeated_dtype_lines,
    shape_lines,
    structure_lines,
)
from conformance.repro.short_parts import TooLong, as_numpy, fed
from conformance.repro.short_training import gradient_lines, state_lines
from conformance.repro.structure import refusal_lines
from conformance.repro.text import comment, literal
from conformance.repro.truth import numbers_of

if TYPE_CHECKING:
    from conformance.repro.plan import Plan
    from conformance.repro.short_parts import Writer
    from conformance.verdicts.model import Comparison

_MASKS = """\
masks = []
class Masks(keras.layers.Layer):  # a layer is handed the mask that comes with its input
    def call(self, x, mask=None):
        masks.append(mask)
        return x"""

_AGAIN = {
    "config_round_trip": [
        "again = model.__class__.from_config(model.get_config())",
        "again.set_weights(model.get_weights())",
    ],
    "save_round_trip": [
        'model.save("model.keras")',
        'again = keras.models.load_model("model.keras", compile=False)',
    ],
}


def again_lines(plan: Plan) -> list[str]:
    """Statements that make the model that answers once more; none where it is the model itself."""
    if plan.facet == "clone":
        return [f"again = {cloned(plan)}", "again.set_weights(model.get_weights())"]
    return _AGAIN.get(plan.facet, [])


def needs_weights(plan: Plan) -> bool:
    """Whether the answer depends on the numbers of the weights."""
    return not (plan.structural or plan.facet in {"raises", "mask"})


def needs_arrays(plan: Plan) -> bool:
    """Whether anything is fed."""
    return not plan.structural and plan.raises != "build"


def asked(
    plan: Plan, model: list[str], weights: list[str], write: Writer, *, answered: bool = True
) -> list[str]:
    """Build the model, ask the question, and say what the answer must be.

    Args:
        plan: What is shown.
        model: The statements that build ``model``.
        weights: Those that set its weights.
        write: Gives an array as source.
        answered: Where it raises: whether to say what the answer should have been.

    Raises:
        TooLong: There is no short way.
    """
    if plan.facet == "raises":
        return refusal_lines(plan, [*model, *weights], f"{plan.called}({fed(plan)})")
    build = [*model, *weights]
    if plan.judged is not None and plan.judged.outcome == "error":
        said = comment(plan.judged.message, 200)
        return [*build, said, *_raising(plan, write, answered=answered)]
    if plan.structural:
        return [*build, *structure_lines(plan)]
    return [*build, *_asked(plan, write)]


def _raising(plan: Plan, write: Writer, *, answered: bool) -> list[str]:
    """What raises, and what it should have answered."""
    if plan.structural:
        network = plan.network
        if not answered or plan.facet != "symbolic_shape" or network is None:
            return []
        expected = [tuple(shape) for shape in network.outputs]
        found = "[tuple(tensor.shape) for tensor in model.outputs]"
        return [f"assert {found} == {literal(expected)}"]
    lines = _question(plan, None, write)
    if not answered or plan.facet == "mask":
        return lines
    numbers = numbers_of(plan)
    if numbers and numbers[0].places is None:
        return [*lines, *compared_lines(numbers[0], plan, write)]
    if plan.facet == "shape" and plan.answer is not None:
        shape = tuple(plan.answer.expectation.calls[0].outputs[0].shape)
        return [*lines, f"assert y.shape == {shape!r}, y.shape"]
    return lines


def _asked(plan: Plan, write: Writer) -> list[str]:
    """A question of numbers, and the answer of one array."""
    comparisons = plan.judged.comparisons if plan.judged else []
    compared = next((one for one in comparisons if one.message), None)
    if plan.facet == "shape":
        return [*_question(plan, None, write), *shape_lines(plan)]
    if plan.facet == "dtype":
        return dtype_lines(plan)
    if compared is None:
        raise TooLong("the verdict names nothing that is off")
    lines = _question(plan, compared, write)
    if compared.what.startswith("dtype of "):
        return [*lines, *repeated_dtype_lines(plan, compared)]
    if plan.facet == "mask" and not compared.worst:
        none = "expected none" in compared.message
        return [*lines, f"assert masks[0] is {'' if none else 'not '}None, masks"]
    if plan.facet == "mask":
        lines.append(f"y = {as_numpy(plan, 'masks[0]')}")
    number = next((one for one in numbers_of(plan) if compared.what.endswith(one.what)), None)
    if number is None or number.places is not None:
        raise TooLong(f"{compared.what} is too much to write out")
    return [*lines, *compared_lines(number, plan, write)]


# --- questions ----------------------------------------------------------------------------------


def _question(plan: Plan, compared: Comparison | None, write: Writer) -> list[str]:
    """Fill ``y`` with the array that is off."""
    if plan.facet == "gradients":
        return gradient_lines(plan, compared, write)
    if plan.facet == "state":
        return state_lines(plan, compared, write)
    which = _which(plan, compared)
    if plan.facet == "mask":
        return [*_MASKS.splitlines(), f"Masks()(model({fed(plan)}){which})"]
    if plan.facet == "compiled" or _traced(plan):
        return [f"y = np.asarray(model.predict_on_batch({fed(plan)}){which})  # in graph mode"]
    given = _first_row(plan) if plan.facet == "batch" else fed(plan)
    again = again_lines(plan)
    if not again and plan.facet not in {"values", "shape", "batch"}:
        raise TooLong(f"the facet {plan.facet} takes more than a few lines")
    called = plan.called.replace("model", "again", 1) if again else plan.called
    return [*again, f"y = {as_numpy(plan, f'{called}({given}){which}')}"]


def _traced(plan: Plan) -> bool:
    """Whether what raises does so because the run has JAX trace it."""
    if plan.backend != "jax" or plan.judged is None or plan.judged.outcome != "error":
        return False
    eager = "compiled" in plan.program.facets
    return plan.facet == "batch" or (plan.facet in {"values", "shape"} and not eager)


def _first_row(plan: Plan) -> str:
    if fed(plan) != "x":
        raise TooLong("inputs that have to be cast take more than a few lines")
    return "x[:1]" if len(plan.program.model.inputs) == 1 else "[one[:1] for one in x]"


def _which(plan: Plan, compared: Comparison | None) -> str:
    """The index of the output that is off, where there are several."""
    if plan.network is None or len(plan.network.outputs) == 1:
        return ""
    if compared is None:
        return "[0]"
    found = re.search(r"output (\d+)$", compared.what)
    if found is None:
        raise TooLong(f"{compared.what} is not one output")
    return f"[{found[1]}]"
