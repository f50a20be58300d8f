"""``next``: what to implement or mend next on a backend that is half built."""

from __future__ import annotations

import json
import shlex
import sys

import pytest
from comparisons import record
from msgspec.structs import replace
from runs import FAKES
from synthetic_runs import adapter as adapter_line
from synthetic_runs import case as case_line
from synthetic_runs import cell, header
from synthetic_runs import record as record_lines
from toy import Toy, newest

from conformance import cli
from conformance.adapters.host.observation import Failure
from conformance.cases.model import Node
from conformance.records import read
from conformance.records.model import Footer, LevelOf
from conformance.run.explanation import explain
from conformance.touched.map import read as read_map
from conformance.touched.map import write
from conformance.verdicts.frames import frames
from conformance.verdicts.model import FacetVerdict, Known

HALF = """\
import toyframe


def plain(x):
    return x


def missing(x):
    raise NotImplementedError


def named(x):
    raise NotImplementedError("`scatter` is not supported by this backend")


def gone(x):
    return toyframe.gather(x)


def refuses(x):
    return plain(x, axis=1)


def wrong(x):
    return x + x.dtype.type(1)


def misshapen(x):
    return x[None]
"""
CASES = ["plain-1", "plain-2", "missing-1", "missing-2", "missing-3", "missing-4"]
CASES += ["named-1", "gone-1", "gone-2", "gone-3", "refuses-1", "refuses-2", "misshapen"]
CASES += [f"wrong-{number}" for number in range(5)]


# --- from a run to the answer ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A backend that is half built, a run of it, and a recording of what its cases enter."""
    toy = Toy(tmp_path_factory.mktemp("half"), CASES)
    (toy.package / "half.py").write_text(HALF)
    toy.commit("half of it")
    with pytest.MonkeyPatch.context() as patch:
        enter(toy, patch)
        assert cli.main(["run", "cases", *options()]) == 1
        source = ["--source", "repository/toyframe", "--output", "half.touched"]
        assert cli.main(["touched", "record", "cases", *source, *options()]) == 0
    return toy


@pytest.fixture
def half(place, monkeypatch, capsys):
    enter(place, monkeypatch)
    capsys.readouterr()
    return place


def enter(toy, patch):
    patch.setenv("KERAS_CONFORMANCE_CACHE", str(toy.folder / "cache"))
    patch.setenv("PYTHONPATH", str(toy.repository))
    patch.setenv("NO_COLOR", "1")
    patch.chdir(toy.folder)


def options():
    command = f"half={sys.executable} {{worker}} {FAKES / 'halved.py'} half"
    return ["--adapter", "half", "--adapter-command", command]


