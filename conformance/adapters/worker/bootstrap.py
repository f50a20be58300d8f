"""The script that starts an adapter: ``python …/bootstrap.py MODULE NAME``.

``MODULE`` holds the adapter's ``create``: a dotted name, or the path of a ``.py`` file. ``NAME`` is
passed to ``create``. It is run by path, in whatever interpreter holds the framework, and registers
the package ``conformance`` by hand: neither the coordinator's site-packages nor
``conformance/adapters`` gets onto ``sys.path``, as folders there are named ``torch``, ``jax`` and
``keras`` and would be imported in the frameworks' place.
"""

import sys


def _register(root: str) -> None:
    """Make ``conformance``, and nothing else beside it, importable from the folder ``root``."""
    import importlib.util

    spec = importlib.util.spec_from_file_location(
        "conformance", root + "/__init__.py", submodule_search_locations=[root]
    )
    if spec is None or spec.loader is None:
        raise SystemExit("no package conformance at " + root)
    package = importlib.util.module_from_spec(spec)
    sys.modules["conformance"] = package
    spec.loader.exec_module(package)


def main() -> None:
    """Start the worker's loop on this process's stdin and stdout."""
    import os

    here = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - pathlib costs 5 ms
    # Python puts the script's own folder first, unless it runs in safe-path mode.
    sys.path[:] = [entry for entry in sys.path if entry and os.path.abspath(entry) != here]  # noqa: PTH100
    _register(os.path.dirname(os.path.dirname(here)))  # noqa: PTH120

    from conformance.adapters.worker.loop import serve

    if len(sys.argv) != len(("bootstrap.py", "MODULE", "NAME")):
        raise SystemExit("usage: python bootstrap.py MODULE NAME")
    raise SystemExit(serve(sys.argv[1], sys.argv[2]))


if __name__ == "__main__":
    main()
