"""keras-paddle 0.0.1 on a Keras that has moved on: one import is put back.

keras-paddle imports ``standardize_dtype`` from ``keras.src.backend``, where nightlies of Keras 3.16
no longer have it, and Keras then says that the backend is not installed. It is put there again,
just before the backend is imported. Everything else is asked as of any other backend.

    keras-conformance run --adapter 'keras-paddle@python=PATH,backend=keras_paddle.py'
"""

import importlib
import sys
from importlib.abc import MetaPathFinder

from conformance.adapters.keras import KerasBackend


class _PutBack(MetaPathFinder):
    """Finds nothing; acts when the backend is looked for, as Keras's own modules are there then."""

    def find_spec(self, fullname, path=None, target=None):
        del path, target
        if fullname == "keras_paddle.src":
            private = sys.modules["keras.src.backend"]
            if not hasattr(private, "standardize_dtype"):
                variables = importlib.import_module("keras.src.backend.common.variables")
                private.standardize_dtype = variables.standardize_dtype


class Paddle(KerasBackend):
    """Keras on Paddle, with that import put back."""

    def before_keras(self):
        """Wait for Keras to look for the backend."""
        sys.meta_path.insert(0, _PutBack())

    def settings(self):
        """Say in every record what was put back."""
        put_back = "keras.src.backend.standardize_dtype, for keras-paddle 0.0.1"
        return {**super().settings(), "put back": put_back}