def asked(capsys, *arguments):
    """The answer as JSON."""
    assert cli.main(["next", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def printed(capsys, *arguments):
    assert cli.main(["next", *arguments]) == 0
    return capsys.readouterr().out


def brief(answer):
    return [(one["kind"], one["what"], one["unlocks"]) for one in answer["causes"]]


@pytest.mark.usefixtures("half")
def test_what_unlocks_most_comes_first_and_is_named(capsys):
    answer = asked(capsys, "--adapter", "half")
    assert (answer["cases"], answer["passing"], answer["deviating"]) == (18, 2, 16)
    assert brief(answer) == [
        ("wrong values", "Dense", 5),
        ("missing function", "missing", 4),
        ("missing function", "toyframe.gather", 3),
        ("refused argument", "plain: axis", 2),
        ("missing function", "scatter", 1),
        ("wrong shape", "Dense", 1),
    ]
    missing = answer["causes"][1]
    assert missing["where"].startswith("missing (")
    assert missing["where"].endswith("/toyframe/half.py:9)")
    assert missing["cases"] == [f"fakes/missing-{number}" for number in (1, 2, 3, 4)]
    assert missing["unjudged"] == 4  # an exception leaves everything behind it unjudged


@pytest.mark.usefixtures("half")
def test_the_command_runs_the_example(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "argv", ["keras-conformance", "run", "cases", *options()])
    assert cli.main(["run", "cases", *options(), "--reports", str(tmp_path)]) == 1
    capsys.readouterr()
    text = printed(capsys, "--reports", str(tmp_path))
    commands = [line.partition("$ ")[2] for line in text.splitlines() if " $ " in line]
    assert len(commands) == 6
    program, *arguments = shlex.split(commands[0])
    # The cases are of a catalogue of their own, so that their folder is named.
    assert (program, arguments[:2]) == ("keras-conformance", ["run", "cases"])
    assert cli.main([*arguments, "--reports", str(tmp_path / "again")]) == 1
    assert "half: 18 cases" in capsys.readouterr().out


def test_a_case_of_the_suites_own_is_named_by_its_id(told, capsys):
    told.case("documents/dense/a b", facet("values"))
    (cause,) = told.next(capsys)["causes"]
    assert cause["command"] == "keras-conformance run 'documents/dense/a b' --adapter keras-mine"


@pytest.mark.usefixtures("half")
def test_the_functions_that_the_cases_share_are_named(capsys):
    answer = asked(capsys, "--recording", "half.touched")
    shared = {cause["what"]: cause["shared"][0] for cause in answer["causes"][1:3]}
    wrong = answer["causes"][0]["shared"][0]
    assert wrong == {"function": "wrong (toyframe/half.py)", "entered": 5, "passing": 0}
    assert shared["missing"]["function"] == "missing (toyframe/half.py)"
    # What the cases that pass enter as well is less suspicious.
    assert len(answer["causes"][0]["shared"]) == 1
    assert answer["recordings"][0]["package"] == "toyframe"
    assert "no_recording" not in answer
    text = printed(capsys, "--recording", "half.touched")
    said = "wrong (toyframe/half.py): entered by 5 of its cases and none that passes"
    assert said in text
    assert "Functions by the recording of toyframe of 20" in text


def test_a_kept_recording_is_found_and_one_of_other_versions_is_not(half, capsys):
    assert "wrong (toyframe/half.py)" in printed(capsys)
    (kept,) = (half.folder / "cache/touched/toyframe/half").glob("*")
    content = kept.read_bytes()
    made = read_map(kept)
    try:
        write(replace(made, told={**made.told, "toyframe": "0.9"}), kept)
        text = printed(capsys)
        assert "entered by" not in text
        assert "No functions are named: no recording of half in these versions is kept" in text
        assert "keras-conformance touched record --source" in text
        assert cli.main(["next", "--recording", str(kept)]) == 2
        assert "toyframe 0.9, not 1.0" in capsys.readouterr().err
    finally:
        kept.write_bytes(content)


def test_cases_that_are_not_what_was_recorded_name_nothing(half, capsys):
    made = read_map(half.folder / "half.touched")
    changed = {case: "0" * 64 if "wrong" in case else digest for case, digest in made.cases.items()}
    write(replace(made, cases=changed), half.folder / "changed.touched")
    answer = asked(capsys, "--recording", "changed.touched")
    assert "shared" not in answer["causes"][0]
    assert answer["causes"][1]["shared"]


# --- what is one cause ----------------------------------------------------------------------------


def facet(name, outcome="fail", message="", **changes):
    return FacetVerdict(facet=name, outcome=outcome, message=message, **changes)


def raised(message, name="shape", at="call 0", **changes):
    return facet(name, "error", f"{at}: raised: {message}", **changes)


def passing(*names):
    return [facet(name, "pass") for name in names]


class Recorded:
    """A run of one adapter, told cell by cell."""

    def __init__(self, folder, adapter="keras-mine"):
        self.folder, self.adapter = folder, adapter
        self.cells, self.cases = [], []

    def case(self, name, *facets, outcome=None, layers=("Dense",), **verdict):
        program = case_line(name).program
        nodes = [Node(name=one.lower(), layer=one, config={}, inputs=["x"]) for one in layers]
        program = replace(program, model=replace(program.model, nodes=nodes))
        self.cases.append(case_line(name, program=program))
        ends = {one.outcome for one in facets}
        outcome = outcome or next((end for end in ("fail", "error") if end in ends), "pass")
        line = cell(name, self.adapter, outcome, facets=list(facets))
        self.cells.append(replace(line, verdict=replace(line.verdict, **verdict)))

    def write(self, **given):
        names = [one.id for one in self.cases]
        lines = [
            header(names, plan={self.adapter: None}, **given),
            *self.cases,
            adapter_line(self.adapter),
            *self.cells,
            Footer(finished="", planned=len(names), reported=len(names), counts={}),
        ]
        return record_lines(self.folder / "records.jsonl", lines)

    def next(self, capsys, **given):
        return asked(capsys, str(self.write(**given)))


@pytest.fixture
def told(tmp_path):
    return Recorded(tmp_path)


def numbers(answer):
    return [(one["what"], one["unlocks"], one["before"], one["behind"]) for one in answer["causes"]]


def test_messages_that_differ_in_numbers_and_names_are_one_cause(told, capsys):
    told.case("l/a", raised("ValueError: Shapes (2,5,3) and (2,4,3) differ"))
    told.case("l/b", raised("ValueError: Shapes (2, 7) and (1,) differ"))
    told.case("l/c", raised("ValueError: Received: padding=SAME, in 'conv_1'"))
    told.case("l/d", raised("ValueError: Received: padding=VALID, in 'conv_27'"))
    told.case("l/e", raised("TypeError: Shapes (2,5,3) and (2,4,3) differ"))
    assert numbers(told.next(capsys)) == [
        ("ValueError: Shapes (2,5,3) and (2,4,3) differ", 2, 0, 0),
        ("ValueError: Received: padding=SAME, in 'conv_1'", 2, 0, 0),
        ("TypeError: Shapes (2,5,3) and (2,4,3) differ", 1, 0, 0),
    ]


def test_attributes_are_told_apart(told, capsys):
    for number, name in enumerate(("shape", "shape", "dtype")):
        said = f"AttributeError: 'NoneType' object has no attribute '{name}'"
        told.case(f"l/{number}", raised(said))
    assert [one["unlocks"] for one in told.next(capsys)["causes"]] == [2, 1]


def test_one_message_out_of_two_functions_of_the_backend_is_two_causes(told, capsys):
    for line, place in ((7, "conv"), (8, "conv"), (9, "pool")):
        through = [f"inner (other/x.py:{line})", f"{place} (home/keras_mine/nn.py:{line})"]
        told.case(f"l/{line}", raised("IndexError: list index out of range", raised_in=through))
    answer = told.next(capsys)
    assert [one["unlocks"] for one in answer["causes"]] == [2, 1]
    assert answer["causes"][0]["where"] == "conv (keras_mine/nn.py:7)"
    assert answer["causes"][1]["where"] == "pool (keras_mine/nn.py:9)"


@pytest.mark.parametrize(
    ("message", "kind", "what"),
    [
        (
            "AttributeError: module 'mine.nn' has no attribute 'elu'",
            "missing function",
            "mine.nn.elu",
        ),
        (
            "AttributeError: 'Tensor' object has no attribute 'sum'",
            "missing function",
            "Tensor.sum",
        ),
        ("ModuleNotFoundError: No module named 'scipy'", "missing function", "scipy"),
        ("ImportError: cannot import name 'x' from 'y'", "missing function", "x"),
        ("NotImplementedError: `fft` is not supported", "missing function", "fft"),
        ("TypeError: f() got an unexpected keyword argument 'axis'", "refused argument", "f: axis"),
        (
            "TypeError: f() missing 1 required positional argument: 'x'",
            "refused argument",
            "f: missing 1 required positional argument: 'x'",
        ),
        (
            "AttributeError: 'NoneType' object has no attribute 'shape'",
            "exception",
            "AttributeError: 'NoneType' object has no attribute 'shape'",
        ),
        ("ValueError: no", "exception", "ValueError: no"),
        ("RuntimeError", "exception", "RuntimeError"),
    ],
)
def test_an_exception_names_what_it_can(told, capsys, message, kind, what):
    told.case("l/a", raised(message))
    (cause,) = told.next(capsys)["causes"]
    assert (cause["kind"], cause["what"]) == (kind, what)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("symbolic_shape", "wrong shape"),
        ("weights", "wrong weights"),
        ("dtype", "wrong dtype"),
        ("values", "wrong values"),
        ("gradients", "wrong gradients"),
        ("mask", "wrong mask"),
        ("raises", "no refusal"),
        ("state", "wrong training"),
        ("save_round_trip", "wrong round trip"),
        ("compiled", "wrong in graph mode"),
        ("random", "wrong draws"),
        ("summary", "wrong summary"),
    ],
)
def test_every_facet_has_its_kind(told, capsys, name, kind):
    told.case("l/a", facet(name, message="output 0: not so"))
    (cause,) = told.next(capsys)["causes"]
    assert cause["kind"] == kind


