"""What comes out of Keras by which way out, for the report's page: plain data for the template."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from conformance.exporting.table import by_layer, table_of, tallied

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.exporting.table import Befallen, Ending
    from conformance.records import Run

CASES_SHOWN: Final = 8
"""Cases that are linked under one reason."""


def exporters(run: Run) -> dict[str, Any] | None:
    """Return the table and what lies behind it, layer by layer.

    Args:
        run: the run.

    Returns:
        ``ways``, name and versions of each way out; ``rows``, a layer and its cell by each way;
        ``layers``, a layer and what befalls its cases. None where no way out was asked anything.
    """
    table = table_of([run])
    if not table.counts:
        return None
    troubles = {
        layer: [_group(one) for one in groups] for layer, groups in by_layer(table.troubles).items()
    }
    return {
        "ways": [{"name": name, "versions": versions} for name, versions in table.versions.items()],
        "rows": [
            {
                "layer": layer,
                "cells": [_cell(told.get(name, {})) for name in table.versions],
                "whole": layer not in troubles,
            }
            for layer, told in table.counts.items()
        ],
        "layers": [{"layer": layer, "groups": groups} for layer, groups in troubles.items()],
    }


def _group(one: Befallen) -> dict[str, Any]:
    named = [(case, ways[0]) for case, ways in list(one.cases.items())[:CASES_SHOWN]]
    more = len(one.cases) - len(named)
    return {"ending": one.ending, "why": one.why, "ways": one.ways, "cases": named, "more": more}


def _cell(tally: Mapping[Ending, int]) -> dict[str, int]:
    return dict(zip(("asked", "passed", "refused", "wrong"), tallied(tally), strict=True))
