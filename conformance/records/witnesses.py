"""Whose fault a failure may be, by who else fails: the case's, Keras's own, or the adapter's.

All backends of Keras share Keras's own code: they are one implementation, and so are JAX and Flax
NNX, which rests on it. A case is suspected only where implementations that have nothing in common
all fail it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from conformance.adapters.shared.naming import KERAS_3, base_of
from conformance.verdicts.model import FAILING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.records.reader import Run

_DEVIATES: Final = (FAILING | {"xfail"}) - {"not-run", "xpass"}

Blame = Literal["", "case", "keras"]

KERAS: Final = "keras"
_RESTS_ON: Final = {"flax": "jax"}
_BACKENDS: Final = 2
"""Backends of Keras that must share a failure before it is called Keras's own."""
_IMPLEMENTATIONS: Final = 2
"""Independent implementations that must fail before the case is suspected rather than they."""


def implementation(adapter: str, known_as: str = "") -> str:
    """Name the code that an adapter's answers come from, however many adapters share it.

    Args:
        adapter: an adapter's name, or a column's.
        known_as: another name under which ledgers speak of it.
    """
    name = base_of(known_as or adapter)
    return KERAS if name.startswith(KERAS_3) else _RESTS_ON.get(name, name)


class Witnesses:
    """Who conforms to each case of a run, and who doesn't."""

    def __init__(self, run: Run) -> None:
        """Look at every judged cell."""
        self._conform: dict[str, set[str]] = {}
        self._deviate: dict[str, set[str]] = {}
        self._backends: dict[str, set[str]] = {}
        named = {
            name: implementation(name, line.known_as if (line := run.adapters.get(name)) else "")
            for name in run.header.plan
        }
        for case, adapter in run.planned():
            outcome = run.cells.outcome(case, adapter)
            if outcome in {"pass", "xpass"}:
                self._conform.setdefault(case, set()).add(named[adapter])
            elif outcome in _DEVIATES:
                self._deviate.setdefault(case, set()).add(named[adapter])
                if named[adapter] == KERAS:
                    self._backends.setdefault(case, set()).add(base_of(adapter))

    def suspect(self, case: str) -> bool:
        """Tell whether no implementation conforms to a case, two independent ones failing it."""
        failing = self._deviate.get(case, set())
        return case not in self._conform and len(failing) >= _IMPLEMENTATIONS

    def kerass_own(self, case: str) -> bool:
        """Tell whether all Keras backends that ran a case fail it, two at least, and no other."""
        return (
            self._deviate.get(case, set()) == {KERAS}
            and KERAS not in self._conform.get(case, set())
            and len(self._backends.get(case, set())) >= _BACKENDS
        )

    def blame(self, cases: Iterable[str]) -> Blame:
        """Say whom the cases of one cause speak against, besides the adapters that show it."""
        cases = list(cases)
        if any(map(self.suspect, cases)):
            return "case"
        return "keras" if cases and all(map(self.kerass_own, cases)) else ""