def test_gradients_that_raise_are_wrong_gradients(told, capsys):
    told.case("l/a", raised("ValueError: no", "gradients", "gradients"))
    assert brief(told.next(capsys)) == [("wrong gradients", "ValueError: no", 1)]


def test_what_follows_from_a_cause_is_none_of_its_own(told, capsys):
    told.case("l/a", facet("values"), facet("gradients"), facet("state"))
    told.case("l/b", facet("gradients"), facet("state"), layers=("LSTM",))
    told.case("l/c", facet("mask"), facet("gradients"), layers=("GRU",))
    assert numbers(told.next(capsys)) == [
        ("Dense", 1, 0, 0),
        ("LSTM", 1, 0, 0),
        ("GRU", 0, 1, 0),  # its mask
        ("GRU", 0, 0, 1),  # and behind that its gradients
    ]


def test_every_case_that_deviates_is_counted_once_in_the_order(told, capsys):
    mask, wrong = facet("mask"), facet("gradients")
    told.case("l/a", mask, wrong)
    told.case("l/b", mask, wrong)
    told.case("l/c", wrong)
    answer = told.next(capsys)
    assert [
        (one["kind"], one["unlocks"], one["before"], one["behind"]) for one in answer["causes"]
    ] == [("wrong mask", 0, 2, 0), ("wrong gradients", 1, 0, 2)]
    assert sum(one["unlocks"] + one["before"] for one in answer["causes"]) == answer["deviating"]


