"""Writing a record file: every line is in the file as soon as :meth:`Writer.write` returns."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Self

from conformance.records.bounds import unfit
from conformance.records.locking import lock
from conformance.records.model import Footer, Header, Line
from conformance.records.reader import read
from conformance.records.wire import RecordsError, encode

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from conformance.records.cells import Cells


_NOT_SYNCED = frozenset({errno.EINVAL, errno.EROFS, errno.ENOTSUP})
"""What fsync says of what is no file on a disk."""


class Writer:
    """Appends lines to a record file.

    A line goes to the operating system in one write, so it survives Ctrl-C and ``kill -9`` of
    this process; closing also sees it onto the disk. Each stretch of the file is a header, other
    lines, and a footer when the run came to its end; :meth:`resume` begins a further stretch.

    Not safe for several threads at once. A second process is refused while this one writes.
    """

    def __init__(self, path: Path, *, append: bool = False) -> None:
        """Creates the file, and its folder where missing.

        Args:
            path: the file; it must not exist, as no record is ever overwritten.
            append: the file exists and is whole; :meth:`resume` sees to that.

        Raises:
            RecordsError: the file exists already, cannot be created, or another process writes it.
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
        try:
            lock(self._fd, path)
        except RecordsError:
            self.close()
            raise

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
            RecordsError: the file cannot be read or written, is no record file, or another process
                writes it.
        """
        writer = cls(path, append=True)  # before it is read: else what is cut off may be another's
        try:
            return writer, writer._take_up()
        except BaseException:
            writer.close()
            raise

    def _take_up(self) -> Cells:
        """Makes the file whole to go on behind it; returns the cells that are done."""
        run = read(self.path)
        if self._fd is None:
            raise AssertionError("it was opened just now")
        try:
            os.ftruncate(self._fd, run.intact_bytes)
        except OSError as error:
            raise RecordsError(f"cannot go on with {self.path}: {error.strerror}") from error
        if run.ends_without_newline:
            self._put(b"\n")
        return run.tried()

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
        """Sees every line onto the disk. Closing twice is fine.

        Raises:
            RecordsError: the disk refuses them.
        """
        if self._fd is None:
            return
        fd, self._fd = self._fd, None
        try:
            try:
                os.fsync(fd)
            finally:
                os.close(fd)
        except OSError as error:
            if error.errno not in _NOT_SYNCED:
                raise RecordsError(f"cannot write to {self.path}: {error.strerror}") from error

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
