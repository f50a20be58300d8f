"""Dtype policies of quantized weights, by their names: ``int8_from_float32``."""

from __future__ import annotations

import re
from typing import NamedTuple, Optional

_NAME = re.compile(
    r"(?P<mode>int8|int4|float8)(?:/(?P<block>-1|[1-9][0-9]{0,8}))?_from_(?P<source>[a-z0-9_]+)"
)
_PER_CHANNEL = "-1"


class QuantizedPolicy(NamedTuple):
    """What such a name says."""

    mode: str
    """``int8``, ``int4`` or ``float8``."""
    block: Optional[int]  # noqa: UP045 - old Pythons read it
    """Of int4, how many numbers share a scale; None: all of a channel."""
    source: str
    """The policy of what isn't quantized: ``float32``."""


def quantized_policy(dtype: object) -> Optional[QuantizedPolicy]:  # noqa: UP045 - as above
    """What an argument ``dtype`` says, if it is the name of such a policy; else None."""
    found = _NAME.fullmatch(dtype) if isinstance(dtype, str) else None
    if found is None or (found["block"] and found["mode"] != "int4"):
        return None
    block = found["block"] if found["block"] not in (None, _PER_CHANNEL) else None
    return QuantizedPolicy(found["mode"], None if block is None else int(block), found["source"])
