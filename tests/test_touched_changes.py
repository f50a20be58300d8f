"""What an edit of a package changes: which functions, or everything, or nothing."""

from __future__ import annotations

import textwrap

import pytest

from conformance.touched.changes import Function, Known, Version, compare
from conformance.touched.mentions import Speakers

BASE = '''\
"""Arrays."""
import math
import torch
from pkg.core import convert

SCALE = 2
TABLE = {"a": 1}

def conv(x, stride=1, *, padding="valid"):
    """Convolve."""
    x = convert(x)  # first
    return _pad(x) * SCALE

def _pad(x):
    def inner(y):
        return y + 1
    return inner(x)

def unrelated(x):
    return math.sqrt(x)

@torch.no_grad()
def decorated(x):
    return x

def numbers():
    yield 1

class Layer(torch.nn.Module):
    """A layer."""
    kind = "layer"

    def __init__(self, units):
        self.units = units

    def call(self, x):
        return conv(x)

    @property
    def size(self):
        return self.units

    def __del__(self):
        self.units = 0

class Plain:
    def run(self):
        return 1
'''
OTHER = """\
from pkg import nn

def convert(x):
    return x

def user(x):
    return nn.conv(x), getattr(nn, "looked_for", None)
"""
INIT = "from pkg.nn import conv\n"


def changes(  # noqa: PLR0913
    new=BASE, old=BASE, *, more=None, before=None, keras="", imported=None, start=None
):
    """What differs where ``nn.py`` was ``old`` and is ``new``."""
    was = {"nn.py": old, "core.py": OTHER, "__init__.py": INIT, **(before or {})}
    now = {"nn.py": new, "core.py": OTHER, "__init__.py": INIT, **(before or {}), **(more or {})}
    now = {path: text for path, text in now.items() if text is not None}

    def version(files):
        texts = {path: textwrap.dedent(text).encode() for path, text in files.items()}
        return Version({path: str(hash(text)) for path, text in texts.items()}, texts.__getitem__)

    known = Known(
        package="pkg",
        imported=set(was) if imported is None else imported,
        at_start=set(was) if start is None else start,
        inherited={"_apply"},
        around=Speakers("keras", ["ops.py"], lambda _: keras.encode()),
    )
    return compare(version(was), version(now), known)


def edited(*pairs, text=BASE):
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def functions(found):
    assert found.everything == []
    return {one.name for one in found.functions}


