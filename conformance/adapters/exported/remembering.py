"""What exporters would find out anew for each file, although it hardly ever changes."""

from __future__ import annotations

import functools
import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def remember_composites() -> None:
    """Have torch list its composite operators once, and again when operators have been added.

    ``ExportedProgram.run_decompositions`` goes through all operators that there are, several times
    a call: more than a third of what litert-torch takes for a file. Where torch has no such
    function nothing is remembered, and only time is lost.
    """
    try:
        torch: Any = importlib.import_module("torch")
        users = [importlib.import_module(name) for name in _USERS]
        names, namespaces = torch._C._dispatch_get_all_op_names, torch.ops._dir  # noqa: SLF001
        found = _while_equal(getattr(users[0], _LIST), lambda: (len(names()), len(namespaces)))
    except (ImportError, AttributeError):
        return
    for module in users:
        if hasattr(module, _LIST):
            setattr(module, _LIST, found)


_LIST = "_collect_all_valid_cia_ops"
"""What lists them; the first of the modules defines it, the others have imported it."""
_USERS = ("torch._export.utils", "torch.export.exported_program", "torch.export.decomp_utils")


def _while_equal(find: Callable[[], set[Any]], state: Callable[[], Any]) -> Callable[[], set[Any]]:
    """What finds something again when a state is another than at the last time."""
    known: dict[str, Any] = {}

    @functools.wraps(find)
    def remembered() -> set[Any]:
        now = state()
        if known.get("state") != now:
            # Finding makes torch put further operators into its namespaces.
            known.update(found=find(), state=state())
        return set(known["found"])

    return remembered
