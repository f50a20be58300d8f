"""What a report's page holds, as the tests look at it without a browser."""

from __future__ import annotations

import base64
import gzip
import json
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import synthetic_runs as synthetic

from conformance.records import Run, read
from conformance.report import (
    write_html,
)
from conformance.report.packing import FIRST

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from conformance.records.model import Line


NAME = "documents/dense/last-axis"


class Page(HTMLParser):
    """What a browser would make of the file without running its script."""

    def __init__(self, path: Path) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self._inside: list[str] = []
        self.source = path.read_text("utf-8")
        self.feed(self.source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in {"meta", "wbr", "input", "link", "img", "br"}:
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._inside and self._inside.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        self.texts.append((self._inside[-1] if self._inside else "", data))

    @property
    def text(self) -> str:
        """What can be read without JavaScript."""
        return " ".join(
            " ".join(data.split())
            for tag, data in self.texts
            if tag not in {"script", "style"} and data.strip()
        )

    def data(self, name: str) -> Any:
        """The JSON of one of the page's data elements."""
        scripts = [attrs.get("id") for tag, attrs in self.elements if tag == "script"]
        contents = [data for tag, data in self.texts if tag == "script"]
        return json.loads(contents[scripts.index(name)])

    def packed(self, name: str) -> Any:
        """What one of the page's compressed data elements holds."""
        ids = [attrs.get("id") for tag, attrs in self.elements if tag == "script"]
        contents = [data for tag, data in self.texts if tag == "script"]
        return unpacked(contents[ids.index(name)])

    def details(self) -> dict[int, dict[str, Any]]:
        """By the case's place in the plan, what explains it."""
        return {
            int(at): case for chunk in self.data("details") for at, case in unpacked(chunk).items()
        }


def unpacked(text: str) -> Any:
    return json.loads(gzip.decompress(base64.b64decode(text)))


def number(letter: str) -> int:
    code = ord(letter)
    return (code if code < 0xD800 else code - 0x800) - FIRST


def run_of(tmp_path: Path, content: Iterable[Line]) -> Run:
    return read(synthetic.record(tmp_path / "run.jsonl", content))


def page_of(tmp_path: Path, content: Iterable[Line]) -> Page:
    return Page(write_html(run_of(tmp_path, content), tmp_path / "report.html"))
