"""What an adapter remembers for Keras is what Python and Keras would have found."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap

import pytest


def run(code):
    """In a process of its own: what is remembered stays."""
    result = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_signatures_are_those_that_inspect_gives():
    run(
        """
        import functools, inspect
        from conformance.adapters.keras.remembering import remember_signatures

        class Layer:
            def __init__(self, units, *, activation=None, **more): ...
            def call(self, x: int, mask=None) -> int: ...

        def plain(a, b=2, /, *rest, c, d=4): ...

        @functools.wraps(plain)
        def wrapped(*args): ...

        asked = [Layer, Layer.__init__, Layer.call, Layer(1).call, plain, wrapped, len, print]
        asked.append(functools.partial(plain, 1))
        before = [(inspect.signature(one), inspect.getfullargspec(one)) for one in asked]
        remember_signatures()
        remember_signatures()
        for _ in range(2):
            after = [(inspect.signature(one), inspect.getfullargspec(one)) for one in asked]
            assert after == before
        assert inspect.signature(wrapped, follow_wrapped=False) != inspect.signature(wrapped)
        """
    )


def test_what_a_caller_does_to_a_specification_is_its_own_affair():
    run(
        """
        import inspect
        from conformance.adapters.keras.remembering import remember_signatures

        def plain(a, b=2, *, c, d=4) -> int: ...

        remember_signatures()
        before = inspect.getfullargspec(plain)
        found = inspect.getfullargspec(plain)
        found.args.pop()
        found.kwonlyargs.clear()
        found.kwonlydefaults.clear()
        found.annotations.clear()
        assert inspect.getfullargspec(plain) == before != found
        """
    )


def test_functions_that_are_gone_are_forgotten():
    run(
        """
        import gc, inspect, weakref
        from conformance.adapters.keras.remembering import remember_signatures

        remember_signatures()
        def make():
            def inner(a): ...
            inspect.signature(inner), inspect.getfullargspec(inner)
            return weakref.ref(inner)
        gone = make()
        gc.collect()
        assert gone() is None
        """
    )


def test_protocols_are_told_from_other_classes_as_before():
    run(
        """
        import typing
        from conformance.adapters.keras.remembering import remember_protocols

        @typing.runtime_checkable
        class Sized(typing.Protocol):
            size: int
            def grow(self) -> None: ...

        class Has:
            size = 3
            def grow(self): ...

        class Lacks:
            def grow(self): ...

        remember_protocols()
        for _ in range(2):
            assert isinstance(Has(), Sized)
            assert not isinstance(Lacks(), Sized)
            assert not isinstance(3, Sized)
        """
    )


KINDS = ("Layer", "Functional", "Sequential", "Operation")


@pytest.fixture(scope="module")
def unsaved():
    """By kind: is what is remembered what Keras says itself, and is it remembered?"""
    told = run(
        f"""
        import os
        os.environ["KERAS_BACKEND"] = "numpy"
        import json
        import keras
        from keras.src.saving import saving_lib
        from conformance.adapters.keras.private import remember_unsaved

        before = {{kind: saving_lib.get_attr_skipset(kind) for kind in {KINDS}}}
        remember_unsaved()
        found = {{}}
        for kind in {KINDS}:
            keras.utils.clear_session()
            again = saving_lib.get_attr_skipset(kind)
            keras.utils.clear_session()
            same = again == before[kind]
            found[kind] = [same, len(again) > 0, saving_lib.get_attr_skipset(kind) is again]
        print(json.dumps(found))
        """
    )
    return json.loads(told.splitlines()[-1])


@pytest.mark.frameworks
@pytest.mark.parametrize("kind", KINDS)
def test_what_keras_does_not_save_is_what_it_says_itself(unsaved, kind):
    same, some, remembered = unsaved[kind]
    assert same
    assert some
    assert remembered


@pytest.mark.frameworks
def test_tensorflow_starts_without_jax():
    run(
        """
        import sys
        from conformance.adapters.keras.backends.tensorflow import TensorFlowBackend

        TensorFlowBackend()
        assert "tensorflow" in sys.modules
        assert "jax" not in sys.modules
        """
    )


@pytest.mark.frameworks
def test_torch_lists_its_composite_operators_once_until_there_are_more():
    run(
        """
        import torch
        from torch._export import utils
        from torch.export import exported_program
        from conformance.adapters.exported.remembering import remember_composites

        before = utils._collect_all_valid_cia_ops()
        asked = []
        real = utils._collect_all_valid_cia_ops
        utils._collect_all_valid_cia_ops = lambda: asked.append(1) or real()
        remember_composites()
        assert exported_program._collect_all_valid_cia_ops is utils._collect_all_valid_cia_ops
        for _ in range(3):
            found = utils._collect_all_valid_cia_ops()
            assert found == before
            found.clear()  # theirs to change
        assert len(asked) == 1

        library = torch.library.Library("mine", "FRAGMENT")
        library.define("twice(Tensor x) -> Tensor")
        library.impl("twice", lambda x: 2 * x, "CompositeImplicitAutograd")
        after = utils._collect_all_valid_cia_ops()
        assert {str(one) for one in after - before} == {"mine.twice.default"}
        assert len(asked) == 2
        """
    )


@pytest.mark.frameworks
def test_openvino_reports_to_nobody():
    run(
        """
        import sys
        from conformance.adapters.keras.backends.hidden import hide_telemetry

        hide_telemetry()
        from openvino.tools.ovc import telemetry_utils
        assert telemetry_utils.tm.__name__.endswith("telemetry_stub")
        assert "openvino_telemetry" not in sys.modules
        """
    )
