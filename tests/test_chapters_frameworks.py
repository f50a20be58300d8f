"""docs/porting/chapters: what they say of torch, JAX and optax, on these."""

from __future__ import annotations

import numpy as np
import pytest
from chapters import code

jax = pytest.importorskip("jax")
jnp, lax = jax.numpy, jax.lax
optax = pytest.importorskip("optax")
torch = pytest.importorskip("torch")
nn, F = torch.nn, torch.nn.functional

pytestmark = pytest.mark.frameworks

SLIDING, LAYOUTS, TRAINING = code("same-padding.md"), code("layouts.md"), code("training.md")
RANDOM = np.random.default_rng(11)
NHWC = "NHWC", "HWIO", "NHWC"


def near(found, expected):
    """Whether two arrays of float32 are one but for rounding."""
    found, expected = np.asarray(found), np.asarray(expected)
    return found.shape == expected.shape and np.allclose(found, expected, rtol=2e-4, atol=2e-5)


def numbers(*shape):
    return RANDOM.normal(size=shape).astype(np.float32)


def first(x):
    """An image of torch's."""
    return torch.tensor(np.moveaxis(x, -1, 1).copy())


def last(x):
    return np.moveaxis(x.detach().numpy(), 1, -1)


def images(window):
    """An image, and a kernel of that window."""
    return numbers(2, 8, 7, 3), numbers(*window, 3, 4)


@pytest.mark.parametrize("window", [(3, 2), (4, 4), (5, 1)])
@pytest.mark.parametrize("dilation", [1, 2])
def test_torch_pads_as_keras_where_the_stride_is_one(window, dilation):
    x, kernel = images(window)
    weight = torch.tensor(kernel).permute(3, 2, 0, 1)
    found = F.conv2d(first(x), weight, padding="same", dilation=dilation)
    assert near(last(found), SLIDING["convolution"](x, kernel, [1, 1], [dilation] * 2, "same"))


def test_torch_pads_no_stride():
    x, kernel = images((3, 3))
    with pytest.raises((RuntimeError, ValueError), match="strided"):
        nn.Conv2d(3, 4, 3, stride=2, padding="same")
    weight = torch.tensor(kernel).permute(3, 2, 0, 1)
    truth = SLIDING["convolution"](x, kernel, [2, 2], [1, 1], "same")
    fixed = last(F.conv2d(first(x), weight, stride=2, padding=1))
    assert fixed.shape == truth.shape
    assert not near(fixed, truth)  # eight rows want (0, 1)
    pads = [SLIDING["padding"]("same", size, 3, 2) for size in (7, 8)]
    around = F.pad(first(x), [n for pair in pads for n in pair])
    assert near(last(F.conv2d(around, weight, stride=2)), truth)


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("window", [(3, 2), (4, 4)])
def test_jax_pads_as_keras(stride, window):
    x, kernel = images(window)
    found = lax.conv_general_dilated(x, kernel, (stride, stride), "SAME", dimension_numbers=NHWC)
    assert near(found, SLIDING["convolution"](x, kernel, [stride] * 2, [1, 1], "same"))
    found = lax.reduce_window(x, -jnp.inf, lax.max, (1, *window, 1), (1, stride, stride, 1), "SAME")
    assert near(found, SLIDING["max_pooling"](x, window, [stride] * 2, "same"))


def test_torch_counts_padded_entries_unless_it_is_told():
    x = numbers(2, 7, 7, 3)  # of odd sizes: both sides are padded alike
    pools = [
        last(nn.AvgPool2d(3, 2, padding=1, count_include_pad=counted)(first(x)))
        for counted in (False, True)
    ]
    truth = SLIDING["average_pooling"](x, [3, 3], [2, 2], "same")
    assert [near(one, truth) for one in pools] == [True, False]


def test_transposed_convolutions_spread_the_same_way_round():
    x, kernel = numbers(2, 5, 4, 3), numbers(4, 3, 6, 3)
    truth = SLIDING["transposed"](x, kernel, [2, 2], [1, 1], "valid", [None, None])
    weight = torch.tensor(kernel).permute(3, 2, 0, 1)
    assert near(last(F.conv_transpose2d(first(x), weight, stride=2)), truth)
    for kind in ("same", "valid"):
        truth = SLIDING["transposed"](x, kernel, [2, 2], [1, 1], kind, [None, None])
        given = {"padding": kind.upper(), "dimension_numbers": NHWC}
        found = lax.conv_transpose(x, kernel, (2, 2), transpose_kernel=True, **given)
        assert near(found, truth)
        flipped = np.swapaxes(kernel[::-1, ::-1], -1, -2)
        assert near(lax.conv_transpose(x, flipped, (2, 2), **given), truth)


def test_gates_of_torch():
    x, h, c = numbers(2, 3), numbers(2, 4), numbers(2, 4)
    kernel, recurrent, bias = numbers(3, 16), numbers(4, 16), numbers(16)
    cell = nn.LSTMCell(3, 4)
    given = {"weight_ih": kernel.T, "weight_hh": recurrent.T, "bias_ih": bias, "bias_hh": 0 * bias}
    cell.load_state_dict({key: torch.tensor(value) for key, value in given.items()})
    found = cell(torch.tensor(x), (torch.tensor(h), torch.tensor(c)))
    truth = LAYOUTS["lstm"](x, [h, c], kernel, recurrent, bias)
    assert all(near(a.detach(), b) for a, b in zip(found, truth, strict=True))


