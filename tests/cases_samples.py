"""Small case files for the tests of the case language."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from conformance.cases import load_file

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.cases import Catalogue

HEAD = """\
- id: a
  title: Something holds
  source: {keras: keras.layers.Dense}
"""
DENSE = "input: {shape: [5]}\nmodel: [{Dense: {units: 2}}]\n"


def load_body(folder: Path, body: str, head: str = HEAD) -> Catalogue:
    """Load a file of one case, ``documents/x/a``: its head, and a body that is indented here."""
    inner = folder / "cases" / "documents"
    inner.mkdir(parents=True, exist_ok=True)
    file = inner / "x.yaml"
    file.write_text(head + textwrap.indent(textwrap.dedent(body), "  "))
    return load_file(file)
