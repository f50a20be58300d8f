"""The ranges of the ledger's entries: measured, written down, and held to what was measured."""

from __future__ import annotations

import datetime as dt

import pytest
from comparisons import facets, record

from conformance import cli
from conformance.adapters.host import registry
from conformance.cases import default_root, load_ids
from conformance.globs import matches
from conformance.run.session import LEDGER_FOLDER
from conformance.upkeep.measuring import Measured, read_measured, written
from conformance.upkeep.ranges import Range, contradictions, range_of
from conformance.verdicts.entries import read_entries
from conformance.verdicts.ledger import Ledger

ROW = ["3.3.3", "3.5.0", "3.8.0", "3.15.1", "3.16.0.dev1"]
MEASUREMENTS = "measured.json"


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ({"a": "xxxxx"}, Range("3.3.3", "3.16.0.dev1")),
        ({"a": "..xxx"}, Range("3.8.0", "3.16.0.dev1", "3.5.0")),
        ({"a": "oxxx."}, Range("3.5.0", "3.15.1", "3.3.3", "3.16.0.dev1")),
        ({"a": "-xxx."}, Range("3.5.0", "3.15.1", "", "3.16.0.dev1")),
        ({"a": ".-xx."}, Range("3.8.0", "3.15.1", "3.3.3", "3.16.0.dev1")),
        ({"a": "xxx-."}, Range("3.3.3", "3.8.0", "", "3.16.0.dev1")),
        ({"a": "xx..."}, Range("3.3.3", "3.5.0", "", "3.8.0")),
        ({"a": "x--x."}, Range("3.3.3", "3.15.1", "", "3.16.0.dev1")),
        ({"a": "xxxx~"}, Range("3.3.3", "3.15.1", "", "3.16.0.dev1")),
        ({"a": "xxx%."}, Range("3.3.3", "3.15.1", "", "3.16.0.dev1")),
        (
            {"a": "xxxxx", "b": "xxx.."},
            Range("3.3.3", "3.16.0.dev1", exceptions={"b": ">=3.15.1"}),
        ),
        ({"a": "xxxxx", "b": "..xxx"}, Range("3.3.3", "3.16.0.dev1", exceptions={"b": "<3.8.0"})),
        (
            {"a": "xxxxx", "b": "x..xx"},
            Range("3.3.3", "3.16.0.dev1", exceptions={"b": ">=3.5.0,<3.15.1"}),
        ),
        ({"a": "xxxxx", "b": "....."}, Range("3.3.3", "3.16.0.dev1", exceptions={"b": ">=3.3.3"})),
        ({"a": "xxxxx", "b": "-----"}, Range("3.3.3", "3.16.0.dev1")),
    ],
)
def test_a_range_is_as_wide_as_what_was_seen(marks, expected):
    assert range_of(ROW, marks) == expected


def test_what_comes_and_goes_has_no_range():
    found = range_of(ROW, {"a": "xxxxx", "b": "x.x.x"})
    assert found.vague == "on b it comes and goes: x.x.x"


def test_what_never_showed_has_none():
    assert range_of(ROW, {"a": "...~-"}) is None


LEDGER = """\
# Of the layers.

- id: adds-twice
  adapter: keras-*
  cases: [fakes/one, fakes/two]
  facets: [values]
  signature: values fail
  when: {keras: ">=3.0"}   # a guess
  kind: bug
  reason: It adds twice.
  since: Keras 3.0
  review_by: 2099-01-01

- id: adds-thrice
  adapter: keras-*
  cases: fakes/three
  facets: [values]
  signature: values fail
  kind: bug
  reason: >-
    It adds
    thrice.
  review_by: 2099-01-01
"""
CASES = "".join(
    f"- id: {name}\n  title: A Dense layer\n  source: {{keras: keras.layers.Dense}}\n"
    "  input: {shape: [3]}\n  model: [{Dense: {units: 3}}]\n"
    for name in ("one", "two", "three")
)
PASSES, FAILS = facets(values="pass"), facets(values="fail")


