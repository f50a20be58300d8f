"""Why the reference gives no answer. Each kind is a different person's business."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


class NoAnswer(Exception):  # noqa: N818  (the subclasses read as what happened, not as "…Error")
    """Base of everything that keeps the reference from answering a case."""

    kind = "error"


class Unsupported(NoAnswer):
    """The reference does not implement this layer, argument or value. It never guesses."""

    kind = "unsupported"


class Refused(NoAnswer):
    """Keras documents that it refuses this: the expected outcome of a case that says `raises`.

    Attributes:
        at: ``build`` or ``call``.
    """

    kind = "refused"

    def __init__(self, message: str, at: str = "build") -> None:
        """Keep the stage beside the message."""
        super().__init__(message)
        self.at = at


class Statement(NamedTuple):
    """One thing that a case states and that doesn't hold.

    Attributes:
        key: Its path in the case, ``expect.params.total``; empty: all of the case.
        message: What is stated, and what is computed.
    """

    key: str
    message: str

    def __str__(self) -> str:
        """Both, in one line."""
        return f"{self.key}: {self.message}" if self.key else self.message


class Contradiction(NoAnswer):
    """The case states one thing and the reference computes another: one of them is wrong."""

    kind = "contradiction"

    def __init__(self, said: str | Sequence[Statement]) -> None:
        """Keep each statement that doesn't hold, or one message about the case."""
        self._statements = [] if isinstance(said, str) else list(said)
        super().__init__(said if isinstance(said, str) else "; ".join(map(str, said)))

    @property
    def statements(self) -> list[Statement]:
        """Everything that doesn't hold."""
        return self._statements or [Statement("", str(self))]


class NotClear(NoAnswer):
    """No seed keeps the case's data away from the kinks of its functions (docs/numerics.md)."""

    kind = "not-clear"


class NearKink(Exception):  # noqa: N818 (not a failure: the next seed is tried)
    """These data come too near to a kink; the argument is the clearance, in units of τ."""
