"""One case, judged on one adapter at several releases of a package."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from conformance.adapters.host import registry
from conformance.adapters.shared.naming import SEPARATOR
from conformance.environments import BlockedError, PreparationError
from conformance.environments.preparing import prepare
from conformance.run.plan import Cell, Plan
from conformance.run.session import Session, Settings
from conformance.versions.columns import column_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from packaging.version import Version

    from conformance.adapters.host.registry import AdapterSpec
    from conformance.cases.model import Case
    from conformance.verdicts.model import CellVerdict

_UNTOLD = frozenset({"not-installed", "not-run", "unsupported", "unspecified"})


@dataclass(frozen=True)
class Probe:
    """What a release makes of the case, or why there is no verdict."""

    version: Version
    verdict: CellVerdict | None = None
    untold: str = ""
    """Why the release could not be tried."""
    lacks: str = ""
    """What the case is about and the release does not have: the case is not there."""


@dataclass(frozen=True)
class Prober:
    """Tries releases of one package. Ledgers do not count here: what fails, fails."""

    case: Case
    adapter: str
    """One adapter's name, which may say more behind an ``@``."""
    package: str
    commands: Sequence[str] = ()
    settings: Settings = field(default_factory=lambda: Settings(catalogues=()))

    def probe(self, versions: Sequence[Version]) -> list[Probe]:
        """Try some releases, side by side.

        Raises:
            RegistryError: There is no such adapter, or several.
            BlockedError: No environment can be made at all: no network, a full disk.
        """
        found: dict[Version, Probe] = {}
        columns: dict[Version, AdapterSpec] = {}
        for version in versions:
            try:
                columns[version] = self._column(version)
            except BlockedError:
                raise
            except PreparationError as problem:
                found[version] = Probe(version, untold=str(problem))
        if columns:
            plan = Plan.of([self.case], list(columns.values()))
            with Session(plan, self.settings) as session:
                for version, spec in columns.items():
                    verdict = session.result(Cell(self.case.id, spec.name)).verdict
                    found[version] = _told(version, verdict)
                session.finish()
        return [found[version] for version in versions]

    def _column(self, version: Version) -> AdapterSpec:
        """The adapter with one release, its environment made."""
        name = column_of(self.adapter, f"{self.package}=={version}")
        chosen = registry.select([name], self.commands)
        if len(chosen) > 1:
            names = ", ".join(spec.name.partition(SEPARATOR)[0] for spec in chosen)
            raise registry.RegistryError(f"{self.adapter} matches {names}: name one")
        return prepare(chosen)[0]


def _told(version: Version, verdict: CellVerdict) -> Probe:
    if verdict.absent:
        return Probe(version, lacks=verdict.message)
    if verdict.outcome in _UNTOLD or verdict.broken in {"adapter", "reference"}:
        return Probe(version, untold=f"{verdict.outcome}: {verdict.message}")
    return Probe(version, verdict)
