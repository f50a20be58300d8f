"""Records of runs, and everything that is made of one."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import zlib
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from conformance import cli
from conformance.records import RecordsError, Writer, read
from conformance.records.model import SCHEMA, AdapterLine, CellLine, Footer, Header
from conformance.run.lines import case_line
from conformance.verdicts.cell import crashed
from fuzzing import mutating
from fuzzing.answers import Answers, known
from fuzzing.fuzzer import harmless, true

if TYPE_CHECKING:
    import random
    from pathlib import Path

COLUMNS = ("torch", "keras-torch", "jax")
_CASES = 6
_EVERY = 12
"""Of so many records that can be read, one goes through every command."""


def written(path: Path) -> bytes:
    """A small run of three adapters, two of which answer."""
    chosen = known()[:: max(1, len(known()) // _CASES)][:_CASES]
    answers = Answers()
    with Writer(path) as writer:
        writer.write(
            Header(
                schema=SCHEMA,
                run="2026-01-01T000000Z-0001",
                started="2026-01-01T00:00:00+00:00",
                suite="0",
                machine={"system": "Linux"},
                command=["keras-conformance", "run"],
                cases=[one.case.id for one in chosen],
                plan={"torch": None, "keras-torch": None, "jax": [0, 1]},
            )
        )
        for one in chosen:
            writer.write(case_line(one.case))
        for name in COLUMNS:
            writer.write(
                AdapterLine(name=name, status="ready", versions={name: "2.0", "keras": "3.15.1"})
            )
        for one in chosen:
            for name in COLUMNS[:2]:
                verdict = answers.verdict(one)
                if name == "keras-torch" and one is chosen[0]:
                    verdict = crashed(one.case.id, name, "the process was killed by signal 11")
                changed = {"adapter": name, "case": one.case.id}
                from msgspec.structs import replace

                line = CellLine(digest=one.case.digest, verdict=replace(verdict, **changed))
                writer.write(line)
        writer.write(
            Footer(finished="2026-01-01T00:01:00+00:00", planned=14, reported=12, counts={})
        )
    return path.read_bytes()


class Records:
    """Record files, and the commands that read them."""

    kind = "records"

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "records"
        shutil.rmtree(self._folder, ignore_errors=True)
        self._sound = self._folder / "sound" / "row" / "records.jsonl"
        self._data = written(self._sound)
        self._file = self._folder / "fuzzed" / "row" / "records.jsonl"
        self._file.parent.mkdir(parents=True)

    def make(self, rng: random.Random) -> bytes:
        match rng.randrange(4):
            case 0:
                return mutating.of_bytes(rng, self._data)
            case 1:
                return mutating.of_lines(rng, self._data)
            case _:
                lines = self._data.splitlines()
                for _ in range(rng.choice((1, 1, 3))):
                    at = rng.randrange(len(lines))
                    change = rng.choice((mutating.of_json, mutating.of_json_in_kind))
                    with contextlib.suppress(ValueError):
                        lines[at] = mutating.json_bytes(change(rng, json.loads(lines[at])))
                return b"\n".join(lines) + b"\n"

    def attempt(self, data: bytes) -> None:
        self._file.write_bytes(data)
        try:
            run = read(self._file)
            brief = read(self._file, brief=True)
        except RecordsError as error:
            true(str(self._file) in str(error), "an error that does not name the file")
            return
        planned = list(run.planned())
        true(len(set(planned)) == len(planned), "a cell that is planned twice")
        true(run.counts().total() == len(planned), "planned is not reported")
        true(run.counts() == brief.counts(), "a brief reading counts otherwise")
        true(
            all(
                (cell.verdict.case, cell.verdict.adapter) == key for key, cell in run.cells.items()
            ),
            "a cell in the place of another",
        )
        if zlib.crc32(data) % _EVERY == 0:
            self._through_every_command(run)

    def _through_every_command(self, run: Any) -> None:
        file, sound, out = str(self._file), str(self._sound), str(self._folder / "out")
        shutil.rmtree(out, ignore_errors=True)
        adapter = next(iter(run.header.plan), "torch")
        case = next(iter(run.header.cases), "none")
        for words in (
            ["report", file, "--output", f"{out}/report.html", "--baseline", sound],
            ["diff", sound, file, "--markdown", f"{out}/d.md", "--json", f"{out}/d.json", "--all"],
            ["diff", file, sound],
            ["merge", file, "--output", f"{out}/joined", "--partial"],
            ["history", "add", file, "--history", f"{out}/history"],
            ["history", f"--history={out}/history", "--", case or "x"],
            ["capabilities", file, f"--adapter={adapter or 'x'}"],
            ["next", file, f"--adapter={adapter or 'x'}", "--all"],
            ["next", file, f"--adapter={adapter or 'x'}", "--json"],
            ["rows", str(self._folder / "fuzzed"), "--last", str(self._folder / "sound")],
            ["porting", file, "--output", f"{out}/porting"],
            ["repro", f"--adapter={adapter or 'x'}", "--run", file, "--", case or "x"],
        ):
            called(words)
        for path in (self._folder / "out").rglob("*"):
            if path.suffix in {".txt", ".md", ".xml", ".html", ".json"}:
                harmless(path.read_text(encoding="utf-8"), path.name)
            if path.name == "junit.xml":
                ET.parse(path)  # noqa: S314 - our own


def called(words: list[str]) -> int:
    """Call the command line in this process, and see that it ends in order."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = cli.main(words)
        except SystemExit as ended:  # argparse
            code = ended.code  # type: ignore[assignment]
    true(code in {0, 1, 2, 3}, f"{words[:2]} ends with {code!r}")
    true(code == 0 or (out.getvalue() + err.getvalue()).strip(), f"{words[:2]} fails in silence")
    for text in (out.getvalue(), err.getvalue()):
        harmless(text, f"what {words[0]} prints")
    return code
