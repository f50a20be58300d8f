from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["pytester"]

FRAMEWORKS = ("keras", "tensorflow", "torch", "jax", "flax", "openvino", "tf_keras")


NETWORK = "KERAS_CONFORMANCE_TEST_NETWORK"
WHOLE = "--whole"
CACHE = "KERAS_CONFORMANCE_TEST_CACHE"

# Both go by the clock on the wall, and say more of the machine than of what is tested.
settings.register_profile(
    "any-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any-machine")


def pytest_addoption(parser):
    parser.addoption(
        WHOLE,
        action="store_true",
        help="ask everything of what else is asked of a part: many models, every layer's blocks",
    )


def pytest_configure(config):
    config.addinivalue_line("markers", "frameworks: needs the real frameworks installed")
    config.addinivalue_line("markers", "browser: needs a headless Chromium")
    config.addinivalue_line("markers", f"whole: one of many that are alike; runs with {WHOLE}")
    config.addinivalue_line("markers", f"network: asks the package index; runs where {NETWORK}=1")


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config):
    """``-n`` alone: each worker gets one half of the files, and takes from the other's at the end.

    So a module's fixtures, which start processes, are made once, or twice in the modules where the
    halves meet. pytest-xdist's own choice deals the tests out like cards.
    """
    if getattr(config.option, "numprocesses", None) and config.option.dist == "no":
        config.option.dist = "worksteal"


def pytest_collection_modifyitems(config, items):
    reasons = {}
    missing = [name for name in FRAMEWORKS if importlib.util.find_spec(name) is None]
    if missing:
        reasons["frameworks"] = f"not installed: {', '.join(missing)}"
    if not config.getoption(WHOLE):
        reasons["whole"] = f"one of many that are alike: {WHOLE} asks all"
    if not os.environ.get(NETWORK):
        reasons["network"] = f"asks the package index, and takes minutes: set {NETWORK}=1"
    for marker, reason in reasons.items():
        for item in items:
            if item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def whole(pytestconfig):
    """Whether everything is asked, and not a part of it: what the weekly matrix does."""
    return pytestconfig.getoption(WHOLE)


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    """A cache folder for runs of fakes: what one has computed, the others find.

    One for all workers of pytest-xdist. Where an empty cache is the point, a test has its own.
    CI names a folder, and its runs of the cases find there what the tests have computed.
    """
    if named := os.environ.get(CACHE):
        folder = Path(named)
        folder.mkdir(parents=True, exist_ok=True)
        return folder
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    folder = base / "cache"
    folder.mkdir(exist_ok=True)
    return folder
