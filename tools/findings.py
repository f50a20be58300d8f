"""Run the repros of docs/findings as they are written, and look whether they show what they say.

    python tools/findings.py                     # all of them: ten minutes, all frameworks
    python tools/findings.py recurrent dtypes    # those of two families
    python tools/findings.py nightly --python /venvs/nightly/bin/python

A page that says `Packages: keras-nightly==…` rests on others than the suite has: its repros are run
only where it is named together with the Python that has them.

Each block of Python runs in a process of its own, with the backend that it sets, else with torch.
A comment that names an error claims that the block ends in it, or prints it. `# observed: …` claims
what stands behind it, up to a semicolon: numbers to the digit in which they are written, and words
such as `nan`, `True` and `float32`. What is `observed in some runs` only is run and not held
against anything. Exits with 1 where a block shows something else, or claims nothing.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

FINDINGS = Path(__file__).parents[1] / "docs" / "findings"
SECONDS = 180

PACKAGES = re.compile(r"^Packages: (.+)$", re.MULTILINE)
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ERROR = re.compile(r"\b([A-Z]\w*Error)\b")
NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?(?![\w])", re.ASCII)
CLAIM = re.compile(r"\bobserved(?: on \w+| in front)?: ?([^;]*)")
WORD = re.compile(r"\b(?:nan|True|False|None|b?float\d+|u?int\d+|SIG[A-Z]+)\b")


class Repro(NamedTuple):
    """A block of Python and where it stands."""

    family: str
    section: str
    source: str


class Claim(NamedTuple):
    """What a repro says of itself."""

    errors: list[str]
    numbers: list[str]
    words: list[str]
    sometimes: bool = False
    """Whether it shows what it says in some runs only."""


def repros(family: str, text: str) -> list[Repro]:
    """Every block of Python of a page."""
    found = []
    for block in BLOCK.finditer(text):
        section = text[: block.start()].rsplit("\n## ", 1)[-1].split("\n", 1)[0]
        found.append(Repro(family, section, block.group(1)))
    return found


def claim(source: str) -> Claim:
    """The errors that comments name, and the numbers and words that they say were observed."""
    said = []
    for line in source.splitlines():
        code, hash_, comment = line.partition("# ")
        if not hash_:
            continue
        if said and not code.strip() and not CLAIM.search(comment) and not ERROR.search(comment):
            said[-1] += " " + comment  # a comment that goes on
        elif CLAIM.search(comment) or ERROR.search(comment):
            said.append(comment)
    errors, numbers, words = [], [], []
    for comment in said:
        observed = CLAIM.search(comment)
        named = ERROR.findall(observed.group(1) if observed else comment)
        errors += named
        if observed and not named:  # an error's message is left alone
            numbers += NUMBER.findall(observed.group(1))
            words += WORD.findall(observed.group(1))
    return Claim(errors, numbers, words, sometimes="observed in some runs" in source)


def shows(claimed: Claim, output: str, code: int) -> list[str]:
    """What a run with this exit code lacks of its claim; nothing where it is as it says."""
    if not any(claimed):
        return ["no claim: `# observed: …`, or an error's name, says what it must show"]
    if claimed.sometimes:
        return []
    lacking = [f"no {one}" for one in (*claimed.errors, *claimed.words) if one not in output]
    if code and not claimed.errors and _signal(code) not in claimed.words:
        lacking.append(f"exit code {code}")
    printed = [float(number) for number in NUMBER.findall(output.replace(",", " "))]
    lacking += [
        f"no {number}"
        for number in claimed.numbers
        if not any(_is(value, number) for value in printed)
    ]
    return lacking


def _signal(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else ""


def _is(value: float, written: str) -> bool:
    """Whether a value is what is written, to its last digit; of powers of ten, about."""
    wanted = float(written)
    if "e" in written:
        return wanted != 0 and 0.1 <= value / wanted <= 10  # noqa: PLR2004 - an order of magnitude
    digits = len(written.partition(".")[2])
    return abs(value - wanted) <= 0.5000001 * 10.0**-digits if digits else value == wanted


def packages(text: str) -> str:
    """What a page's repros need beside the suite's own frameworks; empty for those alone."""
    named = PACKAGES.search(text)
    return named.group(1) if named else ""


def run(repro: Repro, python: str = sys.executable) -> tuple[Repro, list[str], str]:
    """Run one block; what it lacks, and what it printed."""
    environment = {
        "KERAS_BACKEND": "torch",
        # As every adapter has it: else what TensorFlow shows would hang on the processor.
        "TF_ENABLE_ONEDNN_OPTS": "1",
        **os.environ,
        "CUDA_VISIBLE_DEVICES": "",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "repro.py")
        script.write_text(repro.source, encoding="utf-8")
        try:
            done = subprocess.run(
                [python, str(script)],
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return repro, [f"no end within {SECONDS} s"], ""
    told = done.stdout + _signal(done.returncode) + (done.stderr if done.returncode else "")
    return repro, shows(claim(repro.source), told, done.returncode), told


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description="run the repros of docs/findings")
    parser.add_argument("families", nargs="*", help="pages of docs/findings; default: all")
    parser.add_argument(
        "--python", help="has the packages that the named pages say they need", metavar="PATH"
    )
    parser.add_argument("--jobs", type=int, default=1, help="how many run at a time")
    parser.add_argument("--verbose", action="store_true", help="show what each prints")
    options = parser.parse_args()
    pages = sorted(FINDINGS.glob("*.md"))
    unknown = set(options.families) - {page.stem for page in pages}
    if unknown:
        parser.error(f"no such page in docs/findings: {', '.join(sorted(unknown))}")
    found = []
    for page in pages:
        if options.families and page.stem not in options.families:
            continue
        text = page.read_text("utf-8")
        if packages(text) and not options.python:
            print(f"- {page.stem} is left out: it needs {packages(text)} (--python)")
            continue
        found += repros(page.stem, text)
    failed = 0
    run_one = partial(run, python=options.python or sys.executable)
    with ThreadPoolExecutor(options.jobs) as pool:
        for repro, lacking, told in pool.map(run_one, found):
            failed += bool(lacking)
            print(f"{'✗' if lacking else '✓'} {repro.family}: {repro.section}", flush=True)
            if lacking or options.verbose:
                print("    " + "; ".join(lacking))
                print("    " + "\n    ".join(told.splitlines()[-12:]))
    print(f"{len(found)} repros, {failed} that show something else than they say")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
