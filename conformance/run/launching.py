"""Starts adapters before anything else is read, as a framework takes seconds to import."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from conformance.adapters.host.host import AdapterProcess, Limits

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conformance.adapters.host.registry import AdapterSpec


@contextmanager
def launching(
    specs: Sequence[AdapterSpec], case_seconds: float
) -> Iterator[dict[str, AdapterProcess]]:
    """Start adapters before it is known what they will be asked.

    Args:
        specs: The adapters, their environments made.
        case_seconds: Limit of one case.

    Yields:
        Their processes, by name. Those that still run end with the block.
    """
    limits = Limits(case=case_seconds)
    processes = {spec.name: AdapterProcess(spec, limits) for spec in specs}
    try:
        for spec in specs:
            if not spec.missing():
                processes[spec.name].launch()
        yield processes
    finally:
        for process in processes.values():
            process.close()
