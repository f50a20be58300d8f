"""Whether boxes, labels and masks go where the pixels of their images went.

What a layer drew is read from the image that it answers. Such an image, as fed, tells in each pixel
where it is: its first channel holds the x of the pixel's middle, its second one the y, both in
pixels, and its third one is 1. Sampling between pixels is exact on these: what is read is the place
that an answered pixel came from. Where the third channel is less, a pixel lies beyond the edge.

Of layers that mix images, image k of a batch holds 1 in channel k and 0 elsewhere: each answered
pixel tells how much of which image it is made of.

Every function here takes the arrays of an answer and gives what must be zero of them. Coordinates
are in pixels, as left, top, right, bottom; an edge of the image is at 0 and at its size.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Values = NDArray[Any]

FORMATS: Final = (
    "xyxy",
    "yxyx",
    "xywh",
    "center_xywh",
    "center_yxhw",
    "rel_xyxy",
    "rel_yxyx",
    "rel_xywh",
    "rel_center_xywh",
)
"""Formats of boxes: of ``keras.utils.bounding_boxes.convert_format``."""

INSIDE: Final = 1 - 2.0**-12
"""A third channel from here on is a pixel that came from within the image."""

BEYOND: Final = 2.0**-12
"""Up to here a pixel came from beyond it, and is filled."""

EDGE: Final = 2.0**-7
"""A place so near to the edge between two pixels, in pixels, may be counted to either."""

EMPTY: Final = 2.0**-7
"""Boxes that are no larger, in square pixels, have nothing in them."""

FEWEST: Final = 6
"""Pixels from within the image that are needed to read how it was moved."""

NOT_READABLE: Final = np.inf

_SINGLE: Final = 3
"""Axes of an image by itself."""


def placed(height: int, width: int) -> Values:
    """An image that tells in each pixel where it is, of shape (height, width, 3)."""
    rows, columns = np.mgrid[:height, :width].astype(np.float64) + 0.5
    return np.stack([columns, rows, np.ones_like(rows)], -1)


def corners(boxes: Values, form: str, height: int, width: int) -> Values:
    """Boxes of a format as left, top, right, bottom in pixels.

    Args:
        boxes: Four numbers along the last axis.
        form: ``xyxy``, ``rel_center_xywh`` …: Keras's ``bounding_box_format``.
        height: Of the image that they are in.
        width: Likewise.
    """
    a, b, c, d = np.moveaxis(np.asarray(boxes, np.float64), -1, 0)
    kind = form.removeprefix("rel_")
    if kind in {"yxyx", "center_yxhw"}:
        a, b, c, d = b, a, d, c
    if kind.startswith("center"):
        a, b = a - c / 2, b - d / 2
    if kind not in {"xyxy", "yxyx"}:
        c, d = a + c, b + d
    found = np.stack([a, b, c, d], -1)
    return found * [width, height, width, height] if form.startswith("rel_") else found


def _last(image: Values, axis: int) -> Values:
    return np.moveaxis(np.asarray(image, np.float64), axis, -1)


def _area(boxes: Values) -> Values:
    return np.asarray(
        np.maximum(boxes[..., 2] - boxes[..., 0], 0) * np.maximum(boxes[..., 3] - boxes[..., 1], 0)
    )


def map_of(image: Values, *, projective: bool) -> Values | None:
    """How an image was moved: from a place in what is answered to the place that it came from.

    Args:
        image: (height, width, 3), as answered.
        projective: Whether lines that were parallel need not be so any more.

    Returns:
        A matrix of 3 by 3 for (x, y, 1); None where too little of the image is left.
    """
    inside = image[..., 2] >= INSIDE
    if inside.sum() < FEWEST:
        return None
    x, y, _ = np.moveaxis(placed(*image.shape[:2])[inside], -1, 0)
    u, v = image[inside][:, 0], image[inside][:, 1]
    one, zero = np.ones_like(x), np.zeros_like(x)
    if not projective:
        places = np.stack([x, y, one], -1)
        found, _, rank, _ = np.linalg.lstsq(places, np.stack([u, v], -1), rcond=1e-9)
        return None if rank < 3 else np.vstack([found.T, [0, 0, 1]])  # noqa: PLR2004 (two directions and a place)
    rows = np.concatenate(
        [
            np.stack([x, y, one, zero, zero, zero, -u * x, -u * y], -1),
            np.stack([zero, zero, zero, x, y, one, -v * x, -v * y], -1),
        ]
    )
    solved, _, rank, _ = np.linalg.lstsq(rows, np.concatenate([u, v]), rcond=1e-9)
    return None if rank < rows.shape[1] else np.append(solved, 1.0).reshape(3, 3)


def moved(boxes: Values, back: Values, height: int, width: int) -> Values:
    """The smallest boxes around what boxes held, cut at the edges of the image.

    Args:
        boxes: (number, 4) in pixels of what was fed.
        back: From places of the answer to those that they came from.
        height: Of the answered image.
        width: Likewise.
    """
    left, top, right, bottom = np.moveaxis(boxes, -1, 0)
    points = np.stack(
        [np.stack([x, y, np.ones_like(x)], -1) for x in (left, right) for y in (top, bottom)]
    )
    there = points @ np.linalg.inv(back).T
    there = there[..., :2] / there[..., 2:]
    found = np.concatenate([there.min(0), there.max(0)], -1)
    return np.asarray(np.clip(found, 0, [width, height, width, height]))


def _wanted(image: Values, axis: int, kind: str, boxes: Values) -> Values | None:
    """Where the boxes of every image belong; None where that can't be read."""
    images = _last(image, axis)
    found = []
    for one, own in zip(images, boxes, strict=True):
        back = map_of(one, projective=kind == "projective")
        if back is None or abs(np.linalg.det(back)) < BEYOND:
            return None
        found.append(moved(own, back, *one.shape[:2]))
    return np.stack(found)