SAME = {
    "comment": ("  # first", "  # another"),
    "layout": ("convert(x)  # first", "convert(\n        x\n    )"),
    "docstring of a function": ('"""Convolve."""', '"""Convolve, fast."""'),
    "docstring of the module": ('"""Arrays."""', ""),
    "docstring of a class": ('    """A layer."""\n', ""),
}
ANNOTATED = {
    "parameter": ("def _pad(x):", "def _pad(x: int):"),
    "result": ("def unrelated(x):", "def unrelated(x) -> float:"),
    "variable": ("    x = convert(x)", "    x: int = convert(x)"),
}
BODIES = {
    "body": (("return _pad(x) * SCALE", "return _pad(x) + SCALE"), {"conv"}),
    "nested function": (("return y + 1", "return y + 2"), {"_pad"}),
    "method": (("return conv(x)", "return conv(x + 1)"), {"Layer.call"}),
    "constructor": (("self.units = units", "self.units = units + 1"), {"Layer.__init__"}),
    "property": (("return self.units", "return -self.units"), {"Layer.size"}),
    "decorated function": (
        ("def decorated(x):\n    return x", "def decorated(x):\n    return 0"),
        {"decorated"},
    ),
    "default": (("stride=1", "stride=2"), {"conv"}),
    "keyword default": (('padding="valid"', 'padding="same"'), {"conv"}),
    "default by name": (("stride=1", "stride=SCALE"), {"conv"}),
    "generator": (("yield 1", "yield 2"), {"numbers"}),
    "code behind a docstring": (('"""Convolve."""', '"""Convolve."""; x = 2 * x'), {"conv"}),
}
# Whether a call fits is decided by whoever calls.
USERS = {
    "parameter added": (("def _pad(x):", "def _pad(x, y=0):"), {"_pad", "conv"}),
    "parameter renamed": (("def unrelated(x):", "def unrelated(z):"), {"unrelated"}),
    "parameter made keyword": (("def _pad(x):", "def _pad(*, x):"), {"_pad", "conv"}),
    "default taken away": (("stride=1", "stride"), {"conv", "Layer.call", "user"}),
    "parameters of a method of a class of its own": (
        ("def run(self)", "def run(self, x=1)"),
        {"Plain.run"},
    ),
    "name that a function looks for": (
        ("def unrelated", "def looked_for(x):\n    return x\n\ndef unrelated"),
        {"user"},
    ),
    "function that others use, gone": (("def conv(", "def _conv("), {"conv", "Layer.call", "user"}),
    "constant that another file looks for": (
        ('TABLE = {"a": 1}', 'TABLE = {"a": 1}; looked_for = 3'),
        {"user"},
    ),
}
EVERYTHING = {
    "parameters of a method that a base may call": (
        ("def call(self, x)", "def call(self, x, y=1)"),
        "inherited",
    ),
    "parameters of what a decorator has handed on": (
        ("def decorated(x)", "def decorated(x, y=1)"),
        "decorators may have handed on",
    ),
    "parameters of a constructor": (("(self, units)", "(self, units, more=1)"), "Python itself"),
    "computed default": (("stride=1", "stride=int(1)"), "another default"),
    "decorator": (("@torch.no_grad()", "@torch.enable_grad()"), "other decorators"),
    "decorator added": (("def unrelated", "@torch.no_grad()\ndef unrelated"), "other decorators"),
    "generator made": (("return math.sqrt(x)", "yield math.sqrt(x)"), "another kind"),
    "coroutine made": (("def unrelated", "async def unrelated"), "another kind"),
    "__del__": (("self.units = 0", "self.units = 1"), "memory is freed"),
    "class attribute": (('kind = "layer"', 'kind = "model"'), "class Layer is made"),
    "class attribute added": (('kind = "layer"', 'kind = "layer"; fast = True'), "class Layer"),
    "bases": (("class Layer(torch.nn.Module)", "class Layer(torch.nn.Linear)"), "other bases"),
    "class decorator": (("class Plain", "@final\nclass Plain"), "other bases"),
    "new class": (("class Plain", "class New: pass\n\nclass Plain"), "new class New"),
    "class gone": (("class Plain:\n    def run(self):\n        return 1\n", ""), "lost its class"),
    "statement at import": (("SCALE = 2", "SCALE = 2\nprint(SCALE)"), "when the module is made"),
    "computed constant": (("SCALE = 2", "SCALE = int(2)"), "when the module is made"),
    "new decorated function": (
        ("def unrelated", "@torch.jit\ndef fresh(x):\n    return x\n\ndef unrelated"),
        "decorators",
    ),
    "dunder of a class": (
        ("    def run", "    def __call__(self):\n        return 2\n\n    def run"),
        "Python itself",
    ),
    "public method of a class with bases": (
        ("    def call", "    def build(self):\n        return 2\n\n    def call"),
        "inherited",
    ),
    "method that a foreign base has": (
        ("    def call", "    def _apply(self):\n        return 2\n\n    def call"),
        "inherited",
    ),
    "import of what is not imported yet": (
        ("import math", "import math\nimport somewhere"),
        "imports somewhere for the first time",
    ),
    "future": (
        ("import math", "from __future__ import annotations\nimport math"),
        "module is made",
    ),
    "star import": (("import math", "from pkg.core import *\nimport math"), "module is made"),
    "order of statements": (
        ('SCALE = 2\nTABLE = {"a": 1}', 'TABLE = {"a": 1}\nSCALE = 2'),
        "module is made",
    ),
    "syntax": (("def unrelated(x):", "def unrelated(x:"), "can't be parsed"),
}


@pytest.mark.parametrize("pair", SAME.values(), ids=SAME)
def test_what_runs_no_code_changes_nothing(pair):
    found = changes(edited(pair))
    assert functions(found) == set()
    assert not found.imports
    assert found.files == {"nn.py"}


@pytest.mark.parametrize("pair", ANNOTATED.values(), ids=ANNOTATED)
def test_an_annotation_only_puts_the_import_at_stake(pair):
    found = changes(edited(pair))
    assert functions(found) == set()
    assert found.imports


@pytest.mark.parametrize(("pair", "names"), USERS.values(), ids=USERS)
def test_whoever_uses_a_name_that_changed_has_changed_as_well(pair, names):
    assert functions(changes(edited(pair))) == names


@pytest.mark.parametrize(("pair", "names"), BODIES.values(), ids=BODIES)
def test_a_function_that_does_otherwise_is_named(pair, names):
    found = changes(edited(pair))
    assert functions(found) == names
    assert found.imports
    assert found.functions == {Function("nn.py", name) for name in names}


@pytest.mark.parametrize(("pair", "reason"), EVERYTHING.values(), ids=EVERYTHING)
def test_what_can_not_be_told_is_a_reason_for_everything(pair, reason):
    found = changes(edited(pair))
    assert len(found.everything) >= 1
    assert any(reason in one for one in found.everything), found.everything
    assert all(one.startswith("nn.py") for one in found.everything)


