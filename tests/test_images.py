"""Image layers on dictionaries: what is read, what must be true, and that each of it can fail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from catalogue import cases_of
from seeded import answered

from conformance.alignment import FORMATS, RESIDUALS, corners, map_of, moved, placed, residual
from conformance.cases.loading import load_file
from conformance.reference.faults.applicable import find
from conformance.reference.faults.observe import observe

if TYPE_CHECKING:
    from pathlib import Path

HEIGHT, WIDTH = 5, 7
IMAGE = placed(HEIGHT, WIDTH)
MASK = np.arange(HEIGHT * WIDTH, dtype=np.float64).reshape(1, HEIGHT, WIDTH, 1) % 4 + 1
BOX = np.array([[[1.0, 2.0, 4.0, 4.0]]])
XYWH = "xywh affine"

IN_FORMATS = {
    "xyxy": [1, 2, 4, 4],
    "yxyx": [2, 1, 4, 4],
    "xywh": [1, 2, 3, 2],
    "center_xywh": [2.5, 3, 3, 2],
    "center_yxhw": [3, 2.5, 2, 3],
    "rel_xyxy": [1 / 7, 2 / 5, 4 / 7, 4 / 5],
    "rel_yxyx": [2 / 5, 1 / 7, 4 / 5, 4 / 7],
    "rel_xywh": [1 / 7, 2 / 5, 3 / 7, 2 / 5],
    "rel_center_xywh": [2.5 / 7, 3 / 5, 3 / 7, 2 / 5],
}


def off(kind: str, outputs: Any, truth: Any, how: str = "") -> float:
    apart, _ = residual(kind, [np.asarray(one) for one in outputs], truth, how, -1)
    return float(np.abs(apart).max(initial=0.0))


@pytest.mark.parametrize("form", FORMATS)
def test_a_box_is_the_same_in_every_format(form: str) -> None:
    assert corners(np.array(IN_FORMATS[form]), form, HEIGHT, WIDTH) == pytest.approx([1, 2, 4, 4])


def shifted(x: int, y: int) -> Any:
    """The image with its pixels so much further right and down, 0 where there was none."""
    wide = np.pad(IMAGE, [(y, 0), (x, 0), (0, 0)])
    return wide[:HEIGHT, :WIDTH][None]


def test_how_an_image_was_moved_is_read_from_its_pixels() -> None:
    back = map_of(shifted(2, 1)[0], projective=False)
    assert back == pytest.approx(np.array([[1, 0, -2], [0, 1, -1], [0, 0, 1]]))
    assert map_of(shifted(2, 1)[0], projective=True) == pytest.approx(back)
    assert map_of(np.zeros((HEIGHT, WIDTH, 3)), projective=False) is None


def test_a_box_goes_with_its_pixels_and_is_cut_at_the_edge() -> None:
    back = np.array([[1.0, 0, -2], [0, 1, -1], [0, 0, 1]])
    assert moved(BOX[0], back, HEIGHT, WIDTH).tolist() == [[3, 3, 6, 5]]
    quarter = np.array([[0.0, 1, 0], [-1, 0, 5], [0, 0, 1]])
    assert moved(BOX[0], quarter, WIDTH, HEIGHT).tolist() == [[1, 1, 3, 4]]


@pytest.mark.parametrize("box", [[3, 3, 3, 2], [1, 2, 3, 2], [3, 3, 6, 5], [3.5, 3, 3, 2]])
def test_boxes(box: list[float]) -> None:
    right = box == [3, 3, 3, 2]
    assert (off("boxes", [[[box]], shifted(2, 1)], BOX, XYWH) < 1e-9) is right


def test_the_label_of_a_box_stays_and_that_of_an_empty_one_may_go() -> None:
    own = np.concatenate([BOX, [[[7.0]]]], -1)
    assert off("box labels", [[[7]], shifted(2, 1)], own, "affine") == 0
    assert off("box labels", [[[-1]], shifted(2, 1)], own, "affine") == 8
    gone = np.array([[[0.0, 4.0, 2.0, 5.0, 7.0]]])
    assert off("box labels", [[[-1]], shifted(0, 1)], gone, "affine") == 0
    assert off("box labels", [[[3]], shifted(0, 1)], gone, "affine") == 4


def test_masks_hold_the_numbers_of_their_pixels_and_nothing_beyond() -> None:
    right = np.pad(MASK, [(0, 0), (1, 0), (2, 0), (0, 0)])[:, :HEIGHT, :WIDTH]
    assert off("mask", [right, shifted(2, 1)], MASK) == 0
    assert off("mask", [MASK, shifted(2, 1)], MASK) > 0
    filled = np.where(right == 0, 1.0, right)
    assert off("mask", [filled, shifted(2, 1)], MASK) == 1
    between = right.copy()
    between[0, 3, 4] += 0.5
    assert off("mask", [between, shifted(2, 1)], MASK) == np.inf


@pytest.mark.parametrize("kind", ["boxes", "mask", "map", "grid", "mixture", "alike"])
def test_what_is_no_number_never_passes(kind: str) -> None:
    outputs = [np.full((1, HEIGHT, WIDTH, 3), np.nan)] * 2
    assert off(kind, outputs, BOX, XYWH) == np.inf


def test_one_image_has_no_axis_for_the_batch() -> None:
    assert off("boxes", [[[3, 3, 3, 2]], shifted(2, 1)[0]], BOX, XYWH) < 1e-9
    assert off("boxes", [[[1, 2, 3, 2]], shifted(2, 1)[0]], BOX, XYWH) == pytest.approx(2)


def test_an_image_moved_otherwise_than_told() -> None:
    options = np.array([np.eye(3), [[1, 0, -2], [0, 1, -1], [0, 0, 1]]])
    assert off("map", [shifted(2, 1)], options, "affine") < 1e-9
    assert off("map", [shifted(1, 1)], options, "affine") == pytest.approx(1)
    assert off("map", [np.zeros((1, HEIGHT, WIDTH, 3))], options, "affine") == np.inf


def test_numbers_that_a_mask_may_hold() -> None:
    assert off("grid", [MASK], np.array([0.0, 1, 2, 3, 4])) == 0
    assert off("grid", [MASK], np.array([0.0, 1, 2, 3])) == np.inf


EACH = np.broadcast_to(np.eye(3)[:, None, None], (3, 4, 4, 3))
BLENDED = 0.75 * EACH + 0.25 * np.roll(EACH, -1, 0)


def test_labels_in_the_shares_of_blended_images() -> None:
    labels = 0.75 * np.eye(3) + 0.25 * np.roll(np.eye(3), -1, 0)
    assert off("mixture", [labels, BLENDED], None, "blend") == 0
    assert off("mixture", [np.eye(3), BLENDED], None, "blend") == 0.25
    assert off("mixture", [labels / 2, BLENDED / 2], None, "blend") == 0.5
    assert off("alike", [BLENDED, BLENDED], None) == 0
    assert off("alike", [EACH, BLENDED], None) == 0.25


def test_labels_in_proportion_to_a_patch() -> None:
    images = EACH.copy()
    images[0, :2, 1:3] = np.eye(3)[1]

    def mixed(share: float) -> Any:
        return np.stack([[1 - share, share, 0], [0, 1, 0], [0, 0, 1]])

    assert off("mixture", [mixed(4 / 16), images], None, "patch") == 0
    assert off("mixture", [mixed(3 * 3 / 16), images], None, "patch") == 0  # within the border
    assert off("mixture", [mixed(12 / 16), images], None, "patch") == pytest.approx(3 / 16)
    assert off("mixture", [np.eye(3), images], None, "patch") > 0
    assert off("mixture", [mixed(4 / 16), images * 0.5], None, "patch") > 0


def test_boxes_of_both_images_with_their_labels() -> None:
    boxes = np.arange(12.0).reshape(3, 1, 4)
    labels = np.arange(3.0).reshape(3, 1)
    own = np.concatenate([boxes, labels[..., None]], -1)
    both = [np.concatenate([one, np.roll(one, -1, 0)], 1) for one in (boxes, labels)]
    assert off("mixed boxes", [*both, BLENDED], own) == 0
    assert off("mixed boxes", [both[0][:, ::-1], both[1][:, ::-1], BLENDED], own) == 0
    assert off("mixed boxes", [both[0], both[1][:, ::-1], BLENDED], own) > 0
    other = [np.concatenate([one, np.roll(one, 1, 0)], 1) for one in (boxes, labels)]
    assert off("mixed boxes", [*other, BLENDED], own) > 0


def test_every_kind_of_property_is_tried_here() -> None:
    tried = {"alike", "box labels", "boxes", "grid", "map", "mask", "mixed boxes", "mixture"}
    assert set(RESIDUALS) == tried


CASE = """
- id: one
  title: One
  function: {function}
  config: {{seed: 1, bounding_box_format: xyxy}}
  inputs: {{x: {{shape: [1, 2, 2, 3]}}, b: {{shape: [1, 1, 4]}}, c: {{shape: [1, 1]}}}}
  of: {of}
