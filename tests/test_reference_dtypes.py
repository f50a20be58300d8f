"""The reference's dtypes: promotion, casts, integers that wrap, complex numbers, zeros."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from conformance.reference.answer.book import Book
from conformance.reference.engine import complexes
from conformance.reference.engine.arithmetic import Arithmetic, Variance
from conformance.reference.engine.array import Array, gradients
from conformance.reference.engine.complexes import Complex
from conformance.reference.engine.conversion import convert, fed, together, whole
from conformance.reference.engine.dtypes import DTYPES, WHOLE, floating, promoted, summed
from conformance.reference.errors import NearKink, Unsupported
from conformance.reference.spec import table

NARROWED = {"uint64": "uint32", "int64": "int32", "float64": "float32", "complex128": "complex64"}


def array(values: Any, dtype: str = "float32") -> Any:
    return fed(Variance(), np.asarray(values, None if dtype == "bfloat16" else dtype), dtype)


@pytest.mark.parametrize(
    ("operands", "met"),
    [
        (["bool", "bool"], "bool"),
        (["bool", True], "bool"),
        (["bool", 1], "int32"),
        (["int8", 1], "int8"),
        (["uint8", -1], "uint8"),
        (["int8", 1.5], "float32"),
        (["float16", 1.5], "float16"),
        (["bfloat16", 3], "bfloat16"),
        (["float16", 1j], "complex64"),
        (["float64", 1j], "complex128"),
        (["uint8", "int8"], "int16"),
        (["uint32", "int32"], "int64"),
        (["uint64", "int8"], "float32"),
        (["int64", "float16"], "float16"),
        (["bfloat16", "float16"], "float32"),
        (["float64", "complex64"], "complex128"),
        ([True, 2], "int32"),
        ([1, 2.5], "float32"),
    ],
)
def test_dtypes_meet_as_documented(operands: list[Any], met: str) -> None:
    assert promoted(operands) == met
    assert promoted(operands[::-1]) == met


def test_the_lattice_has_one_lowest_dtype_above_any_set() -> None:
    for a, b, c in itertools.combinations_with_replacement(DTYPES, 3):
        if "uint64" in {a, b, c}:
            continue  # with a signed integer it meets in the weak float, which floatx resolves
        assert (
            promoted([a, promoted([b, c])])
            == promoted([promoted([a, b]), c])
            == promoted([a, b, c])
        )


@pytest.mark.frameworks
def test_keras_and_jax_agree_on_every_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    jax = pytest.importorskip("jax")
    keras = pytest.importorskip("keras")
    wide = jax.enable_x64 if hasattr(jax, "enable_x64") else jax.experimental.enable_x64
    for a, b in itertools.product(DTYPES, DTYPES):
        ours = promoted([a, b])
        # Keras narrows what is computed in 64 bits on most of its backends.
        assert keras.backend.result_type(a, b) in {ours, NARROWED.get(ours)}, (a, b)
        with wide(True):  # noqa: FBT003 (JAX's own)
            theirs = jax.numpy.promote_types(a, b).name
        # uint64 meets signed integers in the weak float: float64 in JAX then, Keras's floatx here.
        weak = ours == "float32" and "float32" not in {a, b} and "uint64" in {a, b}
        assert theirs == ("float64" if weak else ours), (a, b)
    for a, scalar in itertools.product(DTYPES, (bool, int, float, complex)):
        ours = promoted([a, scalar(1)])
        assert keras.backend.result_type(a, scalar) in {ours, NARROWED.get(ours)}, (a, scalar)


def test_integers_keep_their_extremes_and_wrap() -> None:
    add, total = table.find("ops.add"), table.find("ops.sum")
    for dtype in WHOLE[1:]:
        info = np.iinfo(dtype)
        ends = array([info.min, info.max], dtype)
        assert whole(ends).tolist() == [info.min, info.max]
        over = add(ends, 1)
        assert (over.dtype, whole(over).tolist()) == (dtype, [info.min + 1, info.min])
        assert whole(total(ends)).tolist() == info.min + info.max
        assert total(ends).dtype == summed(dtype)
        kept = Book()
        assert kept.enter("y", ends).dtype == dtype
        assert kept.arrays["truth/y"].tolist() == [info.min, info.max]


def test_booleans_add_up_as_integers_and_meet_as_booleans() -> None:
    add, total = table.find("ops.add"), table.find("ops.sum")
    flags = array([[True, True], [False, True]], "bool")
    assert (total(flags, axis=0).dtype, whole(total(flags, axis=0)).tolist()) == ("int32", [1, 2])
    assert (add(flags, flags).dtype, whole(add(flags, flags)).tolist()) == (
        "bool",
        [[True, True], [False, True]],
    )


def test_casts_truncate_wrap_and_round_once() -> None:
    cast = table.find("ops.cast")
    assert whole(cast(array([1.9, -1.9, -0.5, 0.0]), "int32")).tolist() == [1, -1, 0, 0]
    assert whole(cast(array([300, -1], "int32"), "uint8")).tolist() == [44, 255]
    assert whole(cast(array([0.0, -0.5, np.nan]), "bool")).tolist() == [False, True, True]
    assert cast(array([True, False], "bool"), "float16").value.tolist() == [1, 0]
    # 2**24 + 1 has no float32; 2**60 + 2**36 + 1 lies just above the middle of two.
    large = cast(array([2**24 + 1, 2**60 + 2**36 + 1], "int64"), "float32")
    assert large.value.tolist() == [2**24, 2**60 + 2**37]
    assert large.quantum is not None
    assert cast(array([1 + 2**-9]), "bfloat16").value.tolist() == [1.0]
    assert cast(array([1.5, -2.0]), "complex64").value.tolist() == [1.5, -2.0]
    assert cast(array([1.5 + 2j], "complex64"), "float32").value.tolist() == [1.5]
    assert whole(cast(array([0j, 2j], "complex64"), "bool")).tolist() == [False, True]


@pytest.mark.parametrize("value", [128.0, -129.0, np.nan, np.inf])
def test_what_an_integer_dtype_does_not_hold_is_not_judged(value: float) -> None:
    with pytest.raises(Unsupported, match="beyond the range of int8"):
        table.find("ops.cast")(array([value]), "int8")
    assert whole(table.find("ops.cast")(array([127.9, -128.0]), "int8")).tolist() == [127, -128]


def test_a_cast_of_computed_numbers_keeps_away_from_integers() -> None:
    cast, add = table.find("ops.cast"), table.find("ops.add")

    def one(arithmetic: Variance) -> Any:
        third = arithmetic.leaf(np.float32([1 / 3]))
        return third + third + third  # computed: rounding decides what it becomes

    with pytest.raises(NearKink):
        cast(one(Variance(least=64)), "int32")
    assert whole(cast(add(one(Variance(least=64)), 0.5), "int32")).tolist() == [1]
    assert whole(cast(Variance(least=64).leaf(np.float32([1.0])), "int32")).tolist() == [1]


def test_gradients_pass_casts_between_floats_and_end_at_integers() -> None:
    x = Variance().leaf(np.float32([0.5, 2.0])).watched()
    half = convert(x, "float16")
    assert isinstance(half, Array)
    (slope,) = gradients([half], [half.arithmetic.constant(3.0, (2,))], [x])
    assert (slope.dtype, slope.value.tolist()) == ("float32", [3.0, 3.0])
    ended = convert(x, "int32")
    assert isinstance(ended, Array)
    assert not ended.tracked


def test_where_meets_its_branches_alone() -> None:
    where = table.find("ops.where")
    kept = where(array([[1], [0]], "int32"), array([1, 2], "uint8"), array([-1, 3], "int8"))
    assert (kept.dtype, whole(kept).tolist()) == ("int16", [[1, 2], [-1, 3]])
    assert where(array([True], "bool"), array([1.0], "bfloat16"), 2.0).dtype == "bfloat16"
    assert where(array([True, False], "bool"), 1, 2).dtype == "int32"


def test_complex_numbers_follow_numpy_and_round_by_parts() -> None:
    random = np.random.default_rng(4)
    x, y = random.standard_normal((2, 3, 4)) + 1j * random.standard_normal((2, 3, 4))
    a, b = array(x, "complex128"), array(y, "complex128")
    for made, truth in [
        (a + b, x + y),
        (a - b, x - y),
        (a * b, x * y),
        (a / b, x / y),
        (-a, -x),
        (a.conjugate(), x.conj()),
        (complexes.exp(a), np.exp(x)),
        (complexes.absolute(a), np.abs(x)),
        (complexes.angle(a), np.angle(x)),
    ]:
        assert np.allclose(made.value, truth, rtol=1e-14)
    product = a * b
    assert (product.real.variance > 0).all()
    assert isinstance(together(a, 2.0)[1], Complex)
    kept = Book()
    entered = kept.enter("z", product)
    assert (entered.dtype, entered.shape) == ("complex128", [3, 4])
    assert np.array_equal(kept.arrays["truth/z"] @ [1, 1j], product.value)
    assert kept.arrays["spread/z"].shape == (3, 4, 2)


def test_a_zero_keeps_its_sign() -> None:
    add, where = table.find("ops.add"), table.find("ops.where")
    zeros = array([-0.0, 0.0])
    for made, signs in [
        (add(zeros, zeros), [True, False]),
        (add(zeros, 0.0), [False, False]),
        (where(array([True, False], "bool"), zeros, -0.0), [True, True]),
        (convert(zeros, "bfloat16"), [True, False]),
        (-zeros, [False, True]),
    ]:
        assert np.signbit(made.value).tolist() == signs


def test_functions_of_floats_take_integers_in_floatx() -> None:
    assert [floating(dtype) for dtype in WHOLE] == ["float32"] * 9
    assert floating("bfloat16") == "bfloat16"


def test_what_has_no_gradient_is_known_without_importing_it() -> None:
    assert table.differentiable("ops.add")
    assert table.differentiable("layers.Dense")


def test_every_arithmetic_can_be_converted_in() -> None:
    for arithmetic in (Arithmetic(), Arithmetic(np.longdouble), Variance()):
        assert convert(arithmetic.leaf(np.float32([2.5])), "int8").dtype == "int8"
