"""What a run judges by, as one hash: two runs that share it held every case to the same."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

import conformance.verdicts
from conformance.reference.store import version

_ABOUT_THE_LEDGER = frozenset(
    {"capabilities.py", "caps.py", "entries.py", "ledger.py", "reading.py", "releases.py"}
)
"""What comes after the verdict: it tells known from unknown, not right from wrong."""


@functools.cache
def rule() -> str:
    """Hash of the specification's source and of the verdicts'."""
    digest = hashlib.sha256(version().encode())
    for path in sorted(Path(conformance.verdicts.__path__[0]).glob("*.py")):
        if path.name not in _ABOUT_THE_LEDGER:
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]
