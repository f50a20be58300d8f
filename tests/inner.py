"""pytest in a pytest, in one process: a run of the plugin for a third of what a process costs.

The inner pytest forgets what was imported while it ran, as other tests of other plugins want it.
What is imported here, before, it finds: NumPy can't be imported twice.
"""

from __future__ import annotations

import conformance.pytest_plugin.items
import conformance.pytest_plugin.run
import conformance.pytest_plugin.touched
import conformance.pytest_plugin.xdist
import conformance.run.closing
import conformance.run.reporting  # noqa: F401

WITHOUT = ("-p", "no:hypothesispytest")
"""The plugin of hypothesis imports all of hypothesis at the end of each run, whoever uses it."""


def run(pytester, *arguments, process=False):
    """pytest with these arguments, in the test's folder; in a ``process`` of its own if need be."""
    if process:
        return pytester.runpytest_subprocess(*WITHOUT, *arguments)
    return pytester.runpytest_inprocess(*WITHOUT, *arguments)