@pytest.mark.parametrize("turned", [True, False])
def test_gates_of_torchs_gru_are_r_z_n(turned):
    x, h = numbers(2, 3), numbers(2, 4)
    kernel, recurrent, bias = numbers(3, 12), numbers(4, 12), numbers(2, 12)

    def gates(array):
        z, r, new = np.split(array, 3, -1)
        return np.concatenate([r, z, new] if turned else [z, r, new], -1)

    cell = nn.GRUCell(3, 4)
    given = {
        "weight_ih": gates(kernel).T,
        "weight_hh": gates(recurrent).T,
        "bias_ih": gates(bias)[0],
        "bias_hh": gates(bias)[1],
    }
    cell.load_state_dict({key: torch.tensor(value.copy()) for key, value in given.items()})
    found = cell(torch.tensor(x), torch.tensor(h)).detach()
    assert near(found, LAYOUTS["gru"](x, [h], kernel, recurrent, bias)[0]) is turned


def test_torch_moves_its_variance_by_the_sample():
    x = numbers(6, 3)
    layer = nn.BatchNorm1d(3, momentum=0.01)
    layer(torch.tensor(x))
    page = TRAINING["batch_normalization"](x, np.zeros(3), np.ones(3))
    assert near(layer.running_mean, page[1])
    assert not near(layer.running_var, page[2])
    assert near(layer.running_var, 0.99 + 0.01 * x.var(0, ddof=1))


@pytest.mark.parametrize("corrected", [True, False])
def test_epsilon_of_adam(corrected):
    """With an epsilon that shows."""
    weight, slots = numbers(4), {"momentum": np.zeros(4), "velocity": np.zeros(4)}
    mine, state = torch.tensor(weight.copy()), None
    theirs, optimizer = jnp.asarray(weight), torch.optim.Adam([mine], lr=0.1)
    for step in (1, 2, 3):
        gradient = numbers(4)
        weight, slots = TRAINING["adam"](weight, gradient, slots, 0.1, step, epsilon=0.01)
        epsilon = 0.01 / np.sqrt(1 - 0.999**step) if corrected else 0.01
        optimizer.param_groups[0]["eps"] = epsilon
        mine.grad = torch.tensor(gradient)
        optimizer.step()
        rule = optax.adam(0.1, eps=epsilon)
        state = rule.init(theirs) if state is None else state
        updates, state = rule.update(jnp.asarray(gradient), state, theirs)
        theirs = optax.apply_updates(theirs, updates)
    assert near(mine, weight) is corrected
    assert near(theirs, weight) is corrected


@pytest.mark.parametrize("scaled", [True, False])
@pytest.mark.parametrize("nesterov", [True, False])
def test_momentum_where_the_rate_changes(scaled, nesterov):
    weight, slots = numbers(4), {"momentum": np.zeros(4)}
    mine = torch.tensor(weight.copy())
    optimizer = torch.optim.SGD([mine], lr=0.1, momentum=0.9, nesterov=nesterov)
    for rate in (0.1, 0.1, 0.02):
        if scaled and rate != optimizer.param_groups[0]["lr"]:
            optimizer.state[mine]["momentum_buffer"] *= optimizer.param_groups[0]["lr"] / rate
        optimizer.param_groups[0]["lr"] = rate
        mine.grad = torch.tensor(numbers(4))
        weight, slots = TRAINING["sgd"](weight, mine.grad.numpy(), slots, rate, 0.9, nesterov)
        optimizer.step()
    assert near(mine, weight) is scaled


def test_losses_of_torch_and_optax_take_logits():
    logits, labels = numbers(5, 4), np.array([0, 3, 1, 2, 2])
    truth = TRAINING["sparse_categorical_crossentropy"](labels, logits, from_logits=True)
    found = nn.CrossEntropyLoss(reduction="none")(torch.tensor(logits), torch.tensor(labels))
    assert near(found, truth)
    assert near(optax.softmax_cross_entropy_with_integer_labels(logits, labels), truth)
    shares = np.asarray(jax.nn.softmax(logits))
    assert near(TRAINING["sparse_categorical_crossentropy"](labels, shares), truth)


@pytest.mark.parametrize(("initializer", "gain"), [("HeNormal", 2), ("LecunNormal", 1)])
def test_torch_draws_a_cut_law_of_the_same_deviation(initializer, gain):
    d = TRAINING["deviation"](initializer, (300, 200))
    assert np.isclose(d, np.sqrt(gain / 300))
    scale = d / 0.8796
    torch.manual_seed(1)
    drawn = nn.init.trunc_normal_(torch.empty(300, 2000), 0, scale, -2 * scale, 2 * scale)
    assert np.isclose(drawn.std(), d, rtol=0.01)
    narrow = nn.init.trunc_normal_(torch.empty(300, 2000), 0, d, -2 * d, 2 * d)
    assert np.isclose(narrow.std(), d * 0.8796, rtol=0.01)  # it is not widened by itself
