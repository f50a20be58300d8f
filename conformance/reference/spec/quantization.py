"""How a layer's weights are quantized: what ``model.quantize`` and its configs say.

Documented in keras.Model.quantize, in keras.quantizers' configs and in the guides "Quantization in
Keras" and "Customizing Quantization with QuantizationConfig".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from conformance.reference.engine.dtypes import POLICIES
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.quantizers import INT4, AbsMax, abs_max

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.adapters.shared.policies import QuantizedPolicy

MODES: Final = {
    "Int8QuantizationConfig": "int8",
    "Int4QuantizationConfig": "int4",
    "Float8QuantizationConfig": "float8",
}
"""The mode of each config."""
BLOCK: Final = 128
"""``block_size`` of an Int4QuantizationConfig that is told none."""
_DEFAULT: Final = "default"


class Scheme(NamedTuple):
    """How one layer is quantized.

    Attributes:
        mode: ``int8``, ``int4`` or ``float8``.
        weights: What quantizes weights along the axes that are summed over.
        activations: What quantizes inputs, at each call anew; None: they stay floats.
        block: Of int4, how many numbers along those axes share a scale and a zero point; None: all
            of them share one scale.
    """

    mode: str
    weights: AbsMax
    activations: AbsMax | None = None
    block: int | None = None

    def policy(self, source: str) -> str:
        """The layer's dtype policy afterwards, where it was ``source`` before."""
        block = f"/{-1 if self.block is None else self.block}" if self.mode == "int4" else ""
        return f"{self.mode}{block}_from_{source}"


def scheme(mode: str | None, config: Mapping[str, Any] | None, compute: str) -> Scheme:
    """What is said of a model.

    Args:
        mode: As given; None: the config's.
        config: A config by its class; None: the mode's default one.
        compute: The dtype in which the layer computes.

    Raises:
        Refused: Keras documents that it refuses this.
        Unsupported: A quantizer is not in the reference.
    """
    ((name, given),) = (config or {_config_of(mode): {}}).items()
    found = MODES[name]
    if mode is not None and mode != found:
        message = f"the mode {mode} contradicts {name}, which is of {found}"
        raise Refused(message)
    if found == "int8" and compute == "float16":
        message = "the mode int8 does not work well with a layer that computes in float16"
        raise Refused(message)
    if found == "float8":
        return Scheme("float8", AbsMax())
    weights = _quantizer(given.get("weight_quantizer"))
    activations = given.get("activation_quantizer", _DEFAULT)
    acting = AbsMax() if activations == _DEFAULT else _quantizer(activations)
    if found == "int8":
        if weights is not None and weights.dtype != "int8":
            message = f"{name} takes a weight_quantizer of int8, not of {weights.dtype}"
            raise Refused(message)
        return Scheme("int8", weights or AbsMax(), acting)
    block = _block(given.get("block_size", BLOCK))
    if block is not None:
        if weights is not None or activations not in (_DEFAULT, None):
            message = f"{name}: groups of {block} do not support custom quantizers"
            raise Refused(message)
        return Scheme("int4", AbsMax(*INT4), None, block)
    if weights is not None and ((weights.low, weights.high) != INT4 or weights.dtype != "int8"):
        message = f"{name} takes a weight_quantizer of int8 with the value_range {INT4}"
        raise Refused(message)
    return Scheme("int4", weights or AbsMax(*INT4), acting)


def scheme_of_policy(policy: QuantizedPolicy, config: Mapping[str, Any] | None) -> Scheme:
    """What a layer's dtype policy says, and its ``quantization_config`` where there is one.

    Raises:
        Refused: As :func:`scheme`.
        Unsupported: Likewise; or the policy's source is not in the reference.
    """
    if config is None and policy.mode == "int4":
        # The policy alone names the block; without one, scales are those of whole channels.
        config = {"Int4QuantizationConfig": {"block_size": policy.block}}
    if policy.source not in POLICIES:
        message = f"the dtype policy {policy.source} is not in the reference"
        raise Unsupported(message)
    return scheme(policy.mode, config, POLICIES[policy.source].compute)


def _config_of(mode: str | None) -> str:
    return next(name for name, one in MODES.items() if one == mode)


def _quantizer(value: Mapping[str, Any] | None) -> AbsMax | None:
    """A quantizer by its class; its axis is left out, which has to be the layer's own."""
    if value is None:
        return None
    ((_, given),) = value.items()
    try:
        return abs_max(**{key: one for key, one in given.items() if key != "axis"})
    except Refused as refusal:
        raise Refused(str(refusal)) from refusal  # the config is made before the model is


def _block(value: Any) -> int | None:
    if value is None or value == -1:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        message = f"Int4QuantizationConfig: block_size={value!r} is not in the reference"
        raise Unsupported(message)
    if value <= 0:
        message = f"Int4QuantizationConfig: block_size is None, -1 or positive, not {value}"
        raise Refused(message)
    return value