def test_a_layer_that_is_wrong_by_itself_explains_a_model_with_it(told, capsys):
    told.case("l/pool", facet("values"), layers=("MaxPooling1D",))
    told.case("l/net", facet("values"), layers=("Conv2D", "MaxPooling2D", "Dense"))
    told.case("l/other", facet("values"), layers=("Conv2D", "Dense"))
    told.case("l/same", facet("gradients"), layers=("Conv2D", "MaxPooling2D"))
    assert numbers(told.next(capsys)) == [
        ("MaxPooling", 2, 0, 0),
        ("Conv + Dense", 1, 0, 0),
        ("Conv + MaxPooling", 1, 0, 0),
    ]


def test_the_example_is_the_smallest(told, capsys):
    told.case("l/net", facet("values"), layers=("Dense", "Dense", "Dense"))
    told.case("l/alone", facet("values"))
    (cause,) = told.next(capsys)["causes"]
    assert cause["example"] == "l/alone"
    assert cause["command"] == "keras-conformance run l/alone --adapter keras-mine"


def test_what_a_fault_behaves_like_tells_causes_apart(told, capsys):
    told.case("l/a", facet("values", behaves_like="epsilon of 1e-5 (eps)"))
    told.case("l/b", facet("values", behaves_like="epsilon of 1e-5 (eps)"))
    told.case("l/c", facet("values"))
    assert numbers(told.next(capsys)) == [
        ("Dense: behaves like: epsilon of 1e-5 (eps)", 2, 0, 0),
        ("Dense", 1, 0, 0),
    ]


# --- known, pending, unsupported ------------------------------------------------------------------


def known(entry="an-entry", kind="bug", facets=("values",)):
    return Known(entry=entry, kind=kind, reason="It adds twice.", facets=list(facets))


