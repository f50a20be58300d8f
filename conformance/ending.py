"""What ends a run from outside, SIGTERM and the end of its terminal, ends it as Ctrl-C does."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


class Terminated(KeyboardInterrupt):
    """A signal that asks to end has come."""

    def __init__(self, number: int) -> None:
        """Note which.

        Args:
            number: The signal's.
        """
        super().__init__(signal.Signals(number).name)
        self.exit_code = 128 + number
        """What a shell would say of a process that died of it."""


@contextmanager
def terminable() -> Iterator[None]:
    """Have these signals raise :class:`Terminated` in the main thread; elsewhere, do nothing.

    A signal that is ignored (``nohup``) stays so, and one that somebody else handles is theirs.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ours = [one for one in _SIGNALS if signal.getsignal(one) is signal.SIG_DFL]
    for one in ours:
        signal.signal(one, _raise)
    try:
        yield
    finally:
        for one in ours:
            signal.signal(one, signal.SIG_DFL)


def _raise(number: int, _frame: FrameType | None) -> None:
    raise Terminated(number)
