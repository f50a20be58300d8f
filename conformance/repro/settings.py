"""Settings of the process, as source."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from conformance.repro.text import literal

if TYPE_CHECKING:
    from conformance.cases.model import Settings

_POLICY = "dtype_policy"


def lines(settings: Settings | None, *, old: bool = False) -> list[str]:
    """Statements that set what a case sets, before anything is made.

    Args:
        settings: What the case sets, if it does.
        old: In the words of Keras 2.
    """
    told = {} if settings is None else msgspec.to_builtins(settings)
    home = "keras.backend" if old else "keras.config"
    # In a run layers were made before, and the policy with the first of them.
    found = [f"{home}.{_POLICY}()"] if "floatx" in told and not old else []
    for key, value in told.items():
        of_old_policy = old and key == _POLICY
        setter = "keras.mixed_precision.set_global_policy" if of_old_policy else f"{home}.set_{key}"
        found.append(f"{setter}({literal(value)})")
    return found
