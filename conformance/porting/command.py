"""``keras-conformance porting``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import msgspec

from conformance.porting.markdown import pages
from conformance.porting.model import Guide
from conformance.porting.rows import ADAPTERS, porting_rows
from conformance.records.reader import read
from conformance.records.wire import RecordsError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

OK, NOTHING, USAGE = 0, 1, 2
"""Exit codes: written; the records prove nothing; they can't be read, or the folder written."""

DISTILLED = "guides.json"
"""What the pages are rendered from, beside them: small enough to be kept under version control."""


def porting(records: Sequence[Path], output: Path) -> int:
    """Write the porting guides that some runs prove.

    Args:
        records: Record files or their folders, or one ``guides.json`` to render again. Where
            several tell of one adapter, the later one counts.
        output: Folder for ``README.md``, a page for each framework, and ``guides.json``.

    Returns:
        :data:`OK`, :data:`NOTHING` or :data:`USAGE`.
    """
    try:
        guides = _guides(records)
    except (RecordsError, msgspec.MsgspecError, OSError) as error:
        print(f"keras-conformance porting: {error}", file=sys.stderr)  # noqa: T201
        return USAGE
    if not guides:
        print(  # noqa: T201 - a message for whoever called
            f"none of these records tells how {', '.join(ADAPTERS)} did a layer: run one of these "
            "adapters first",
            file=sys.stderr,
        )
        return NOTHING
    try:
        output.mkdir(parents=True, exist_ok=True)
        (output / DISTILLED).write_bytes(distilled(guides))
        for name, text in pages(guides).items():
            (output / name).write_text(text, encoding="utf-8")
    except OSError as error:
        print(f"keras-conformance porting: {error}", file=sys.stderr)  # noqa: T201
        return USAGE
    for guide in guides:
        print(f"{output / guide.adapter}.md: {len(guide.rows)} layers and activations")  # noqa: T201
    return OK


def distilled(guides: Sequence[Guide]) -> bytes:
    """The guides as JSON with a line for each row, so that a change is a small difference."""
    encoded = [
        b'{"adapter": %b, "versions": %b, "cases": %d, "planned": %d, "rows": [\n%b\n]}'
        % (
            msgspec.json.encode(guide.adapter),
            msgspec.json.encode(guide.versions),
            guide.cases,
            guide.planned,
            b",\n".join(map(msgspec.json.encode, guide.rows)),
        )
        for guide in guides
    ]
    return b"[\n%b\n]\n" % b",\n".join(encoded)


def restored(data: bytes) -> list[Guide]:
    """The guides that :func:`distilled` has written.

    Raises:
        msgspec.MsgspecError: They are none.
    """
    return msgspec.json.decode(data, type=list[Guide])


def _guides(records: Sequence[Path]) -> list[Guide]:
    found: dict[str, Guide] = {}
    for path in records:
        if path.suffix == ".json":
            found.update({guide.adapter: guide for guide in restored(path.read_bytes())})
            continue
        run = read(path / "records.jsonl" if path.is_dir() else path)
        for adapter in ADAPTERS:
            rows = porting_rows(run, [adapter])
            line = run.adapters.get(adapter)
            if rows and line:
                cases = sum(1 for case, name in run.cells if name == adapter and case in run.cases)
                planned = sum(1 for _, name in run.planned() if name == adapter)
                found[adapter] = Guide(
                    adapter=adapter,
                    versions=line.versions,
                    cases=cases,
                    planned=planned,
                    rows=rows,
                )
    return [found[adapter] for adapter in ADAPTERS if adapter in found]
