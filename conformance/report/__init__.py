"""What people read of a run: one HTML file, the end of a run in the terminal, Markdown for CI.

A report reads records and nothing else, so it can be made again long after the run, elsewhere.
Scripts that show one deviation without this suite are in :mod:`conformance.repro.script`.
"""

from __future__ import annotations

from conformance.report.beside import badge, junit, write_all
from conformance.report.html import write_html
from conformance.report.terminal import markdown, summary, summary_text

__all__ = ["badge", "junit", "markdown", "summary", "summary_text", "write_all", "write_html"]