def test_what_the_ledger_knows_counts_and_is_marked(told, capsys):
    for name, layer in (("a", "Dense"), ("b", "LSTM")):
        told.case(
            f"l/{name}",
            facet("values", message="output 0 at [0]"),
            outcome="xfail",
            judged="fail",
            known=known(),
            layers=(layer,),
        )
    told.case("l/c", facet("values"))
    answer = told.next(capsys)
    assert answer["deviating"] == 3
    first, second = answer["causes"]
    assert (first["entry"], first["reason"], first["unlocks"]) == ("an-entry", "It adds twice.", 2)
    assert "entry" not in second
    text = printed(capsys, str(told.folder))
    assert "[known: an-entry]" in text
    assert text.count("known") == 1


def test_a_facet_that_the_entry_does_not_cover_is_a_cause_beside_it(told, capsys):
    wrong = (facet("mask"), facet("values"))
    told.case("l/a", *wrong, outcome="fail", known=known())
    first, second = told.next(capsys)["causes"]
    assert (first["kind"], first.get("entry")) == ("wrong mask", None)
    assert (second["kind"], second["entry"], second["behind"]) == ("wrong values", "an-entry", 1)


def test_what_is_pending_is_told_by_its_cause_and_counted(told, capsys):
    pending = known("capabilities", "pending")
    told.case("l/a", facet("values"), outcome="xfail", judged="fail", known=pending)
    told.case("l/b", facet("values"))
    (cause,) = told.next(capsys)["causes"]
    assert (cause["unlocks"], cause["pending"]) == (2, 1)
    assert "entry" not in cause
    assert "[1 pending]" in printed(capsys, str(told.folder))


def test_an_unexpected_pass_passes(told, capsys):
    told.case("l/a", *passing("values"), outcome="xpass", judged="pass", known=known())
    answer = told.next(capsys)
    assert (answer["passing"], answer["deviating"], "causes" in answer) == (1, 0, False)
    assert "Nothing to mend." in printed(capsys, str(told.folder))


def test_what_is_unsupported_is_to_be_implemented_too(told, capsys):
    told.case("l/a", outcome="unsupported", message="LSTM needs TensorFlow", layers=("LSTM",))
    told.case("l/b", outcome="unsupported", message="GRU needs TensorFlow", layers=("GRU",))
    told.case("l/c", outcome="unsupported", message="NotImplementedError (in fft of mine.math)")
    told.case("l/d", outcome="unsupported", message="`fft` is not supported with this backend")
    told.case("l/e", outcome="unsupported", message="keras 3.8.0 has no layer named X", absent=True)
    answer = told.next(capsys)
    assert (answer["unsupported"], answer["absent"], answer["deviating"]) == (4, 1, 0)
    assert brief(answer) == [
        ("unsupported", "LSTM needs TensorFlow", 2),
        ("missing function", "mine.math.fft", 1),
        ("missing function", "fft", 1),
    ]


def test_answers_that_can_not_be_had_make_a_case_unsupported_though_its_shapes_pass(told, capsys):
    told.case("l/a", *passing("symbolic_shape"), facet("values", "unsupported", "no fft here"))
    answer = told.next(capsys)
    assert (answer["passing"], answer["unsupported"]) == (0, 1)


def test_what_a_capability_file_claims_and_is_not_there_is_a_cause(told, capsys):
    said = "unsupported: losses: does not train [capabilities: keras-mine is stated to support it]"
    lacks = facet("losses", "unsupported", "does not train")
    graph = facet("compiled", "unsupported", "no graphs")
    for name in "ab":
        told.case(
            f"l/{name}",
            *passing("values"),
            lacks,
            graph,
            outcome="fail",
            message=said,
            judged="pass",
        )
    said = said.replace("losses: does not train", "no LSTM")
    told.case("l/c", outcome="fail", message=said, judged="unsupported")
    answer = told.next(capsys)
    assert (answer["deviating"], answer["unsupported"]) == (3, 0)
    assert brief(answer) == [("unsupported", "does not train", 2), ("unsupported", "no LSTM", 1)]
    assert [(one["facet"], one["cases"]) for one in answer["unasked"]] == [("compiled", 2)]


