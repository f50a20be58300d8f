"""A plan narrowed to the cases that run what a change touches: ``--touched-by``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from conformance.records.model import Touched, TouchedAdapter
from conformance.touched.selection import Chooser
from conformance.touched.source import Source, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from conformance.adapters.host.observation import Hello
    from conformance.adapters.host.registry import AdapterSpec
    from conformance.records.model import AdapterLine
    from conformance.run.plan import Plan
    from conformance.touched.selection import Chosen


NOTHING = (
    "No case was run, and none can tell anything of this change. That is no verdict on it: see "
    "above what the choice rests on."
)
"""Said in the place of a run."""


class Narrowing:
    """The change that was named, and what it means for each adapter that is asked about."""

    def __init__(self, base: str, source: Path | None, recordings: Sequence[Path] = ()) -> None:
        """Look at the change.

        Args:
            base: A revision: ``origin/main``.
            source: The package's folder.
            recordings: Files to rest on, in the place of what is kept.

        Raises:
            SourceError: There is no such package or revision.
            MapError: A file is no recording.
        """
        if source is None:
            raise SourceError(
                "--touched-by needs --source FOLDER: the package whose changes are looked at"
            )
        self._source = Source.find(source)
        self._base = self._source.base(base)
        self._chooser = Chooser(self._source, self._base, recordings)
        self._outside = self._source.outside(self._base.commit)
        self._chosen: dict[str, Chosen] = {}

    def choose(self, specs: Iterable[AdapterSpec]) -> None:
        """Choose for these adapters, whose environments have been made.

        Raises:
            SourceError: One of them imports another package than the one that lies there.
        """
        for spec in specs:
            if spec.name not in self._chosen:
                self._chosen[spec.name] = self._chooser.choose(spec)

    def confirm(self, hellos: Mapping[str, Hello]) -> None:
        """Run everything on an adapter that is not what it was when it was recorded.

        Args:
            hellos: What adapters that were chosen for say of themselves, by name.
        """
        for name, hello in hellos.items():
            chosen = self._chosen[name]
            if chosen.map is None or chosen.everything or hello.status != "ready":
                continue
            made = chosen.map
            wrong = _differences(
                self._source.package, made.told, made.precision, hello.versions, hello.precision
            )
            if wrong:
                reason = f"it is not what was recorded: {wrong}"
                self._chosen[name] = replace(chosen, everything=(reason,))

    def of(self, whole: Plan) -> Plan:
        """Return the chosen part of a plan, which says by what it was chosen.

        An adapter of which no case was chosen is not part of it.
        """
        cells = {}
        for adapter, names in whole.cells.items():
            digests = {name: whole.cases[name].digest for name in names}
            if found := self._chosen[adapter].of(digests):
                cells[adapter] = found
        wanted = {name for names in cells.values() for name in names}
        part = replace(
            whole,
            cases={name: case for name, case in whole.cases.items() if name in wanted},
            adapters={name: whole.adapters[name] for name in cells},
            cells=cells,
        )
        return replace(part, touched=self.told(part, whole))

    def told(self, part: Plan, whole: Plan | None = None) -> Touched:
        """Return by what a plan was chosen.

        Args:
            part: What was chosen.
            whole: What there was to choose from; None where that is not known.
        """
        functions = {one for chosen in self._chosen.values() for one in chosen.functions}
        return Touched(
            base=str(self._base),
            commit=self._base.commit,
            source=self._source.shown,
            files=len(self._chooser.changed),
            outside=self._outside,
            functions=[str(one) for one in sorted(functions)],
            adapters={
                name: _told(
                    chosen,
                    {case: part.cases[case].digest for case in part.cells.get(name, ())},
                    len(whole.cells[name]) if whole else None,
                )
                for name, chosen in self._chosen.items()
                if whole is None or name in whole.cells
            },
        )

    def is_empty(self) -> bool:
        """Whether the change touches no case of those that were recorded."""
        return not any(
            chosen.everything or chosen.of(chosen.map.cases if chosen.map else {})
            for chosen in self._chosen.values()
        )


def _told(chosen: Chosen, digests: dict[str, str], of: int | None) -> TouchedAdapter:
    rests = chosen.map
    unknown = sum(chosen.is_unknown(case, digest) for case, digest in digests.items())
    alone = not chosen.everything and not unknown and not chosen.enters(digests)
    return TouchedAdapter(
        of=of,
        chosen=len(digests),
        everything=list(chosen.everything),
        recorded=rests.recorded if rests else "",
        commit=rests.commit if rests else "",
        versions=rests.told if rests else {},
        precision=rests.precision if rests else "",
        unknown=unknown,
        besides=chosen.besides,
        imports=bool(digests) and alone,
    )


def mismatch(touched: Touched | None, line: AdapterLine) -> str:
    """Say where an adapter is not what it was when it was recorded; empty where it is."""
    told = touched.adapters.get(line.name) if touched else None
    if touched is None or told is None or told.everything or not told.recorded:
        return ""
    package = touched.source.rpartition("/")[2]
    wrong = _differences(package, told.versions, told.precision, line.versions, line.precision)
    if line.status != "ready" or not wrong:
        return ""
    return (
        f"{line.name} is not what was recorded ({wrong}), so the cases that were chosen may not be "
        "all that the change touches: run them all"
    )


def _differences(
    package: str,
    was: Mapping[str, str],
    precision_was: str,
    now: Mapping[str, str],
    precision_now: str,
) -> str:
    """How an adapter differs by its own words, but for the package itself; empty: in nothing.

    What is installed was compared before it started. Its precision is what it declares.
    """
    wrong = [
        f"{name} {now.get(name, 'absent')}, not {version}"
        for name, version in was.items()
        if canonicalize_name(name) != canonicalize_name(package) and now.get(name) != version
    ]
    if precision_was != precision_now:
        wrong.append(f"precision {precision_now}, not {precision_was}")
    return "; ".join(wrong)
