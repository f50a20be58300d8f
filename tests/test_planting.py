"""The faults that benchmarks/planted.py plants: edits of a program that is another one for it."""

from __future__ import annotations

import ast
import importlib
import re
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest

ROOT = Path(__file__).parents[1]
PROGRAM = '''\
"""Says nothing."""

from keras.src import backend
from keras.src import ops


class Thing(Layer):
    def __init__(self, rate=0.5, axis=-1, padding="valid", use_bias=True, **kwargs):
        super().__init__(**kwargs)
        if rate > 1:
            raise ValueError("too much: " + str(rate + 1))
        self.rate = rate
        self.axis = axis
        self.supports_masking = True

    def build(self, input_shape):
        self.kernel = self.add_weight(
            shape=(input_shape[-1] + 1,), initializer="zeros", regularizer=self.r, trainable=True
        )

    def call(self, inputs, training=False, mask=None):
        inputs = self.shaped(inputs)
        if training and self.rate > 0.1:
            self.seen.assign(inputs)
        x = ops.sum(ops.cast(inputs, "float32"), axis=1)
        if mask is not None:
            x = ops.where(mask, x, inputs)
        return ops.matmul(x, self.kernel) - 2.0

    def get_config(self):
        return {"rate": self.rate, "axis": self.axis}

    def quantized_call(self, inputs):
        return inputs + 1
'''
KINDS = [
    "argument",
    "arithmetic",
    "axis",
    "comparison",
    "condition",
    "config",
    "constant",
    "default",
    "dropped",
    "dtype",
    "flag",
    "function",
    "gradient",
    "initializer",
    "mask",
    "refusal",
    "regularizer",
    "state",
    "swapped",
    "trainable",
]


@pytest.fixture
def planting(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Finds the modules of ``benchmarks/planting``."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return lambda name: importlib.import_module(f"planting.{name}")


def edits(planting: Any) -> list[Any]:
    unseen = re.compile(planting("fields").FIELDS["layers"].unseen)
    found = planting("edits").edits("src/layers/thing.py", PROGRAM, unseen)
    return [one for one in found if one.makes_another(PROGRAM)]


def test_every_kind_of_mistake_is_found(planting: Any) -> None:
    assert sorted({one.kind for one in edits(planting)}) == KINDS


def test_an_edit_leaves_a_program_that_differs_in_one_place(planting: Any) -> None:
    for one in edits(planting):
        planted = one.planted(PROGRAM)
        ast.parse(planted)
        same = PROGRAM.replace(one.before, "", 1), planted.replace(one.after, "", 1)
        assert planted != PROGRAM
        assert len(same[0]) == len(same[1]), one.shown


def test_what_no_case_can_see_is_left_alone(planting: Any) -> None:
    for one in edits(planting):
        assert "quantized" not in one.function
        assert "too much" not in one.before
        assert one.before != '"""Says nothing."""'


def test_a_field_says_what_is_left_alone(planting: Any) -> None:
    objects = re.compile(planting("fields").FIELDS["objects"].unseen)
    found = planting("edits").edits("src/quantizers/thing.py", PROGRAM, objects)
    assert any("quantized" in one.function for one in found)


def test_faults_lie_in_a_fields_own_files_and_in_what_its_cases_enter(
    planting: Any, tmp_path: Path
) -> None:
    for name in ("losses/losses.py", "losses/losses_test.py", "callbacks/tensorboard.py"):
        (tmp_path / "src" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "src" / name).write_text("def own():\n    return 1 + 2\n", encoding="utf-8")
    for name in ("numerical_utils.py", "sequence_utils.py"):
        (tmp_path / "src/utils" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "src/utils" / name).write_text(
            "def entered():\n    return 1 + 2\ndef not_entered():\n    return 1 + 2\n",
            encoding="utf-8",
        )
    fields = planting("fields")
    objects = fields.FIELDS["objects"]
    found = fields.every(
        tmp_path,
        msgspec.structs.replace(
            objects, below=("src/utils/numerical_utils.py", "src/utils/sequence_utils.py")
        ),
        {("src/utils/numerical_utils.py", "entered")},
    )
    assert {(one.file, one.function) for one in found} == {
        ("src/losses/losses.py", "own"),
        ("src/utils/numerical_utils.py", "entered"),
    }


def test_an_edit_of_another_file_is_refused(planting: Any) -> None:
    one = edits(planting)[0]
    with pytest.raises(ValueError, match="is not what it was"):
        one.planted("\n" + PROGRAM)


def test_the_choice_is_the_same_for_a_seed_and_takes_kinds_by_turns(planting: Any) -> None:
    every = edits(planting)
    choose, layers = planting("choosing").choose, planting("fields").FIELDS["layers"]

    def chosen(seed: int) -> list[str]:
        return [one.key for one in choose(every, layers, 20, seed, lambda _: True)]

    assert chosen(1) == chosen(1) != chosen(2)
    kinds = Counter(one.kind for one in choose(every, layers, len(KINDS), 1, lambda _: True))
    assert kinds == Counter(KINDS)
    assert choose(every, layers, 20, 1, lambda _: False) == []


def test_every_excuse_is_one_edit_and_has_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    excuses = importlib.import_module("planted").excuses()
    for edit, reason in excuses.items():
        assert edit.startswith("src/"), edit
        assert " -> " in edit
        assert len(reason) > 20, edit
