"""What a fuzzer is, and what it finds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import random

ACTS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
    "\ud800-\udfff\ufffe\uffff\U000e0000-\U000e007f]"
)
"""What must not be in anything that people are shown."""


class Fault(Exception):  # noqa: N818 - what is looked for
    """A promise that was not kept, though nothing was raised."""


class Fuzzer(Protocol):
    """Makes inputs of one kind, and tries them."""

    kind: str

    def make(self, rng: random.Random) -> bytes:
        """Return an input: all that is needed to try it again."""
        ...

    def attempt(self, data: bytes) -> None:
        """Try an input.

        Raises:
            Fault: a promise is not kept.
            Exception: whatever else: nothing may be raised.
        """
        ...


def harmless(text: str, what: str) -> None:
    """See that nothing in a text acts on whoever shows it."""
    found = ACTS.search(text)
    if found:
        raise Fault(f"{what} holds U+{ord(found[0]):04X}: …{text[: found.start()][-60:]!r}")


def true(fact: object, what: str) -> None:
    """See that something is so."""
    if not fact:
        raise Fault(what)
