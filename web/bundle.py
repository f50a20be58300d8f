"""Bundles the report's script: npm installs what package-lock.json names, esbuild joins it.

Runs by itself when a wheel is built (``hatch_build.py``). In a checkout:

    python web/bundle.py

What comes out, ``conformance/report/bundle/``, and ``web/node_modules/`` are never committed.
Without Node there is no bundle, and reports consist of their summary, which says so.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

WEB = Path(__file__).resolve().parent
BUNDLE = WEB.parent / "conformance" / "report" / "bundle"
LIBRARIES = ("tabulator-tables", "uplot")
"""What the bundle contains of others: their licences travel with it."""
SECONDS = 300


class NoBundleError(Exception):
    """There can be no bundle here, and why."""


def bundle() -> Path:
    """Make the bundle anew.

    Returns:
        Its folder.

    Raises:
        NoBundleError: Node is missing, or one of the two steps failed.
    """
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        raise NoBundleError("Node and npm are not installed")
    modules = WEB / "node_modules"
    lock, stamp = WEB / "package-lock.json", modules / ".installed-lock.json"
    if not stamp.is_file() or stamp.read_bytes() != lock.read_bytes():
        _run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
        shutil.copyfile(lock, stamp)
    BUNDLE.mkdir(exist_ok=True)
    _run(
        [
            *(node, str(modules / "esbuild" / "bin" / "esbuild")),
            *("src/main.js", "--bundle", "--minify", "--format=iife", "--target=es2022"),
            *("--charset=utf8", "--log-level=warning", f"--outfile={BUNDLE / 'report.js'}"),
        ]
    )
    notices = [
        f"{name}\n\n{(modules / name / 'LICENSE').read_text(encoding='utf-8').strip()}\n"
        for name in LIBRARIES
    ]
    (BUNDLE / "licences.txt").write_text("\n\n".join(notices), encoding="utf-8")
    return BUNDLE


def _run(command: list[str]) -> None:
    try:
        subprocess.run(
            command,
            cwd=WEB,
            check=True,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            env={**os.environ, "npm_config_update_notifier": "false"},
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoBundleError(f"{Path(command[0]).name}: {error}") from error
    except subprocess.CalledProcessError as error:
        told = error.stderr.strip() or error.stdout.strip() or f"exit code {error.returncode}"
        name = Path(command[1] if command[0].endswith("node") else command[0]).name
        raise NoBundleError(f"{name} failed: {told}") from error


if __name__ == "__main__":
    try:
        print(bundle())  # noqa: T201 - for whoever called
    except NoBundleError as reason:
        sys.exit(f"no bundle: {reason}")
