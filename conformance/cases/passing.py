"""What ``as:`` says: in which form an argument of the layer is passed.

A case writes an argument's value as plain data. Keras takes most of them in several forms, and all
of them mean the same: a regularizer as a word, as its config and as an object, numbers as a tuple,
a list, an array and a tensor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from conformance.cases import fields
from conformance.cases.problems import described, did_you_mean
from conformance.cases.reading import Map

if TYPE_CHECKING:
    from conformance.cases.models import Read
    from conformance.cases.problems import Where

OBJECTS: Final = ("string", "config", "object")
"""Forms of what has a name: an initializer, a regularizer, a constraint, an activation, a dtype."""
SERIES: Final = ("tuple", "list", "array", "tensor")
"""Forms of numbers, and but for a tensor of words in a list."""
FORMS: Final = (*OBJECTS, *SERIES)
_ENDINGS: Final = ("initializer", "regularizer", "constraint", "activation")
"""How the arguments are called that hold such an object."""


def passed(read: Read | None, tree: Map, where: Where) -> Read | None:
    """The model of one layer, with the forms in which its arguments are passed.

    Args:
        read: The model.
        tree: The case.
        where: Its place.

    Returns:
        The model; None where the log says what is wrong.
    """
    if "as" not in tree:
        return read
    place = where.value(tree, "as")
    written = tree["as"]
    if not isinstance(written, Map) or not written:
        place.mistyped("a mapping of arguments, such as {kernel_initializer: object}", written)
        return None
    if read is None:
        return None
    problems = where.log.noted
    node = read.model.nodes[0]
    forms = {}
    for path, word in written.items():
        at = place.value(written, path)
        form = fields.choice(word, at, FORMS)
        if form is not None and _fits(path, form, node.config, place.key(written, path), at):
            forms[path] = form
    if where.log.noted > problems:
        return None
    node = msgspec.structs.replace(node, forms=forms)
    return read._replace(model=msgspec.structs.replace(read.model, nodes=[node]))


def _fits(path: str, form: str, config: dict[str, Any], key: Where, at: Where) -> bool:
    """Whether there is an argument at this path that has such a form; else it is noted."""
    value: Any = config
    for step in path.split("."):
        inside = dict(enumerate(value)) if isinstance(value, list) else value
        name: Any = int(step) if isinstance(value, list) and step.isdecimal() else step
        if not isinstance(inside, dict) or name not in inside:
            known = [*map(str, inside)] if isinstance(inside, dict) else []
            key.refuse(
                f"{step!r} is nothing that `config` gives",
                expected=f"one of {', '.join(known)}" if known else "an argument of the layer",
                hint=did_you_mean(step, known),
            )
            return False
        value = inside[name]
    argument = path.rpartition(".")[2]
    if form in OBJECTS:
        named = argument == "dtype" or argument.rpartition("_")[2] in _ENDINGS
        if not named or not _has_a_name(value) or (form == "string" and isinstance(value, dict)):
            wanted = "an initializer, regularizer, constraint, activation or dtype"
            at.refuse(f"is {form!r}, but {argument} is {described(value)}", expected=wanted)
            return False
    elif not _is_series(value, alone=form in {"array", "tensor"}, words=form != "tensor"):
        expected = "numbers" if form == "tensor" else "a list of numbers or words"
        at.refuse(f"is {form!r}, but {argument} is {described(value)}", expected=expected)
        return False
    return True


def _has_a_name(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, dict) and "class_name" in value)


def _is_series(value: Any, *, alone: bool, words: bool) -> bool:
    """Whether it is a list of numbers, of such lists, or of words; ``alone``: one will do."""
    if isinstance(value, list):
        return bool(value) and all(_is_series(one, alone=True, words=words) for one in value)
    if value is None:  # as of an axis of any size
        return alone and words
    kinds = (int, float, str) if words else (int, float)
    return alone and isinstance(value, kinds) and not isinstance(value, bool)
