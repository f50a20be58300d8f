"""A record from anywhere: refused where it is too large, and harmless in whatever is made of it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
import synthetic_runs as synthetic
from runs import called, environment

from conformance.cases.problems import Log
from conformance.cases.reading import read_text
from conformance.records import RecordsError, read
from conformance.records.bounds import HEADER_LIMIT, MOST_ADAPTERS, MOST_CELLS, MOST_SHARDS
from conformance.records.wire import decode, encode

POISON = (
    " \x1b[31m\x07\x00\x7f\x85\x9b\u202e\u2066\u200f\u061c\u2028\r\n- id: evil\n<script>alert(1)"
    "</script>]]>-->|`x`\"'\ufffe\uffff\U000e0041"
)
ACTS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
    "\ud800-\udfff\ufffe\uffff\U000e0000-\U000e007f]"
)


def strings(value, path=()):
    """Every string of a JSON value, keys too: its place, and whether it is a key."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from strings(item, (*path, key))
            yield path, key, True
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from strings(item, (*path, index))
    elif isinstance(value, str):
        yield path[:-1], path[-1], False


def holds(value, key):
    """Whether a mapping somewhere in a JSON value has the key."""
    if isinstance(value, dict):
        return key in value or any(holds(item, key) for item in value.values())
    return isinstance(value, list) and any(holds(item, key) for item in value)


def poisoned(line, kept):
    """A line with hostile text behind each string, wherever it is still a line then."""
    told = json.loads(encode(line))
    for path, key, is_key in list(strings(told)):
        place = told
        for step in path:
            place = place[step]
        before = dict(place) if isinstance(place, dict) else list(place)
        if is_key and key not in kept:
            changed = {(one + POISON if one == key else one): item for one, item in before.items()}
            place.clear()
            place.update(changed)
        elif not is_key and place[key] not in kept and key not in {"outcome", "digest"}:
            place[key] += POISON
        try:
            read_back = json.loads(encode(decode(json.dumps(told).encode())))
            sound = not is_key or holds(read_back, key + POISON)
        except RecordsError:
            sound = False
        if not sound and isinstance(place, dict):
            place.clear()
            place.update(before)
        elif not sound:
            place[:] = before
    return decode(json.dumps(told).encode())


class TestPoison:
    """Control characters, characters that turn text around, markup and YAML in every string."""

    @pytest.fixture(params=["everywhere", "but in names of adapters and facets"])
    def folder(self, request, tmp_path):
        folder = tmp_path
        kept = set()
        if request.param != "everywhere":
            kept = {*synthetic.ADAPTERS, *synthetic.ASKED, "keras"}
        lines = [poisoned(line, kept) for line in synthetic.lines(8)]
        synthetic_case = next(line.id for line in lines if hasattr(line, "yaml"))
        assert POISON in synthetic_case
        for run in ("old", "new"):
            (folder / run / "row").mkdir(parents=True)
            kinds = lines if run == "old" else [*lines[:-9], *lines[-1:]]
            (folder / run / "row/records.jsonl").write_bytes(b"".join(map(encode, kinds)))
        adapter = next(name for name in lines[0].plan if name.startswith("torch"))
        return folder, synthetic_case, adapter

    def words(self, case, adapter):
        old, new = "old/row/records.jsonl", "new/row/records.jsonl"
        yield ["report", old, "--output", "out/report.html", "--baseline", new]
        yield ["diff", old, new, "--all", "--markdown", "out/d.md", "--json", "out/d.json"]
        yield ["diff", old, new, "--old", "nothing", "--new", "nothing"]
        yield ["merge", old, "--output", "out/joined"]
        yield ["merge", old, new, "--output", "out/none"]
        yield ["history", "add", old, new, "--history", "history.sqlite"]
        yield ["history", case, "--history", "history.sqlite"]
        yield ["history", "documents", "--history", "history.sqlite"]
        yield ["ledger", "update", old]
        yield ["ledger", "update", old, "--into", "out/ledger.yaml"]
        yield ["ledger", "prune", old, "--dry-run"]
        yield ["ledger", "check", old]
        yield ["ledger", "show", old, "--into", "out/page.md"]
        yield ["ledger", "measure", old, "--package", "keras", "--into", "out/measured.json"]
        yield ["capabilities", old, "--adapter", adapter]
        yield ["capabilities", old, "--adapter", adapter, "--into", "out/capabilities.yaml"]
        yield ["capabilities", old, "--adapter", "nothing"]
        yield ["next", old, "--adapter", adapter, "--all"]
        yield ["next", old, "--adapter", adapter, "--json"]
        yield ["next", old]
        yield ["rows", "old", "--last", "new", "--markdown", "out/rows.md"]
        yield ["porting", old, "--output", "out/porting"]
        yield ["repro", case, "--adapter", adapter, "--run", old]

    def test_nothing_of_it_acts_in_whatever_is_made_of_a_record(self, folder, cache):
        place, case, adapter = folder
        for words in self.words(case, adapter):
            done = called(words, place, environment(cache))
            assert done.returncode in {0, 1, 2, 3}, words
            for text in (done.stdout, done.stderr):
                assert not ACTS.search(text), (words, ACTS.search(text))
        made = [one for one in (place / "out").rglob("*") if one.name != "records.jsonl"]
        made = [one for one in made if one.is_file()]
        names = {one.name for one in made}
        assert {"report.html", "summary.txt", "summary.md", "junit.xml", "d.md", "d.json"} <= names
        assert {"page.md", "page.json", "rows.md"} <= names
        for file in made:
            text = file.read_text(encoding="utf-8")
            assert not ACTS.search(text), (file, ACTS.search(text))
            if file.suffix in {".md", ".yaml"}:
                assert "\n- id: evil" not in text, file
            if file.suffix == ".md":
                assert "<script" not in text, file
            if file.suffix == ".json":
                json.loads(text)
            if file.suffix == ".yaml":
                log = Log(str(file))
                read_text(text, log)
                assert not log.sorted(), file
        ET.parse(place / "out/junit.xml")  # noqa: S314 - our own
        Scripts().feed((place / "out/report.html").read_text(encoding="utf-8"))


