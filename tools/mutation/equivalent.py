# ruff: noqa: E501 (lines are quoted as they are)
"""Changes that change nothing that could be asked, each with its reason: judged one by one."""

from __future__ import annotations

from typing import Final

Key = tuple[str, str, str, str]
"""Module, function, the line as it is written, and the change."""

_BOUND = "It bounds rounding, or says of what law what is left is."
_DEAD = "What would tell the two apart is not reached by anything that is documented."
_GUARD = "It is a limit of the reference: what lies beyond it is documented nowhere, and no case asks it."
_KINK = "It notes where data lies near a step."
_LAYERS = "Only cases of layers run it."
_SAME = "Both come to the same: of the sizes that there can be, one decides."
_SIGN = "Only the sign of this argument counts."
_SYM = "The two may change places: the answer is the same."
_TEXT = "It is only said in a message."
_TIE = "It decides how an answer is stated, not what is accepted: a framework is held to the same order."
_TINY = "The difference is below what float32 holds."

EQUIVALENT: Final[dict[Key, str]] = {
    (
        "initializers",
        "Random.affine",
        'low, high = {"normal": (0.0, 1.0), "uniform": (-1.0, 1.0), "truncated": (-CUT, CUT)}[law]',
        "1.0 becomes 1.25",
    ): _BOUND,
    (
        "initializers",
        "Random.affine",
        "return Drawn(every, every, Affine(location, scale, law, low, high), dtype=name)",
        "the first arguments of Drawn change places",
    ): _LAYERS,
    (
        "initializers",
        "STFT._window",
        "values = flat - (1 - flat) * np.cos(turn) if frame > 1 else np.ones(1)",
        "1 becomes 2",
    ): _SAME,
    (
        "initializers",
        "VarianceScaling.__init__",
        'wrong = scale <= 0 or mode not in {"fan_in", "fan_out", "fan_avg"}',
        "LtE becomes Lt",
    ): _GUARD,
    (
        "initializers",
        "fans",
        "alone = float(shape[0]) if shape else 1.0",
        "1.0 becomes 1.25",
    ): _DEAD,
    (
        "losses.base",
        "same_rank",
        "if a.ndim == b.ndim + 1 and a.shape[-1] == 1:",
        "1 becomes 2",
    ): _GUARD,
    (
        "losses.embedding",
        "_logsumexp",
        "shift = a.arithmetic.exact(value.max(-1, keepdims=True))",
        "- is gone",
    ): _SAME,
    (
        "losses.embedding",
        "circle",
        "theirs = labels if ref_labels is None else labels_of(ref_labels).reshape(-1)",
        "1 becomes 2",
    ): _GUARD,
    (
        "losses.probabilistic",
        "both_classes",
        "p = f.clip(x, EPSILON, 1.0 - EPSILON)",
        "1.0 becomes 1.25",
    ): _TINY,
    (
        "losses.probabilistic",
        "of_labels",
        "places = np.arange(labels.size) * classes + labels.reshape(-1)",
        "1 becomes 2",
    ): _DEAD,
    (
        "losses.regression",
        "Huber.call",
        "return huber(y_true, y_pred, self.delta)",
        "the first arguments of huber change places",
    ): _SYM,
    (
        "metrics.accuracy",
        "_TopK.found",
        "if labels.shape == (*numbers.shape[:-1], 1):",
        "- is gone",
    ): _GUARD,
    (
        "metrics.iou",
        "_outside",
        "return bool(labels.min() < 0 or labels.max() >= count)",
        "max becomes min",
    ): _GUARD,
    (
        "ops.attention",
        "_check",
        "fits = all(len(shape) == _RANK for shape in shapes) and shapes[1] == shapes[2]",
        "1 becomes 2",
    ): _GUARD,
    ("ops.blocks", "_blocked", "if block_size < 1 or not fits:", "Lt becomes LtE"): _GUARD,
    (
        "ops.blocks",
        "_patches",
        "sliding.output_space([*x.shape[1:-1]], name)",
        "1 becomes 2",
    ): _GUARD,
    (
        "ops.core",
        "_joined",
        'better = (np.maximum if reduction == "max" else np.minimum)(whole(a), whole(b))',
        "the first arguments of a call change places",
    ): _SYM,
    ("ops.core", "_joined", "lead = a - b", "Sub becomes Add"): _KINK,
    (
        "ops.core",
        "_put",
        "source[places.reshape(-1)] = a.value.size + np.arange(b.value.size)",
        "1 becomes 2",
    ): _SAME,
    (
        "ops.core",
        "_window",
        "begins = integers_of(starts, function).reshape(-1).tolist()",
        "1 becomes 2",
    ): _GUARD,
    (
        "ops.crossentropy",
        "categorical_crossentropy",
        "logarithms = f.log(f.clip(shares, EPSILON, 1.0 - EPSILON))",
        "Sub becomes Add",
    ): _TINY,
    (
        "ops.equations",
        "_sides",
        "if not square or sides.shape[:-1] != left.shape[:-1]:",
        "Or becomes And",
    ): _GUARD,
    (
        "ops.equations",
        "cdist",
        "if min(a.ndim, b.ndim) < 2 or a.shape[-1] != b.shape[-1]:  # noqa: PLR2004 (vectors of one)",
        "Or becomes And",
    ): _GUARD,
    (
        "ops.equations",
        "slogdet",
        "return [sign, f.log(f.choose(found.value.real < 0, -found, found))]",
        "Lt becomes LtE",
    ): _SAME,
    (
        "ops.fft",
        "ifft2",
        "turned = _turned(*_along_last(*_turned(*made), sign=1))",
        "1 becomes 2",
    ): _SIGN,
    (
        "ops.linalg",
        "_eliminated",
        "size = f.choose(column.value.real < 0, -column, column)",
        "Lt becomes LtE",
    ): _SAME,
    ("ops.linalg", "_vector_norm", "if ord == 1:", "1 becomes 2"): _SAME,
    (
        "ops.linalg",
        "iterated",
        "many = np.sqrt(_SWEEPS * transformed(min(a.shape[-2:])))",
        "sqrt becomes square",
    ): _BOUND,
    (
        "ops.math",
        "_segments",
        "count = int(numbers.max(initial=-1)) + 1 if num_segments is None else num_segments",
        "1 becomes 2",
    ): _GUARD,
    (
        "ops.nn",
        "_convolved",
        "if channels % inner or filters % (channels // inner):",
        "Or becomes And",
    ): _GUARD,
    (
        "ops.nn",
        "_convolved",
        'sliding.output_space(list(x.shape[1:-1]), "conv")',
        "1 becomes 2",
    ): _GUARD,
    (
        "ops.nn",
        "one_hot",
        "outside = numbers.size and (int(numbers.min()) < 0 or int(numbers.max()) >= num_classes)",
        "Or becomes And",
    ): _GUARD,
    (
        "ops.normalization",
        "normalize",
        "np.broadcast_to(long, a.shape), a / f.sqrt(f.choose(long, total, 1.0)), a / least",
        "1.0 becomes 1.25",
    ): _DEAD,
    (
        "ops.numpy.choices",
        "clip",
        'a, low, high = (real(convert(one, "int32")) for one in (a, low, high))',
        "the first arguments of convert change places",
    ): _DEAD,
    (
        "ops.numpy.counting",
        "bincount",
        "by = real(as_array(weights, arithmetic_of(x, weights)))",
        "the first arguments of arithmetic_of change places",
    ): _SYM,
    (
        "ops.numpy.counting",
        "in_top_k",
        "own = np.take_along_axis(numbers, np.where(inside, places, 0)[:, None], 1)",
        "0 becomes 1",
    ): _GUARD,
    (
        "ops.numpy.elementwise",
        "maximum",
        "return _extreme(x1, x2, sign=1)",
        "the first arguments of _extreme change places",
    ): _SYM,
    (
        "ops.numpy.elementwise",
        "minimum",
        "return _extreme(x1, x2, sign=-1)",
        "the first arguments of _extreme change places",
    ): _SYM,
    (
        "ops.numpy.indexing",
        "where",
        "arithmetic = arithmetic_of(condition, x1, x2)",
        "the first arguments of arithmetic_of change places",
    ): _SYM,
    (
        "ops.numpy.moves",
        "get_item",
        "if key is not None and (not a.ndim or not -a.shape[0] <= key < a.shape[0]):",
        "0 becomes 1",
    ): _GUARD,
    (
        "ops.numpy.moves",
        "rearrange",
        "fits = fits and len(open_ones) < 2 and known > 0 and size % known == 0  # noqa: PLR2004 (one at most is told by the others)",
        "Gt becomes GtE",
    ): _GUARD,
    (
        "ops.numpy.nans",
        "nanmax",
        "return _extreme(x, axis, keepdims, sign=1)",
        "1 becomes 2",
    ): _SIGN,
    (
        "ops.numpy.plane",
        "view_as_complex",
        "if not a.ndim or a.shape[-1] != 2:  # noqa: PLR2004 (real and imaginary part)",
        "Or becomes And",
    ): _GUARD,
    (
        "ops.numpy.predicates",
        "isclose",
        "a.arithmetic.jump(lead, np.where(apart == 0, np.inf, margin))",
        "Eq becomes NotEq",
    ): _KINK,
    (
        "ops.numpy.products",
        "_wider",
        'met = [real(convert(x, "int32")) for x in met]',
        "the first arguments of convert change places",
    ): _DEAD,
    (
        "ops.numpy.products",
        "einsum",
        "np.asarray(np.einsum(subscripts, *(whole(a) for a in arrays)), arrays[0].dtype)",
        "0 becomes 1",
    ): _SAME,
    (
        "ops.numpy.reductions",
        "_extreme",
        "pick = np.maximum if sign > 0 else np.minimum",
        "Gt becomes GtE",
    ): _SYM,
    (
        "ops.numpy.reductions",
        "_extreme",
        "return (maximum if sign > 0 else minimum)(found, initial)",
        "the first arguments of a call change places",
    ): _SYM,
    (
        "ops.numpy.reductions",
        "max",
        "return _extreme(x, axis, keepdims, initial, sign=1)",
        "1 becomes 2",
    ): _SIGN,
    (
        "ops.numpy.remainders",
        "_note_steps",
        "if a.quantum is not None and b.quantum is not None:",
        "And becomes Or",
    ): _KINK,
    (
        "ops.numpy.sorting",
        "_spread",
        "squares = a.variance + np.square(a.value) / 3",
        "Add becomes Sub",
    ): _KINK,
    ("ops.numpy.sorting", "argsort", "if not _tied(rising, place):", "not is gone"): _TIE,
    (
        "ops.numpy.sorting",
        "note_ties",
        "if a.integers is not None or n < 2:  # noqa: PLR2004 (two make a pair)",
        "Lt becomes LtE",
    ): _KINK,
    ("ops.numpy.sorting", "note_ties", "if jumps and a.quantum is None:", "And becomes Or"): _KINK,
    ("ops.numpy.sorting", "where_best", "if not several:", "not is gone"): _TIE,
    (
        "ops.numpy.sorting",
        "where_best",
        "values, place = values.reshape([1] * (ndim - 1) + [-1]), ndim - 1",
        "1 becomes 2",
    ): _TIE,
    (
        "ops.numpy.statistics",
        "average",
        "if axis is None or by.shape != (a.shape[axes[0]],):",
        "Or becomes And",
    ): _GUARD,
    (
        "ops.numpy.statistics",
        "correlate",
        "sums = take(sums, 0, start, start + a.shape[0])",
        "0 becomes 1",
    ): _SAME,
    (
        "ops.numpy.statistics",
        "ranked",
        '(arithmetic.kink if method == "linear" else arithmetic.jump)(place, distance)',
        "Eq becomes NotEq",
    ): _KINK,
    ("ops.numpy.statistics", "ranked", "if (counts == 0).any():", "0 becomes 1"): _KINK,
    (
        "ops.numpy.statistics",
        "ranked",
        "made = f.choose(np.asarray(counts > 0), made, arithmetic.exact(np.asarray(np.nan)))",
        "the first arguments of choose change places",
    ): _DEAD,
    (
        "ops.sampling",
        "continued",
        "return np.clip(places, 0, size - 1), there",
        "the first arguments of clip change places",
    ): _SYM,
    (
        "ops.sampling",
        "map_coordinates",
        'at = real(convert(at, "float32"))',
        "the first arguments of convert change places",
    ): _DEAD,
    (
        "ops.stft",
        "stft",
        "_documented(sequence_length, fft_length, center=center, window=window)",
        "the first arguments of _documented change places",
    ): _GUARD,
    (
        "optimizers.adafactor",
        "Adafactor.__init__",
        "epsilon_1: float = 1e-30,",
        "1e-30 becomes 1.2500000000000001e-30",
    ): _TINY,
    (
        "optimizers.adafactor",
        "Adafactor._velocity",
        "shares = rows / rows.mean(-1, keepdims=True)",
        "- is gone",
    ): _SAME,
    (
        "optimizers.adafactor",
        "_larger",
        "near = a.value.real >= b.value.real - NEAR * np.abs(b.value.real)",
        "Mult becomes Div",
    ): _KINK,
    (
        "optimizers.adamax",
        "Adamax.__init__",
        "epsilon: float = 1e-7,",
        "1e-07 becomes 1.25e-07",
    ): _TINY,
    ("optimizers.base", "Optimizer._gathered", "steps = self.collected or 1", "1 becomes 2"): _DEAD,
    (
        "optimizers.lion",
        "Lion.update",
        "sign = f.choose(mixed.value.real > 0, one, f.choose(mixed.value.real < 0, -one, one * 0.0))",
        "Mult becomes Div",
    ): _SAME,
    (
        "optimizers.muon",
        "Muon._orthogonal",
        "tall = matrix.shape[0] > matrix.shape[1]",
        "Gt becomes GtE",
    ): _SAME,
    (
        "optimizers.muon",
        "Muon._orthogonal",
        "x = x * a + matmul(square * b + matmul(square, square) * c, x)",
        "the first arguments of matmul change places",
    ): _SYM,
    (
        "optimizers.schedules",
        "ExponentialDecay.__init__",
        "if decay_steps <= 0:",
        "0 becomes 1",
    ): _GUARD,
    (
        "penalties",
        "L1L2.__init__",
        'self.formula = rules.l1_l2(_factor("L1L2", "l1", l1), _factor("L1L2", "l2", l2))',
        "the first arguments of _factor change places",
    ): _TEXT,
    ("sliding", "Sliding.amounts", "amounts.append((reach - 1, 0))", "1 becomes 2"): _LAYERS,
    (
        "sliding",
        "Sliding.output_space",
        "reach = (self.geometry.size[i] - 1) * self.geometry.dilation[i] + 1",
        "Mult becomes Div",
    ): _LAYERS,
    (
        "sliding",
        "Sliding.output_space",
        "result.append(-(-n // self.geometry.strides[i]))",
        "- is gone",
    ): _LAYERS,
    ("sliding", "Sliding.split", "return shape[0], shape[1:-1], shape[-1]", "- is gone"): _LAYERS,
    ("sliding", "Sliding.split", "return shape[0], shape[1:-1], shape[-1]", "1 becomes 2"): _LAYERS,
    ("sliding", "Sliding.split", "return shape[0], shape[2:], shape[1]", "0 becomes 1"): _LAYERS,
    (
        "sliding",
        "grouped",
        "inner, outer = kernel.shape[-2], kernel.shape[-1] // groups",
        "- is gone",
    ): _DEAD,
    (
        "sliding",
        "grouped",
        "return concatenate(parts, -1)",
        "the first arguments of concatenate change places",
    ): _DEAD,
    (
        "sliding",
        "grouped",
        "take(x, x.ndim - 1, g * inner, (g + 1) * inner),",
        "Add becomes Sub",
    ): _DEAD,
}
