"""Case files and their items, as pytest collects them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import pytest

from conformance.cases import load_file
from conformance.cases.choosing import means, no_such_case, own_name
from conformance.cases.model import kind_of, symbols_of
from conformance.pytest_plugin.choosing import words_key
from conformance.pytest_plugin.keys import marker_of, run_key
from conformance.run.explanation import explain
from conformance.run.plan import Cell
from conformance.run.results import Stopped
from conformance.verdicts.model import FAILING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from conformance.adapters.host.registry import AdapterSpec
    from conformance.cases.model import Case
    from conformance.records.model import CellLine


_markers_key = pytest.StashKey[dict[str, pytest.MarkDecorator]]()


class Nonconformance(Exception):  # noqa: N818 - what was found, not a fault of the program
    """An item's verdict is a failure."""

    def __init__(self, line: CellLine) -> None:
        """Keep the cell that failed."""
        super().__init__(line.verdict.message)
        self.line = line


class CaseFile(pytest.File):
    """One YAML file of cases."""

    @classmethod
    def of(cls, parent: pytest.Collector, path: Path) -> Self:
        """The file, by a node id that tells where it is.

        pytest names a file that isn't below its root by its place below the folder that was named.
        By that neither a process that controls workers nor a person finds it.
        """
        inside = path.is_relative_to(parent.config.rootpath)
        nodeid: Any = None if inside else path.as_posix()
        file: Self = cls.from_parent(parent, path=path, nodeid=nodeid)
        return file

    def collect(self) -> Iterator[CaseItem]:
        """Yields an item for every case on every selected adapter.

        Raises:
            CollectError: Something is wrong in the file; it names every place.
        """
        run = self.config.stash[run_key]
        catalogue = load_file(self.path)
        if catalogue.problems:
            raise self.CollectError("\n".join(map(str, catalogue.problems)))
        run.add_file(self.path)
        words = self.config.stash.get(words_key, {}).get(self.path.resolve(), [])
        for word in words:
            if not any(
                wanted(case, spec.name, [word]) for case in catalogue.cases for spec in run.adapters
            ):
                raise self.CollectError(no_such_case(self.path, word, catalogue.cases))
        for case in catalogue.cases:
            for spec in run.adapters:
                if words and not wanted(case, spec.name, words):
                    continue
                name = item_name(case.id, spec.name)
                # The id as text, so that pytest takes its brackets for parameters, as --lf does.
                yield CaseItem.from_parent(
                    self, name=name, nodeid=f"{self.nodeid}::{name}", case=case, spec=spec
                )


class CaseItem(pytest.Item):
    """One case on one adapter."""

    def __init__(self, *, case: Case, spec: AdapterSpec, **rest: Any) -> None:
        """Mark the item with suite, kind and adapter, for ``-m``; ``-k`` finds its symbols."""
        super().__init__(**rest)
        self.case = case
        self.spec = spec
        self.cell = Cell(case.id, spec.name)
        self.add_marker("conformance")
        for name in (case.suite, kind_of(case.program), spec.name):
            self.add_marker(_marker(self.config, name))
        self.extra_keyword_matches.update(symbols_of(case.program))
        self.user_properties += [("case", case.id), ("adapter", spec.name)]

    def runtest(self) -> None:
        """Waits for the verdict and turns it into pytest's outcome."""
        line = self.config.stash[run_key].result(self.cell)
        verdict = line.verdict
        self.user_properties.append(("outcome", verdict.outcome))
        if verdict.outcome in FAILING:
            raise Nonconformance(line)
        if verdict.outcome in {"unsupported", "unspecified", "not-installed"}:
            pytest.skip(f"{verdict.outcome}: {verdict.message}")
        if verdict.outcome == "xfail":
            known = verdict.known
            pytest.xfail(f"{known.entry}: {known.reason}" if known else verdict.message)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *args: Any) -> Any:
        """What doesn't conform, where, by how much: no traceback of ours."""
        if isinstance(excinfo.value, Nonconformance):
            return explain(self.case, excinfo.value.line)
        if isinstance(excinfo.value, Stopped):
            return f"{self.case.id} on {self.spec.name}: not run: {excinfo.value}"
        if isinstance(excinfo.value, pytest.xfail.Exception):
            return str(excinfo.value)  # pytest's own way parses the source of each frame: 0.2 s
        return super().repr_failure(excinfo, *args)

    def reportinfo(self) -> tuple[Any, int, str]:
        """The case's place in its file."""
        return self.path, self.case.place.line - 1, f"{self.case.id} on {self.spec.name}"


def _marker(config: pytest.Config, name: str) -> pytest.MarkDecorator:
    """A suite's or adapter's marker, registered if the suite is one that we haven't heard of."""
    known = config.stash.setdefault(_markers_key, {})
    if name not in known:  # pytest would look for each item's among all that are registered
        known[name] = _registered(config, name)
    return known[name]


def _registered(config: pytest.Config, name: str) -> pytest.MarkDecorator:
    marker = marker_of(name)
    if not any(line.startswith(f"{marker}:") for line in config.getini("markers")):
        config.addinivalue_line("markers", f"{marker}: cases of {name}")
    decorator: pytest.MarkDecorator = getattr(pytest.mark, marker)
    return decorator


def wanted(case: Case, adapter: str, words: Sequence[str]) -> bool:
    """Tell whether one of the words means a case, or the item of a case and adapter."""
    return any(means(word, case.id) or word == item_name(case.id, adapter) for word in words)


def item_name(case: str, adapter: str) -> str:
    """``last-axis[keras-torch]``: the case's own part of its id, and the adapter."""
    return f"{own_name(case)}[{adapter}]"


def adapter_of(nodeid: str) -> str | None:
    """The adapter in an item's node id; None for items of others."""
    path, separator, name = nodeid.partition("::")
    if not separator or not path.endswith((".yaml", ".yml")) or not name.endswith("]"):
        return None
    return name[name.rindex("[") + 1 : -1]
