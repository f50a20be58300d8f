"""Notes which functions of one folder are entered: what a recording is made of.

On Python 3.12 and later by ``sys.monitoring``, which sees every thread; before by
``sys.setprofile``, which sees the threads that Python itself starts, and takes longer.

A function that is entered while a module is being imported may leave something that every later
case uses without entering it. Such functions are noted apart, and so are the modules.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import CodeType

MODULE = "<module>"
"""The name of a module's own code."""

GENERATED = "__autograph_generated_file"
"""In the name of the file into which TensorFlow's AutoGraph writes a function anew, to run that."""


_NAME = "keras-conformance"


class Noter:
    """Notes functions, by file and first line, from :meth:`begin` on."""

    def __init__(self, folder: str) -> None:
        """Note nothing yet.

        Args:
            folder: Functions of files below it are noted; the paths are told relative to it.
        """
        whole = {os.path.abspath(folder), os.path.realpath(folder)}  # noqa: PTH100 - as co_filename
        self._prefixes = tuple(sorted(path + os.sep for path in whole))
        self._importing = 0
        self._ours: dict[int, CodeType] = {}
        self._on_import: dict[int, CodeType] = {}
        # Code objects are told apart by identity, which is quick; kept, so that none is given away.
        self._foreign: dict[int, CodeType] = {}
        self._hidden = ""
        self._tool: int | None = None

    def begin(self) -> str:
        """Begin to note; returns by what means."""
        if sys.version_info >= (3, 12):
            self._monitor()
            return "sys.monitoring"
        threading.setprofile(self._profiled)
        sys.setprofile(self._profiled)
        return "sys.setprofile"

    def forget(self) -> None:
        """Forget what was noted so far."""
        self._ours.clear()
        self._on_import.clear()
        self._importing = 0
        self._hidden = ""

    def told(self) -> dict[str, Any]:
        """What was noted, as it travels.

        Returns:
            ``entered`` and ``on_import``: first lines of functions by path; ``modules``: paths;
            ``hidden``: why something may have run unseen, empty where nothing has.
        """
        if not self._is_noting():
            self._hidden = "the framework put its own profiler in the place of ours"
        imported = {**self._on_import}
        modules = [code for code in imported.values() if code.co_name == MODULE]
        return {
            "entered": self._lines(self._ours),
            "on_import": self._lines(imported),
            "modules": sorted({self._path(code) for code in modules}),
            "hidden": self._hidden,
        }

    def _lines(self, codes: dict[int, CodeType]) -> dict[str, list[int]]:
        found: dict[str, set[int]] = {}
        for code in codes.values():
            if code.co_name != MODULE:
                found.setdefault(self._path(code), set()).add(code.co_firstlineno)
        return {path: sorted(lines) for path, lines in sorted(found.items())}

    def _path(self, code: CodeType) -> str:
        prefix = next(one for one in self._prefixes if code.co_filename.startswith(one))
        return code.co_filename[len(prefix) :].replace(os.sep, "/")

    def _is_noting(self) -> bool:
        """Whether nobody has taken our place since."""
        if self._tool is None:
            return sys.getprofile() == self._profiled
        monitoring: Any = sys.monitoring  # type: ignore[attr-defined,unused-ignore]
        return bool(monitoring.get_tool(self._tool) == _NAME)

    def _note(self, code: CodeType) -> bool:
        """Note a function that is entered; returns whether it is one of ours."""
        if code.co_filename.startswith(self._prefixes):
            self._ours[id(code)] = code
            if self._importing:
                self._on_import[id(code)] = code
            return True
        if GENERATED in code.co_filename:
            self._hidden = "AutoGraph ran a function in a form of its own"
        return False

    # -- Python 3.12 and later -----------------------------------------------------------------

    def _monitor(self) -> None:
        monitoring: Any = sys.monitoring  # type: ignore[attr-defined,unused-ignore]
        events = monitoring.events
        # Tools 0 to 2 and 5 are those of debuggers, coverage, profilers and optimizers.
        tool = next(one for one in (3, 4, 2, 5, 1, 0) if monitoring.get_tool(one) is None)
        monitoring.use_tool_id(tool, _NAME)
        self._tool = tool

        def started(code: CodeType, _offset: int) -> Any:
            if code.co_name == MODULE:
                self._importing += 1
                self._note(code)
                return None
            return None if self._note(code) else monitoring.DISABLE

        def ended(code: CodeType, *_about: Any) -> None:
            if code.co_name == MODULE:
                self._importing = max(0, self._importing - 1)

        def returned(code: CodeType, _offset: int, _value: object) -> Any:
            ended(code)
            # Most functions return without end, and once is enough to learn that they are none.
            return None if code.co_name == MODULE else monitoring.DISABLE

        monitoring.register_callback(tool, events.PY_START, started)
        monitoring.register_callback(tool, events.PY_RETURN, returned)
        monitoring.register_callback(tool, events.PY_UNWIND, ended)
        monitoring.set_events(tool, events.PY_START | events.PY_RETURN | events.PY_UNWIND)

    # -- before --------------------------------------------------------------------------------

    def _profiled(self, frame: Any, event: str, _about: object) -> None:
        if event == "call":
            code = frame.f_code
            key = id(code)
            if key in self._foreign or (key in self._ours and not self._importing):
                return
            if code.co_name == MODULE:
                self._importing += 1
                self._note(code)
            elif not self._note(code):
                self._foreign[key] = code
        elif event == "return" and frame.f_code.co_name == MODULE:
            self._importing = max(0, self._importing - 1)
