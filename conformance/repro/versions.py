"""What a deviation was seen with: the line that installs it, and the lines that look whether it is.

Another version may do otherwise, so a script says which ones it finds; it runs all the same.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from conformance.repro.text import comment, literal

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?")
_VERSION = re.compile(r"[0-9][A-Za-z0-9.!-]{0,62}")
_NIGHTLY = "keras-nightly"


def needed(versions: Mapping[str, str]) -> dict[str, str]:
    """Distributions and the versions by which they can be installed.

    Args:
        versions: What the adapter reported. Names and versions that an installer wouldn't take are
            left out, as are the parts of versions that only tell one build from another (``+cpu``).
    """
    found = {}
    for name, told in versions.items():
        version = told.partition("+")[0]
        if not (_NAME.fullmatch(name) and _VERSION.fullmatch(version)):
            continue
        development = name == "keras" and ".dev" in version
        found[_NIGHTLY if development else name.lower().replace("_", "-")] = version
    return found


def install_lines(versions: Mapping[str, str]) -> list[str]:
    """Comments that say how to install just these versions; none where there are none."""
    pinned = needed(versions)
    # A backend's package asks for keras, which would overwrite the nightly's files.
    apart = {name for name in pinned if name.startswith("keras-")} - {_NIGHTLY}
    if _NIGHTLY not in pinned:
        apart = set()
    together = [f"{name}=={version}" for name, version in pinned.items() if name not in apart]
    lines = [comment(f"pip install {' '.join(together)}")] if together else []
    if apart:
        alone = [f"{name}=={pinned[name]}" for name in pinned if name in apart]
        lines.append(comment(f"pip install --no-deps {' '.join(alone)}"))
    return lines


def check_lines(versions: Mapping[str, str], width: int) -> list[str]:
    """Statements that print the versions that are installed, beside those that it was seen with.

    They need ``from importlib.metadata import distributions``.

    Args:
        versions: What the adapter reported.
        width: Columns at most of a line; those that tell least are left out for it.
    """
    pinned = needed(versions)
    if len(pinned) > 1 and "numpy" in pinned:
        pinned["numpy"] = pinned.pop("numpy")
    while len(loop := f"for name, seen in {literal(pinned)}.items():") > width and len(pinned) > 1:
        pinned.popitem()
    if not pinned:
        return []
    return [
        loop,
        '    found = [one.version.split("+")[0] for one in distributions(name=name)][:1]',
        '    told = "as it was seen" if found == [seen] else f"seen with {seen}: it may differ"',
        '    print(name, *found or ["is not installed"], f"({told})")',
    ]
