"""Functions of the reference against NumPy, known identities and what Keras documents to refuse."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

import number_samples
import numpy as np
import pytest
from ops_samples_nn import HELD

from conformance.adapters.shared import functions
from conformance.cases import load_file
from conformance.invariants import Invariants
from conformance.reference import evaluate
from conformance.reference.engine.arithmetic import Variance
from conformance.reference.engine.array import Array
from conformance.reference.engine.complexes import Complex
from conformance.reference.engine.conversion import fed, whole
from conformance.reference.engine.laws import DataSized
from conformance.reference.errors import NearKink, Refused, Unsupported
from conformance.reference.spec import table

if TYPE_CHECKING:
    from pathlib import Path

RANDOM = np.random.default_rng(7)
WIDE = RANDOM.standard_normal((3, 4, 5))
FLAT = RANDOM.standard_normal(12)
INSIDE = RANDOM.uniform(-0.9, 0.9, (3, 4))
ABOVE = RANDOM.uniform(0.2, 3, (3, 4))
BELOW = RANDOM.standard_normal((3, 4))
COUNTS = RANDOM.integers(-9, 9, (3, 4)).astype(np.int32)
BITS = RANDOM.integers(0, 255, (3, 4)).astype(np.uint8)
FLAGS = RANDOM.integers(0, 2, (3, 4)).astype(bool)


def array(values: Any, dtype: str = "") -> Any:
    """A float64 or integer array of the reference."""
    return fed(Variance(), np.asarray(values), dtype)


def numbers(answer: Any) -> Any:
    """What an answer says, as NumPy has it."""
    if isinstance(answer, list | tuple):
        return [numbers(part) for part in answer]
    if isinstance(answer, Complex):
        return answer.value
    if isinstance(answer, DataSized):
        answer = answer.array
    assert isinstance(answer, Array), answer
    return answer.value if answer.integers is None else answer.integers


def of(symbol: str, *given: Any, **named: Any) -> Any:
    """The reference's answer; NumPy arrays are fed."""

    def made(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            return array(value)
        return [made(v) for v in value] if isinstance(value, list) else value

    return table.find(symbol)(*map(made, given), **{k: made(v) for k, v in named.items()})


def created(symbol: str, *given: Any, **named: Any) -> Any:
    return table.find(symbol)(*given, **named, arithmetic=Variance())


PLANE = np.concatenate([ABOVE.T[:, :2], np.zeros((4, 1))], 1)
CROSSED = np.cross(BELOW.T[:, :3], PLANE)

# fmt: off
AGREE: list[tuple[str, tuple[Any, ...], dict[str, Any], Any]] = [
    ("ops.add", (BELOW, ABOVE), {}, BELOW + ABOVE),
    ("ops.add", (COUNTS, 2), {}, COUNTS + 2),
    ("ops.subtract", (BELOW, ABOVE[:1]), {}, BELOW - ABOVE[:1]),
    ("ops.subtract", (BITS, BITS.T.copy().reshape(3, 4)), {}, BITS - BITS.T.reshape(3, 4)),
    ("ops.multiply", (BELOW, 3.0), {}, BELOW * 3),
    ("ops.multiply", (BITS, BITS), {}, BITS * BITS),
    ("ops.divide", (BELOW, ABOVE), {}, BELOW / ABOVE),
    ("ops.power", (ABOVE, BELOW), {}, ABOVE ** BELOW),
    ("ops.power", (BELOW, 3), {}, BELOW ** 3),
    ("ops.power", (COUNTS, 3), {}, COUNTS ** 3),
    ("ops.maximum", (BELOW, ABOVE), {}, np.maximum(BELOW, ABOVE)),
    ("ops.maximum", (COUNTS, 0), {}, np.maximum(COUNTS, 0)),
    ("ops.minimum", (BELOW, ABOVE), {}, np.minimum(BELOW, ABOVE)),
    ("ops.absolute", (BELOW,), {}, np.abs(BELOW)),
    ("ops.abs", (COUNTS,), {}, np.abs(COUNTS)),
    ("ops.absolute", (BELOW + 2j * ABOVE,), {}, np.abs(BELOW + 2j * ABOVE)),
    ("ops.sign", (BELOW,), {}, np.sign(BELOW)),
    ("ops.sign", (COUNTS,), {}, np.sign(COUNTS)),
    ("ops.floor", (BELOW,), {}, np.floor(BELOW)),
    ("ops.exp", (BELOW,), {}, np.exp(BELOW)),
    ("ops.exp", (BELOW + 1j * ABOVE,), {}, np.exp(BELOW + 1j * ABOVE)),
    ("ops.log", (ABOVE,), {}, np.log(ABOVE)),
    ("ops.log1p", (INSIDE,), {}, np.log1p(INSIDE)),
    ("ops.expm1", (INSIDE,), {}, np.expm1(INSIDE)),
    ("ops.sin", (BELOW,), {}, np.sin(BELOW)),
    ("ops.cos", (BELOW,), {}, np.cos(BELOW)),
    ("ops.arcsin", (INSIDE,), {}, np.arcsin(INSIDE)),
    ("ops.sqrt", (ABOVE,), {}, np.sqrt(ABOVE)),
    ("ops.square", (BELOW,), {}, BELOW ** 2),
    ("ops.negative", (COUNTS,), {}, -COUNTS),
    ("ops.real", (BELOW + 1j,), {}, BELOW),
    ("ops.conjugate", (BELOW + 1j,), {}, BELOW - 1j),
    ("ops.conj", (BELOW,), {}, BELOW),
    ("ops.where", (FLAGS, BELOW, ABOVE), {}, np.where(FLAGS, BELOW, ABOVE)),
    ("ops.equal", (COUNTS, COUNTS[:1]), {}, COUNTS[:1] == COUNTS),
    ("ops.equal", (BELOW + 1j, BELOW + 1j), {}, np.ones((3, 4), bool)),
    ("ops.greater", (BELOW, 0.0), {}, BELOW > 0),
    ("ops.less", (BELOW, ABOVE), {}, BELOW < ABOVE),
    ("ops.logical_and", (FLAGS, COUNTS), {}, np.logical_and(FLAGS, COUNTS)),
    ("ops.bitwise_and", (BITS, 7), {}, BITS & 7),
    ("ops.sum", (WIDE,), {}, WIDE.sum()),
    ("ops.sum", (WIDE, -1), {}, WIDE.sum(-1)),
    ("ops.sum", (WIDE,), {"axis": (0, -2), "keepdims": True}, WIDE.sum((0, 1), keepdims=True)),
    ("ops.sum", (BELOW + 1j, 0), {}, (BELOW + 1j).sum(0)),
    ("ops.mean", (WIDE, (1, 2)), {}, WIDE.mean((1, 2))),
    ("ops.mean", (COUNTS,), {}, COUNTS.mean()),
    ("ops.max", (WIDE, (0, 2), True), {}, WIDE.max((0, 2), keepdims=True)),
    ("ops.max", (COUNTS, 1), {}, COUNTS.max(1)),
    ("ops.max", (WIDE, 0), {"initial": 0.5}, WIDE.max(0, initial=0.5)),
    ("ops.amax", (FLAT,), {}, FLAT.max()),
    ("ops.min", (WIDE, -1), {}, WIDE.min(-1)),
    ("ops.amin", (COUNTS, 0), {}, COUNTS.min(0)),
    ("ops.var", (WIDE, (0, 1)), {}, WIDE.var((0, 1))),
    ("ops.prod", (WIDE, (0, 2)), {}, WIDE.prod((0, 2))),
    ("ops.prod", (COUNTS, 0), {"keepdims": True}, COUNTS.prod(0, dtype=np.int32, keepdims=True)),
    ("ops.any", (COUNTS == 3, 1), {}, (COUNTS == 3).any(1)),
    ("ops.all", (COUNTS, (0, 1)), {"keepdims": True}, COUNTS.all(keepdims=True)),
    ("ops.argmax", (BELOW,), {}, np.int32(BELOW.argmax())),
    ("ops.argmax", (WIDE, 1), {}, WIDE.argmax(1).astype(np.int32)),
    ("ops.argmax", (WIDE, -1, True), {}, WIDE.argmax(-1, keepdims=True).astype(np.int32)),
    ("ops.argmin", (WIDE, 0), {}, WIDE.argmin(0).astype(np.int32)),
    ("ops.cumsum", (WIDE,), {}, WIDE.cumsum()),
    ("ops.cumsum", (WIDE, -2), {}, WIDE.cumsum(-2)),
    ("ops.cumsum", (COUNTS, 1), {}, COUNTS.cumsum(1, dtype=np.int32)),
    ("ops.cumsum", (BITS, 1), {"dtype": "int64"}, BITS.cumsum(1, dtype=np.int64)),
    ("ops.logsumexp", (WIDE, (0, -1)), {}, np.log(np.exp(WIDE).sum((0, 2)))),
    ("ops.take", (WIDE, [5, -1, 0]), {}, WIDE.take([5, 59, 0])),
    ("ops.take", (WIDE, np.asarray([[0, -1], [2, 1]]), 1), {}, WIDE.take([[0, 3], [2, 1]], 1)),
    ("ops.take_along_axis", (WIDE, np.asarray([[[1, -1]]]), -1), {},
     np.take_along_axis(WIDE, np.broadcast_to([[[1, 4]]], (3, 4, 2)), -1)),
    ("ops.take_along_axis", (WIDE, np.asarray([3, 3])), {}, WIDE.reshape(-1)[[3, 3]]),
    ("ops.expand_dims", (BELOW, (0, -1)), {}, BELOW[None, ..., None]),
    ("ops.squeeze", (BELOW[:1], 0), {}, BELOW[0]),
    ("ops.reshape", (WIDE, (5, -1)), {}, WIDE.reshape(5, 12)),
    ("ops.transpose", (WIDE, (2, 0, -2)), {}, WIDE.transpose(2, 0, 1)),
    ("ops.transpose", (COUNTS,), {}, COUNTS.T),
    ("ops.concatenate", ([BELOW, ABOVE], -1), {}, np.concatenate([BELOW, ABOVE], -1)),
    ("ops.concatenate", ([COUNTS, BITS],), {}, np.concatenate([COUNTS, BITS.astype(np.int32)])),
    ("ops.concatenate", ([BELOW, BELOW + 1j],), {}, np.concatenate([BELOW, BELOW + 1j])),
    ("ops.stack", ([BELOW, ABOVE], 1), {}, np.stack([BELOW, ABOVE], 1)),
    ("ops.pad", (BELOW, ((1, 0), (0, 2))), {}, np.pad(BELOW, ((1, 0), (0, 2)))),
    ("ops.pad", (COUNTS, 1), {"constant_values": 7}, np.pad(COUNTS, 1, constant_values=7)),
    ("ops.pad", (WIDE, ((2, 1),), "reflect"), {}, np.pad(WIDE, ((2, 1),), "reflect")),
    ("ops.pad", (WIDE, 2, "symmetric"), {}, np.pad(WIDE, 2, "symmetric")),
    ("ops.flip", (WIDE, (0, -1)), {}, np.flip(WIDE, (0, 2))),
    ("ops.flip", (COUNTS,), {}, np.flip(COUNTS)),
    ("ops.sort", (WIDE, 1), {}, np.sort(WIDE, 1)),
    ("ops.sort", (COUNTS,), {"axis": None}, np.sort(COUNTS, None)),
    ("ops.argsort", (WIDE,), {}, np.argsort(WIDE).astype(np.int32)),
    ("ops.argsort", (WIDE, None), {}, np.argsort(WIDE, None).astype(np.int32)),
    ("ops.top_k", (FLAT, 3), {},
     [np.sort(FLAT)[:-4:-1], np.argsort(FLAT)[:-4:-1].astype(np.int32)]),
    ("ops.matmul", (WIDE, WIDE[0].T), {}, WIDE @ WIDE[0].T),
    ("ops.matmul", (FLAT[:4], BELOW.T), {}, FLAT[:4] @ BELOW.T),
    ("ops.matmul", (WIDE[:, None], WIDE[0].T), {}, WIDE[:, None] @ WIDE[0].T),
    ("ops.matmul", (COUNTS, COUNTS.T.copy()), {}, COUNTS @ COUNTS.T),
    ("ops.dot", (WIDE, WIDE.transpose(0, 2, 1)), {}, np.dot(WIDE, WIDE.transpose(0, 2, 1))),
    ("ops.dot", (FLAT, FLAT), {}, FLAT @ FLAT),
    ("ops.dot", (BELOW, 2.0), {}, BELOW * 2),
    ("ops.einsum", ("abc,dc->bad", WIDE, WIDE[0]), {}, np.einsum("abc,dc->bad", WIDE, WIDE[0])),
    ("ops.einsum", ("...a,...b,ab->...", BELOW[:, :2], BELOW, ABOVE[:2]), {},
     np.einsum("...a,...b,ab->...", BELOW[:, :2], BELOW, ABOVE[:2])),
    ("ops.einsum", ("ii->i", WIDE[0, :, :4]), {}, np.diag(WIDE[0])),
    ("ops.einsum", ("ii", WIDE[0, :, :4]), {}, np.trace(WIDE[0])),
    ("ops.einsum", ("ij,jk", COUNTS, COUNTS.T.copy()), {}, COUNTS @ COUNTS.T),
    ("ops.einsum", ("ba", BELOW), {}, BELOW.T),
    ("ops.norm", (WIDE,), {}, np.linalg.norm(WIDE)),
    ("ops.norm", (BELOW, 1, 1), {}, np.linalg.norm(BELOW, 1, 1)),
    ("ops.norm", (BELOW, 3, 0), {"keepdims": True}, np.linalg.norm(BELOW, 3, 0, keepdims=True)),
    ("ops.norm", (BELOW, math.inf, -1), {}, np.linalg.norm(BELOW, np.inf, -1)),
    ("ops.norm", (BELOW, -math.inf, 0), {}, np.linalg.norm(BELOW, -np.inf, 0)),
    ("ops.norm", (BELOW, 0, 0), {}, np.linalg.norm(BELOW, 0, 0)),
    ("ops.norm", (WIDE, "fro", (0, 2)), {}, np.linalg.norm(WIDE, "fro", (0, 2))),
    ("ops.norm", (WIDE, 1, (2, 0)), {}, np.linalg.norm(WIDE, 1, (2, 0))),
    ("ops.norm", (WIDE, -math.inf, (0, 1)), {}, np.linalg.norm(WIDE, -np.inf, (0, 1))),
    ("ops.segment_sum", (BELOW, np.asarray([2, 0, 2]), 4), {},
     np.stack([BELOW[1], np.zeros(4), BELOW[0] + BELOW[2], np.zeros(4)])),
    ("ops.segment_sum", (COUNTS, [0, 0, 1], 2), {},
     np.stack([COUNTS[:2].sum(0, dtype=np.int32), COUNTS[2]])),
    ("ops.relu", (BELOW,), {}, np.maximum(BELOW, 0)),
    ("ops.relu", (COUNTS,), {}, np.maximum(COUNTS, 0)),
    ("ops.sigmoid", (BELOW,), {}, 1 / (1 + np.exp(-BELOW))),
    ("ops.softmax", (BELOW, 0), {}, np.exp(BELOW) / np.exp(BELOW).sum(0)),
    ("ops.softmax", (BELOW, None), {}, np.exp(BELOW) / np.exp(BELOW).sum()),
    ("ops.tanh", (BELOW,), {}, np.tanh(BELOW)),
    ("ops.silu", (BELOW,), {}, BELOW / (1 + np.exp(-BELOW))),
    ("ops.softplus", (BELOW,), {}, np.logaddexp(0, BELOW)),
    ("ops.softsign", (BELOW,), {}, BELOW / (1 + np.abs(BELOW))),
    ("ops.selu", (BELOW,), {}, 1.0507009873554805 * np.where(
        BELOW > 0, BELOW, 1.6732632423543772 * np.expm1(BELOW))),
    ("ops.hard_sigmoid", (4 * BELOW,), {}, np.clip(4 * BELOW / 6 + 0.5, 0, 1)),
    ("ops.hard_silu", (4 * BELOW,), {}, 4 * BELOW * np.clip(4 * BELOW / 6 + 0.5, 0, 1)),
    ("ops.relu6", (9 * BELOW,), {}, np.clip(9 * BELOW, 0, 6)),
    ("ops.log_sigmoid", (BELOW,), {}, -np.logaddexp(0, -BELOW)),
    ("ops.hard_tanh", (BELOW,), {}, np.clip(BELOW, -1, 1)),
    ("ops.tanh_shrink", (BELOW,), {}, BELOW - np.tanh(BELOW)),
    ("ops.sparse_plus", (BELOW,), {}, np.where(
        BELOW > 1, BELOW, np.where(BELOW > -1, (BELOW + 1) ** 2 / 4, 0))),
    ("ops.sparse_sigmoid", (BELOW,), {}, np.clip((BELOW + 1) / 2, 0, 1)),
    ("ops.elu", (BELOW, 0.5), {}, np.where(BELOW > 0, BELOW, 0.5 * np.expm1(BELOW))),
    ("ops.leaky_relu", (BELOW,), {}, np.where(BELOW > 0, BELOW, 0.2 * BELOW)),
    ("ops.soft_shrink", (BELOW,), {}, np.sign(BELOW) * np.maximum(np.abs(BELOW) - 0.5, 0)),
    ("ops.hard_shrink", (BELOW, 0.25), {}, np.where(np.abs(BELOW) > 0.25, BELOW, 0)),
    ("ops.gelu", (BELOW,), {}, BELOW / 2 * (
        1 + np.tanh(np.sqrt(2 / np.pi) * (BELOW + 0.044715 * BELOW**3)))),
    ("ops.gelu", (BELOW, False), {}, BELOW / 2 * (1 + np.vectorize(math.erf)(BELOW / np.sqrt(2)))),
    ("activations.gelu", (BELOW, True), {}, BELOW / 2 * (
        1 + np.tanh(np.sqrt(2 / np.pi) * (BELOW + 0.044715 * BELOW**3)))),
    ("ops.log_softmax", (BELOW, 0), {}, BELOW - np.log(np.exp(BELOW).sum(0))),
    ("activations.mish", (BELOW,), {}, BELOW * np.tanh(np.logaddexp(0, BELOW))),
    ("activations.exponential", (BELOW,), {}, np.exp(BELOW)),
    ("activations.linear", (COUNTS,), {}, COUNTS),
    ("activations.relu", (BELOW, 0.25, 0.75, 0.5), {},
     np.where(BELOW >= 0.5, np.minimum(BELOW, 0.75), 0.25 * (BELOW - 0.5))),
    ("ops.one_hot", (np.asarray([[2, 0]]), 3), {}, np.eye(3)[[[2, 0]]]),
    ("ops.one_hot", (np.asarray([2, 0]), 3, 0, "bool"), {}, np.eye(3, dtype=bool)[[2, 0]].T),
    ("ops.image.rgb_to_grayscale", (WIDE[..., :3],), {},
     WIDE[..., :3] @ [[0.2989], [0.587], [0.114]]),
    ("ops.cast", (BELOW * 5, "int16"), {}, (BELOW * 5).astype(np.int16)),
    ("ops.swapaxes", (WIDE, 0, -1), {}, WIDE.swapaxes(0, 2)),
    ("ops.moveaxis", (WIDE, [0, 1], [2, 0]), {}, np.moveaxis(WIDE, [0, 1], [2, 0])),
    ("ops.copy", (COUNTS,), {}, COUNTS),
    ("ops.ravel", (WIDE,), {}, WIDE.ravel()),
    ("ops.fliplr", (WIDE,), {}, np.fliplr(WIDE)),
    ("ops.flipud", (WIDE,), {}, np.flipud(WIDE)),
    ("ops.rot90", (WIDE, 3, [2, 0]), {}, np.rot90(WIDE, 3, (2, 0))),
    ("ops.roll", (WIDE, [2, -1], [0, 2]), {}, np.roll(WIDE, (2, -1), (0, 2))),
    ("ops.roll", (WIDE, 7), {}, np.roll(WIDE, 7)),
    ("ops.repeat", (WIDE, 2, 1), {}, np.repeat(WIDE, 2, 1)),
    ("ops.repeat", (COUNTS, 3), {}, np.repeat(COUNTS, 3)),
    ("ops.tile", (BELOW, [2, 1, 3]), {}, np.tile(BELOW, (2, 1, 3))),
    ("ops.broadcast_to", (BELOW[:, :1], [2, 3, 4]), {}, np.broadcast_to(BELOW[:, :1], (2, 3, 4))),
    ("ops.tril", (WIDE, -1), {}, np.tril(WIDE, -1)),
    ("ops.triu", (COUNTS, 1), {}, np.triu(COUNTS, 1)),
    ("ops.diag", (BELOW, -1), {}, np.diag(BELOW, -1)),
    ("ops.diag", (FLAT, 2), {}, np.diag(FLAT, 2)),
    ("ops.diagflat", (COUNTS, -1), {}, np.diagflat(COUNTS, -1)),
    ("ops.diagonal", (WIDE, 1, 2, 0), {}, np.diagonal(WIDE, 1, 2, 0)),
    ("ops.trace", (WIDE, -1, 1, 2), {}, np.trace(WIDE, -1, 1, 2)),
    ("ops.get_item", (WIDE, -1), {}, WIDE[-1]),
    ("ops.stop_gradient", (BELOW,), {}, BELOW),
    ("ops.rearrange", (WIDE, "a (b q) c -> (a c) q b"), {"q": 2},
     WIDE.reshape(3, 2, 2, 5).transpose(0, 3, 2, 1).reshape(15, 2, 2)),
    ("ops.split", (WIDE, [1, 3], 1), {}, np.split(WIDE, [1, 3], 1)),
    ("ops.split", (BELOW, 2, -1), {}, np.split(BELOW, 2, -1)),
    ("ops.array_split", (WIDE, 3, 2), {}, np.array_split(WIDE, 3, 2)),
    ("ops.vsplit", (WIDE, [2]), {}, np.vsplit(WIDE, [2])),
    ("ops.hsplit", (WIDE, 2), {}, np.hsplit(WIDE, 2)),
    ("ops.hsplit", (FLAT, 3), {}, np.hsplit(FLAT, 3)),
    ("ops.dsplit", (WIDE, [2, 3]), {}, np.dsplit(WIDE, [2, 3])),
    ("ops.unstack", (BELOW,), {"axis": 1}, list(BELOW.T)),
    ("ops.append", (BELOW, FLAT), {}, np.append(BELOW, FLAT)),
    ("ops.append", (BELOW, ABOVE, 1), {}, np.append(BELOW, ABOVE, 1)),
    ("ops.vstack", ([FLAT[:4], BELOW],), {}, np.vstack([FLAT[:4], BELOW])),
    ("ops.hstack", ([FLAT, FLAT[:2]],), {}, np.hstack([FLAT, FLAT[:2]])),
    ("ops.dstack", ([BELOW, ABOVE],), {}, np.dstack([BELOW, ABOVE])),
    ("ops.meshgrid", (FLAT[:2], FLAT[2:5]), {}, list(np.meshgrid(FLAT[:2], FLAT[2:5]))),
    ("ops.meshgrid", (FLAT[:2], FLAT[2:5]), {"indexing": "ij"},
     list(np.meshgrid(FLAT[:2], FLAT[2:5], indexing="ij"))),
    ("ops.array", (COUNTS, "float32"), {}, COUNTS.astype(float)),
    ("ops.zeros_like", (COUNTS,), {}, np.zeros_like(COUNTS)),
    ("ops.ones_like", (BELOW, "int32"), {}, np.ones((3, 4), np.int32)),
    ("ops.full_like", (COUNTS, 7), {}, np.full_like(COUNTS, 7)),
    ("ops.vander", (FLAT[:3], 4), {"increasing": True}, np.vander(FLAT[:3], 4, increasing=True)),
    ("ops.vander", (COUNTS[0],), {}, np.vander(COUNTS[0]).astype(np.int32)),
    ("ops.select", ([FLAGS, COUNTS > 0], [BELOW, ABOVE], 2.5), {},
     np.select([FLAGS, COUNTS > 0], [BELOW, ABOVE], 2.5)),
    ("ops.nonzero", (COUNTS,), {}, [axis.astype(np.int32) for axis in np.nonzero(COUNTS)]),
    ("ops.unique", (COUNTS,), {"return_counts": True},
     [one.astype(np.int32) for one in np.unique(COUNTS, return_counts=True)]),
    ("ops.unique", (COUNTS % 2,), {"axis": 0}, np.unique(COUNTS % 2, axis=0)),
    ("ops.slice", (WIDE, [1, 0, 2], [2, 3, 1]), {}, WIDE[1:3, :3, 2:3]),
    ("ops.segment_max", (BELOW, [1, 0, 1]), {}, np.stack([BELOW[1], BELOW[[0, 2]].max(0)])),
    ("ops.segment_min", (COUNTS, [1, 0, 1]), {"num_segments": 2},
     np.stack([COUNTS[1], COUNTS[[0, 2]].min(0)])),
    ("ops.segment_prod", (BELOW, [0, 0, 1]), {}, np.stack([BELOW[0] * BELOW[1], BELOW[2]])),
    ("ops.outer", (FLAT, COUNTS[0]), {}, np.outer(FLAT, COUNTS[0])),
    ("ops.inner", (WIDE, FLAT[:5]), {}, np.inner(WIDE, FLAT[:5])),
    ("ops.vdot", (BELOW, ABOVE), {}, np.vdot(BELOW, ABOVE)),
    ("ops.tensordot", (WIDE, WIDE, [[0, 2], [0, 2]]), {},
     np.tensordot(WIDE, WIDE, ([0, 2], [0, 2]))),
    ("ops.tensordot", (COUNTS, COUNTS.T.copy(), 1), {}, COUNTS @ COUNTS.T),
    ("ops.cross", (BELOW.T[:, :3], ABOVE.T[:, :2]), {}, CROSSED),
    ("ops.cross", (BELOW, ABOVE), {"axis": 0}, np.cross(BELOW, ABOVE, axis=0)),
    *number_samples.AGREE,
]
# fmt: on


@pytest.mark.parametrize(
    ("symbol", "given", "named", "truth"),
    AGREE,
    ids=[f"{i}-{row[0]}" for i, row in enumerate(AGREE)],
)
def test_functions_agree_with_numpy(symbol: str, given: Any, named: Any, truth: Any) -> None:
    answer = numbers(of(symbol, *given, **named))
    pairs = zip(answer, truth, strict=True) if isinstance(truth, list) else [(answer, truth)]
    for found, expected in pairs:
        assert found.shape == np.shape(expected)
        if np.asarray(expected).dtype.kind in "iub":
            assert found.dtype == np.asarray(expected).dtype
            assert np.array_equal(found, expected)
        else:
            assert np.allclose(found, expected, rtol=1e-13, atol=1e-14, equal_nan=True)


def test_every_function_is_held_against_something() -> None:
    others = {"zeros", "ones", "full", "arange", "eye", "linspace", "fft", "conv", "image.resize"}
    others |= {"qr", "svd", "eigh", "cholesky", "argpartition", "empty", "empty_like"}
    others |= {"tri", "identity", "logspace", "geomspace", "size", "ndim", "unravel_index"}
    others |= {"bartlett", "blackman", "hamming", "hanning", "kaiser"}
    others |= {"scatter", "scatter_update", "slice_update"}
    others |= {"swish", "hard_swish"}  # other names of silu and hard_silu
    others |= HELD | {"eig"}
    named = {symbol.removeprefix("ops.") for symbol, *_ in AGREE if symbol.startswith("ops.")}
    assert set(table.known("ops")) == named | others
    shared = {f"activations.{name}" for name in table.known("ops")}
    alone = {symbol for symbol, *_ in AGREE if symbol.startswith("activations.")}
    assert {f"activations.{name}" for name in table.known("activations")} <= alone | shared


def test_more_creation() -> None:
    assert np.array_equal(numbers(created("ops.tri", 3, 4, 1)), np.tri(3, 4, 1))
    assert np.array_equal(numbers(created("ops.identity", 3, "int32")), np.identity(3))
    assert np.allclose(numbers(created("ops.logspace", -1, 2, 4)), np.logspace(-1, 2, 4))
    made = created("ops.logspace", 0, 3, 3, endpoint=False, base=2)
    assert np.allclose(numbers(made), np.logspace(0, 3, 3, endpoint=False, base=2))
    assert np.allclose(numbers(created("ops.geomspace", 1, 16, 5)), np.geomspace(1, 16, 5))
    with pytest.raises(Refused):
        created("ops.geomspace", 0, 16, 5)
    made = created("ops.unravel_index", np.asarray([[1, 11], [5, 0]]), [3, 4])
    assert np.array_equal(numbers(made), np.unravel_index([[1, 11], [5, 0]], (3, 4)))
    assert numbers(created("ops.size", array(WIDE))) == WIDE.size
    assert numbers(created("ops.ndim", array(WIDE))) == WIDE.ndim


@pytest.mark.parametrize("count", [1, 2, 5, 8])
def test_windows(count: int) -> None:
    for name in ("bartlett", "blackman", "hamming", "hanning"):
        made = numbers(created(f"ops.{name}", count))
        assert np.allclose(made, getattr(np, name)(count), atol=1e-15), name
    for beta in (0.0, 2.5, 14.0):
        assert np.allclose(numbers(created("ops.kaiser", count, beta)), np.kaiser(count, beta))


def test_scattering() -> None:
    rows = np.asarray([[2], [0], [2]])
    for reduction, join in (("add", np.add), ("max", np.maximum), ("min", np.minimum)):
        wanted = BELOW.copy()
        join.at(wanted, rows[:, 0], ABOVE)
        assert np.allclose(numbers(of("ops.scatter_update", BELOW, rows, ABOVE, reduction)), wanted)
    wanted = COUNTS.copy()
    np.multiply.at(wanted, rows[:, 0], COUNTS)
    assert np.array_equal(numbers(of("ops.scatter_update", COUNTS, rows, COUNTS, "mul")), wanted)
    placed = numbers(of("ops.scatter", rows[:2], BELOW[:2], [4, 4]))
    assert np.array_equal(placed[[2, 0]], BELOW[:2])
    assert not placed[[1, 3]].any()
    block = numbers(of("ops.slice_update", BELOW, [1, 2], ABOVE[:2, :2]))
    assert np.array_equal(block[1:, 2:], ABOVE[:2, :2])
    assert np.array_equal(block[0], BELOW[0])
    with pytest.raises(Unsupported, match="two values at one place"):
        of("ops.scatter", rows, BELOW, [3, 4])


def test_partitions() -> None:
    made = of("ops.argpartition", BELOW, 1, 0)
    assert isinstance(made, Invariants)
    assert made.properties[0].how == "parted 1"


def test_creation() -> None:
    assert np.array_equal(numbers(created("ops.zeros", (2, 3))), np.zeros((2, 3)))
    assert numbers(created("ops.ones", 2, "uint8")).tolist() == [1, 1]
    assert created("ops.ones", (2,), "bfloat16").dtype == "bfloat16"
    assert created("ops.full", (2, 2), 2.5).value.tolist() == [[2.5, 2.5]] * 2
    assert created("ops.full", (2,), 7, dtype="int8").dtype == "int8"
    assert np.array_equal(numbers(created("ops.eye", 3, 4, -1)), np.eye(3, 4, -1))
    assert numbers(created("ops.eye", 2, dtype="bool")).tolist() == [[True, False], [False, True]]
    assert numbers(created("ops.arange", 2, 9, 3)).tolist() == [2, 5, 8]
    assert created("ops.arange", 4).dtype == "int32"
    assert created("ops.arange", 4.0).dtype == "float32"
    assert created("ops.arange", 4, dtype="float16").dtype == "float16"
    assert np.allclose(numbers(created("ops.arange", 1, 2, 0.3)), np.arange(1, 2, 0.3))
    assert np.allclose(numbers(created("ops.linspace", -1, 2, 7)), np.linspace(-1, 2, 7))
    made, step = created("ops.linspace", 0, 1, 4, endpoint=False, retstep=True)
    assert np.allclose(numbers(made), np.linspace(0, 1, 4, endpoint=False))
    assert np.allclose(numbers(step), 0.25)
    low = array(np.float32([0, 1]))
    many = table.find("ops.linspace")(low, 3.0, 5, axis=-1, arithmetic=low.arithmetic)
    assert np.allclose(numbers(many), np.linspace([0, 1], [3, 3], 5, axis=-1))
    with pytest.raises(Refused):
        created("ops.arange", 1, 2, 0)


def test_fft_is_numpys() -> None:
    x = RANDOM.standard_normal((2, 3, 7)) + 1j * RANDOM.standard_normal((2, 3, 7))
    re, im = of("ops.fft", [x.real, x.imag])
    assert np.allclose(re.value + 1j * im.value, np.fft.fft(x))
    assert (re.variance > 0).all()


def test_conv_is_a_sum_over_windows() -> None:
    x, kernel = RANDOM.standard_normal((2, 9, 4)), RANDOM.standard_normal((3, 2, 6))
    made = numbers(of("ops.conv", x, kernel, strides=2, padding="same"))
    padded = np.pad(x, ((0, 0), (1, 1), (0, 0)))
    for b, o, c in itertools.product(range(2), range(5), range(6)):
        window = padded[b, 2 * o : 2 * o + 3, (c // 3) * 2 : (c // 3) * 2 + 2]
        assert np.isclose(made[b, o, c], (window * kernel[..., c]).sum())
    first = of("ops.conv", np.moveaxis(x, -1, 1), kernel, 1, "valid", "channels_first", 2)
    last = of("ops.conv", x, kernel, dilation_rate=2)
    assert np.allclose(np.moveaxis(numbers(first), 1, -1), numbers(last))
    with pytest.raises(Refused):
        of("ops.conv", x[:, :2], kernel)


def test_resize_samples_images_with_and_without_a_batch() -> None:
    x = RANDOM.standard_normal((4, 6, 3))
    nearest = numbers(of("ops.image.resize", x, (2, 3), "nearest"))
    assert np.array_equal(nearest, x[1::2, 1::2])
    ramp = np.arange(4.0)[:, None, None] * np.ones((4, 4, 1))
    wide = numbers(of("ops.image.resize", ramp, [8, 4]))
    assert np.allclose(wide[:, 0, 0], np.clip(np.arange(8) / 2 - 0.25, 0, 3))
    batch = numbers(
        of(
            "ops.image.resize",
            np.moveaxis(x[None], -1, 1),
            (2, 3),
            "nearest",
            data_format="channels_first",
        )
    )
    assert np.array_equal(np.moveaxis(batch[0], 0, -1), nearest)
    cropped = of("ops.image.resize", x, (4, 4), crop_to_aspect_ratio=True)
    assert np.allclose(numbers(cropped), x[:, 1:5])
    padded = of("ops.image.resize", x, (6, 6), pad_to_aspect_ratio=True, fill_value=2.0)
    assert np.allclose(numbers(padded)[[0, -1]], 2.0)


@pytest.mark.parametrize("upper", [False, True])
def test_cholesky_is_numpys(upper: bool) -> None:  # noqa: FBT001 (a parameter of the test)
    x = WIDE @ WIDE.transpose(0, 2, 1) + 2 * np.eye(4)
    x = (x + x.transpose(0, 2, 1)) / 2
    lower = np.linalg.cholesky(x)
    made = of("ops.cholesky", x, upper=upper)
    assert np.allclose(numbers(made), lower.transpose(0, 2, 1) if upper else lower)
    assert np.array_equal(
        np.triu(numbers(made)) if upper else np.tril(numbers(made)), numbers(made)
    )


SPECIAL = [math.nan, math.inf, -math.inf, -1.0, 0.0, -0.0]


@pytest.mark.parametrize(
    ("symbol", "truth"),
    [
        ("ops.exp", [math.nan, math.inf, 0.0, math.exp(-1), 1.0, 1.0]),
        ("ops.log", [math.nan, math.inf, math.nan, math.nan, -math.inf, -math.inf]),
        ("ops.log1p", [math.nan, math.inf, math.nan, -math.inf, 0.0, -0.0]),
        ("ops.expm1", [math.nan, math.inf, -1.0, math.expm1(-1), 0.0, -0.0]),
        ("ops.sqrt", [math.nan, math.inf, math.nan, math.nan, 0.0, -0.0]),
        ("ops.sin", [math.nan, math.nan, math.nan, math.sin(-1), 0.0, -0.0]),
        ("ops.arcsin", [math.nan, math.nan, math.nan, -math.pi / 2, 0.0, -0.0]),
        ("ops.absolute", [math.nan, math.inf, math.inf, 1.0, 0.0, 0.0]),
        ("ops.floor", [math.nan, math.inf, -math.inf, -1.0, 0.0, -0.0]),
    ],
)
def test_special_values_and_the_sign_of_zero(symbol: str, truth: list[float]) -> None:
    with np.errstate(all="ignore"):
        made = of(symbol, np.float32(SPECIAL))
    assert np.allclose(made.value, truth, rtol=1e-15, equal_nan=True)
    zeros = np.asarray(truth) == 0
    assert np.array_equal(np.signbit(made.value)[zeros], np.signbit(truth)[zeros])
    # Where the answer is finite its spread is, so that no answer passes for want of a bound.
    fine = np.isfinite(made.value)
    assert np.isfinite(made.variance[fine]).all()


def test_nan_is_neither_smaller_nor_larger_and_comes_through() -> None:
    x = np.float32([math.nan, 1.0, math.inf])
    with np.errstate(all="ignore"):
        assert np.isnan(numbers(of("ops.maximum", x, np.float32([0, math.nan, 2])))).tolist() == [
            True,
            True,
            False,
        ]
        assert np.isnan(numbers(of("ops.minimum", x, 0.0))).tolist() == [True, False, False]
        assert np.isnan(numbers(of("ops.max", x)))
        for symbol in ("ops.relu", "ops.relu6", "ops.sigmoid", "ops.hard_tanh", "ops.elu"):
            assert np.isnan(numbers(of(symbol, x))).tolist() == [True, False, False]
        assert numbers(of("ops.equal", x, x)).tolist() == [False, True, True]
        assert numbers(of("ops.greater", x, 0.0)).tolist() == [False, True, True]
        assert numbers(of("ops.divide", np.float32([1, 0, -1]), 0.0)).tolist()[::2] == [
            math.inf,
            -math.inf,
        ]
        assert numbers(of("ops.logsumexp", np.float32([-math.inf, -math.inf]))) == -math.inf


@pytest.mark.parametrize(
    ("symbol", "given"),
    [
        ("ops.sum", (BELOW, 2)),
        ("ops.sum", (BELOW, (0, -2))),
        ("ops.reshape", (BELOW, (5, -1))),
        ("ops.transpose", (BELOW, (0, 0))),
        ("ops.concatenate", ([BELOW, WIDE],)),
        ("ops.stack", ([BELOW, FLAT],)),
        ("ops.matmul", (BELOW, BELOW)),
        ("ops.dot", (BELOW, BELOW)),
        ("ops.einsum", ("ab,ab->c", BELOW, BELOW)),
        ("ops.top_k", (FLAT, 13)),
        ("ops.squeeze", (BELOW, 0)),
        ("ops.pad", (BELOW, 1, "reflect", 3)),
        ("ops.cast", (BELOW, "int3")),
        ("ops.norm", (BELOW, "nuc", 0)),
        ("ops.qr", (FLAT,)),
        ("ops.image.resize", (WIDE, (2, 2), "cubic")),
        ("ops.max", (BELOW[:0],)),
    ],
)
def test_what_no_array_can_be_is_refused_at_the_call(symbol: str, given: Any) -> None:
    with pytest.raises(Refused) as refusal:
        of(symbol, *given)
    assert refusal.value.at == "call"


@pytest.mark.parametrize(
    ("symbol", "given"),
    [
        ("ops.add", (1, 2)),
        ("ops.subtract", (FLAGS, FLAGS)),
        ("ops.power", (COUNTS, -1)),
        ("ops.take", (FLAT, [12])),
        ("ops.one_hot", (np.asarray([3]), 3)),
        ("ops.segment_sum", (FLAT[:2], [0, 3], 2)),
        ("ops.where", (FLAGS,)),
        ("ops.eigh", (WIDE[0, :, :4],)),
        ("ops.cholesky", (-np.eye(3),)),
        ("ops.bitwise_and", (BELOW, 1)),
        ("ops.log", (BELOW + 1j,)),
        ("ops.image.resize", (WIDE.astype(np.uint8), (2, 2))),
    ],
)
def test_what_is_not_documented_is_not_judged(symbol: str, given: Any) -> None:
    with pytest.raises(Unsupported):
        of(symbol, *given)


def test_what_only_the_data_size_says_which_axis() -> None:
    found = of("ops.segment_sum", BELOW, [0, 3, 3])
    assert isinstance(found, DataSized)
    assert (found.array.shape, found.axes) == ((4, 4), (0,)), "as many as the largest asks for"


def test_answers_that_jump_keep_away_from_where_they_do() -> None:
    for symbol in ("ops.floor", "ops.sign", "ops.argsort", "ops.argmax"):
        near = Variance(least=64)
        third = near.leaf(np.float32([1 / 3, -1 / 3]))
        number = third + third + third - np.float32(1.0) if symbol == "ops.sign" else third * 3.0
        number = number * number if symbol.startswith("ops.arg") else number
        with pytest.raises(NearKink):
            table.find(symbol)(number)


def test_comparisons_of_fed_numbers_are_exact() -> None:
    near = Variance(least=64)
    x = near.leaf(np.float32([0.1, 0.2]))
    assert whole(table.find("ops.equal")(x, x)).tolist() == [True, True]
    with pytest.raises(NearKink):
        table.find("ops.greater")(x * 3.0, x + x + x)


def test_ties_are_judged_by_what_indices_point_at() -> None:
    assert isinstance(of("ops.argsort", np.float32([1, 2, 1])), Invariants)
    assert isinstance(of("ops.argmax", COUNTS % 2), Invariants)
    assert isinstance(of("ops.top_k", np.float32([3, 1, 2]), 2, sorted=False), Invariants)
    assert not isinstance(of("ops.argsort", np.float32([1, 2, 3])), Invariants)


CASES = """\
- id: gap
  title: Segments
  function: ops.segment_sum
  inputs: {data: {shape: [3, 2]}, segment_ids: {values: [0, 3, 3], dtype: int32}}
- id: steps
  title: Steps
  function: ops.floor
  input: {shape: [2, 3], data: uniform, low: -4, high: 4}
"""


@pytest.fixture
def answers(tmp_path: Path) -> dict[str, Any]:
    file = tmp_path / "x.yaml"
    file.write_text(CASES)
    found = load_file(file)
    assert not found.problems
    return {case.id: evaluate(case) for case in found.cases}


def test_a_symbolic_call_does_not_know_a_size_of_the_data(answers: dict[str, Any]) -> None:
    gap = answers["x/gap"].expectation
    assert gap.symbolic.outputs == [[None, 2]]
    assert gap.calls[0].outputs[0].shape == [4, 2]


def test_the_gradient_of_steps_is_zero(answers: dict[str, Any]) -> None:
    steps = answers["x/steps"]
    assert steps.expectation.undefined == {}
    gradient = steps.expectation.gradients.inputs["x"]
    assert not steps.arrays[gradient.tensor].any()


def test_a_list_of_a_case_is_a_tuple_of_a_function() -> None:
    assert functions.argument([[1, "inf"], []]) == ((1, math.inf), ())
    assert functions.literal([1, "inf"]) == [1, math.inf]
