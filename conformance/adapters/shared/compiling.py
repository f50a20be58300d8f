"""What JAX keeps between the programs that it compiles, for every adapter that stands on it."""

from __future__ import annotations

import contextlib
import functools
from typing import Any


def keep_context() -> None:
    """Have one MLIR context serve many programs.

    JAX makes a context for each program that it lowers, and loads all dialects into it: 3 ms each
    time, more than the lowering of a single operation, and a case compiles five or six programs.
    What is lowered is the same in either. Where a JAX has no such function, nothing is changed.
    Two adapters in one process keep one context between them, which :func:`forget` drops.
    """
    with contextlib.suppress(ImportError, AttributeError):
        mlir = _mlir()
        if not hasattr(mlir.make_ir_context, "cache_clear"):
            mlir.make_ir_context = functools.lru_cache(maxsize=1)(mlir.make_ir_context)


def forget(jax: Any) -> None:
    """Drop the compiled programs, and the context that they were lowered in.

    JAX keeps every compiled program, which takes gigabytes; hardly one serves another case.
    """
    jax.clear_caches()
    with contextlib.suppress(ImportError, AttributeError):
        _mlir().make_ir_context.cache_clear()


def _mlir() -> Any:
    from jax._src.interpreters import mlir

    return mlir