def boxes_apart(outputs: Sequence[Values], truth: Values, how: str, axis: int) -> Values:
    """How far boxes are from what they held.

    Args:
        outputs: Boxes and images.
        truth: The boxes that were fed, in pixels.
        how: The format and ``affine`` or ``projective``.
        axis: Of the images' channels.
    """
    form, kind = how.split()
    wanted = _wanted(outputs[1], axis, kind, truth)
    if wanted is None:
        return np.full(1, NOT_READABLE)
    found = corners(outputs[0], form, *_last(outputs[1], axis).shape[1:3])
    gone = (_area(wanted) <= EMPTY) & (_area(found) <= EMPTY)
    return np.where(gone[..., None], 0.0, found - wanted)


def box_labels_apart(outputs: Sequence[Values], truth: Values, how: str, axis: int) -> Values:
    """Labels of boxes that are others than those that were fed.

    A box of which nothing is left may have the label -1.

    Args:
        outputs: The boxes' labels, and images.
        truth: The boxes that were fed, in pixels, and behind them their labels.
        how: ``affine`` or ``projective``.
        axis: Of the images' channels.
    """
    wanted = _wanted(outputs[1], axis, how, truth[..., :4])
    if wanted is None:
        return np.full(1, NOT_READABLE)
    found, own = np.asarray(outputs[0], np.float64), truth[..., 4]
    gone = (_area(wanted) <= EMPTY) & (found == -1)
    return np.where(gone, 0.0, found - own)


def masks_apart(outputs: Sequence[Values], truth: Values, how: str, axis: int) -> Values:
    """Numbers of a mask that are not those of the nearest pixel that was there.

    Args:
        outputs: Masks and images.
        truth: The masks that were fed.
        how: Not used: a mask is held against each pixel by itself.
        axis: Of the channels of both.
    """
    del how
    masks, images, fed = _last(outputs[0], axis), _last(outputs[1], axis), _last(truth, axis)
    height, width = fed.shape[1:3]
    x, y, within = np.moveaxis(images, -1, 0)
    column = np.clip(np.floor(x), 0, width - 1).astype(int)
    row = np.clip(np.floor(y), 0, height - 1).astype(int)
    wanted = fed[np.arange(len(fed))[:, None, None], row, column]
    inside = within >= INSIDE
    sure = inside & (np.abs(x - np.rint(x)) > EDGE) & (np.abs(y - np.rint(y)) > EDGE)
    apart = np.where(sure[..., None], masks - wanted, 0.0)
    apart = np.where((within <= BEYOND)[..., None], masks, apart)
    return np.where(np.isin(masks, [0.0, *np.unique(fed)]), apart, np.inf)


def grid_apart(outputs: Sequence[Values], truth: Values, how: str, axis: int) -> Values:
    """Numbers of a mask that are none of those that it may hold.

    Args:
        outputs: Masks.
        truth: Every number that may stand in one.
        how: Not used.
        axis: Not used.
    """
    del how, axis
    return np.where(np.isin(outputs[0], np.unique(truth)), 0.0, np.inf)


def maps_apart(outputs: Sequence[Values], truth: Values, how: str, axis: int) -> Values:
    """How far images were moved otherwise than told.

    Args:
        outputs: Images.
        truth: Matrices of 3 by 3, any of which an image may have been moved by: (options, 3, 3).
        how: ``affine``.
        axis: Of the channels.
    """
    del how
    apart = []
    for one in _last(outputs[0], axis):
        back = map_of(one, projective=False)
        if back is None:
            return np.full(1, NOT_READABLE)
        options = np.abs(back - truth).max((1, 2))
        apart.append((back - truth)[options.argmin()])
    return np.stack(apart)


