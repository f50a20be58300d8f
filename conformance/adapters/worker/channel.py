"""The worker's end of the wire: its standard streams, taken away before the framework loads."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.adapters.shared import wire

if TYPE_CHECKING:
    from collections.abc import Mapping

_SMALL = 1 << 16


class Channel:
    """Reads and writes frames on the file descriptors that once were stdin and stdout.

    Whatever the framework prints from then on, from Python or from C, goes to stderr, and whatever
    it reads is empty. Not for use by several threads.
    """

    def __init__(self) -> None:
        """Take over file descriptors 0 and 1."""
        sys.stdout.flush()
        self._input = io.FileIO(os.dup(0), "rb")
        self._output = io.FileIO(os.dup(1), "wb")
        os.dup2(2, 1)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        self._spill = bytearray(_SMALL)
        self._left = memoryview(b"")
        """What was read beyond what was wanted, in ``_spill``: the next case, maybe."""

    def fileno(self) -> int:
        """The descriptor that frames are read from."""
        return self._input.fileno()

    def receive(self) -> tuple[dict[str, Any], dict[str, wire.Array]] | None:
        """Wait for the next frame.

        Returns:
            The message and its arrays (writable views of a buffer of their own), or None at the end
            of the stream.

        Raises:
            WireError: The bytes are not a frame.
        """
        prefix = self._read(wire.PREFIX)
        if not prefix:
            return None
        # The host is not the side that is mistrusted; its frames may be as large as a case needs.
        return wire.decode(self._read(wire.announced(prefix, limit=sys.maxsize)))

    def send(self, message: Mapping[str, Any], tensors: Mapping[str, Any]) -> None:
        """Write one frame.

        Raises:
            WireError: The message or an array cannot be carried. Nothing was written then.
        """
        buffers = wire.frame(wire.encode(message, tensors))
        for buffer in _coalesced(buffers):
            rest = memoryview(buffer)
            while rest:
                rest = rest[self._output.write(rest) or 0 :]

    def _read(self, count: int) -> memoryview:
        """Exactly ``count`` bytes, or none at the end of the stream."""
        # np.empty, as bytearray would first fill the memory with zeros.
        buffer = np.empty(count, np.uint8).data
        filled = min(count, len(self._left))
        buffer[:filled] = self._left[:filled]
        self._left = self._left[filled:]
        while filled < count:
            got = os.readv(self._input.fileno(), [buffer[filled:], self._spill])
            if not got:
                if filled:
                    raise wire.WireError(f"the stream ends after {filled} of {count} bytes")
                return buffer[:0]
            filled += got
            if filled > count:
                self._left = memoryview(self._spill)[: filled - count]
        return buffer


def _coalesced(buffers: list[wire.Buffer]) -> list[wire.Buffer]:
    """Join the small buffers: a frame of thirty little arrays is one write, not thirty."""
    result: list[wire.Buffer] = []
    small: list[wire.Buffer] = []
    for buffer in buffers:
        if len(buffer) <= _SMALL:
            small.append(buffer)
            continue
        if small:
            result.append(b"".join(small))
            small = []
        result.append(buffer)
    if small:
        result.append(b"".join(small))
    return result
