"""What ``settings:`` says: how Keras is set for the whole process before the model is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from conformance.cases import fields
from conformance.cases.model import Settings

if TYPE_CHECKING:
    from conformance.cases.models import Read
    from conformance.cases.problems import Where
    from conformance.cases.reading import Map

WORDS: Final[dict[str, tuple[str, ...]]] = {
    "image_data_format": ("channels_first", "channels_last"),
    "floatx": ("bfloat16", "float16", "float32", "float64"),
    "dtype_policy": (
        "bfloat16",
        "float16",
        "float32",
        "float64",
        "mixed_bfloat16",
        "mixed_float16",
    ),
}
"""The words that a setting may be."""
EPSILON: Final = "epsilon"
KEYS: Final = (*WORDS, EPSILON)


def read_settings(tree: Map, where: Where) -> Settings | None:
    """The settings of a case.

    Args:
        tree: The case.
        where: Its place.

    Returns:
        None where there are none, and where the log says what is wrong.
    """
    if "settings" not in tree:
        return None
    place = where.value(tree, "settings")
    given = fields.mapping(tree["settings"], place, KEYS)
    if given is None:
        return None
    problems = where.log.noted
    if not given:
        place.mistyped("one of " + ", ".join(KEYS), given)
    found: dict[str, Any] = {}
    for key, words in WORDS.items():
        if key in given:
            found[key] = fields.choice(given[key], place.value(given, key), words)
    if EPSILON in given:
        value = given[EPSILON]
        found[EPSILON] = value
        if isinstance(value, bool) or not isinstance(value, float) or not 0 < value < 1:
            place.value(given, EPSILON).mistyped("a number between 0 and 1", value)
    return Settings(**found) if where.log.noted == problems else None


def under(read: Read | None, settings: Settings | None) -> Read | None:
    """The model, to be made under these settings."""
    if read is None or settings is None:
        return read
    return read._replace(model=msgspec.structs.replace(read.model, settings=settings))
