"""What Keras would find out anew for each layer that it makes, although it never changes.

A case makes its layers three times over, and each layer asks Python for the signature of its
constructor, twice; Keras forgets with each session which attributes are not saved, and makes a
layer to look. Together a twelfth of what a case takes on torch, a fortieth on JAX.

Only what depends on classes and functions alone is remembered. What of Keras's own is remembered
stands in :mod:`.private`. Where a function is missing nothing is remembered, and only time is lost.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import sys
import types
import typing
import weakref
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


@functools.cache
def remember_signatures() -> None:
    """Have ``inspect`` look at each function once; functions that are gone are forgotten."""
    full_spec = _once(inspect.getfullargspec)

    @functools.wraps(full_spec)
    def remembered_spec(func: Any) -> Any:
        found = full_spec(func)
        # Who asks may change its lists.
        return found._replace(
            args=[*found.args],
            kwonlyargs=[*found.kwonlyargs],
            kwonlydefaults=found.kwonlydefaults and {**found.kwonlydefaults},
            annotations={**found.annotations},
        )

    inspect.signature, inspect.getfullargspec = _once(inspect.signature), remembered_spec


def _once(find: Callable[..., Any]) -> Callable[..., Any]:
    """What finds something of a function, looking at each once; at anything else as ever."""
    known: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()

    @functools.wraps(find)
    def remembered(obj: Any, **options: Any) -> Any:
        if options or type(obj) is not types.FunctionType:
            return find(obj, **options)
        found = known.get(obj)
        if found is None:
            found = known[obj] = find(obj)
        return found

    return remembered


@functools.cache
def remember_protocols() -> None:
    """Have ``typing`` list a protocol's members once, as it does from Python 3.12 on.

    TensorFlow asks of nearly everything whether it is a tensor, which is a protocol.
    """
    if sys.version_info >= (3, 12):
        return
    for name in ("_get_protocol_attrs", "_is_callable_members_only"):
        with contextlib.suppress(AttributeError):
            setattr(typing, name, functools.cache(getattr(typing, name)))
