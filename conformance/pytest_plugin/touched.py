"""``pytest --touched-by``: which items a change leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.environments import PreparationError
from conformance.environments.preparing import prepare
from conformance.run.plan import Plan
from conformance.run.touched import Narrowing
from conformance.touched.map import MapError
from conformance.touched.source import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from conformance.adapters.host.registry import AdapterSpec
    from conformance.pytest_plugin.items import CaseItem
    from conformance.records.model import Touched


def narrowing_of(config: pytest.Config) -> Narrowing:
    """The change that was named.

    Raises:
        pytest.UsageError: There is no such package, revision or recording.
    """
    option = config.option
    if option.touched_by is None:
        raise pytest.UsageError("--source and --recording belong to --touched-by")
    try:
        return Narrowing(option.touched_by, option.source, option.recording)
    except (SourceError, MapError) as error:
        raise pytest.UsageError(str(error)) from None


def chosen_items(
    narrowing: Narrowing, items: Sequence[CaseItem]
) -> tuple[list[CaseItem], Touched | None]:
    """The items that a change touches, and what they were chosen by.

    Raises:
        pytest.UsageError: An adapter imports another package than the one that lies there.
    """
    choose(narrowing, {item.spec.name: item.spec for item in items}.values())
    plan = narrowing.of(Plan.of_cells((item.case, item.spec) for item in items))
    wanted = set(plan)
    return [item for item in items if item.cell in wanted], plan.touched


def choose(narrowing: Narrowing, specs: Iterable[AdapterSpec]) -> None:
    """Choose for some adapters.

    Raises:
        pytest.UsageError: One can't be made ready, or imports another package.
    """
    try:
        narrowing.choose(prepare(specs))
    except (PreparationError, SourceError) as error:
        raise pytest.UsageError(str(error)) from None
