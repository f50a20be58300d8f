"""Unsound inputs by the thousand, against what reads them: nothing may raise, hang or mix up cells.

    python tools/campaign.py                                  # 20,000 inputs, as .ci/run does
    python tools/campaign.py --inputs 300000                  # the long one
    python tools/campaign.py --kind answers --replay FILE     # one input again

Inputs are answers of adapters, case files, ledgers, records, command lines, and whole runs of an
adapter that misbehaves; a seeded generator makes them from sound ones: the same seed tries the same
inputs. An input that breaks a promise is kept in a file, and its seed, its number and the command
that tries it again are printed. No framework is started. What is promised:
docs/reliability_campaign.md.
"""

from __future__ import annotations

import argparse
import faulthandler
import gc
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fuzzing.fuzzer import Fuzzer

SHARES = {
    "runs": 0.001,
    "commands": 0.05,
    "records": 0.099,
    "ledgers": 0.2,
    "cases": 0.25,
    "answers": 0.4,
}
"""Of all inputs, by kind: what is tried fastest is tried most."""
SECONDS = 5.0
"""From when on an input hangs."""
_GIVEN_UP = 60
"""Seconds after which no interrupt has ended it either: the process says where it is, and ends."""
_SHOWN = 12
"""Faults that are told in full; of more, only the number."""


class Hang(BaseException):
    """An input took too long."""


def fuzzer(kind: str, folder: Path) -> Fuzzer:
    """Make a fuzzer; what it writes goes into the folder."""
    if kind == "answers":
        from fuzzing.answers import Answers

        return Answers()
    if kind in {"cases", "ledgers"}:
        from fuzzing.written import Cases, Ledgers

        return Cases(folder) if kind == "cases" else Ledgers(folder)
    if kind == "records":
        from fuzzing.recorded import Records

        return Records(folder)
    if kind == "runs":
        from fuzzing.running import Runs

        return Runs(folder)
    from fuzzing.commands import Commands

    return Commands(folder)


def attempt(tried: Fuzzer, data: bytes) -> str:
    """Try one input; returns what is wrong, empty where nothing is."""

    def hang(_number: int, _frame: Any) -> None:
        raise Hang

    before = signal.signal(signal.SIGALRM, hang)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        tried.attempt(data)
    except Hang:
        return f"no end within {SECONDS:g} s\n{traceback.format_exc()}"
    except Exception:  # noqa: BLE001 - each is what is looked for
        return traceback.format_exc()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    return ""


def inputs(tried: Fuzzer, seed: int, numbers: range) -> Iterator[tuple[int, bytes]]:
    """Make the inputs of these numbers, each from its own seed."""
    for number in numbers:
        yield number, tried.make(random.Random(f"{seed}/{tried.kind}/{number}"))  # noqa: S311


def campaign(
    kind: str, seed: int, numbers: range, kept: Path, tell: Callable[[str], None]
) -> tuple[int, int]:
    """Try inputs of a kind; returns how many were tried, and how many broke a promise."""
    with tempfile.TemporaryDirectory(prefix="campaign-") as name:
        folder = Path(name)
        os.environ["KERAS_CONFORMANCE_CACHE"] = str(folder / "cache")
        tried = fuzzer(kind, folder)
        gc.freeze()
        count = faults = 0
        seen: Counter[str] = Counter()
        for number, data in inputs(tried, seed, numbers):
            faulthandler.dump_traceback_later(_GIVEN_UP, exit=True, file=sys.__stderr__)
            wrong = attempt(tried, data)
            count += 1
            if not wrong:
                continue
            faults += 1
            where = "\n".join(wrong.splitlines()[-3:])
            seen[where] += 1
            if seen[where] == 1 and len(seen) <= _SHOWN:
                path = kept / f"{kind}-{seed}-{number}"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
                tell(
                    f"{wrong}{kind}, seed {seed}, input {number}: again by\n"
                    f"    python tools/campaign.py --kind {kind} --replay {path}"
                )
        faulthandler.cancel_dump_traceback_later()
    return count, faults


def main(arguments: list[str] | None = None) -> int:
    """Run the campaign; 0 where every promise was kept."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--inputs", type=int, default=20_000, metavar="N", help="how many in all")
    parser.add_argument("--seed", type=int, default=15, metavar="N")
    parser.add_argument("--kind", choices=SHARES, help="only these; default: all, in shares")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), metavar="N")
    parser.add_argument(
        "--replay", type=Path, metavar="FILE", help="try this input of --kind again"
    )
    parser.add_argument(
        "--keep", type=Path, default=Path("campaign"), metavar="FOLDER", help="for what fails"
    )
    options = parser.parse_args(arguments)
    if options.replay:
        return replay(options.kind, options.replay) if options.kind else parser.error("--kind")
    begin = time.monotonic()
    shares = {options.kind: 1.0} if options.kind else SHARES
    parts = list(_parts(shares, options.inputs, options.jobs))
    work = [(kind, options.seed, numbers, options.keep) for kind, numbers in parts]
    if options.jobs > 1:
        with multiprocessing.get_context("spawn").Pool(options.jobs, maxtasksperchild=4) as pool:
            done = pool.starmap(_one, work, chunksize=1)
    else:
        done = [_one(*one) for one in work]
    tried, faults = Counter[str](), Counter[str]()
    for (kind, _), (count, wrong) in zip(parts, done, strict=True):
        tried[kind] += count
        faults[kind] += wrong
    for kind in shares:
        print(f"{kind}: {tried[kind]:,} tried, {faults[kind]:,} broke a promise")
    print(
        f"{tried.total():,} inputs of seed {options.seed} in {time.monotonic() - begin:.0f} s: "
        f"{faults.total():,} tracebacks, hangs over {SECONDS:g} s, lost or swapped cells"
    )
    return int(faults.total() > 0 or tried.total() != options.inputs)


def replay(kind: str, path: Path) -> int:
    """Try one input that was kept."""
    with tempfile.TemporaryDirectory(prefix="campaign-") as name:
        os.environ["KERAS_CONFORMANCE_CACHE"] = str(Path(name) / "cache")
        wrong = attempt(fuzzer(kind, Path(name)), path.read_bytes())
    print(wrong or f"{path} breaks no promise any more")
    return int(bool(wrong))


def _parts(shares: dict[str, float], inputs: int, jobs: int) -> Iterator[tuple[str, range]]:
    """Kinds and numbers of inputs, cut for the processes."""
    left = inputs
    for place, (kind, share) in enumerate(shares.items()):
        count = left if place == len(shares) - 1 else round(inputs * share)
        left -= count
        step = max(1, -(-count // max(1, jobs)), 500)
        for start in range(0, count, step):
            yield kind, range(start, min(count, start + step))


def _one(kind: str, seed: int, numbers: range, kept: Path) -> tuple[int, int]:
    return campaign(kind, seed, numbers, kept.absolute(), lambda text: print(text, flush=True))


if __name__ == "__main__":
    sys.exit(main())
