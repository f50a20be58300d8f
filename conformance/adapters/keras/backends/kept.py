"""What TensorFlow keeps from case to case: the kernels of its operations, and compiled code.

It all hangs on functions of TensorFlow's that are not public; where one of them is missing, nothing
is kept, and only time is lost.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections import Counter
from typing import Any

from conformance.adapters.keras.backends.sealed import SealedFolder

_XLA_CACHE = "--tf_xla_persistent_cache_directory="


def keep_compiled(version: str) -> SealedFolder | None:
    """Give each TensorFlow a folder of its own below the one that the environment names.

    What one version has compiled is nothing for another one. To be called before anything is
    computed: the flags are read then.

    Returns:
        The folder, in which nothing is left that was damaged; None where none was named.
    """
    given = os.environ.get("TF_XLA_FLAGS", "")
    if not given.startswith(_XLA_CACHE):
        return None
    os.environ["TF_XLA_FLAGS"] = f"{given}/{version}"
    return SealedFolder(f"{given[len(_XLA_CACHE) :]}/{version}")


def keep_kernels() -> None:
    """Have ``clear_session`` keep the kernels that eager operations have made.

    TensorFlow makes a function of each operation of new types and attributes, which takes 0.6 to
    1.3 ms; Keras drops them all in ``clear_session``, which an adapter calls before each case.
    They hold nothing of a model. A kernel that draws numbers holds the state of its generator, but
    setting the global seed drops those.
    """
    with contextlib.suppress(ImportError, AttributeError):
        from tensorflow.python.eager import context

        context.context().clear_kernel_cache = lambda: None


def drop_kernels() -> None:
    """Drop the kernels after all."""
    with contextlib.suppress(ImportError, AttributeError):
        from tensorflow.python.eager import context

        found = context.context()
        type(found).clear_kernel_cache(found)


class FunctionNames:
    """Names for traced functions that are the same whenever a case is run.

    TensorFlow counts its functions up for as long as a process lives, and finds compiled code by
    names as well: it would never find again what it has compiled for another order of cases.
    Keras compiles grouped convolutions, anew at each call: 0.13 s.
    """

    def __init__(self) -> None:
        """Take the place of the counter."""
        self._case = ""
        self._runs: Counter[str] = Counter()
        self._made = 0
        with contextlib.suppress(ImportError, AttributeError):
            from tensorflow.python.eager.polymorphic_function import concrete_function

            for kind in ("forward", "backward", "inference"):
                prefix = getattr(concrete_function, f"_{kind.upper()}_PREFIX")
                getattr(concrete_function, f"_{kind}_name")  # as we replace what is there
                setattr(concrete_function, f"_{kind}_name", self._naming(prefix))

    def begin(self, case: str) -> None:
        """Name what follows after this case; names are unique in the process."""
        digest = hashlib.sha256(case.encode()).hexdigest()[:12]
        self._runs[digest] += 1
        self._case = f"{digest}_{self._runs[digest]}"
        self._made = 0

    def _naming(self, prefix: str) -> Any:
        def name(function: str) -> str:
            self._made += 1
            return f"{prefix}{function}_{self._case}_{self._made}"

        return name
