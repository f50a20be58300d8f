"""How large a record may be, told before anything of its size is made.

A record may come from anywhere. A line of a few bytes can name a plan of billions of cells, and a
line of megabytes a tree of millions of empty lists; both are refused by what they say, at once.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.records.model import Header, ShardOf

LINE_LIMIT: Final = 16 * 2**20
"""Longest line, in bytes, that is read or written. A cell takes some kilobytes, and a text may take
four times its bytes."""
HEADER_LIMIT: Final = 8 * 2**20
"""Longest header, in bytes: ten times that of the whole catalogue on all adapters."""
MOST_CELLS: Final = 1_000_000
"""Cells that a header may plan: five times the whole catalogue on all adapters. What is planned
costs time and memory in every report, recorded or not; more is for several runs."""
MOST_ADAPTERS: Final = 1_000
"""Columns of a run: every release of Keras on every backend is a third of it."""
MOST_SHARDS: Final = 1_000
"""Parts into which a run may be cut."""
MOST_VALUES: Final = 1_000_000
"""Values of a line: an empty list takes twenty times its bytes."""

_HEADER: Final = re.compile(rb'\s*\{[^{}\[\]]{0,200}?"type"\s*:\s*"header"')


def excess(data: bytes) -> str:
    """Say by what a line is too large to be decoded; empty where it isn't."""
    if len(data) > LINE_LIMIT:
        return f"longer than {LINE_LIMIT:,} bytes"
    if len(data) > HEADER_LIMIT and _HEADER.match(data):
        return f"a header of {len(data):,} bytes, and {HEADER_LIMIT:,} is the limit"
    if len(data) > MOST_VALUES:
        values = data.count(b",") + data.count(b"[") + data.count(b"{")
        if values > MOST_VALUES:
            return f"holds some {values:,} values, and {MOST_VALUES:,} is the limit"
    return ""


def unfit(header: Header) -> str:
    """Say why a header's plan can't be; empty where it can."""
    return _too_large(header) or _contradicting(header, len(header.cases))


def _too_large(header: Header) -> str:
    count = len(header.cases)
    if len(header.plan) > MOST_ADAPTERS:
        return f"the header plans {len(header.plan):,} adapters, and {MOST_ADAPTERS:,} is the limit"
    planned = sum(count if places is None else len(places) for places in header.plan.values())
    if max(planned, count) > MOST_CELLS:
        return f"the header plans {max(planned, count):,} cells, and {MOST_CELLS:,} is the limit"
    return ""


def _contradicting(header: Header, count: int) -> str:
    if len(set(header.cases)) != count:
        return "the header plans a case twice"
    if header.shard and not _fits(header.shard, count):
        return "the header's shard does not fit its cases"
    told = (_misplaced(adapter, places or (), count) for adapter, places in header.plan.items())
    return next(filter(None, told), "")


def _misplaced(adapter: str, places: Sequence[int], count: int) -> str:
    """Say which of an adapter's cases can't be."""
    wrong = [place for place in places if not 0 <= place < count]
    if wrong:
        return f"the header plans case number {wrong[0]} for {adapter}, of {count}"
    twice = len(set(places)) != len(places)
    return f"the header plans a case twice for {adapter}" if twice else ""


def _fits(shard: ShardOf, count: int) -> bool:
    return (
        1 <= shard.index <= shard.count <= MOST_SHARDS
        and len(shard.positions) == count == len(set(shard.positions))
        and count <= shard.cases <= MOST_CELLS
        and all(0 <= position < shard.cases for position in shard.positions)
    )
