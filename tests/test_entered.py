"""What a recorded process notes, on every Python that is here."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = {
    "__init__.py": "from noted import early\n",
    "early.py": """\
        def setting():
            return 1

        VALUE = setting()

        class Made:
            made = [one for one in range(3)]

            def method(self):
                def inner():
                    return [x for x in range(2)]
                return inner()

            @property
            def size(self):
                return 1

        def numbers():
            yield 1

        def failing():
            raise ValueError

        def threaded():
            return 1

        def unused():
            return 1
    """,
    "late.py": "from noted.early import failing\n\ndef used():\n    return 1\n\nused()\n",
    "broken.py": "raise ImportError('half way')\n",
}
SCRIPT = """\
    import json, sys, threading
    sys.path.insert(0, {root!r})
    sys.path.insert(0, {folder!r})
    from conformance.adapters.worker.entered import Noter
    noter = Noter({folder!r} + "/noted")
    means = noter.begin()
    from noted import early
    start = noter.told()
    noter.forget()
    {code}
    print(json.dumps([means, start, noter.told()]))
"""


def pythons():
    """Interpreters that are here, by the version that they say they are."""
    found = {f"{sys.version_info[0]}.{sys.version_info[1]}": sys.executable}
    beside = Path(sys.base_prefix).parent  # where several are installed side by side
    for version in ("3.12", "3.13", "3.14"):
        candidates = [shutil.which(f"python{version}"), *beside.glob(f"*/bin/python{version}")]
        for path in filter(None, candidates):
            if said([path, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]) == version:
                found.setdefault(version, str(path))
    return found


def said(command):
    told = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return told.stdout.strip()


@pytest.fixture(scope="module", params=pythons().items(), ids=lambda found: found[0])
def python(request):
    return request.param


@pytest.fixture
def noted(tmp_path, python):
    folder = tmp_path / "noted"
    folder.mkdir()
    for name, text in PACKAGE.items():
        (folder / name).write_text(textwrap.dedent(text))

    def run(code):
        script = textwrap.dedent(SCRIPT).format(root=str(ROOT), folder=str(tmp_path), code=code)
        told = subprocess.run(
            [python[1], "-I", "-S", "-c", script], capture_output=True, text=True, check=False
        )
        assert told.returncode == 0, told.stderr
        return json.loads(told.stdout)

    return run


def line(text, file="early.py"):
    lines = textwrap.dedent(PACKAGE[file]).splitlines()
    return next(number for number, one in enumerate(lines, 1) if text in one)


def test_the_means_are_those_of_the_python(noted, python):
    means = noted("pass")[0]
    later = tuple(map(int, python[0].split("."))) >= (3, 12)
    assert means == ("sys.monitoring" if later else "sys.setprofile")


def test_what_the_import_enters_is_told_apart(noted):
    _, start, after = noted("pass")
    assert start["modules"] == ["__init__.py", "early.py"]
    assert line("def setting") in start["on_import"]["early.py"]
    assert line("def unused") not in start["on_import"]["early.py"]
    assert after == {"entered": {}, "on_import": {}, "modules": [], "hidden": ""}


@pytest.mark.parametrize(
    ("code", "entered"),
    [
        ("early.Made().size", ["@property"]),
        ("early.Made().method()", ["def method", "def inner"]),
        ("list(early.numbers())", ["def numbers"]),
        (
            "thread = threading.Thread(target=early.threaded); thread.start(); thread.join()",
            ["def threaded"],
        ),
        ("sum(early.setting() for _ in range(3))", ["def setting"]),
    ],
)
def test_what_is_entered_is_noted_and_nothing_else(noted, code, entered):
    _, _, after = noted(code)
    functions = {line(text) for text in entered}
    inside = {line("return [x for")} if "method" in code else set()  # a function before 3.12
    assert set(after["entered"]["early.py"]) - inside == functions
    assert after["on_import"] == {}
    assert after["hidden"] == ""


def test_an_exception_is_entered_like_anything(noted):
    code = "try: early.failing()\nexcept ValueError: pass"
    _, _, after = noted(code)
    assert after["entered"] == {"early.py": [line("def failing")]}


def test_a_later_import_is_told_apart_and_ends_with_the_module(noted):
    _, _, after = noted("from noted import late; early.unused()")
    assert after["modules"] == ["late.py"]
    assert after["on_import"] == {"late.py": [line("def used", "late.py")]}
    assert after["entered"]["early.py"] == [line("def unused")]


def test_an_import_that_fails_ends_as_well(noted):
    code = "try: import noted.broken\nexcept ImportError: pass\nearly.unused()"
    _, _, after = noted(code)
    assert after["modules"] == ["broken.py"]
    assert after["on_import"] == {}
    assert after["entered"] == {"early.py": [line("def unused")]}


def test_somebody_else_in_our_place_is_noticed(noted):
    if noted("pass")[0] == "sys.setprofile":
        _, _, after = noted("sys.setprofile(None)")
    else:
        _, _, after = noted("[sys.monitoring.free_tool_id(n) for n in range(6)]")
    assert "in the place of ours" in after["hidden"]


def test_a_function_that_autograph_has_written_anew_is_noticed(noted):
    code = "exec(compile('def f(): pass\\nf()', '/tmp/__autograph_generated_filex.py', 'exec'))"
    assert "AutoGraph" in noted(code)[2]["hidden"]
