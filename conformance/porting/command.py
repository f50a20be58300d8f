"""``keras-conformance porting``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from conformance.porting.blocks import code_pages
from conformance.porting.markdown import pages
from conformance.porting.model import Guide
from conformance.porting.rows import ADAPTERS, porting_rows
from conformance.records.input import read_bytes
from conformance.records.output import write_text, write_whole
from conformance.records.reader import read
from conformance.records.wire import RecordsError
from conformance.wording.text import escaped_json, inline

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from conformance.records.reader import Run

OK, NOTHING, USAGE = 0, 1, 2
"""Exit codes: written; the records prove nothing; they can't be read, or the folder written."""

CODE = "code"
"""The folder of the blocks of code, beside the pages."""
DISTILLED = "guides.json"
"""What the pages are rendered from, beside them: small enough to be kept under version control."""


def porting(records: Sequence[Path], output: Path) -> int:
    """Write the porting guides that some runs prove.

    Args:
        records: Record files or their folders, or one ``guides.json`` to render again. Those that
            tell of one adapter with the same versions are taken together, and of a case that
            several hold the last one's answer; with other versions the later ones count. Rows of
            records take the place of those of ``guides.json`` that are about the same.
        output: Folder for ``README.md``, a page for each framework, ``guides.json``, and a folder
            of code.

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
            f"none of these records tells how {', '.join(ADAPTERS)} did anything: run one of these "
            "adapters first",
            file=sys.stderr,
        )
        return NOTHING
    try:
        output.mkdir(parents=True, exist_ok=True)
        write_whole(output / DISTILLED, escaped_json(distilled(guides)))
        shown = [inline(guide) for guide in guides]
        for name, text in pages(shown).items():
            write_text(output / name, text)
        for name, text in code_pages(shown).items():
            (output / CODE / name).parent.mkdir(parents=True, exist_ok=True)
            write_text(output / CODE / name, text)
    except (RecordsError, OSError) as error:
        print(f"keras-conformance porting: {error}", file=sys.stderr)  # noqa: T201
        return USAGE
    for guide in guides:
        print(f"{output / guide.adapter}.md: {len(guide.rows)} layers and functions")  # noqa: T201
    return OK


def distilled(guides: Sequence[Guide]) -> bytes:
    """The guides as JSON with a line for each row, so that a change is a small difference."""
    encoded = [
        b'{"adapter": %b, "versions": %b, "cases": %d, "planned": %d, "later": %d, '
        b'"rows": [\n%b\n]}'
        % (
            msgspec.json.encode(guide.adapter),
            msgspec.json.encode(guide.versions),
            guide.cases,
            guide.planned,
            guide.later,
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
    runs: dict[str, list[Run]] = {}
    for path in records:
        if path.suffix == ".json":
            found.update({guide.adapter: guide for guide in restored(read_bytes(path))})
            continue
        run = read(path / "records.jsonl" if path.is_dir() else path)
        for adapter in ADAPTERS:
            line = run.adapters.get(adapter)
            if line is None:
                continue
            before = runs.get(adapter, [])
            alike = all(one.adapters[adapter].versions == line.versions for one in before)
            runs[adapter] = [*before, run] if alike else [run]
    for adapter, some in runs.items():
        if guide := _guide(adapter, some):
            found[adapter] = _joined(found.get(adapter, guide), guide)
    return [found[adapter] for adapter in ADAPTERS if adapter in found]


def _joined(before: Guide, guide: Guide) -> Guide:
    """A guide with the rows of an earlier one that it has none for, where versions are the same."""
    if before is guide or before.versions != guide.versions:
        return guide
    new = {row.layer for row in guide.rows}
    old = [row for row in before.rows if row.layer not in new]
    return replace(
        before,
        later=before.later + guide.cases,
        rows=sorted([*old, *guide.rows], key=lambda row: (row.family, row.layer)),
    )


def _guide(adapter: str, runs: Sequence[Run]) -> Guide | None:
    """What runs of one adapter prove, if they prove anything."""
    rows = porting_rows(runs, [adapter])
    if not rows:
        return None
    cases = {
        case for run in runs for case, name in run.cells if name == adapter and case in run.cases
    }
    planned = {case for run in runs for case, name in run.planned() if name == adapter}
    return Guide(
        adapter=adapter,
        versions=runs[-1].adapters[adapter].versions,
        cases=len(cases),
        planned=len(planned),
        rows=rows,
    )
