"""Bundles the report's script into the wheel, where Node is there to do it."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

if TYPE_CHECKING:
    from types import ModuleType

REQUIRED = "KERAS_CONFORMANCE_BUNDLE"
"""Set to ``require``, a wheel without the bundle is an error; to ``skip``, none is tried."""


class BundleHook(BuildHookInterface[Any]):
    """Runs ``web/bundle.py`` before a wheel, editable or not, is put together."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Make the bundle, or say why the wheel has none.

        Raises:
            RuntimeError: there is none, and the environment requires one.
        """
        wanted = os.environ.get(REQUIRED, "")
        reason = f"{REQUIRED}=skip" if wanted == "skip" else self._bundle()
        if not reason:
            return
        message = (
            f"The report's interactive pages are left out of this wheel ({reason}). Reports will "
            "consist of their summary. Install Node 18 or newer with npm, and build again."
        )
        if wanted == "require":
            raise RuntimeError(message)
        self.app.display_warning(message)

    def _bundle(self) -> str:
        """Make it; why there is none, or nothing."""
        script = _script(Path(self.root))
        try:
            script.bundle()
        except script.NoBundleError as reason:
            return str(reason)
        return ""


def _script(root: Path) -> ModuleType:
    path = root / "web" / "bundle.py"
    spec = importlib.util.spec_from_file_location("bundle", path)
    if spec is None or spec.loader is None:  # pragma: no cover - a file is there or is not
        raise RuntimeError(f"{path} is missing from the sources")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
