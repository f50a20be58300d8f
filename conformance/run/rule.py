"""What a run judges by, as one hash: two runs that share it held every case to the same."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

import conformance.acceptance
import conformance.verdicts
from conformance.reference.answer.version import every_version

_ABOUT_THE_LEDGER = frozenset(
    {"capabilities.py", "caps.py", "entries.py", "ledger.py", "reading.py", "releases.py"}
)
"""What comes after the verdict: it tells known from unknown, not right from wrong."""


@functools.cache
def rule() -> str:
    """Hash of the specification's source, of the acceptance rule's, and of the verdicts'."""
    digest = hashlib.sha256(every_version().encode())
    digest.update(Path(conformance.acceptance.__file__).read_bytes())
    folder = Path(conformance.verdicts.__path__[0])
    for path in sorted(folder.rglob("*.py")):
        if path.name not in _ABOUT_THE_LEDGER:
            within = path.relative_to(folder).as_posix()
            digest.update(within.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]
