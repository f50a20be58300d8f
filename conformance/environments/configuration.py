"""pip's configuration, said in uv's words.

uv does not read pip's. A user who has told pip where packages come from (a mirror, a company's
index, a folder of wheels) has told us; what he has told uv himself comes first.
"""

from __future__ import annotations

import ast
import importlib.util
import os
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_INDEX = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS")
"""Any of these says that the user has told uv himself where packages come from."""

_SECONDS = 60


def settings() -> tuple[dict[str, str], list[str]]:
    """Environment variables for uv, on top of the inherited ones, and options for ``uv pip``."""
    told = _pip_settings()
    result: dict[str, str] = {}
    options: list[str] = []
    if not any(os.environ.get(name) for name in _INDEX):
        result = _indexes(told)
        if told.get("no-index", "").lower() in {"1", "true", "yes", "on"}:
            options.append("--no-index")  # there is no variable for it
    certificates = told.get("cert", "")
    if certificates and "SSL_CERT_FILE" not in os.environ:
        result["SSL_CERT_FILE"] = certificates
    if told.get("trusted-host") and "UV_INSECURE_HOST" not in os.environ:
        result["UV_INSECURE_HOST"] = " ".join(told["trusted-host"].split())
    if told.get("proxy") and "ALL_PROXY" not in os.environ:
        result["ALL_PROXY"] = told["proxy"]
    return result, options


def _indexes(told: Mapping[str, str]) -> dict[str, str]:
    result = {}
    if told.get("index-url"):
        result["UV_DEFAULT_INDEX"] = told["index-url"]
    if told.get("extra-index-url"):
        result["UV_INDEX"] = " ".join(told["extra-index-url"].split())
        # As pip does: the best version of all indexes, not the first index that has the package.
        result["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    if told.get("find-links"):
        result["UV_FIND_LINKS"] = ",".join(told["find-links"].split())
    return result


def _pip_settings() -> dict[str, str]:
    """Settings of pip by their long names; where it is not here, those of the environment."""
    if importlib.util.find_spec("pip") is None:
        return {
            name.removeprefix("PIP_").lower().replace("_", "-"): value
            for name, value in os.environ.items()
            if name.startswith("PIP_")
        }
    asked = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"],
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    # Lines such as  global.index-url='https://…'; the environment's win over a command's, those
    # over the global ones.
    ranks = {"global": 0, "install": 1, ":env:": 2}
    found: dict[str, tuple[int, str]] = {}
    for line in asked.stdout.splitlines():
        key, equals, written = line.partition("=")
        section, _, name = key.rpartition(".")
        if not equals or section not in ranks:
            continue
        try:
            value = str(ast.literal_eval(written))
        except (SyntaxError, ValueError):
            continue
        if name not in found or found[name][0] <= ranks[section]:
            found[name] = (ranks[section], value)
    return {name: value for name, (_, value) in found.items()}
