"""Compiled code that TensorFlow keeps on disk, with a checksum beside each file.

TensorFlow fails a call over a file that was cut short or altered, and runs one whose code was. So
what has no checksum, or another one, is removed before TensorFlow looks; it is compiled again then.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from pathlib import Path


class SealedFolder:
    """A folder of files that TensorFlow alone writes. Several processes may share one."""

    def __init__(self, folder: str) -> None:
        """Remove what is not as it was when it was sealed.

        Args:
            folder: It need not exist.
        """
        self._folder = Path(folder)
        self._seals = self._folder / "seals"
        self._looked = 0
        """When the folder last changed, as it was last looked at, in nanoseconds."""
        self._sealed: set[str] = set()
        for path in self._files():
            if self._is_whole(path):
                self._sealed.add(path.name)
            else:
                with contextlib.suppress(OSError):
                    _remove(path)

    def seal(self) -> None:
        """Note what was written since; a look at the folder's time where nothing was."""
        with contextlib.suppress(OSError):
            changed = os.stat(self._folder).st_mtime_ns  # noqa: PTH116 - asked after every case
            if changed == self._looked:
                return
            self._looked = changed
            self._seals.mkdir(exist_ok=True)
            for path in self._files():
                if path.name not in self._sealed:
                    self._write(path)
                    self._sealed.add(path.name)

    def _files(self) -> list[Path]:
        with contextlib.suppress(OSError):
            return [path for path in self._folder.iterdir() if path.suffix == ".pb"]
        return []

    def _is_whole(self, path: Path) -> bool:
        with contextlib.suppress(OSError, UnicodeDecodeError):
            seal = (self._seals / path.name).with_suffix(".seal")
            return path.is_file() and seal.read_text(encoding="ascii") == _digest(path)
        return False

    def _write(self, path: Path) -> None:
        seal = (self._seals / path.name).with_suffix(".seal")
        part = seal.with_suffix(f".{os.getpid()}.part")
        part.write_text(_digest(path), encoding="ascii")
        part.replace(seal)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
