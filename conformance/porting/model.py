"""What a porting guide says of one Keras layer in one framework."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, field


class Argument(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How one argument of a native function or module follows from Keras's.

    Nothing of it was typed by hand: it is the one rule that held in every call that a passing case
    made.
    """

    call: str
    """``torch.nn.Conv2d``; a second one within a layer is ``torch.nn.Conv2d (2)``."""
    native: str
    """The native argument's name."""
    kind: Literal["same", "converted", "fixed", "input", "computed"]
    """``same``: Keras's value, if written for each axis; ``converted``: another value; ``fixed``:
    always this one; ``input``: a size of the input; ``computed``: by no rule that was found."""
    rule: str = ""
    """In Keras's words: ``epsilon``, ``1 - momentum``, ``strides or pool_size``; a fixed value as
    Python writes it; of a computed one the values, if it has but two."""
    keras: str = ""
    """Keras's argument, where there is one."""
    keras_default: Any = None
    """What Keras takes where it is left out, as far as a case left it out."""
    left_out: bool = False
    """Whether a case left it out, so that ``keras_default`` is known."""
    equivalent: Any = None
    """The native value for Keras's default; of a fixed one the value."""
    native_default: Any = None
    """The framework's own default, from its signature."""
    known: bool = False
    """Whether that default is known: C functions have no signature."""
    differs: bool = False
    """Whether leaving the argument out on both sides gives two different layers; of a fixed one:
    whether it must be passed."""
    proofs: list[str] = field(default_factory=list)
    """Cases that show the rule with different values."""


class Condition(Struct, frozen=True, kw_only=True):
    """When something applies: one of Keras's arguments has one of these values."""

    keras: str
    values: list[Any]
    """``null``: left out or None; the word ``array`` for an array that is passed."""
    always: bool
    """Whether it always applies then; else in some of those cases."""


class Around(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What has to stand around a module: a pad, a transposition."""

    symbol: str
    """``torch.nn.functional.pad``."""
    always: bool
    """Whether it was there in every case."""
    conditions: list[Condition] = field(default_factory=list)
    """When it was there; none that could be told: at times."""


class Way(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One way to do a layer: most have a single one."""

    symbol: str
    """``torch.nn.LSTM``; several names joined by commas."""
    composed: bool
    """Whether the framework has no such module, so that it is put together."""
    note: str = ""
    """A sentence of whoever wrote it for the adapter."""
    weights: dict[str, str] = field(default_factory=dict)
    """How each of Keras's variables is laid out."""
    arguments: list[Argument] = field(default_factory=list)
    conditions: list[Condition] = field(default_factory=list)
    """What this way is restricted to, where the layer has several."""
    around: list[Around] = field(default_factory=list)
    """What has to stand around it."""
    cases: int = 0
    """How many cases passed this way."""
    proofs: list[str] = field(default_factory=list)
    """Some of them."""


class Refusal(Struct, frozen=True, kw_only=True):
    """What of a layer has no counterpart, and why."""

    reason: str
    cases: int
    proofs: list[str]


class Row(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One layer of Keras in one framework; an activation function is a row of its own."""

    adapter: str
    family: str
    """Keras's folder, as the cases are filed: ``convolutional``."""
    layer: str
    """``Conv2D``, or ``activation: gelu``."""
    ways: list[Way] = field(default_factory=list)
    """The one that most cases took first, native ones before composed ones."""
    refusals: list[Refusal] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    """The file of each case that is named as a proof."""


class Guide(Struct, frozen=True, kw_only=True):
    """All rows of one framework, and of which run they are."""

    adapter: str
    versions: dict[str, str]
    cases: int
    """Cells of the adapter in the run."""
    planned: int
    """Cells that were planned: a run that was cut short knows less than it could."""
    later: int = 0
    """Cells of later runs, whose rows took the place of the run's."""
    rows: list[Row]
