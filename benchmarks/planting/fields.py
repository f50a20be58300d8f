"""What faults are planted in: layers, or what is no layer; and the cases that are asked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec

from planting.edits import edits

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from planting.edits import Edit

_DESCRIBES: Final = (
    r"gptq|awq|__repr__|__str__|__dir__|_name_scope|summary|rematerialization|_lock|tracker|"
    r"_tf_|_jax_|symbolic_call_spec_str"
)
"""Functions that only describe, are another backend's, or are calibrated on data."""


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """A part of Keras, and the cases that are about it.

    Attributes:
        own: Folders and files below the package's folder; any function of them may get a fault.
        below: What they run: only functions that a case enters get a fault.
        unseen: Functions that docs/coverage.md leaves out, and those that only describe.
        left_out: Names of files that docs/coverage.md leaves out.
        of_tensorflow: Names of files that need TensorFlow on every backend; keras-torch is run
            without.
        replaced: Functions that are never run on PyTorch, which has others in their places.
        cases: What the ids of the cases begin with that are asked.
    """

    own: tuple[str, ...]
    below: tuple[str, ...]
    unseen: str
    left_out: frozenset[str]
    of_tensorflow: frozenset[str] = frozenset()
    replaced: frozenset[str] = frozenset()
    cases: tuple[str, ...]

    @property
    def asked(self) -> list[str]:
        """The cases, as commands name them."""
        return [f"{begin}*" for begin in self.cases]


FIELDS: Final = {
    "layers": Field(
        own=("src/layers/",),
        below=("src/backend/torch/",),
        unseen=f"quantiz|_int8|_int4|_float8|lora|{_DESCRIBES}",
        left_out=frozenset(
            {
                "contrast_limited_adaptive_histogram_equalization.py",
                "feature_space.py",
                "flax_layer.py",
                "input_layer.py",
                "jax_layer.py",
                "max_num_bounding_box.py",
                "tfsm_layer.py",
                "torch_utils.py",
                "wrapper.py",
            }
        ),
        of_tensorflow=frozenset(
            {
                "hashed_crossing.py",
                "hashing.py",
                "index_lookup.py",
                "integer_lookup.py",
                "string_lookup.py",
                "text_vectorization.py",
            }
        ),
        cases=("layers/", "images/"),
    ),
    "objects": Field(
        own=(
            "src/callbacks/",
            "src/constraints/",
            "src/initializers/",
            "src/losses/",
            "src/metrics/",
            "src/optimizers/",
            "src/quantizers/",
            "src/random/",
            "src/regularizers/",
        ),
        below=(
            "src/applications/imagenet_utils.py",
            "src/backend/torch/optimizers/",
            "src/backend/torch/random.py",
            "src/backend/torch/trainer.py",
            "src/trainers/",
            "src/trainers/data_adapters/",
            "src/utils/numerical_utils.py",
            "src/utils/sequence_utils.py",
        ),
        unseen=_DESCRIBES,
        replaced=frozenset(
            f"{one}.update_step"
            for one in ("Adadelta", "Adagrad", "Adam", "Adamax", "Lion", "Nadam", "RMSprop", "SGD")
        ),
        left_out=frozenset(
            {
                "awq.py",
                "awq_config.py",
                "awq_core.py",
                "backup_and_restore.py",
                "callback.py",
                "callback_list.py",
                "csv_logger.py",
                "gptq.py",
                "gptq_config.py",
                "gptq_core.py",
                "lambda_callback.py",
                "orbax_checkpoint.py",
                "progbar_logger.py",
                "remote_monitor.py",
                "schedule_free_adamw.py",
                "tensorboard.py",
            }
        ),
        cases=(
            "losses/",
            "metrics/",
            "optimizers/",
            "initializers/",
            "regularizers/",
            "constraints/",
            "random/",
            "training/",
            "exchange/",
            "quantizers/",
            "utils/",
            "applications/preprocessing/",
            "layers/cloning/",
            "layers/quantization/",
            "layers/training_steps/",
        ),
    ),
}
"""By the name that ``--of`` takes."""


def every(package: Path, field: Field, entered: Collection[tuple[str, str]]) -> list[Edit]:
    """All edits of a field's own files, and of the functions that its cases enter below them.

    Those of files that need TensorFlow on every backend are among them.

    Args:
        package: Keras's folder.
        field: What they are of.
        entered: File and name of every function that the cases enter.
    """
    unseen = re.compile(field.unseen)
    found: list[Edit] = []
    for place in (*field.own, *field.below):
        for path in _files(package, place, deep=place in field.own):
            if path.name.endswith("_test.py") or path.name in field.left_out | {"__init__.py"}:
                continue
            file = path.relative_to(package).as_posix()
            made = edits(file, path.read_text(encoding="utf-8"), unseen)
            found += (
                one
                for one in made
                if one.function not in field.replaced
                and (place in field.own or (file, one.function) in entered)
            )
    return found


def _files(package: Path, place: str, *, deep: bool) -> list[Path]:
    if not place.endswith("/"):
        return [package / place]
    return sorted((package / place).glob("**/*.py" if deep else "*.py"))
