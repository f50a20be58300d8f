"""How much the process of an adapter may take."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.adapters.shared import wire


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much an adapter process may take."""

    start: float = 180.0
    """Seconds from its start to its hello; importing a framework on a busy machine takes long."""
    case: float = 60.0
    """Seconds for a case that names no limit of its own, on a machine of usual speed."""
    frame: int = wire.FRAME_LIMIT
    """Bytes of one answer."""
    rss: int = 1536 * 2**20
    """Bytes of resident memory, as the adapter reports it, above which it is replaced.

    Frameworks keep what they compile. No process is to take 2 GB, and the case after the last look
    may take some more.
    """
    deaths: int = 5
    """Deaths in a row after which a group of cases is given up; groups in a row whose cases cost a
    process, after which the adapter is."""
    starts: int = 2
    """Failed starts in a row after which it is given up."""
    stderr: int = 16 * 2**10
    """Bytes kept of what it prints during a case."""
