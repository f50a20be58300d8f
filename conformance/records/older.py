"""Lines of records that older versions have written, as they are written now."""

from __future__ import annotations

import json
import re
from typing import Any

_CASE = re.compile(rb'\s*\{\s*"type"\s*:\s*"case"')


def upgraded(data: bytes) -> bytes | None:
    """A case's line of schema 1 as schema 2 has it; None for any other line.

    In schema 1 every program was of the kind that is called ``graph`` now, and what facets need
    beside the case's own calls stood among these.
    """
    if not _CASE.match(data):
        return None
    try:
        line: Any = json.loads(data)
        program = line["program"]
        if "kind" in program:
            return None
        calls = program["calls"]
        program["kind"] = "graph"
        program["calls"] = [call for call in calls if "facet" not in call]
        if extra := [call for call in calls if "facet" in call]:
            program["extra"] = extra
        return json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode()
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