def mixtures_apart(outputs: Sequence[Values], truth: Values, how: str, axis: int) -> Values:
    """Labels that say another share of the images than their pixels do.

    Args:
        outputs: Labels, one for each image of the batch, and the images.
        truth: Not used.
        how: ``blend``: every pixel holds the shares, which add up to 1; ``patch``: an image's share
            is that of the area pasted from it. A patch's edges may lie anywhere within the pixels
            at its border.
        axis: Of the channels.
    """
    del truth
    labels, images = np.asarray(outputs[0], np.float64), _last(outputs[1], axis)
    shares = images.mean((1, 2))
    if how == "blend":
        even = images - shares[:, None, None]
        whole = images.sum(-1) - 1
        return np.concatenate([(labels - shares).ravel(), even.ravel(), whole.ravel()])
    apart = []
    for k, (label, image) in enumerate(zip(labels, images, strict=True)):
        pasted = image.argmax(-1) != k
        pure = np.abs(np.sort(image, -1) - np.eye(image.shape[-1])[-1]).ravel()
        apart += [*pure, label.sum() - 1, *np.minimum(label, 0)]
        rows, columns = pasted.any(1).sum(), pasted.any(0).sum()
        area = [(max(rows + d, 0) * max(columns + d, 0)) / pasted.size for d in (-1, 1)]
        if not rows:  # a patch that lies between the middles of pixels, or the image's own
            area = [0.0, 1 / min(pasted.shape)]
        share = 1 - label[k]
        if not area[0] - BEYOND <= share <= area[1] + BEYOND:
            apart.append(share - np.clip(share, *area))
    return np.asarray(apart)


def alike(outputs: Sequence[Values], truth: Values, how: str, axis: int) -> Values:
    """What is mixed otherwise than the images are: masks that were fed the same numbers."""
    del truth, how, axis
    return np.asarray(outputs[0], np.float64) - outputs[1]


def mixed_boxes_apart(outputs: Sequence[Values], truth: Values, how: str, axis: int) -> Values:
    """Boxes of a blend that are not those of both images, each with its label.

    Args:
        outputs: Boxes, their labels, and images.
        truth: The boxes that were fed, and behind each its label.
        how: Not used.
        axis: Of the channels.
    """
    del how
    boxes, labels, images = outputs[0], outputs[1], _last(outputs[2], axis)
    found = np.concatenate([boxes, np.asarray(labels, np.float64)[..., None]], -1)
    apart = []
    for k, image in enumerate(images):
        shares = image.mean((0, 1)).copy()
        shares[k] = 0
        other = int(shares.argmax()) if shares.max() > BEYOND else None
        # Of an image that hardly shows nobody can tell which it is.
        options = range(len(truth)) if other is None else [other]
        wanted = [np.concatenate([truth[k], truth[one]]) for one in options]
        apart.append(min((_in_order(found[k]) - _in_order(one) for one in wanted), key=_size))
    return np.stack(apart)


def _in_order(rows: Values) -> Values:
    return rows[np.lexsort(rows.T[::-1])]


def _size(values: Values) -> float:
    return float(np.abs(values).max(initial=0.0))


def residual(
    kind: str, outputs: Sequence[Values], truth: Values | None, how: str, axis: int
) -> tuple[Values, str]:
    """What must be zero of an answer, and what was compared in words.

    Args:
        kind: Of property, one of :data:`RESIDUALS`.
        outputs: The answer's arrays that it speaks of; those of one image have no axis for a batch.
        truth: What they are held against, with that axis.
        how: Which of a kind's forms.
        axis: Of the images' channels, counted from the last one.
    """
    apart, said = RESIDUALS[kind]
    if not all(np.isfinite(one).all() for one in outputs):
        return np.full(1, NOT_READABLE), said
    if outputs[-1].ndim == _SINGLE:
        outputs = [one[None] for one in outputs]
    return apart(outputs, np.zeros(0) if truth is None else truth, how, axis), said


RESIDUALS: Final[dict[str, tuple[Callable[[Sequence[Values], Values, str, int], Values], str]]] = {
    "boxes": (boxes_apart, "boxes around what they held"),
    "box labels": (box_labels_apart, "the boxes' labels"),
    "mask": (masks_apart, "the mask of each pixel"),
    "grid": (grid_apart, "the numbers that the mask may hold"),
    "map": (maps_apart, "how far the pixels were moved"),
    "mixture": (mixtures_apart, "the labels' shares of the images"),
    "alike": (alike, "the mask, mixed as the images are"),
    "mixed boxes": (mixed_boxes_apart, "the boxes of both images, with their labels"),
}
"""By kind of property: what must be zero, and what was compared in words."""
