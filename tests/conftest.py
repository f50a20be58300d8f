from __future__ import annotations

import importlib.util
import os

import pytest

pytest_plugins = ["pytester"]

FRAMEWORKS = ("keras", "tensorflow", "torch", "jax", "flax", "openvino", "tf_keras")


NETWORK = "KERAS_CONFORMANCE_TEST_NETWORK"


def pytest_configure(config):
    config.addinivalue_line("markers", "frameworks: needs the real frameworks installed")
    config.addinivalue_line("markers", "browser: needs a headless Chromium")
    config.addinivalue_line("markers", f"network: asks the package index; runs where {NETWORK}=1")


def pytest_collection_modifyitems(items):
    missing = [name for name in FRAMEWORKS if importlib.util.find_spec(name) is None]
    if missing:
        skip = pytest.mark.skip(reason=f"not installed: {', '.join(missing)}")
        for item in items:
            if item.get_closest_marker("frameworks"):
                item.add_marker(skip)
    if not os.environ.get(NETWORK):
        skip = pytest.mark.skip(
            reason=f"asks the package index, and takes minutes: set {NETWORK}=1"
        )
        for item in items:
            if item.get_closest_marker("network"):
                item.add_marker(skip)
