"""Models that Keras itself puts together: what ``application:`` says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from conformance.adapters.shared.layer_names import automatic_name
from conformance.cases import binding, fields, names
from conformance.cases.inputs import as_spec
from conformance.cases.model import Model, Node
from conformance.cases.models import Read
from conformance.cases.problems import did_you_mean
from conformance.cases.reading import Map

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.cases.inputs import Fed
    from conformance.cases.problems import Where

PREFIX: Final = "applications."
"""How their public names begin, without ``keras.``."""
TENSOR: Final = "input_tensor"
"""The one argument that is no literal."""
_OURS: Final = {
    "weights": "no weights are ever fetched: the suite passes null",
    TENSOR: "an input is handed over by `with: {input_tensor: x}`",
}
"""Arguments that no case writes as literals, and why."""
_STATED: Final = ("input_shape", "output_shape", "params", "dtype")
"""What a source can state of one: its layers have no place in a case."""


def read_application(tree: Map, where: Where, given: Sequence[Fed]) -> Read | None:
    """The one model that ``application:``, ``config:`` and ``with:`` say.

    Args:
        tree: The case.
        where: Its place.
        given: The inputs that the case declares: one, where numbers are fed, or none.
    """
    place = where.value(tree, "application")
    name = fields.text(tree["application"], place, "a model's name, such as ResNet50")
    if name is None:
        return None
    own = names.application_arguments(name)
    if own is None:
        place.refuse(
            f"{name!r} is not in keras.applications",
            hint=did_you_mean(name, names.applications()),
        )
        return None
    config_place = where.value(tree, "config") if "config" in tree else place
    config = binding.literals_of(tree.get("config"), config_place, PREFIX + name)
    if config is None or not _fits(name, own, config, config_place):
        return None
    if len(given) > 1:
        where.key(tree, "inputs").refuse(f"declares {len(given)} inputs", expected="one image")
        return None
    tensors = _handed_over(tree, where, given)
    if tensors is None or any(fed.shape is None for fed in given):
        return None
    node = Node(
        name=automatic_name(name),
        layer=PREFIX + name,
        config=config,
        inputs=[fed.name for fed in given if fed.name not in tensors.values()],
        tensors={**tensors},
    )
    specs = [as_spec(fed, None) for fed in given]
    model = Model(form="application", inputs=specs, nodes=[node], outputs=[node.name])
    return Read(model, list(given), [])


def check_expect(stated: object, where: Where) -> None:
    """Refuse what can't be stated of one."""
    for key in stated if isinstance(stated, Map) else ():
        if key not in _STATED:
            where.key(stated, key).refuse(  # type: ignore[arg-type] # only a Map has keys
                "is not looked at of an application", expected=f"one of {', '.join(_STATED)}"
            )


def _fits(name: str, own: names.Arguments, config: dict[str, Any], where: Where) -> bool:
    literals = [key for key in config if key in _OURS]
    for key in literals:
        where.refuse(f"{key!r} is a literal", hint=_OURS[key])
    rest = {key: value for key, value in config.items() if key not in _OURS}
    return binding.accepts(name, own, rest, where) and not literals


def _handed_over(tree: Map, where: Where, given: Sequence[Fed]) -> dict[str, str] | None:
    """The input that goes in as ``input_tensor``."""
    scope: Any = ({fed.name: None for fed in given}, Map((0, 0)))
    passed = binding.read_passed(tree, where, scope)
    if passed is None:
        return None
    for key, one in passed.items():
        if key != TENSOR or not isinstance(one, str):
            where.value(tree, "with").refuse(f"passes {key}", expected="{input_tensor: x}")
            return None
    return {key: str(one) for key, one in passed.items()}