class TestNames:
    """A name that is bound otherwise is followed to whoever uses it."""

    def test_a_helper_that_nobody_knew_changes_only_its_caller(self):
        helper = ("def unrelated", "def _helper(x):\n    return x\n\ndef unrelated")
        used = ("return math.sqrt(x)", "return _helper(math.sqrt(x))")
        assert functions(changes(edited(helper))) == set()
        assert functions(changes(edited(helper, used))) == {"unrelated"}

    def test_a_public_function_that_keras_looks_for_may_serve_any_case(self):
        new = edited(("def unrelated", "def fold(x):\n    return x\n\ndef unrelated"))
        assert functions(changes(new)) == set()
        for said in ("backend.nn.fold(x)", "getattr(nn, 'fold')", "def f():\n    return nn.fold"):
            found = changes(new, keras=f"{said}\n")
            assert found.everything == ["nn.py has got fold, and ops.py speaks of fold"]
        assert functions(changes(new, keras="'we fold it here'\n# fold\nfold = 1")) == set()

    def test_a_helper_that_is_gone_counts_as_changed(self):
        new = edited(
            ("def _pad(x):\n    def inner(y):\n        return y + 1\n    return inner(x)\n", ""),
            ("return _pad(x) * SCALE", "return (x + 1) * SCALE"),
        )
        assert functions(changes(new)) == {"_pad", "conv"}

    def test_whoever_still_uses_what_is_gone_has_changed(self):
        new = edited(
            ("def _pad(x):\n    def inner(y):\n        return y + 1\n    return inner(x)\n", "")
        )
        assert functions(changes(new)) == {"_pad", "conv"}

    def test_a_constant_reaches_the_functions_that_use_it(self):
        assert functions(changes(edited(("SCALE = 2", "SCALE = 3")))) == {"conv"}
        assert functions(changes(edited(('{"a": 1}', '{"a": 2}')))) == set()

    def test_a_constant_is_followed_into_another_file(self):
        taker = (
            "from pkg.nn import SCALE as S\n\ndef f():\n    return S\n\ndef g():\n    return 1\n"
        )
        new = edited(("SCALE = 2", "SCALE = 3"))
        assert functions(changes(new, before={"taker.py": taker})) == {"conv", "f"}
        found = changes(new, before={"taker.py": f"{taker}\nT = [S]\n"})
        assert found.everything == ["nn.py has another SCALE, and taker.py uses SCALE at import"]

    def test_what_no_case_has_imported_uses_nothing(self):
        taker = {"taker_test.py": "from pkg.nn import SCALE\nT = [SCALE]\n"}
        imported = {"nn.py", "core.py", "__init__.py"}
        new = edited(("SCALE = 2", "SCALE = 3"))
        assert functions(changes(new, before=taker, imported=imported)) == {"conv"}
        assert changes(new, before=taker).everything

    def test_a_name_of_another_package_is_none_of_ours(self):
        taker = {"taker.py": "from torch.nn import SCALE\n\ndef f():\n    return SCALE\n"}
        assert functions(changes(edited(("SCALE = 2", "SCALE = 3")), before=taker)) == {"conv"}

    def test_a_constant_that_a_default_takes_is_used_at_import(self):
        old = edited(("stride=1", "stride=SCALE"))
        found = changes(edited(("SCALE = 2", "SCALE = 3"), text=old), old)
        assert "uses SCALE" in found.everything[0]

    def test_a_builtin_that_is_hidden_changes_whoever_used_it(self):
        old = edited(("return math.sqrt(x)", "return abs(x)"))
        new = edited(
            ("def decorated", "def abs(x):\n    return 0\n\n@torch.no_grad()\ndef decorated"),
            ("@torch.no_grad()\ndef abs", "def abs"),
            text=old,
        )
        assert functions(changes(new, old)) == {"unrelated"}

    def test_a_private_method_that_nobody_speaks_of_changes_nothing(self):
        method = ("    def call", "    def _helper(self):\n        return 2\n\n    def call")
        assert functions(changes(edited(method))) == set()
        speaker = {"speaker.py": "def f(layer):\n    return layer._helper()\n"}
        assert functions(changes(edited(method), before=speaker)) == {"f"}

    def test_a_method_of_a_class_of_its_own_only_matters_where_it_is_spoken_of(self):
        method = ("    def run", "    def walk(self):\n        return 2\n\n    def run")
        assert functions(changes(edited(method))) == set()
        assert changes(edited(method), keras="x.walk()").everything

    def test_what_a_star_takes_may_be_used_anywhere(self):
        new = edited(("def unrelated", "def fresh(x):\n    return x\n\ndef unrelated"))
        assert functions(changes(new)) == set()
        found = changes(new, before={"all.py": "from pkg.nn import *\n"})
        assert found.everything == ["nn.py has got fresh, and all.py imports all that it has"]


