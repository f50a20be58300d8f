"""What an exporter or a runtime says, as one line that is the same on every machine."""

from __future__ import annotations

import re

_LONGEST_REASON = 240
"""Characters of an exporter's message that are told."""

_GRAPH = re.compile(
    r" \[Caused by the value |, scope: | \(in list node |(?<=\.) This may be due to one of the "
)
"""What begins a print of the graph, in which numbers differ from model to model, or advice."""

_FOLDERS = re.compile(r"/\S*/(?=\S)")


def told(text: str) -> str:
    """An exporter's message as one line without the graph and the folders of this machine."""
    line = _GRAPH.split(" ".join(text.split()).rpartition("Original error: ")[2], maxsplit=1)[0]
    line = _FOLDERS.sub("", line).strip() or "no reason given"
    return line if len(line) <= _LONGEST_REASON else f"{line[:_LONGEST_REASON]} …"