class Scripts(HTMLParser):
    """Complains of a script that is not the report's own."""

    def handle_data(self, data):
        assert self.cdata_elem != "script" or "alert(1)" not in data


def header(**changes):
    told = json.loads(encode(synthetic.header(["a/b/c"], plan={"torch": None})))
    return json.dumps(told | changes, separators=(",", ":")).encode()


SHARD = {"index": 1, "count": 2, "plan": "x", "cases": 2, "positions": [0]}
CELL = (
    b'{"type":"cell","digest":"d","verdict":{"case":"a/b/c","adapter":"torch","outcome":"fail",'
    b'"facets":[{"facet":"shape","outcome":"fail","expected":[%b]}]}}'
)
EXCESSIVE = {
    "cells": (
        [header(cases=[f"c{i}" for i in range(1001)], plan={f"a{i}": None for i in range(1000)})],
        f"plans 1,001,000 cells, and {MOST_CELLS:,} is the limit",
    ),
    "adapters": (
        [header(plan={f"a{i}": [] for i in range(MOST_ADAPTERS + 1)})],
        f"plans 1,001 adapters, and {MOST_ADAPTERS:,} is the limit",
    ),
    "index twice": ([header(plan={"torch": [0, 0]})], "plans a case twice for torch"),
    "case twice": ([header(cases=["a", "a"])], "plans a case twice"),
    "shards": ([header(shard=SHARD | {"count": MOST_SHARDS + 1})], "shard does not fit"),
    "shards, by far": ([header(shard=SHARD | {"count": 10**15})], "shard does not fit"),
    "positions": ([header(shard=SHARD | {"positions": [0, 0]})], "shard does not fit"),
    "cases of the whole": ([header(shard=SHARD | {"cases": 10**15})], "shard does not fit"),
    "indices": ([header(plan={"torch": [0] * 2_000_000})], "1,000,000 is the limit"),
    "header": ([header(suite="x" * HEADER_LIMIT)], f"{HEADER_LIMIT:,} is the limit"),
    "values": ([header(), CELL % b",".join([b"[]"] * 2_000_000)], "1,000,000 is the limit"),
    "depth": ([header(), CELL % (b"[" * 900_000)], "run.jsonl:2: "),
    "line": ([header(), b"x" * (20 * 2**20)], "longer than"),
}
REFUSAL = """
import sys
from conformance import cli
code = cli.main(sys.argv[1:])
peak = [one for one in open("/proc/self/status") if one.startswith("VmHWM")][0].split()[1]
print(code, peak)
"""


class TestExcess:
    @pytest.mark.parametrize("name", EXCESSIVE)
    def test_what_is_too_much_is_refused_with_the_reason(self, name, tmp_path):
        lines, why = EXCESSIVE[name]
        path = tmp_path / "run.jsonl"
        path.write_bytes(b"\n".join(lines) + b"\n")
        for brief in (True, False):
            with pytest.raises(RecordsError, match=re.escape(why)):
                read(path, brief=brief)

    def test_as_much_as_may_be_is_read(self, tmp_path):
        path = tmp_path / "run.jsonl"
        cases = [f"c{i}" for i in range(MOST_CELLS // 500)]
        path.write_bytes(header(cases=cases, plan={f"a{i}": None for i in range(500)}) + b"\n")
        assert sum(1 for _ in read(path).planned()) == MOST_CELLS

    @pytest.mark.skipif(sys.platform != "linux", reason="asks the kernel for the most memory")
    @pytest.mark.parametrize("name", ["cells", "indices", "values", "header", "line"])
    @pytest.mark.parametrize("command", ["report", "diff", "merge"])
    def test_a_refusal_takes_little_memory(self, name, command, tmp_path):
        path = tmp_path / "run.jsonl"
        path.write_bytes(b"\n".join(EXCESSIVE[name][0]) + b"\n")
        more = {"report": [], "diff": [str(path)], "merge": ["--output", "joined"]}[command]
        done = subprocess.run(
            [sys.executable, "-c", REFUSAL, command, str(path), *more],
            capture_output=True,
            text=True,
            check=True,
            cwd=tmp_path,
        )
        code, peak = map(int, done.stdout.split())
        assert code == 2, done.stderr
        assert peak < 200 * 1024
