"""Says what an interpreter would import: ``python …/located.py PACKAGE … -- DISTRIBUTION …``.

Prints JSON: the folder of each package, found without importing it, the version of each
distribution, Python's own, and the system. Run by path in the environment of an adapter, it sees
what the adapter's process sees.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Print what was asked for."""
    import importlib.util
    import json
    import os
    import platform

    here = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - as bootstrap.py does
    sys.path[:] = [entry for entry in sys.path if entry and os.path.abspath(entry) != here]  # noqa: PTH100

    folders: dict[str, str | None] = {}
    names = iter(sys.argv[1:])
    for name in names:
        if name == "--":
            break
        found = importlib.util.find_spec(name)
        origin = found.origin if found else None
        folders[name] = os.path.dirname(origin) if origin else None  # noqa: PTH120
    told = {
        "folders": folders,
        "versions": {name: _version(name) for name in names},
        "python": "{}.{}".format(*sys.version_info),
        "system": f"{platform.system()} {platform.machine()}",
    }
    sys.stdout.write(json.dumps(told))


def _version(distribution: str) -> str | None:
    import importlib.metadata

    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


if __name__ == "__main__":
    main()