class TestImports:
    @pytest.mark.parametrize(
        "line",
        [
            "import os",
            "from itertools import chain",
            "import torch.nn.functional as F",
            "from pkg import core",
            "from .core import user",
            "from pkg.core import user",
        ],
    )
    def test_of_what_is_imported_anyway_are_harmless(self, line):
        found = changes(edited(("import math", f"import math\n{line}")))
        assert functions(found) == set()
        assert found.imports

    def test_of_a_module_that_only_some_cases_imported(self):
        new = edited(("import math", "import math\nfrom pkg import late"))
        late = {"late.py": "X = 1\n"}
        assert functions(changes(new, before=late)) == set()
        start = {"nn.py", "core.py", "__init__.py"}
        found = changes(new, before=late, start=start)
        assert found.everything == ["nn.py imports pkg.late, which is not imported without that"]

    def test_that_are_gone_change_whoever_used_them(self):
        assert functions(changes(edited(("import math\n", "")))) == {"unrelated"}

    def test_of_another_name_change_whoever_uses_it(self):
        new = edited(("from pkg.core import convert", "from pkg.core import user as convert"))
        assert functions(changes(new)) == {"conv"}

    def test_that_others_take_from_here(self):
        taker = {"taker.py": "from pkg.nn import math\n"}
        found = changes(edited(("import math\n", "")), before=taker)
        assert "taker.py imports from it" in found.everything[0]

    def test_of_a_module_that_nothing_else_imports(self):
        old = edited(("import math", "import math\nimport pkg.core as c\nfrom pkg import late"))
        late = {"late.py": "X = 1\n"}
        new = edited(("from pkg import late\n", ""), text=old)
        assert "as nothing else does" in changes(new, old, before=late).everything[0]
        late["core.py"] = OTHER + "from pkg import late\n"
        assert functions(changes(new, old, before=late)) == set()

    def test_of_a_package_itself_are_what_others_look_for(self):
        found = changes(more={"__init__.py": "from pkg.nn import conv, unrelated\n"})
        assert "__init__.py imports unrelated" in found.everything[0]

    def test_for_type_checkers_do_not_run(self):
        guarded = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import somewhere\n"
        found = changes(edited(("import math\n", f"import math\n{guarded}")))
        assert functions(found) == set()

    def test_may_move(self):
        new = edited(("import math\nimport torch\n", "import torch\nimport math\n"))
        assert functions(changes(new)) == set()


class TestFiles:
    def test_that_are_the_same(self):
        found = changes()
        assert (functions(found), found.files, found.imports) == (set(), set(), False)

    def test_that_were_never_imported_reach_no_case(self):
        imported = {"core.py", "__init__.py"}
        assert functions(changes("x = (", imported=imported)) == set()
        assert changes("x = (").everything

    def test_that_are_gone(self):
        assert changes(more={"core.py": None}).everything == ["core.py is gone"]

    def test_that_are_new_matter_only_to_who_looked_for_them(self):
        assert functions(changes(more={"fresh.py": "x = 1"})) == set()
        assert functions(changes(more={"looked_for.py": "x = 1"})) == {"user"}
        tried = {
            "try.py": "try:\n    from pkg import fresh\nexcept ImportError:\n    fresh = None\n"
        }
        found = changes(more={"fresh.py": "x = 1"}, before=tried)
        assert found.everything == ["fresh.py is new, and try.py imports it"]

    @pytest.mark.parametrize("name", ["kernel.cpp", "data.json", "lib.so"])
    def test_that_are_no_python(self, name):
        assert changes(more={name: "x"}).everything == [f"{name} is no Python file"]

    def test_that_people_read(self):
        assert functions(changes(more={"README.md": "x", "nn.pyi": "x"})) == set()

    def test_hold_functions_in_branches_as_well(self):
        old = "try:\n    import fast\nexcept ImportError:\n    def f(x):\n        return x\n"
        assert functions(changes(old.replace("return x", "return -x"), old)) == {"f"}
        assert changes(old.replace("fast", "faster"), old).everything
        two = old + "else:\n    def f(x):\n        return x\n"
        assert "another number" in changes(two, old).everything[0]

    def test_may_be_hostile(self):
        for text in ("x = " + "(" * 5000, "\0", "x = " + "-" * 100_000 + "1"):
            assert "can't be parsed" in changes(text).everything[0]
