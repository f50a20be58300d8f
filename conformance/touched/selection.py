"""From a change of a package to the cases that run what changed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from conformance import adapters
from conformance.adapters.shared.naming import base_of
from conformance.touched import maps
from conformance.touched.changes import Changes, Function, Known, Version, compare
from conformance.touched.map import read
from conformance.touched.mentions import Speakers
from conformance.touched.whereabouts import UntoldError, context, folder_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from conformance.adapters.host.registry import AdapterSpec
    from conformance.touched.map import Map
    from conformance.touched.source import Base, Source
    from conformance.touched.whereabouts import Whereabouts

TRIED: Final = 3
"""Recordings that are looked at for one that fits."""


@dataclass(frozen=True)
class Chosen:
    """What a change means for one adapter."""

    adapter: str
    everything: tuple[str, ...] = ()
    """Why all cases are run; empty where the change tells which."""
    functions: tuple[Function, ...] = ()
    """What changed."""
    map: Map | None = None
    """What it rests on."""
    besides: int = 0
    """Functions that had changed between the recording and the base."""
    imports: bool = False
    """Whether it might keep the package from being imported."""

    def of(self, digests: Mapping[str, str]) -> list[str]:
        """The cases to run, out of those that are there to choose from.

        Args:
            digests: Of each case, by its id.
        """
        if self.everything:
            return list(digests)
        if self.map is None or not (self.functions or self.imports):
            return []
        entering = self.map.entering(self.functions)
        found = [one for one in digests if one in entering or self.is_unknown(one, digests[one])]
        if self.imports and not found:
            found = self.map.lightest(digests)
        return found

    def enters(self, cases: Iterable[str]) -> bool:
        """Whether any of these cases enters what changed."""
        entering = self.map.entering(self.functions) if self.map else set()
        return not entering.isdisjoint(cases)

    def is_unknown(self, case: str, digest: str) -> bool:
        """Whether it isn't known what a case enters, as it is now."""
        if self.everything or self.map is None:
            return False
        return case in self.map.unknown or self.map.cases.get(case) != digest


class Chooser:
    """Chooses cases for one change, adapter by adapter."""

    def __init__(self, source: Source, base: Base, recordings: Sequence[Path] = ()) -> None:
        """Look at the change.

        Args:
            source: The package.
            base: What to compare it with.
            recordings: Files to use in the place of what is kept; each speaks of one adapter.

        Raises:
            SourceError: git can't tell.
            MapError: A file is no recording.
        """
        self.source = source
        self.base = base
        self.before = source.at(base.commit)
        self.now = source.now()
        self.changed = {
            path
            for path in self.before.keys() | self.now.keys()
            if self.before.get(path) != self.now.get(path)
        }
        self._given: dict[str, list[Map]] = {}
        for path in recordings:
            made = read(path)
            self._given.setdefault(made.context.adapter, []).append(made)

    def choose(self, spec: AdapterSpec) -> Chosen:
        """Choose the cases of one adapter.

        Raises:
            SourceError: The adapter does not import this package as it lies here.
        """
        name = spec.name
        if not self.changed:
            return Chosen(name)
        if not self.before:
            return Chosen(name, everything=(f"{self.base} has no {self.source.shown}",))
        try:
            found, where, reason = self._map(spec)
        except UntoldError as error:
            return Chosen(name, everything=(str(error),))
        if found is None:
            return Chosen(name, everything=(reason,))
        changes, besides = self._changes(found, where)
        functions = tuple(sorted(changes.functions))
        everything = list(changes.everything)
        everything += [
            f"{one} runs when {self.source.package} is imported"
            for one in functions
            if one in found.started
        ]
        if everything:
            return Chosen(name, tuple(everything), functions, map=found, besides=besides)
        return Chosen(
            name, functions=functions, map=found, besides=besides, imports=changes.imports
        )

    def _map(self, spec: AdapterSpec) -> tuple[Map | None, Whereabouts | None, str]:
        """The recording to rest on, or why there is none."""
        base = base_of(spec.name)
        given = self._given.get(base)
        reasons = []
        candidates = given or maps.candidates(self.source.package, base, self.before)
        for found, _ in zip(candidates, range(len(given) if given else TRIED), strict=False):
            now, where = context(spec, self.source, found.context.versions)
            folder_of(spec, self.source, where)
            differences = found.context.differences(now)
            if not differences:
                return found, where, ""
            reasons.append(f"the one of {found.recorded[:10]} is of {'; '.join(differences)}")
        if not reasons:
            where = context(spec, self.source, ())[1]
            folder_of(spec, self.source, where)
            hint = f"keras-conformance touched record --source {self.source.shown} --adapter {base}"
            return None, None, f"no recording of {base} is there: {hint}"
        return None, None, f"no recording of {base} fits: {reasons[0]}"

    def _changes(self, found: Map, where: Whereabouts | None) -> tuple[Changes, int]:
        """What differs from the base, and from what was recorded."""
        known = Known(
            package=self.source.package,
            imported=frozenset(found.imported),
            at_start=frozenset(found.at_start),
            inherited=frozenset(found.inherited),
            around=self._around(where),
        )
        now = Version(self.now, self.source.read)
        recorded = Version(found.files, found.texts.__getitem__)
        if found.files == self.before:
            return compare(recorded, now, known), 0
        before = Version(self.before, lambda path: self.source.blob(self.before[path]))
        changes = compare(before, now, known)
        count = len(changes.functions)
        changes.add(compare(recorded, now, known))
        return changes, len(changes.functions) - count

    def _around(self, where: Whereabouts | None) -> Speakers:
        """Who may look for names in the package: Keras in a backend's, and our own adapter."""
        folder = where.folders.get("keras") if where else None
        roots = {"the adapter": Path(adapters.__path__[0])}
        if folder is not None and self.source.package != "keras":
            roots["keras"] = Path(folder)
        files = {
            f"{name}/{path.relative_to(root).as_posix()}": path
            for name, root in roots.items()
            for path in sorted(root.rglob("*.py"))
            if name == "keras" or path.parent.name in {"worker", "keras", "backends"}
        }
        return Speakers(self.source.package, files, lambda name: files[name].read_bytes())
