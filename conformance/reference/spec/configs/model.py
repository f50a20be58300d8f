"""What a config must say of an argument."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field


class Argument(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a config may say of one argument: any of ``values``, what is ``made``, or ``items``.

    Attributes:
        values: The value in each of the forms that are documented to mean the same, the one that
            was given first. As JSON: a tuple is a list.
        made: An object, as Keras serializes it.
        items: A list of exactly these.
        optional: Whether the config may leave the argument out.
    """

    values: list[Any] = field(default_factory=list)
    made: Made | None = None
    items: list[Argument] | None = None
    optional: bool = False


class Made(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An object in a config, ``{"class_name": "L2", "config": {"l2": 0.01}}``."""

    class_name: str
    config: dict[str, Argument] = field(default_factory=dict)