@pytest.fixture
def swept(tmp_path, monkeypatch):
    """Records of a sweep: three releases on two backends."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cases").mkdir()
    (tmp_path / "cases/fakes.yaml").write_text(CASES)
    (tmp_path / "ours.yaml").write_text(LEDGER)
    outcomes = {
        "keras-torch": ("pass", "fail", "fail"),
        "keras-jax": ("pass", "fail", "pass"),
    }
    cells, versions = {}, {}
    for adapter, row in outcomes.items():
        for release, outcome in zip(("3.5.0", "3.8.0", "3.15.1"), row, strict=True):
            column = f"{adapter}@keras=={release}"
            versions[column] = {"keras": release}
            cells[column] = {
                "fakes/one": outcome,
                "fakes/two": outcome,
                "fakes/three": "unsupported" if release == "3.5.0" else "fail",
            }
    record(tmp_path / "reports/run/records.jsonl", cells, versions=versions)
    return tmp_path


def measure(*arguments):
    return cli.main(
        ["ledger", "measure", "run", "--cases", "cases", "--ledger", "ours.yaml", *arguments]
    )


def test_a_sweep_tells_what_an_entry_should_say(swept, capsys):
    before = (swept / "ours.yaml").read_text()
    assert measure() == 0
    told = capsys.readouterr().out
    assert 'adds-twice: when {keras: ">=3.0"} becomes {keras: ">=3.8.0"}' in told
    assert 'adds-twice: except {keras-jax: {keras: ">=3.15.1"}}' in told
    assert "adds-thrice: since Keras 3.8.0 or earlier" in told, "3.5.0 couldn't tell"
    assert "to be made" in told
    assert (swept / "ours.yaml").read_text() == before


def test_ranges_are_written_and_nothing_else_is(swept, capsys):
    before = (swept / "ours.yaml").read_text().splitlines()
    assert measure("--write", "--into", "measured.json") == 0
    after = (swept / "ours.yaml").read_text().splitlines()
    kept = [line for line in before if not line.startswith(("  when", "  since"))]
    assert [line for line in after if line in kept] == kept
    entries, problems = read_entries(swept / "ours.yaml")
    assert problems == []
    measured = read_measured(swept / "measured.json")
    assert measured.releases == ["3.5.0", "3.8.0", "3.15.1"]
    assert measured.entries["adds-twice"] == {"keras-jax": ".x.", "keras-torch": ".xx"}
    assert measured.entries["adds-thrice"] == {"keras-jax": "-xx", "keras-torch": "-xx"}
    assert [contradictions(entry, measured) for entry in entries] == [[], []]
    capsys.readouterr()
    assert measure("--write", "--into", "measured.json") == 0
    assert "0 changes made" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ((">=3.6.1", "Keras 3.6.1"), (">=3.6.1", "Keras 3.6.1")),  # found by bisecting
        ((">=3.8", "Keras 3.8; 3.7 did it right"), (">=3.8", "Keras 3.8; 3.7 did it right")),
        ((">=3.6.1,<3.16", "Keras 2"), (">=3.6.1", "Keras 3.8.0")),  # nobody saw an end
        ((">=3.10", "Keras 3.10"), (">=3.8.0", "Keras 3.8.0")),  # too late
        ((">=3.5", "Keras 3.5 or earlier"), (">=3.8.0", "Keras 3.8.0")),  # too early
        ((">=3.6.1", "NumPy 2.0"), (">=3.6.1", "NumPy 2.0")),
        ((">=3.8.0.dev1", "Keras 3.8.0.dev1"), (">=3.8.0.dev1", "Keras 3.8.0.dev1")),
    ],
)
def test_a_bound_that_was_found_more_finely_stays(swept, written, found):
    (when, since), (becomes, began) = written, found
    text = LEDGER.replace('">=3.0"', f'"{when}"', 1).replace("Keras 3.0", since, 1)
    (swept / "ours.yaml").write_text(text)
    assert measure("--write") == 0
    entry = read_entries(swept / "ours.yaml")[0][0]
    assert {str(one) for one in entry.when["keras"]} == {becomes}
    assert entry.since == began


@pytest.mark.parametrize("since", ["Keras 2", "Keras 3.0", "Keras 3.5.0 or earlier", "Keras 3.8.0"])
def test_what_the_oldest_release_shows_began_before(swept, since):
    cells = {"keras-torch@keras==3.5.0": {"fakes/one": "fail", "fakes/two": "fail"}}
    versions = {"keras-torch@keras==3.5.0": {"keras": "3.5.0"}}
    record(swept / "reports/old/records.jsonl", cells, versions=versions)
    (swept / "ours.yaml").write_text(LEDGER.replace("Keras 3.0", since, 1))
    arguments = ["old", "--cases", "cases", "--ledger", "ours.yaml", "--write"]
    assert cli.main(["ledger", "measure", *arguments]) == 0
    entry = read_entries(swept / "ours.yaml")[0][0]
    assert {str(one) for one in entry.when["keras"]} == {">=3.0"}
    assert entry.since == ("Keras 3.5.0 or earlier" if since == "Keras 3.8.0" else since)


def test_an_exception_that_nothing_speaks_against_stays(swept):
    exceptions = '{keras-jax: {keras: ">=3.9"}, keras-toy: {keras: ">=3.0"}}'
    text = LEDGER.replace("  kind: bug\n", f"  except: {exceptions}\n  kind: bug\n", 1)
    (swept / "ours.yaml").write_text(text)
    assert measure("--write") == 0
    assert f"  except: {exceptions}\n" in (swept / "ours.yaml").read_text()


@pytest.mark.parametrize("wrong", [">=3.8", "<3.15"])
def test_an_exception_that_was_measured_to_be_otherwise_is_written_anew(swept, wrong):
    text = LEDGER.replace(
        "  kind: bug\n", f'  except: {{keras-jax: {{keras: "{wrong}"}}}}\n  kind: bug\n', 1
    )
    (swept / "ours.yaml").write_text(text)
    assert measure("--write") == 0
    assert 'except: {keras-jax: {keras: ">=3.15.1"}}' in (swept / "ours.yaml").read_text()


def test_no_condition_on_a_package_that_one_of_the_adapters_has_not_got(swept):
    text = LEDGER.replace("adapter: keras-*", "adapter: [keras-torch, tf-keras]", 1)
    (swept / "ours.yaml").write_text(text.replace('  when: {keras: ">=3.0"}   # a guess\n', "", 1))
    assert measure("--write") == 0
    entry = read_entries(swept / "ours.yaml")[0][0]
    assert entry.holds({"tf-keras": "2.21.0"}, "tf-keras")
    assert entry.holds({"keras": "3.8.0"}, "keras-torch")
    assert not entry.holds({"keras": "3.5.0"}, "keras-torch")


def test_one_symptom_may_have_two_causes(swept):
    """An old release's entry and a new one's are about the same cells, each in its own time."""
    old, new = '{keras: "<3.10"}', '{keras: ">=3.10"}'
    entry = LEDGER[: LEDGER.index("- id: adds-thrice")].replace("[keras-*]", "keras-torch")
    entry = entry.replace("adapter: keras-*", "adapter: keras-torch")
    first = entry.replace('{keras: ">=3.0"}', old)
    second = entry.replace('{keras: ">=3.0"}', new).replace("adds-twice", "adds-twice-again")
    (swept / "ours.yaml").write_text(first + second)
    assert measure("--into", "measured.json", "--write") == 0
    measured = read_measured(swept / "measured.json")
    assert measured.entries["adds-twice"]["keras-torch"] == ".x="
    assert measured.entries["adds-twice-again"]["keras-torch"] == ".=x"
    entries = read_entries(swept / "ours.yaml")[0]
    assert [contradictions(entry, measured) for entry in entries] == [[], []]
    begin = {str(one) for one in entries[1].when["keras"]}
    assert begin == {">=3.10"}


def test_a_guess_is_seen_through(swept):
    measure("--into", "measured.json")
    first, _ = read_entries(swept / "ours.yaml")[0]
    told = contradictions(first, read_measured(swept / "measured.json"))
    assert told == [
        "adds-twice: keras-jax with keras 3.5.0, 3.15.1 is said to show it and does not",
        "adds-twice: keras-torch with keras 3.5.0 is said to show it and does not",
    ]


def test_an_exception_holds_for_its_adapter_alone(swept):
    measure("--write")
    cases = ["fakes/one", "fakes/two", "fakes/three"]
    adapters = ["keras-torch", "keras-jax"]
    ledger = Ledger.load([swept / "ours.yaml"], cases, adapters, dt.date(2026, 1, 1))
    assert ledger.problems == []
    entry = ledger.entries[0]
    now = {"keras": "3.15.1"}
    assert entry.holds(now, "keras-torch")
    assert not entry.holds(now, "keras-jax")
    assert not entry.holds(now, "mine", "keras-jax"), "by the name that it is known as"
    assert entry.holds({"keras": "3.8.0"}, "keras-jax")


def test_measurements_add_up():
    one = Measured(package="keras", releases=["3.5.0", "3.8.0"], entries={"a": {"t": "x."}})
    two = Measured(package="keras", releases=["3.6.0", "3.8.0"], entries={"a": {"t": "-x"}})
    both = one.with_more(two)
    assert both.releases == ["3.5.0", "3.6.0", "3.8.0"]
    assert both.entries == {"a": {"t": "x-x"}}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"package": "keras", "releases": ["3.5"], "entries": {"a": {"t": "xx"}}}',
        '{"package": "keras", "releases": ["new"], "entries": {}}',
    ],
)
def test_what_is_no_measurement_is_refused(swept, capsys, text):
    (swept / "measured.json").write_text(text)
    assert measure("--into", "measured.json") == 2
    assert "holds no measurements" in capsys.readouterr().err
    assert (swept / "measured.json").read_text() == text


@pytest.mark.parametrize("value", ["[]", "{}", "{keras-torch: new}", '{keras-torch: {keras: "x"}}'])
def test_an_exception_that_is_none_is_told(tmp_path, value):
    path = tmp_path / "ledger.yaml"
    path.write_text(LEDGER.replace("  kind: bug\n", f"  except: {value}\n  kind: bug\n", 1))
    entries, problems = read_entries(path)
    assert len(entries) == 1
    assert "except" in str(problems[0])


def test_the_catalogues_ranges_are_what_was_measured():
    """Every entry about Keras 3, in each release of the sweep that lies beside the ledger."""
    folder = default_root() / LEDGER_FOLDER
    measured = read_measured(folder / MEASUREMENTS)
    assert {"3.3.3", "3.5.0", "3.8.0", "3.10.0", "3.12.4", "3.14.1", "3.15.1"} <= {
        *measured.releases
    }
    assert any("dev" in release for release in measured.releases)
    ids = load_ids([default_root()])
    ledger = Ledger.load([folder], ids, registry.names(), dt.date(2026, 1, 1))
    wrong = [told for entry in ledger.entries for told in contradictions(entry, measured)]
    assert wrong == []
    # One that was found in the newest release and says so claims nothing of those before.
    newest = ">=3.15.1"
    swept = {adapter for told in measured.entries.values() for adapter in told}
    of_keras = {
        entry.id
        for entry in ledger.entries
        if str(entry.when.get(measured.package, "")) != newest
        and not {*entry.when} - {measured.package}  # the faults of packages beside Keras are theirs
        and not entry.of_files  # which hang on the releases that wrote them, too
        and not entry.sometimes  # which no release tells
        and any(
            name.startswith("keras-") and matches(name, one)
            for name in entry.adapters
            for one in swept
        )
    }
    assert of_keras <= measured.entries.keys(), "not measured"
    assert (folder / MEASUREMENTS).read_bytes() == written(measured)
