"""The report of 45,000 cells: its size, how long it takes to make, and to open.

Bars, for 5,000 cases on 9 adapters: 1 MB; made from records in 5 s and 500 MB; table ready within
1 s in headless Chromium.

    python benchmarks/report_size.py reports/<run>/records.jsonl [MORE …] [--cases N --adapters N]

The cells are real ones, multiplied: cases and adapters get new names, and every margin, error and
number is moved a little, so that copies don't compress as copies do. Without Playwright and
Chromium the opening is left out.
"""

from __future__ import annotations

import argparse
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from conformance.records import Writer, read
from conformance.records.model import SCHEMA, CellLine, Footer, Header

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.records import Run
    from conformance.records.model import Line

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

MAKE = """
import resource, sys, time
from pathlib import Path
begin, cpu = time.perf_counter(), time.process_time()
from conformance.report import write_html
write_html(Path(sys.argv[1]), Path(sys.argv[2]))
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(time.perf_counter() - begin, time.process_time() - cpu, peak)
"""
READY = "html[data-drawn]"


def main() -> None:
    """Measure, and print one line a figure."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("records", nargs="+", type=Path)
    parser.add_argument("--cases", type=int, default=5000)
    parser.add_argument("--adapters", type=int, default=9)
    parser.add_argument("--times", type=int, default=3, help="how often each is measured")
    parser.add_argument("--keep", type=Path, help="folder to leave records and report in")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        records, page = folder / "records.jsonl", folder / "report.html"
        if not records.exists():
            with Writer(records) as writer:
                for line in multiplied(
                    [read(path) for path in options.records], options.cases, options.adapters
                ):
                    writer.write(line)
        size = records.stat().st_size
        print(f"records: {options.cases * options.adapters:,} cells, {size / 1e6:.0f} MB")
        made = [make(records, page) for _ in range(options.times)]
        wall, cpu, peak = (statistics.median(column) for column in zip(*made, strict=True))
        print(f"made in {wall:.2f} s wall, {cpu:.2f} s CPU, {peak:.0f} MB at its peak")
        print(f"size: {page.stat().st_size / 1e6:.3f} MB")
        opening(page, options.times)
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"(this process, which made the records: {own:.0f} MB)")


def make(records: Path, page: Path) -> list[float]:
    """Wall time, CPU time and peak memory (MB) of a fresh process that makes the report."""
    command = [sys.executable, "-c", MAKE, str(records), str(page)]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [float(word) for word in told.split()]


def multiplied(runs: list[Run], cases: int, adapters: int) -> Iterator[Line]:
    """The lines of a large run: cells of these runs under new names, each moved a little."""
    sources = [
        (
            case,
            [(run, name) for run in runs for name in run.header.plan if (case, name) in run.cells],
        )
        for case in dict.fromkeys(case for run in runs for case in run.cases)
    ]
    sources = [(case, cells) for case, cells in sources if cells]
    lines = {case: line for run in runs for case, line in run.cases.items()}
    introduced = [line for run in runs for line in run.adapters.values()]
    names = [f"adapter-{number}" for number in range(adapters)]
    ids = [
        (f"{case}{'' if number < len(sources) else f'~{number // len(sources)}'}", case, cells)
        for number in range(cases)
        for case, cells in [sources[number % len(sources)]]
    ]
    yield Header(
        schema=SCHEMA,
        run="multiplied",
        started="2026-01-01T12:00:00+00:00",
        suite=runs[0].header.suite,
        machine=runs[0].header.machine,
        command=[],
        cases=[new for new, _, _ in ids],
        plan=dict.fromkeys(names),
    )
    for number, name in enumerate(names):
        yield msgspec.structs.replace(introduced[number % len(introduced)], name=name)
    dice = random.Random(7)  # noqa: S311 - variety, no secret
    for new, case, cells in ids:
        yield msgspec.structs.replace(lines[case], id=new)
        for number, name in enumerate(names):
            run, old = cells[number % len(cells)]
            moved = _moved(msgspec.to_builtins(run.cells[case, old]), dice)
            moved["verdict"] |= {"case": new, "adapter": name}
            moved["digest"] = lines[case].digest
            yield msgspec.convert(moved, CellLine)
    yield Footer(
        finished="2026-01-01T12:30:00+00:00",
        planned=cases * adapters,
        reported=cases * adapters,
        counts={},
    )


def _moved(value: Any, dice: random.Random) -> Any:
    """Every float of a cell changed by up to a tenth, so that two copies are not alike."""
    if isinstance(value, float):
        return value * dice.uniform(0.9, 1.1)
    if isinstance(value, dict):
        return {key: _moved(item, dice) for key, item in value.items()}
    if isinstance(value, list):
        return [_moved(item, dice) for item in value]
    return value


def opening(page: Path, times: int) -> None:
    """How long the browser takes from the address to the table, folded and with every row."""
    try:
        import browsing

        with browsing.chromium() as browser:
            url = page.resolve().as_uri() + "#page=matrix"
            found = [_open(browser, url) for _ in range(times)]
        folded, rows, work = (statistics.median(column) for column in zip(*found, strict=True))
        print(
            f"table ready in {folded:.2f} s (of which the page's own thread worked {work:.2f} s), "
            f"all rows opened in {rows:.2f} s, in headless Chromium"
        )
    except (ImportError, FileNotFoundError) as error:
        print(f"not opened: {error}")


def _open(browser: Any, url: str) -> tuple[float, float, float]:
    """Seconds until the table is there, until all rows are after a click, and of CPU till then."""
    page = browser.new_page(viewport={"width": 1400, "height": 950})
    page.goto("about:blank")
    metrics = page.context.new_cdp_session(page)
    metrics.send("Performance.enable", {"timeDomain": "threadTicks"})
    begin = time.perf_counter()
    page.goto(url)
    page.wait_for_selector(READY, state="attached")
    ready = time.perf_counter() - begin
    told = {one["name"]: one["value"] for one in metrics.send("Performance.getMetrics")["metrics"]}
    work = told.get("ThreadTime", told["TaskDuration"])
    page.evaluate("document.documentElement.removeAttribute('data-drawn')")
    begin = time.perf_counter()
    page.click("#unfold")
    page.wait_for_selector(READY, state="attached")
    rows = time.perf_counter() - begin
    page.close()
    return ready, rows, work


if __name__ == "__main__":
    main()
