"""The ledger's chores: what is wrong is told with its place, and a file is never written anew."""

from __future__ import annotations

import datetime as dt
import re

import msgspec
import pytest
from comparisons import facets, record
from synthetic_runs import cell as synthetic_cell

from conformance import cli
from conformance.records import read
from conformance.upkeep.evidence import Judged, judged, without_ledger
from conformance.upkeep.proposing import proposals, signature
from conformance.verdicts.ledger import Ledger
from conformance.verdicts.model import CellVerdict, FacetVerdict

A, B, C = (f"fakes/{name}" for name in ("one", "two", "three"))

CASES = """\
- id: {}
  title: A Dense layer
  source: {{keras: keras.layers.Dense}}
  input: {{shape: [3]}}
  model: [{{Dense: {{units: 3}}}}]
"""

LEDGER = """\
# What our backend does otherwise.

# It adds twice; seen by hand.
- id: adds-twice
  adapter: torch
  cases:
    - fakes/one   # the first that showed it
    - fakes/two
  facets: [values]
  signature: values fail
  kind: bug
  reason: It adds twice.
  review_by: 2099-01-01

# Another.
- id: raises
  adapter: "torch"
  cases: fakes/three
  outcome: error
  signature: it is error
  kind: bug
  reason: >-
    It raises.
  review_by: 2099-01-01
"""


