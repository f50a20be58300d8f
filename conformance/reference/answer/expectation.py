"""What must come out: the reference's answer to one case, arrays beside it.

Every numeric answer is an :class:`Expected`: the float64 truth, and for each number the spread
that honest rounding gives it, in units of the rounding unit ``u`` (docs/numerics.md).
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field
from msgspec.structs import replace

from conformance.cases.model import (
    Params,
    Program,
    Shape,
    SummaryRow,
)
from conformance.reference.spec.configs.model import Argument


class Expected(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One array: shape and dtype that the framework must return, and names of its numbers."""

    shape: list[int]
    dtype: str
    tensor: str
    """float64 truth (int64 or bool for integer and boolean results)."""
    spread: str = ""
    """Array ``sqrt(s² + ref²/3)`` in units of u; empty when the answer is exact."""
    stated: bool = False
    """True when the numbers are written in the case itself, not computed."""
    signed_zero: bool = False
    """True when the sign of a zero is judged."""


class ExpectedProperty(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that is true of an answer whose numbers are not unique (``invariants.py``)."""

    kind: str
    outputs: list[int]
    how: str = ""
    axis: int = -1
    truth: str = ""
    """Array that the outputs are held against; empty: none."""
    spread: str = ""
    """Array of its rounding, in units of u; empty: it holds exactly."""


class ExpectedCall(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answer to one call of the program, by index."""

    facet: Literal["values", "batch", "influence"]
    outputs: list[Expected]
    masks: list[Expected | None] = field(default_factory=list)
    """The mask of each output, where the facet ``mask`` is asked for."""
    properties: list[ExpectedProperty] = field(default_factory=list)
    """What is judged in place of numbers where these are not unique: such outputs have none."""
    nodes: dict[str, list[int]] = field(default_factory=dict)
    probes: dict[str, list[int]] = field(default_factory=dict)


class ExpectedSymbolic(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Symbolic shapes of the inputs, the outputs and every node."""

    inputs: list[Shape]
    outputs: list[Shape]
    nodes: dict[str, Shape]
    dtypes: list[str] = field(default_factory=list)
    """Of the outputs of a function, which states them before it has seen any data."""


class ExpectedSpec(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a layer states of the answers of one node, without being called."""

    shapes: list[Shape]
    """``compute_output_spec``: of every output."""
    dtypes: list[str]
    """Of every output; empty where the call is refused."""
    untold: list[Shape] | None = None
    """``compute_output_shape``, which isn't told whether scores are wanted; None: the layer leaves
    it to Keras, and isn't asked."""
    other: list[Shape]
    """Of every output, with the other flags."""


class ExpectedWeight(Struct, frozen=True, kw_only=True):
    """One variable, ``<node>/<variable>``, in Keras's own order. Travels as ``weight/<name>``."""

    name: str
    shape: list[int]
    dtype: str
    trainable: bool


class ExpectedGradients(Struct, frozen=True, kw_only=True):
    """Gradient of sum(cotangent * output) of call 0, for every float input and trainable weight."""

    inputs: dict[str, Expected]
    weights: dict[str, Expected]


class ExpectedState(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """After training, or after calls that change it: one loss a step, and every weight."""

    losses: Expected | None = None
    metrics: dict[str, Expected] = field(default_factory=dict)
    """By name, the value after each step."""
    optimizer: dict[str, Expected] = field(default_factory=dict)
    """The optimizer's own variables."""
    checkpoint: dict[str, Expected] = field(default_factory=dict)
    """What is in the files that a callback wrote, by the file's number: ``1/dense/kernel``."""
    weights: dict[str, Expected] = field(default_factory=dict)


class ExpectedInfluence(Struct, frozen=True, kw_only=True):
    """Call ``call`` differs from call 0 exactly where the boolean array ``changed`` is true."""

    call: int
    output: int
    changed: str


class ExpectedChoice(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="choice"):
    """Each draw picks one of a few possible answers.

    The options' arrays broadcast to the answer's shape.
    """

    options: list[Expected]
    probabilities: list[float] = field(default_factory=list)
    """One an option; none where the source promises the options and not how often each is taken."""


class ExpectedAffine(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="affine"):
    """The answer is ``location + scale · θ``, θ a draw from a continuous law."""

    location: Expected
    """Its spread holds for the whole answer."""
    scale: Expected
    law: Literal["normal", "uniform", "truncated"]
    """``normal``: mean 0, variance 1; ``uniform``: evenly over [low, high]; ``truncated``: the
    normal one without what lies outside of [low, high]."""
    low: float = 0.0
    high: float = 1.0


class ExpectedBounds(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="bounds"):
    """Only a range is promised. None: no bound on that side."""

    low: float | None = None
    high: float | None = None


class ExpectedDistribution(
    Struct, frozen=True, kw_only=True, omit_defaults=True, tag="distribution"
):
    """Each number is drawn by itself from a distribution that has a name."""

    name: Literal[
        "normal", "truncated", "uniform", "gamma", "beta", "binomial", "integers", "categories"
    ]
    """As ``Distribution`` of ``conformance/reference/engine/laws.py`` has them."""
    parameters: dict[str, str]
    """Names of float64 arrays, which broadcast to the answer's shape; ``odds``, of each category
    along the last axis, without that axis."""


class ExpectedPermutation(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="permutation"):
    """Every line along an axis holds the numbers of the array's line, in any order."""

    array: Expected
    axis: int


class ExpectedRandom(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a layer may answer in training to the arrays ``random/<input>``, or a function."""

    shape: list[int]
    dtype: str
    draws: list[int]
    """Shape of the draws against the answer's: 1 along an axis whose numbers share a draw."""
    law: (
        ExpectedChoice
        | ExpectedAffine
        | ExpectedBounds
        | ExpectedDistribution
        | ExpectedPermutation
    )
    repeats: bool = False
    """Whether a second call gives what the first gave: a function with a whole number as its seed.
    """
    certain: bool = False
    """Whether there is but one answer, so that another seed gives it, too."""


class ExpectedLaw(Struct, frozen=True, kw_only=True):
    """Every number is ``location + scale · θ``, each θ drawn by itself as in ExpectedAffine."""

    law: Literal["normal", "uniform", "truncated"]
    location: float
    scale: float
    low: float
    high: float


class ExpectedPart(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one initializer makes of a variable: numbers, a law, or properties of a matrix."""

    size: int = 0
    """Places of the last axis, after those of the parts before; 0: all of the variable."""
    values: Expected | None = None
    law: ExpectedLaw | None = None
    properties: list[ExpectedProperty] = field(default_factory=list)
    seeded: bool = False
    """Whether the case gives a seed: other variables may then hold the same numbers."""


class ExpectedInitial(Struct, frozen=True, kw_only=True):
    """What a variable holds as it is made, part by part along its last axis."""

    name: str
    shape: list[int]
    dtype: str
    parts: list[ExpectedPart]


class ExpectedBuilt(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one model must show of itself."""

    symbolic: ExpectedSymbolic
    weights: list[ExpectedWeight]
    params: Params
    nodes: dict[str, int]
    """Parameter count by node."""
    calls: list[ExpectedCall]
    gradients: ExpectedGradients | None = None


class ExpectedSummary(Struct, frozen=True, kw_only=True):
    """Rows of ``model.summary()`` without the input rows, and its totals."""

    rows: list[SummaryRow]
    params: Params


class Expectation(ExpectedBuilt, frozen=True, kw_only=True, omit_defaults=True):
    """The whole answer for one case."""

    case: str
    digest: str
    seed: int = 0
    """The first seed whose data stay clear of every kink (docs/numerics.md)."""
    twin: ExpectedBuilt | None = None
    config: dict[str, dict[str, Argument]] = field(default_factory=dict)
    """By node, each argument of its layer's constructor."""
    state: ExpectedState | None = None
    exchanged: ExpectedState | None = None
    """Losses and weights of the steps by which whoever reads a file goes on with the training."""
    random: ExpectedRandom | None = None
    initial: list[ExpectedInitial] = field(default_factory=list)
    summary: ExpectedSummary | None = None
    specs: dict[str, ExpectedSpec] = field(default_factory=dict)
    """By node, where the facet ``output_spec`` is asked for."""
    influence: list[ExpectedInfluence] = field(default_factory=list)
    raises: Literal["build", "call", ""] = ""
    claims: list[str] = field(default_factory=list)
    """Facets that the source itself speaks of."""
    undefined: dict[str, str] = field(default_factory=dict)
    """Facets of the case to which there is no answer, each with the reason. No adapter is asked for
    them and no verdict speaks of them."""

    def asked(self, program: Program) -> Program:
        """The case's program without what has no answer: what an adapter is sent."""
        if not self.undefined:
            return program
        facets = [facet for facet in program.facets if facet not in self.undefined]
        return replace(program, facets=facets)
