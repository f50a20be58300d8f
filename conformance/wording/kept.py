"""Pages that recorded runs are rendered to, each kept with the JSON that it is made of."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

import msgspec

from conformance.records import RecordsError, read
from conformance.records.files import find_records
from conformance.records.output import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from conformance.records import Run

T = TypeVar("T", bound=msgspec.Struct)


@dataclass(frozen=True)
class KeptPage(Generic[T]):
    """One such page.

    Attributes:
        kind: What it is made of.
        name: What that is called where something else is found in its place.
        heading: What the page begins with where there is none yet.
        mark: What stands above it in a page stays.
        collect: Makes it of runs, of which brief ones are enough.
        rendered: Makes the text, ending in a line feed.
        size: How much there is of it.
        unit: Of what.
        nothing: What is said where there is none of it.
        joined: Puts what runs say in the place of what an earlier page says of the same; without it
            an earlier page is shown alone.
    """

    kind: type[T]
    name: str
    heading: str
    mark: str
    collect: Callable[[Iterable[Run]], T]
    rendered: Callable[[T], str]
    size: Callable[[T], int]
    unit: str
    nothing: str
    joined: Callable[[T, T], T] | None = None

    def read(self, path: Path) -> T:
        """Read what a page was rendered from.

        Raises:
            RecordsError: It can't be read, or is something else.
        """
        try:
            return msgspec.json.decode(path.read_bytes(), type=self.kind)
        except OSError as error:
            raise RecordsError(f"cannot read {path}: {error.strerror}") from error
        except msgspec.DecodeError as error:
            raise RecordsError(f"{path} is no {self.name}: {error}") from error

    def within(self, page: str, found: T) -> str:
        """Return a page with all below its mark replaced; the mark is added where it lacks."""
        above = page.partition(self.mark)[0].rstrip()
        return f"{above}\n\n{self.mark}\n\n{self.rendered(found)}".lstrip()

    def show(self, records: list[str], reports: Path, into: Path | None) -> int:
        """Print it, or write the page and what it is made of.

        Args:
            records: Runs, or the JSON that an earlier page was made of, alone or, where the two can
                be joined, beside runs.
            reports: The folder in which runs are looked for by name.
            into: A page in Markdown; what it is made of is kept beside it as JSON.

        Returns:
            The exit code: 0, or 2 where something can't be read or written, or there is nothing.
        """
        try:
            found = self._found(records, reports)
            if into is None:
                print(self.rendered(found), end="")  # noqa: T201
                return 0
            page = into.read_text(encoding="utf-8") if into.exists() else self.heading
            kept = msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n"
            write_whole(into.with_suffix(".json"), kept)
            write_whole(into, self.within(page, found).encode())
        except (RecordsError, OSError, UnicodeDecodeError) as error:
            print(f"error: {error}", file=sys.stderr)  # noqa: T201
            return 2
        print(f"{self.size(found):,} {self.unit} in {into}", file=sys.stderr)  # noqa: T201
        return 0

    def _found(self, records: list[str], reports: Path) -> T:
        if len(records) == 1 and records[0].endswith(".json"):
            return self.read(Path(records[0]))
        pages = [one for one in records if one.endswith(".json") and self.joined is not None]
        runs = [one for one in records if one not in pages]
        found = self.collect(read(find_records(one, reports), brief=True) for one in runs)
        if not self.size(found):
            raise RecordsError(self.nothing)
        if self.joined is not None:
            for one in pages:
                found = self.joined(self.read(Path(one)), found)
        return found
