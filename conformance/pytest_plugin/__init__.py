"""pytest's front door: ``cases/*.yaml`` become items, one a case and adapter.

pytest only coordinates. The frameworks run in the adapters' processes, which start when collection
has ended and run ahead of the reporting; an item waits for its verdict if it isn't there yet.
This module imports no framework, and nothing heavy before a case file turns up.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest

from conformance import arguments
from conformance.pytest_plugin.choosing import holds_cases, named_folders, take_ids
from conformance.pytest_plugin.keys import adapters_key, marker_of, narrowing_key, run_key
from conformance.suites import NOT_CASES, suites

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from conformance.pytest_plugin.items import CaseFile
    from conformance.pytest_plugin.run import PytestRun


KINDS = {
    "model": "models of layers",
    "function": "functions called on arrays: ops, losses, schedules, initializers",
    "steps": "objects with a memory, step by step: metrics, optimizers",
    "application": "models of keras.applications",
}
"""What a case can be about, each a marker for ``-m``."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the suite's options."""
    group = parser.getgroup("keras-conformance")
    group.addoption(
        "--adapter",
        action="append",
        type=arguments.text,
        default=[],
        metavar="NAME",
        help="run on this adapter only: name or glob, repeatable (default: all but numpy)",
    )
    group.addoption(
        "--adapter-command",
        action="append",
        type=arguments.text,
        default=[],
        metavar="NAME=COMMAND",
        help="a further adapter, started by this command, repeatable",
    )
    group.addoption(
        "--case",
        action="append",
        type=arguments.text,
        default=[],
        metavar="CASE",
        help="of what is collected, these cases only: an id or a glob over ids, repeatable",
    )
    group.addoption(
        "--adapter-jobs",
        type=arguments.processes,
        default=None,
        metavar="N",
        help="adapter processes at a time (default: one a core)",
    )
    group.addoption(
        "--case-timeout",
        type=arguments.seconds,
        default=60.0,
        metavar="SECONDS",
        help="limit of one case on one adapter (default: 60)",
    )
    group.addoption(
        "--reports",
        type=arguments.folder_to_write,
        default=None,
        metavar="FOLDER",
        help="where runs are recorded (default: reports/ in the working directory)",
    )
    group.addoption(
        "--resume",
        nargs="?",
        type=arguments.text,
        const="latest",
        default=None,
        metavar="RUN",
        help="go on with an interrupted run: its folder, or nothing for the latest",
    )
    group.addoption(
        "--ledger",
        action="append",
        default=[],
        type=arguments.existing,
        metavar="FILE",
        help="a further file or folder of known divergences, repeatable",
    )
    group.addoption(
        "--capabilities",
        action="append",
        default=[],
        type=arguments.existing,
        metavar="FILE",
        help="a file that states what an adapter supports, repeatable",
    )
    group.addoption(
        "--shard",
        type=arguments.shard,
        default=None,
        metavar="I/N",
        help="run the I-th of N parts of the cases; `keras-conformance merge` joins the records",
    )
    group.addoption(
        "--level",
        type=arguments.level,
        default=None,
        metavar="N",
        help=arguments.LEVEL,
    )
    group.addoption(
        "--touched-by",
        type=arguments.text,
        default=None,
        metavar="BASE",
        help="run the cases that run what changed since this revision (origin/main)",
    )
    group.addoption(
        "--source",
        default=None,
        type=arguments.path,
        metavar="FOLDER",
        help="of --touched-by: the package whose changes are looked at",
    )
    group.addoption(
        "--recording",
        action="append",
        default=[],
        type=arguments.existing,
        metavar="FILE",
        help="of --touched-by: rest on this recording, not on what is kept, repeatable",
    )
    group.addoption(
        "--history",
        default=None,
        type=arguments.file_to_write,
        metavar="FILE",
        help="add the run to this history of past runs (default: conformance_history)",
    )
    parser.addini(
        "conformance_history",
        default="",
        help="file of past runs that every run is added to (default: none)",
    )
    parser.addini(
        "conformance_cases",
        type="paths",
        default=[],
        help="folders of keras-conformance cases, beside the packaged catalogue",
    )
    parser.addini(
        "conformance_ledger",
        type="paths",
        default=[],
        help="files or folders of known divergences",
    )
    parser.addini(
        "conformance_capabilities",
        type="paths",
        default=[],
        help="files that state what adapters support",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Registers the markers: every suite, every kind of subject, every built-in adapter."""
    for suite in suites():
        config.addinivalue_line("markers", f"{marker_of(suite)}: cases of the suite cases/{suite}")
    for kind, what in KINDS.items():
        config.addinivalue_line("markers", f"{kind}: cases of {what}")
    config.addinivalue_line("markers", "conformance: a case of keras-conformance")
    from conformance.adapters.host import registry

    option = config.option
    try:
        # A wrong name is told before anything is collected.
        chosen = registry.select(option.adapter, option.adapter_command)
    except registry.RegistryError as error:
        raise pytest.UsageError(str(error)) from None
    if option.shard is not None:
        from conformance.pytest_plugin.run import shard_of

        shard_of(config)
    if option.level is not None:
        from conformance.pytest_plugin.run import level_of

        level_of(config)
    if option.touched_by is not None or option.source is not None or option.recording:
        from conformance.pytest_plugin.touched import narrowing_of

        config.stash[narrowing_key] = narrowing_of(config)
    for name in dict.fromkeys([*registry.names(), *(spec.name for spec in chosen)]):
        config.addinivalue_line("markers", f"{marker_of(name)}: cases on the adapter {name}")
    config.stash[adapters_key] = chosen


def pytest_report_header(config: pytest.Config) -> str | None:
    """Says which adapters will be asked, where cases are asked for."""
    if not _is_ours(config):
        return None
    chosen = config.stash[adapters_key]
    return f"keras-conformance: {', '.join(spec.name for spec in chosen)}"


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Takes ids out of the arguments, where this process is the one that collects."""
    take_ids(session.config)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> CaseFile | None:
    """Collects case files: in our catalogue, in the folders that ini names, or named outright.

    In a folder that was named, those which look like it.
    """
    if file_path.suffix not in {".yaml", ".yml"} or NOT_CASES.intersection(file_path.parts):
        return None
    session = parent.session
    folders = [one for one in named_folders(session) if file_path.is_relative_to(one)]
    roots = _roots(parent.config)
    if (
        not session.isinitpath(file_path)
        and not any(file_path.is_relative_to(root) for root in roots)
        and not (folders and holds_cases(file_path))
    ):
        return None
    from conformance.pytest_plugin.items import CaseFile

    _run(parent.config).add_folders(folders)
    return CaseFile.of(parent, file_path)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Puts the case items in the order in which the adapters work, and leaves some out.

    Those are of a higher level, what a change does not touch, and other shards'.
    """
    run = config.stash.get(run_key, None)
    if run is not None:
        run.sort(items)
        left_out = [
            *run.take_named(items),
            *run.take_level(items),
            *run.take_touched(items),
            *run.take_shard(items),
        ]
        if left_out:
            config.hook.pytest_deselected(items=left_out)


def pytest_report_collectionfinish(config: pytest.Config) -> list[str]:
    """Says by which level or change cases were chosen, and what that rests on."""
    run = config.stash.get(run_key, None)
    return run.choice if run is not None else []


def pytest_collection_finish(session: pytest.Session) -> None:
    """Sets the adapters to work on what is left after deselection."""
    run = session.config.stash.get(run_key, None)
    if run is not None and not session.config.option.collectonly:
        run.start(session)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Gives an item's report its record lines, so that pytest-xdist carries them home."""
    report = yield
    run = item.config.stash.get(run_key, None)
    if run is not None and call.when == "call":
        run.attach(item, report)
    return report


class _Controller:
    """Under pytest-xdist: what the controlling process does with its workers' answers."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tells a worker which record is gone on with, so that it begins nothing anew."""
        if self._config.option.resume is not None and _is_ours(self._config):
            from conformance.pytest_plugin.run import RESUMED

            node.workerinput[RESUMED] = _run(self._config).resumed()

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any, ids: list[str]) -> None:  # noqa: ARG002
        """Learns from the first worker what is planned."""
        run = _run(self._config)
        run.start_controller(ids)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> Any:
        """Keeps each adapter's items on one worker, so that no framework is started twice."""
        if config.getvalue("dist") != "load" or not _is_ours(config):
            return None
        from conformance.pytest_plugin.xdist import AdapterScheduling

        return AdapterScheduling(config, log)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: Any) -> None:  # noqa: ARG002
        """Takes over the problems that a worker has found."""
        _run(self._config).add_problems(getattr(node, "workeroutput", {}).get("conformance", []))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Records what a worker has judged."""
        lines = getattr(report, "conformance", None)
        if lines:
            _run(self._config).record(lines)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Finds out whether this process controls pytest-xdist workers."""
    config = session.config
    if config.pluginmanager.has_plugin("dsession"):
        config.pluginmanager.register(_Controller(config), "keras-conformance-controller")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Ends the run; one that is faulty in itself makes pytest fail."""
    run = session.config.stash.get(run_key, None)
    if run is None:
        return
    if run.finish():
        if session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
    elif run.is_empty and session.exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
        session.exitstatus = pytest.ExitCode.OK  # there is nothing to do here, and it is told why


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints what doesn't conform, on what, and where the report is."""
    run = terminalreporter.config.stash.get(run_key, None)
    if run is not None:
        run.print_summary(terminalreporter)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leaves no adapter process behind, however pytest ends."""
    run = config.stash.get(run_key, None)
    if run is not None:
        run.close()


def _roots(config: pytest.Config) -> list[Path]:
    """Roots of the catalogues whose files are collected."""
    from conformance.cases import CasesError, default_root

    roots = list(config.getini("conformance_cases"))
    with contextlib.suppress(CasesError):  # an installation without catalogue: what ini names
        roots.append(default_root())
    return roots


def _is_ours(config: pytest.Config) -> bool:
    """Whether this pytest was asked for cases at all, and not for somebody's unit tests."""
    return bool(config.getini("conformance_cases")) or any(
        argument.endswith((".yaml", ".yml", "conformance")) for argument in config.args
    )


def _run(config: pytest.Config) -> PytestRun:
    """This pytest's run, made when the first case file turns up."""
    run = config.stash.get(run_key, None)
    if run is None:
        from conformance.pytest_plugin.run import PytestRun

        run = config.stash[run_key] = PytestRun(
            config,
            config.stash[adapters_key],
            tuple(_roots(config)),
            config.stash.get(narrowing_key, None),
        )
    return run
