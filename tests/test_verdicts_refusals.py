"""What counts as a documented refusal."""

from __future__ import annotations

from typing import Any

import pytest
from reference_cases import case, chain, spec

from conformance.adapters.host.observation import Failure
from conformance.adapters.worker.failure import failure
from conformance.cases.model import Raises
from conformance.verdicts.refusals import subjects, what_is_wrong


def names(layer: str, config: dict[str, Any]) -> frozenset[str]:
    model = chain((layer, config), given=spec([4]))
    return subjects(case(model, facets=["raises"], raises=Raises(at="build")).program)


DENSE = names("Dense", {"units": 0})


def raised(name: str, message: str, *, stage: str = "build", **rest: Any) -> Failure:
    return Failure(type=name, message=message, stage=stage, **rest)


@pytest.mark.parametrize(
    "one",
    [
        raised("ValueError", "Received an invalid value for `units`, expected a positive integer"),
        raised("TypeError", "kernel regularizer must be a string"),
        raised("ValueError", "Input 0 of layer dense is incompatible: expected min_ndim=2"),
        raised("lib.ShapeError", "bad shapes (3,) and (4,)", kind="ValueError"),
        raised("tf.errors_impl.InvalidArgumentError", "units must be positive", stage="call"),
    ],
)
def test_an_argument_s_exception_in_words_about_an_argument_is_one(one: Failure) -> None:
    assert what_is_wrong(one, DENSE) == ""


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (raised("IndexError", "units: list index out of range"), "refused by IndexError"),
        (raised("AttributeError", "no attribute 'units'"), "refused by AttributeError"),
        (raised("ZeroDivisionError", "units"), "refused by ZeroDivisionError"),
        (raised("RuntimeError", "units must be positive"), "refused by RuntimeError"),
        (raised("tf.InvalidArgumentError", "units"), "refused by InvalidArgumentError"),
        (raised("ValueError", "not enough values to unpack"), "name no argument"),
        (raised("ValueError", "the subunits of what was left"), "name no argument"),
        (raised("ValueError", "the layer's name is odd"), "name no argument"),
    ],
)
def test_a_stray_exception_is_none(one: Failure, said: str) -> None:
    assert said in what_is_wrong(one, DENSE)


def test_what_is_inside_a_wrapper_may_be_named_too() -> None:
    inner = names("TimeDistributed", {"layer": {"Dense": {"units": 0}}})
    assert what_is_wrong(raised("ValueError", "use_bias is odd"), inner) == ""


def test_of_what_has_no_arguments_no_words_are_asked() -> None:
    assert what_is_wrong(raised("ValueError", "no"), frozenset()) == ""
    assert (
        what_is_wrong(raised("IndexError", "no"), frozenset()) == ""
    )  # nor is its kind documented


class OddError(ValueError):
    pass


@pytest.mark.parametrize(
    ("error", "kind"),
    [(OddError("x"), "ValueError"), (TypeError("x"), "TypeError"), (IndexError("x"), "")],
)
def test_an_adapter_says_what_an_exception_is_derived_from(error: Exception, kind: str) -> None:
    assert failure(error, "call")["kind"] == kind