@pytest.fixture
def place(tmp_path, monkeypatch, capsys):
    """A backend owner's repository: cases, a ledger of his own, a run."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cases").mkdir()
    (tmp_path / "cases/fakes.yaml").write_text(
        "".join(CASES.format(case.partition("/")[2]) for case in (A, B, C))
    )
    (tmp_path / "ours.yaml").write_text(LEDGER)

    class Place:
        ledger = tmp_path / "ours.yaml"

        @staticmethod
        def run(cells, **given):
            path = tmp_path / "reports/run/records.jsonl"
            path.unlink(missing_ok=True)
            record(path, cells, **given)

        @staticmethod
        def ask(chore, *arguments):
            code = cli.main(
                ["ledger", chore, *arguments, "--cases", "cases", "--ledger", "ours.yaml"]
            )
            printed = capsys.readouterr()
            assert "Traceback" not in printed.err
            return code, printed.out + printed.err

        @staticmethod
        def write(text):
            (tmp_path / "ours.yaml").write_text(text)

    return Place


AS_IT_SAYS = {"torch": {A: "fail", B: "fail", C: "error"}}


class TestCheck:
    def test_a_sound_ledger_is_sound(self, place):
        assert place.ask("check") == (0, "2 entries: no problem\n")

    def test_what_is_as_it_says_is_no_problem(self, place):
        place.run(AS_IT_SAYS)
        assert place.ask("check", "latest") == (0, "2 entries, held against 1 run: no problem\n")

    @pytest.mark.parametrize(
        ("before", "after", "words"),
        [
            (
                "fakes/three",
                "fakes/tree",
                "'fakes/tree' matches no case.*did you mean 'fakes/three'",
            ),
            ('adapter: "torch"', "adapter: torhc", "'torhc' is no adapter; did you mean 'torch'"),
            ("cases: fakes/three", "cases: fakes/*\n  cap: 1", "match 3 cases, and its cap is 1"),
            ("2099-01-01\n\n#", "2020-01-01\n\n#", "ours.yaml:4:3: review_by: .*by 2020-01-01"),
            ("reason: It adds twice.", 'reason: ""', "ours.yaml:12:11: reason: is empty"),
            ("  signature: values fail\n", "", "signature"),
            ("facets: [values]", "facets: [value]", "did you mean 'values'"),
        ],
    )
    def test_what_is_wrong_in_itself(self, place, before, after, words):
        place.write(LEDGER.replace(before, after))
        code, text = place.ask("check")
        assert code == 1
        assert re.search(words, text), text

    @pytest.mark.parametrize(
        ("told", "words"),
        [
            ("pass", "ours.yaml:4:3: facets: adds-twice says that values fails, and it passes"),
            (
                [FacetVerdict(facet="values", outcome="fail", message="it subtracts")],
                "expects another message of values: 'values fail'; fakes/one on torch: ",
            ),
            (facets(values="fail", gradients="fail"), "adds-twice does not cover gradients"),
            ("crash", "adds-twice does not cover that it ends in crash"),
        ],
    )
    def test_what_is_wrong_by_the_record(self, place, told, words):
        place.run({"torch": AS_IT_SAYS["torch"] | {A: told}})
        code, text = place.ask("check", "run")
        assert code == 1
        assert words in text

    def test_many_cells_are_one_problem(self, place):
        place.run({"torch": {A: "pass", B: "pass", C: "error"}})
        _, text = place.ask("check", "run")
        (line,) = [line for line in text.splitlines() if "it passes" in line]
        assert f"2 cells, the first: {A} on torch" in line

    def test_a_condition_on_versions(self, place):
        place.write(LEDGER.replace("  kind: bug\n", '  kind: bug\n  when: {keras: "<3.15"}\n'))
        place.run({"torch": {A: "pass", B: "pass", C: "pass"}})
        assert place.ask("check", "run")[0] == 0
        place.run(
            {"torch": {A: "pass", B: "pass", C: "pass"}}, versions={"torch": {"keras": "3.14.1"}}
        )
        assert place.ask("check", "run")[0] == 1


class TestUpdate:
    def test_nothing_new_is_nothing_to_propose(self, place):
        place.run(AS_IT_SAYS)
        assert place.ask("update", "run")[1].startswith("nothing to propose")

    def test_a_proposal_wants_a_reason_and_then_covers(self, place):
        new = {"torch": {A: "fail", B: "fail", C: "error"}, "jax": {A: "fail", C: "crash"}}
        place.run(new)
        code, text = place.ask("update", "run", "--into", "ours.yaml")
        assert (code, text) == (0, "2 entries proposed in ours.yaml: fill in kind and reason\n")
        written = place.ledger.read_text()
        assert written.startswith(LEDGER)
        assert "- id: jax-one-values\n  adapter: jax\n  cases: fakes/one\n" in written
        code, text = place.ask("check")
        assert code == 1
        assert text.count("reason: is empty; expected what it does instead, and why") == 2
        assert text.count(": kind: ") == 2
        place.write(written.replace("kind:  #", "kind: bug  #").replace('""', "Because."))
        assert place.ask("check", "run") == (0, "4 entries, held against 1 run: no problem\n")

    def test_variants_and_adapters_that_fail_alike_are_one_entry(self, place):
        variants = {f"fakes/one[units={n}]": "fail" for n in (1, 2)}
        place.run({"keras-torch@keras==3.14.1": variants, "jax": variants})
        _, text = place.ask("update", "run")
        assert text.count("- id: ") == 1
        assert "adapter: [keras-torch, jax]" in text
        assert '- "fakes/one[units=2]"' in text

    def test_what_an_entry_describes_wrongly_is_left_to_the_check(self, place):
        told = [FacetVerdict(facet="values", outcome="fail", message="it subtracts")]
        place.run({"torch": AS_IT_SAYS["torch"] | {A: told}})
        assert place.ask("update", "run")[1].startswith("nothing to propose")

    def test_a_further_facet_gets_an_entry_of_its_own(self, place):
        place.run({"torch": AS_IT_SAYS["torch"] | {A: facets(values="fail", gradients="fail")}})
        _, text = place.ask("update", "run")
        assert "facets: [gradients]" in text

    def test_hostile_messages_make_sound_yaml(self, place):
        from synthetic_runs import HOSTILE

        told = [FacetVerdict(facet="values", outcome="fail", message=HOSTILE + "\n- id: x")]
        place.run({"jax": {A: told}})
        place.ask("update", "run", "--into", "ours.yaml")
        _, text = place.ask("check")
        assert text.endswith("2 problems\n")  # kind and reason

    def test_the_date_is_half_a_year_ahead(self, place):
        place.run({"jax": {A: "fail"}})
        _, text = place.ask("update", "run")
        (line,) = [line for line in text.splitlines() if "review_by" in line]
        ahead = dt.date.fromisoformat(line.split()[-1]) - dt.datetime.now(tz=dt.UTC).date()
        assert dt.timedelta(180) < ahead < dt.timedelta(184)


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        ("total: expected 45, observed 50", "total: expected"),
        ("output 0 at [1, 3]: expected 0.1", "output 0 at"),
        ("gradient of conv2d/bias at [2]: expected 3", "gradient of conv2d/bias at"),
        ("ValueError: no such argument", "ValueError: no such argument"),
        ("3 of 4 differ", "3 of 4 differ"),
    ],
)
def test_a_signature_ends_at_the_first_number(message, kept):
    assert signature(message) == kept


class TestPrune:
    def test_what_holds_is_left_byte_for_byte(self, place):
        place.run(AS_IT_SAYS)
        assert place.ask("prune", "run") == (0, "0 taken out\n")
        assert place.ledger.read_text() == LEDGER

    def test_a_case_that_passes_goes_with_its_line(self, place):
        place.run({"torch": {A: "pass", B: "fail", C: "error"}})
        _, text = place.ask("prune", "run")
        assert text == "ours.yaml: adds-twice: fakes/one\n1 taken out\n"
        gone = "    - fakes/one   # the first that showed it\n"
        assert place.ledger.read_text() == LEDGER.replace(gone, "")

    def test_an_entry_goes_with_the_comment_above_it(self, place):
        place.run({"torch": {A: "pass", B: "pass", C: "error"}})
        place.ask("prune", "run")
        head = "# What our backend does otherwise.\n\n"
        assert place.ledger.read_text() == head + LEDGER[LEDGER.index("# Another.") :]

    def test_the_last_entry_leaves_an_empty_list(self, place):
        place.run({"torch": {A: "pass", B: "pass", C: "pass"}})
        place.ask("prune", "run")
        assert place.ledger.read_text() == "# What our backend does otherwise.\n[]\n"
        assert place.ask("check") == (0, "0 entries: no problem\n")

    def test_line_ends_stay(self, place):
        place.ledger.write_bytes(LEDGER.replace("\n", "\r\n").encode())
        place.run({"torch": {A: "pass", B: "fail", C: "error"}})
        place.ask("prune", "run")
        assert place.ledger.read_bytes().count(b"\r\n") == LEDGER.count("\n") - 1

    def test_a_dry_run_touches_nothing(self, place):
        place.run({"torch": {A: "pass", B: "fail", C: "error"}})
        assert "1 would be taken out" in place.ask("prune", "run", "--dry-run")[1]
        assert place.ledger.read_text() == LEDGER

    def test_a_case_that_is_gone_from_the_catalogue_goes(self, place):
        place.write(LEDGER.replace("    - fakes/two", "    - fakes/gone\n    - fakes/two"))
        place.ask("prune")
        assert place.ledger.read_text() == LEDGER

    @pytest.mark.parametrize(
        "cells",
        [
            {},
            {"jax": {A: "pass", B: "pass", C: "pass"}},
            {"torch": {A: "not-installed", B: None, C: "unsupported"}},
        ],
        ids=["nothing recorded", "another adapter", "not judged"],
    )
    def test_what_nobody_judged_stays(self, place, cells):
        place.run({"keras-jax": {A: "pass"}, **cells})
        assert place.ask("prune", "run") == (0, "0 taken out\n")

    def test_what_holds_in_other_versions_stays(self, place):
        place.write(LEDGER.replace("  kind: bug\n", '  kind: bug\n  when: {keras: "<3.15"}\n'))
        place.run({"torch": {A: "pass", B: "pass", C: "pass"}})
        assert place.ask("prune", "run") == (0, "0 taken out\n")

    def test_what_shows_sometimes_stays(self, place):
        often = LEDGER.replace("  kind: bug\n", "  kind: bug\n  sometimes: on warm days\n")
        place.write(often)
        place.run({"torch": {A: "pass", B: "pass", C: "pass"}})
        assert place.ask("prune", "run") == (0, "0 taken out\n")
        assert place.ask("check", "run") == (0, "2 entries, held against 1 run: no problem\n")
        assert place.ledger.read_text() == often

    def test_an_adapter_that_was_not_run_keeps_the_entry(self, place):
        place.write(LEDGER.replace("adapter: torch", "adapter: [torch, jax]"))
        place.run({"torch": {A: "pass", B: "pass", C: "error"}})
        assert place.ask("prune", "run") == (0, "0 taken out\n")

    def test_what_shares_its_line_is_left_to_the_person(self, place):
        listed = "  cases:\n    - fakes/one   # the first that showed it\n    - fakes/two\n"
        flow = LEDGER.replace(listed, "  cases: [fakes/one, fakes/two]\n")
        place.write(flow)
        place.run({"torch": {A: "pass", B: "fail", C: "error"}})
        _, text = place.ask("prune", "run")
        assert "ours.yaml:6:11: adds-twice: fakes/one: shares its line" in text
        assert place.ledger.read_text() == flow

    def test_a_comment_that_two_entries_share_stays(self, place):
        first, second = LEDGER.split("\n\n# Another.\n")
        place.write(f"{first}\n{second}")
        place.run({"torch": {A: "pass", B: "pass", C: "error"}})
        place.ask("prune", "run")
        assert "# It adds twice; seen by hand.\n- id: raises" in place.ledger.read_text()


def test_a_verdict_is_found_again_as_it_was_judged(tmp_path):
    """Whatever the ledger makes of a cell, its record tells what it was before."""
    (tmp_path / "ledger.yaml").write_text(LEDGER)
    ledger = Ledger.load([tmp_path / "ledger.yaml"], [A, B, C], ["torch"], dt.date(2026, 1, 1))
    for outcome, judged_facets in [
        ("pass", facets(values="pass")),
        ("fail", facets(values="fail")),
        ("fail", facets(values="fail", gradients="fail")),
        ("crash", []),
    ]:
        verdict = CellVerdict(
            case=A, adapter="torch", outcome=outcome, message="m", facets=judged_facets
        )
        applied = ledger.apply(verdict, {})
        assert applied != verdict
        found = without_ledger(applied)
        assert (found.outcome, found.known, found.facets) == (outcome, None, verdict.facets)


def test_records_that_are_too_old_to_tell_are_understood(tmp_path):
    path = record(tmp_path / "r.jsonl", {"torch": {A: "xfail", B: "xpass", C: "fail"}})
    assert [one.verdict.outcome for one in judged([read(path)])] == ["fail", "pass", "fail"]
    assert synthetic_cell(A, "torch").verdict.judged is None


def test_a_maintainer_is_told_what_is_wrong(place, capsys):
    assert place.ask("check", "nowhere")[0] == 2
    assert "no records at 'nowhere'" in place.ask("update", "nowhere")[1]
    place.run({"jax": {A: "fail"}})
    with pytest.raises(SystemExit) as refused:
        place.ask("update", "run", "--into", "cases/fakes.yaml/x.yaml")
    assert refused.value.code == 2
    assert "is a file, and a folder is meant" in capsys.readouterr().err


def test_a_cell_that_was_not_judged_is_no_deviation_to_write_down(tmp_path):
    (tmp_path / "ours.yaml").write_text("[]\n")
    ledger = Ledger.load([tmp_path], [A], ["torch"], dt.date(2026, 1, 1))
    cell = CellVerdict(case=A, adapter="torch", outcome="error", message="no answer", facets=[])
    assert len(proposals(ledger, [Judged(cell, {})])) == 1
    assert proposals(ledger, [Judged(msgspec.structs.replace(cell, broken="reference"), {})]) == []
