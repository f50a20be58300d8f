"""The ids of a catalogue, for whoever needs no more than those."""

from __future__ import annotations

import pytest
from runs import write_cases

from conformance.cases import load, load_ids, loading


def test_they_are_those_of_the_sound_cases(tmp_path):
    cases = write_cases(tmp_path, ["one", "two"])
    cases.write_text(cases.read_text() + "- id: three\n")
    assert load_ids([tmp_path]) == {"fakes/one", "fakes/two"}


def test_what_was_read_is_not_read_again(tmp_path, monkeypatch):
    cases = write_cases(tmp_path, ["one", "two"])
    load([cases])

    def read(*_):
        pytest.fail("it was read again")

    monkeypatch.setattr(loading, "load_file", read)
    assert load_ids([tmp_path]) == {"fakes/one", "fakes/two"}


def test_what_has_changed_is_read_again(tmp_path):
    load([write_cases(tmp_path, ["one", "two"])])
    write_cases(tmp_path, ["one", "three", "four"])
    assert load_ids([tmp_path]) == {"fakes/one", "fakes/three", "fakes/four"}


def test_a_file_that_is_gone_has_none(tmp_path):
    cases = write_cases(tmp_path, ["one"])
    load([cases])
    cases.unlink()
    assert load_ids([cases]) == set()