"""


@pytest.mark.parametrize(
    ("function", "of", "said"),
    [
        ("layers.RandomFlip", "[x, b, c]", "called on something else than a dictionary"),
        ("ops.add", "{images: x, labels: c}", "takes no dictionary"),
        ("layers.Dense", "{images: x}", "takes no dictionary of images"),
        ("layers.RandomFlip", "{labels: c}", "the key 'images' is missing"),
        ("layers.RandomFlip", "{image: x}", "did you mean 'images'?"),
        ("layers.RandomFlip", "{images: x, bounding_boxes: b}", "{boxes: …, labels: …}"),
        ("layers.RandomFlip", "{images: x, bounding_boxes: {boxes: b}}", "'labels' is missing"),
        ("layers.RandomFlip", "{images: x}", "is not used by the function"),
        ("layers.RandomFlip", "{images: q}", "q"),
    ],
)
def test_a_mistake_in_a_dictionary_is_told(
    tmp_path: Path, function: str, of: str, said: str
) -> None:
    path = tmp_path / "cases" / "one.yaml"
    path.parent.mkdir()
    path.write_text(CASE.format(function=function, of=of), "utf-8")
    problems = load_file(path).problems
    assert any(said in str(one) for one in problems), [str(one) for one in problems]


@pytest.mark.parametrize(("raises", "problems"), [("  raises: call\n", 0), ("", 1)])
def test_boxes_may_lack_a_key_where_the_call_must_be_refused(
    tmp_path: Path, raises: str, problems: int
) -> None:
    path = tmp_path / "cases" / "one.yaml"
    path.parent.mkdir()
    text = CASE.format(function="layers.RandomFlip", of="{images: x, bounding_boxes: {boxes: b}}")
    path.write_text(text.replace(", c: {shape: [1, 1]}", "") + raises, "utf-8")
    assert len(load_file(path).problems) == problems


def cell(name: str, fault: str) -> dict[str, str]:
    """By facet, what is said of an answer of the reference with a fault."""
    case = next(one for one in cases_of("images") if one.id == name)
    one = answered(case)
    seen = observe(case, one.answer.feeds, find(case, fault))
    return {found.facet: found.outcome for found in one.judged(seen).facets}


@pytest.mark.parametrize(
    ("fault", "failing"),
    [
        ("boxes-left-behind", "values"),
        ("masks-between", "values"),
        ("masks-as-floats", "dtype"),
    ],
)
def test_the_same_wrong_answer_once_more_is_blocked(fault: str, failing: str) -> None:
    found = cell("images/moving/crop[bounding_box_format=xyxy]", fault)
    again = "pass" if failing == "dtype" else "blocked"
    assert found == {
        "shape": "pass",
        "dtype": "pass",
        "values": "pass",
        "config_round_trip": again,
        failing: "fail",
    }
