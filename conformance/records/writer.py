"""Writing a record file: every line is in the file as soon as :meth:`Writer.write` returns."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Self

from conformance.records.bounds import unfit
from conformance.records.model import Footer, Header, Line
from conformance.records.reader import read
from conformance.records.wire import RecordsError, encode

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from conformance.records.cells import Cells


class Writer:
    """Appends lines to a record file.

    A line goes to the operating system in one write, so it survives Ctrl-C and ``kill -9`` of
    this process; closing also sees it onto the disk. Each stretch of the file is a header, other
    lines, and a footer when the run came to its end; :meth:`resume` begins a further stretch.

    Not safe for several threads or processes at once.
    """

    def __init__(self, path: Path, *, append: bool = False) -> None:
        """Creates the file, and its folder where missing.

        Args:
            path: the file; it must not exist, as no record is ever overwritten.
            append: the file exists and is whole; :meth:`resume` sees to that.

        Raises:
            RecordsError: the file exists already or cannot be created.
        """
        self.path = path
        self._open_stretch = False
        flags = os.O_WRONLY | os.O_APPEND | (0 if append else os.O_CREAT | os.O_EXCL)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._fd: int | None = os.open(path, flags, 0o644)
        except FileExistsError as error:
            raise RecordsError(
                f"{path} exists already; resume it, or record into another file"
            ) from error
        except OSError as error:
            raise RecordsError(f"cannot write {path}: {error.strerror}") from error

    @classmethod
    def resume(cls, path: Path) -> tuple[Writer, Cells]:
        """Opens a file that an earlier run left, to go on from there.

        A last line that was cut off is removed. The next line to write is a header, as if the
        file were new; the reader joins the stretches.

        Returns:
            The writer, and every cell on file by case and adapter but those that were never
            run. A cell counts as done only
            while its ``digest`` is still that of the case: the caller compares.

        Raises:
            RecordsError: the file cannot be read or written, or is no record file.
        """
        run = read(path)
        recorded = run.superseded.joined(run.cells)
        tried = {key for key in recorded if recorded.outcome(*key) != "not-run"}
        done, _ = recorded.split(tried)
        try:
            with path.open("r+b") as file:
                file.truncate(run.intact_bytes)
                if run.ends_without_newline:
                    file.seek(0, os.SEEK_END)
                    file.write(b"\n")
        except OSError as error:
            raise RecordsError(f"cannot go on with {path}: {error.strerror}") from error
        return cls(path, append=True), done

    def write(self, line: Line) -> None:
        """Appends one line.

        Raises:
            RecordsError: the line is out of order, has no JSON form, or the disk refuses it.
        """
        if isinstance(line, Header) == self._open_stretch:
            raise RecordsError(
                f"{self.path}: a second header"
                if self._open_stretch
                else f"{self.path}: a {type(line).__name__} before the header"
            )
        if isinstance(line, Header) and (wrong := unfit(line)):
            raise RecordsError(f"{self.path}: {wrong}")
        self._put(encode(line))
        self._open_stretch = not isinstance(line, Footer)

    def close(self) -> None:
        """Sees every line onto the disk. Closing twice is fine."""
        if self._fd is None:
            return
        fd, self._fd = self._fd, None
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def __enter__(self) -> Self:
        """Returns the writer itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Closes, whatever happened."""
        self.close()

    def _put(self, data: bytes) -> None:
        if self._fd is None:
            raise RecordsError(f"{self.path} is closed")
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(self._fd, rest) :]
        except OSError as error:
            raise RecordsError(f"cannot write to {self.path}: {error.strerror}") from error
