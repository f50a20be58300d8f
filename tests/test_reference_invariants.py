"""Answers that are judged by properties: right ones pass whatever their signs, wrong ones don't."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from conformance.invariants import Invariants, Property, check, measure
from conformance.reference.engine.arithmetic import Variance
from conformance.reference.engine.conversion import fed
from conformance.reference.spec import table

RANDOM = np.random.default_rng(11)
TALL = RANDOM.standard_normal((2, 6, 4)).astype(np.float32)
EVEN = ((TALL[:, :4] + TALL[:, :4].transpose(0, 2, 1)) / 2).astype(np.float32)


def law(symbol: str, x: Any, **named: Any) -> Invariants:
    made = table.find(symbol)(fed(Variance(), np.asarray(x)), **named)
    assert isinstance(made, Invariants)
    return made


def failed(judged: Invariants, *outputs: Any) -> set[str]:
    return {m.claim.kind for m in check(judged, [np.asarray(o) for o in outputs])}


def rounded_like_bfloat16(values: Any) -> Any:
    return (np.asarray(values).view(np.uint32) & np.uint32(0xFFFF0000)).view(np.float32)


@pytest.mark.parametrize("mode", ["reduced", "complete"])
@pytest.mark.parametrize("x", [TALL, TALL.transpose(0, 2, 1).copy()], ids=["tall", "wide"])
def test_qr(mode: str, x: Any) -> None:
    judged = law("ops.qr", x, mode=mode)
    q, r = np.linalg.qr(x, mode=mode)
    assert (q.dtype, [q.shape, r.shape]) == (np.float32, judged.shapes)
    assert not failed(judged, q, r)
    signs = np.sign(RANDOM.standard_normal(q.shape[-1])).astype(np.float32)
    assert not failed(judged, q * signs, r * signs[:, None])
    assert failed(judged, q, -r) == {"reconstructs"}
    assert "reconstructs" in failed(judged, q * signs, r) or (signs == 1).all()
    assert failed(judged, 2 * q, r / 2) == {"orthonormal"}
    assert failed(judged, q, r + np.float32(1e-3) * np.tri(*r.shape[-2:], -1, np.float32)) >= {
        "triangular"
    }
    assert "reconstructs" in failed(judged, rounded_like_bfloat16(q), rounded_like_bfloat16(r))
    assert failed(judged, q * np.float32("nan"), r) >= {"reconstructs", "orthonormal"}


@pytest.mark.parametrize("full", [True, False])
@pytest.mark.parametrize("x", [TALL, TALL.transpose(0, 2, 1).copy()], ids=["tall", "wide"])
def test_svd(full: bool, x: Any) -> None:  # noqa: FBT001 (a parameter of the test)
    judged = law("ops.svd", x, full_matrices=full)
    u, s, vh = np.linalg.svd(x, full_matrices=full)
    assert [u.shape, s.shape, vh.shape] == judged.shapes
    assert not failed(judged, u, s, vh)
    flipped_u, flipped_vh = u.copy(), vh.copy()
    flipped_u[..., 1] *= -1
    flipped_vh[..., 1, :] *= -1
    assert not failed(judged, flipped_u, s, flipped_vh)
    assert failed(judged, flipped_u, s, vh) == {"reconstructs"}
    order = [1, 0, 2, 3]
    swapped_u, swapped_vh = u.copy(), vh.copy()
    swapped_u[..., :4], swapped_vh[..., :4, :] = u[..., order], vh[..., order, :]
    assert failed(judged, swapped_u, s[..., order], swapped_vh) == {"equals", "sorted"}
    assert failed(judged, u, s * np.float32(1.001), vh) == {"equals", "reconstructs"}
    assert failed(judged, u, s, vh.transpose(0, 2, 1).reshape(vh.shape)) >= {"reconstructs"}
    values = law("ops.svd", x, compute_uv=False)
    assert not failed(values, s)
    assert failed(values, s[..., ::-1]) == {"equals"}


def test_eigh() -> None:
    judged = law("ops.eigh", EVEN)
    w, v = np.linalg.eigh(EVEN)
    assert not failed(judged, w, v)
    assert not failed(judged, w, -v)
    assert failed(judged, w[..., ::-1], v[..., ::-1]) == {"equals", "sorted"}
    assert failed(judged, w, v.transpose(0, 2, 1)) == {"reconstructs"}
    assert failed(judged, w, v * np.float32(1.01)) == {"reconstructs", "orthonormal"}


def test_honest_decompositions_lie_far_below_the_limits() -> None:
    peaks = []
    for seed in range(40):
        random = np.random.default_rng(seed)
        x = random.standard_normal((random.integers(2, 24), random.integers(2, 24)))
        x = (x * 10.0 ** random.integers(-6, 6)).astype(np.float32)
        for symbol, numpy in (("ops.qr", np.linalg.qr), ("ops.svd", np.linalg.svd)):
            peaks += [m.peak for m in measure(law(symbol, x), [*numpy(x)])]
        both = (x @ x.T).astype(np.float32)
        both = (both + both.T) / 2
        peaks += [m.peak for m in measure(law("ops.eigh", both), [*np.linalg.eigh(both)])]
    assert 0.05 < max(peaks) < 4


def test_ties_may_come_in_any_order() -> None:
    x = np.float32([[2, 1, 2, 0], [3, 3, 3, 3]])
    order = law("ops.argsort", x)
    assert not failed(order, np.int32([[3, 1, 0, 2], [0, 1, 2, 3]]))
    assert not failed(order, np.int32([[3, 1, 2, 0], [2, 0, 3, 1]]))
    assert failed(order, np.int32([[3, 1, 2, 2], [0, 1, 2, 3]])) == {"points"}  # 2 twice
    assert failed(order, np.int32([[1, 3, 2, 0], [0, 1, 2, 3]])) == {"points"}
    assert failed(order, np.int32([[3, 1, 2, 4], [0, 1, 2, 3]])) == {"points"}
    best = law("ops.argmax", x, axis=1)
    assert not failed(best, np.int32([0, 3]))
    assert not failed(best, np.int32([2, 0]))
    assert failed(best, np.int32([1, 0])) == {"points"}
    assert not failed(law("ops.argmax", x, keepdims=True), np.int32([[6]]))


def test_the_largest_in_any_order() -> None:
    x = np.float32([4, 1, 3, 2])
    some = law("ops.top_k", x, k=3, sorted=False)
    assert not failed(some, np.float32([3, 4, 2]), np.int32([2, 0, 3]))
    assert failed(some, np.float32([3, 4, 1]), np.int32([2, 0, 1])) == {"permutation"}
    assert failed(some, np.float32([3, 4, 2]), np.int32([0, 2, 3])) == {"points"}
    tied = law("ops.top_k", np.float32([1, 2, 2, 0]), k=2)
    assert not failed(tied, np.float32([2, 2]), np.int32([1, 2]))
    assert not failed(tied, np.float32([2, 2]), np.int32([2, 1]))
    assert failed(tied, np.float32([2, 2]), np.int32([2, 2])) == {"points"}
    assert failed(tied, np.float32([2, 1]), np.int32([2, 0])) == {"equals"}


def test_a_law_is_for_arrays_of_its_shapes() -> None:
    judged = Invariants([(2,)], ["int32"], [Property("sorted", (0,), how="rising")])
    assert not check(judged, [np.int32([1, 1])])
    assert failed(judged, np.int32([2, 1])) == {"sorted"}
    with pytest.raises(ValueError, match="shape"):
        check(judged, [np.int32([1, 2, 3])])


def test_eigenvalues_of_any_matrix_go_with_their_vectors() -> None:
    a = RANDOM.standard_normal((3, 3)).astype(np.float32)
    judged = law("ops.eig", a)
    w, v = (part.astype(np.complex64) for part in np.linalg.eig(a))
    assert not failed(judged, w, v)
    assert not failed(judged, w[::-1], v[:, ::-1])
    assert not failed(judged, w, -1j * v)
    assert failed(judged, w[::-1], v) == {"reconstructs"}
    assert failed(judged, w, 1.01 * v) == {"orthonormal"}
    assert failed(judged, w[[0, 0, 2]], v[:, [0, 0, 2]]) == {"equals"}
    assert failed(judged, w * np.float32(1.001), v) == {"equals", "reconstructs"}
