"""Where things are kept between runs."""

from __future__ import annotations

import os
from pathlib import Path

ENVIRONMENT = "KERAS_CONFORMANCE_CACHE"
"""Environment variable that names another folder."""


def cache_folder() -> Path:
    """The folder named by the environment, else the user's cache folder. It need not exist."""
    named = os.environ.get(ENVIRONMENT)
    if named:
        return Path(named).absolute()
    import platformdirs  # only where it is asked

    return platformdirs.user_cache_path("keras-conformance", appauthor=False).absolute()
