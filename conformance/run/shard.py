"""One of several parts of a plan, each for a machine of its own: ``--shard 2/8``.

A case belongs to a shard by a hash of its id, with all its adapters: so each case's reference is
computed on one machine only, and a case keeps its shard when others come and go.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import msgspec

from conformance.records.bounds import MOST_SHARDS
from conformance.records.model import ShardOf

if TYPE_CHECKING:
    from conformance.run.plan import Plan

_WRITTEN = re.compile(r"(\d{1,6})/(\d{1,6})")


class ShardError(ValueError):
    """A shard that is none. The text says how one is written."""


@dataclass(frozen=True, slots=True)
class Shard:
    """The ``index``-th of ``count`` parts, from 1."""

    index: int
    count: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``2/8``.

        Raises:
            ShardError: it is not of that form, or there is no such shard.
        """
        written = _WRITTEN.fullmatch(text)
        if not written:
            raise ShardError(f"{text!r} is no shard: write INDEX/COUNT, such as 2/8")
        shard = cls(int(written[1]), int(written[2]))
        if not 1 <= shard.count <= MOST_SHARDS:
            raise ShardError(f"{text!r}: there may be 1 to {MOST_SHARDS:,} shards")
        if not 1 <= shard.index <= shard.count:
            raise ShardError(f"{text!r}: of {shard.count} shards, the first is 1/{shard.count}")
        return shard

    def holds(self, case: str) -> bool:
        """Whether a case is of this shard; every case is of exactly one."""
        digest = hashlib.sha256(case.encode()).digest()
        return int.from_bytes(digest[:8]) % self.count == self.index - 1

    def of(self, plan: Plan) -> Plan:
        """Return this shard's part of a plan, which says of what it is a part."""
        cases = {name: case for name, case in plan.cases.items() if self.holds(name)}
        cells = {
            adapter: [name for name in names if name in cases]
            for adapter, names in plan.cells.items()
        }
        part = ShardOf(
            index=self.index,
            count=self.count,
            plan=_digest(plan),
            cases=len(plan.cases),
            positions=[at for at, name in enumerate(plan.cases) if name in cases],
        )
        return replace(plan, cases=cases, cells=cells, part=part)


def _digest(plan: Plan) -> str:
    """Hash of a whole plan: every case by name and content, on every adapter by name."""
    cases = [(name, case.digest) for name, case in plan.cases.items()]
    content = msgspec.json.encode([cases, list(plan.cells.items())])
    return hashlib.sha256(content).hexdigest()[:16]
