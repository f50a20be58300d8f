"""Why the reference gives no answer. Each kind is a different person's business."""

from __future__ import annotations


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


class Contradiction(NoAnswer):
    """The case states one thing and the reference computes another: one of them is wrong."""

    kind = "contradiction"


class NotClear(NoAnswer):
    """No seed keeps the case's data away from the kinks of its functions (docs/numerics.md)."""

    kind = "not-clear"


class NearKink(Exception):  # noqa: N818 (not a failure: the next seed is tried)
    """These data come too near to a kink; the argument is the clearance, in units of τ."""