def test_facets_that_would_be_gained_are_counted(told, capsys):
    for name in "ab":
        told.case(f"l/{name}", *passing("values"), facet("compiled", "unsupported", "no graphs"))
    told.case("l/c", *passing("values"), facet("gradients", "unsupported", "does not train"))
    told.case("l/d", *passing("values", "gradients", "compiled"))
    answer = told.next(capsys)
    assert [(one["facet"], one["cases"], one["reason"]) for one in answer["unasked"]] == [
        ("compiled", 2, "no graphs"),
        ("gradients", 1, "does not train"),
    ]
    assert answer["passing"] == 4
    assert "  compiled        2 cases  no graphs" in printed(capsys, str(told.folder))


def test_what_says_nothing_of_the_backend_is_no_cause_of_its(told, capsys):
    reason = "the adapter could not be used: ImportError: no"
    told.case("l/a", outcome="error", message=reason, broken="adapter")
    told.case("l/b", outcome="not-installed", message="No module named 'mine'")
    told.case("l/c", *passing("values"))
    answer = told.next(capsys)
    assert (answer["unjudged"], answer["deviating"], answer["passing"]) == (2, 0, 1)
    assert answer["broken"] == [reason, "No module named 'mine'"]
    text = printed(capsys, str(told.folder))
    assert f"Not judged: {reason}" in text
    assert "Nothing to mend" not in text


def test_a_process_that_dies_and_one_that_hangs_are_causes(told, capsys):
    told.case("l/a", outcome="crash", message="the adapter's process died over this case: SIGSEGV")
    told.case("l/b", outcome="crash", message="the adapter's process died over this case: SIGBUS")
    told.case("l/c", outcome="timeout", message="no answer within 60 s")
    assert brief(told.next(capsys)) == [("crash", "Dense", 2), ("timeout", "Dense", 1)]


# --- what is said ---------------------------------------------------------------------------------


def test_a_level_is_said(told, capsys):
    told.case("l/a", facet("values"))
    level = LevelOf(level=1, of=5, holds="each elementary layer once", chosen=59, cases=3796)
    said = "Level 1 of 5: 59 of 3,796 cases (each elementary layer once). Level 2 asks for more."
    assert told.next(capsys, level=level)["level"] == said
    assert said in printed(capsys, str(told.folder))


def test_only_the_first_causes_are_listed_unless_all_are_asked_for(told, capsys):
    for number in range(15):
        told.case(f"l/{number}", raised(f"ValueError: {'x' * number}"))
    path = str(told.write())
    text = printed(capsys, path)
    assert text.count("$ keras-conformance run") == 12
    assert "… and 3 more causes, of 3 cases: --all lists them" in text
    assert printed(capsys, path, "--all").count("$ keras-conformance run") == 15


def test_what_a_framework_says_is_harmless(told, capsys):
    hostile = "\x1b[2J\u202egnp.exe\x00"
    told.case("l/a", raised(f"ValueError: {hostile}", raised_in=[f"f{hostile} (x.py:1)"]))
    path = str(told.write())
    for text in (printed(capsys, path), json.dumps(asked(capsys, path), ensure_ascii=False)):
        assert not {"\x1b", "\u202e", "\x00"} & set(text)


def test_of_several_adapters_one_is_to_be_named(tmp_path, capsys):
    path = str(record(tmp_path / "r.jsonl", {n: {"l/a": "pass"} for n in ("torch", "jax")}))
    assert cli.main(["next", path]) == 2
    assert "--adapter NAME: say which one of torch, jax" in capsys.readouterr().err
    assert cli.main(["next", path, "--adapter", "flax"]) == 2
    assert "flax names no one column of that run: torch, jax" in capsys.readouterr().err
    assert asked(capsys, path, "--adapter", "jax")["adapter"] == "jax"


def test_without_a_run_it_is_said_that_there_is_none(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["next"]) == 2
    assert "no run has left records in reports" in capsys.readouterr().err


# --- where it was raised --------------------------------------------------------------------------


def test_a_traceback_tells_functions_without_pythons_own_and_the_suites():
    text = (
        "Traceback (most recent call last):\n"
        '  File "/suite/conformance/adapters/keras/session.py", line 9, in _calls\n'
        "    evaluator.call(index)\n"
        '  File "/venv/lib/python3.12/site-packages/keras/src/ops/nn.py", line 31, in conv\n'
        '  File "/home/me/work/keras_mine/src/nn.py", line 7, in conv\n'
        '  File "/usr/lib/python3.12/functools.py", line 5, in wrapper\n'
        '  File "<frozen importlib._bootstrap>", line 1, in _load\n'
        "NotImplementedError\n"
    )
    assert frames(text) == ["conv (work/keras_mine/src/nn.py:7)", "conv (keras/src/ops/nn.py:31)"]


@pytest.mark.parametrize("text", ["", "no traceback", 'File "x", line y, in z', "x" * 100_000])
def test_what_is_no_traceback_tells_nothing(text):
    assert frames(Failure(stage="call", type="E", message="", traceback=text).traceback) == []


def test_a_function_with_a_hostile_name_is_harmless_and_cut():
    (told,) = frames(f'  File "/x/{"y" * 5000}.py", line 7, in \x1b[2J{"z" * 5000}')
    assert "\x1b" not in told
    assert len(told) < 1200


def test_pytest_and_run_say_where_it_was_raised(place, monkeypatch):
    enter(place, monkeypatch)
    run = read(newest("reports"))
    text = explain(run.cases["fakes/missing-1"], run.cells["fakes/missing-1", "half"])
    assert "raised in missing (" in text
    assert "half.py:9)" in text
    assert "raised in" not in explain(
        run.cases["fakes/wrong-1"], run.cells["fakes/wrong-1", "half"]
    )


# --- the owner's capability file, held to by a run ------------------------------------------------

STATED = """\
adapter: half
supported: [fakes/plain*, fakes/wrong*, fakes/gone*]
pending:
  - cases: [fakes/missing*, "fakes/named*"]
    reason: Scatter is being written.
excluded:
  - cases: "*"
    facets: [symbolic_shape, weights, params, config, output_spec, initial, compiled,
      config_round_trip, save_round_trip]
    says: the fake has no such thing
    reason: It has no layers.
    cap: 200
"""


def stated(half, capsys, text=STATED):
    """A run that is held to a capability file: its record, exit code and what was printed."""
    half.folder.joinpath("capabilities.yaml").write_text(text)
    reports = half.folder / "held"
    for old in reports.glob("*/records.jsonl"):
        old.unlink()
    arguments = ["--capabilities", "capabilities.yaml", "--reports", str(reports)]
    code = cli.main(["run", "cases", *options(), *arguments])
    return read(newest(reports)), code, capsys.readouterr().out


def test_a_run_holds_an_adapter_to_what_is_supported_pending_and_excluded(half, capsys):
    run, code, _ = stated(half, capsys)
    outcomes = {case: run.cells.outcome(case, "half") for case in run.cases}
    assert code == 1
    assert run.problems == []
    assert outcomes["fakes/plain-1"] == "pass"
    assert outcomes["fakes/wrong-1"] == "fail"  # to be supported is no leave to answer wrongly
    assert outcomes["fakes/gone-1"] == "error"
    for case in ("fakes/missing-1", "fakes/named-1"):
        assert run.cells[case, "half"].verdict.known.kind == "pending"
    # What no list names counts as pending, where what is supported is listed.
    assert outcomes["fakes/refuses-1"] == "xfail"
    causes = {
        one["what"]: one for one in asked(capsys, "--reports", str(half.folder / "held"))["causes"]
    }
    assert causes["missing"]["pending"] == causes["missing"]["unlocks"] == 4
    assert "pending" not in causes["toyframe.gather"]


def test_an_adapter_that_is_stated_to_support_more_turns_red(half, capsys):
    run, code, text = stated(half, capsys, STATED.replace("weights, ", ""))
    verdict = run.cells["fakes/plain-1", "half"].verdict
    assert (code, verdict.outcome) == (1, "fail")
    assert "half is stated to support it" in verdict.message
    assert "unsupported: weights" in text


def test_an_exclusion_that_grew_makes_the_run_faulty(half, capsys):
    run, code, text = stated(half, capsys, STATED.replace("cap: 200", "cap: 3"))
    assert code == 1
    (problem,) = run.problems
    assert "cap" in problem
    assert "Problems of the run" in text
