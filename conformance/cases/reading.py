"""YAML text to plain values that know their places, safely.

Only events are taken from PyYAML (its C scanner where there is one): it resolves no tag and
constructs nothing. Strings, numbers, lists and mappings are made here, without recursion, so
that nesting costs no stack; an alias shares the value that it names, and what that would
multiply to is counted, never built.

Refused, each with its place: what is too large (file, depth, number of values), duplicate keys,
keys that aren't strings, tags, merge keys, directives, several documents, characters that can't be
seen, tabs as indentation, numbers beyond 64 bits.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

import yaml

from conformance.cases.problems import Log, shortened
from conformance.cases.scalars import UnfitNumberError, plain
from conformance.cases.tree import At, Document, Map, Seq, plain_value, size

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "At",
    "Document",
    "Map",
    "Seq",
    "plain_value",
    "read_bytes",
    "read_file",
    "read_text",
    "size",
]

MAX_BYTES = 4 * 2**20
"""Size of a file. The largest hand-written catalogue file would be a hundredth of it."""
MAX_DEPTH = 64
"""Lists and mappings inside each other. A deep model of wrappers needs about 20."""
MAX_VALUES = 200_000
"""Values of a file, aliases expanded: what a reader that copies would have to hold."""

_LOADER: Any = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader

# Control characters, line breaks that only YAML 1.1 knows (they would shift line numbers), marks
# that turn the direction of text, and surrogates: nothing that anyone would type on purpose.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
_NO_KEY = "\0"
"""Stands for a key that was refused; no text that gets here can hold it."""
_TAB_INDENT = re.compile(r"^[ ]*(\t)", re.MULTILINE)
_WORDS_OF_LIBYAML = {
    "did not find expected key": "the line's indentation fits no mapping above it",
    "did not find expected '-' indicator": "the line's indentation fits no list above it",
    "mapping values are not allowed in this context": (
        "a ': ' inside a text needs quotes around the text; a key needs a line of its own"
    ),
    "did not find expected ',' or ']'": "a '[' further up is not closed",
    "did not find expected ',' or '}'": "a '{' further up is not closed",
}


def read_file(path: Path, log: Log) -> Document | None:
    """Read a YAML file of at most :data:`MAX_BYTES`.

    Args:
        path: The file. Its size is asked before it is opened.
        log: Takes every problem that is found.

    Returns:
        The document, or None where nothing could be made of the file. With a document there may
        still be problems in ``log``.
    """
    content = content_of(path, log)
    return None if content is None else read_bytes(content, log)


def content_of(path: Path, log: Log) -> bytes | None:
    """The bytes of a YAML file; None where it can't be read. See :func:`read_file`."""
    try:
        if not path.is_file():
            log.add((1, 1), "", "is not a file", expected="a YAML file")
            return None
        size = path.stat().st_size
        if size > MAX_BYTES:
            log.add((1, 1), "", *_too_large(f"{size:,} bytes"))
            return None
        with path.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        log.add((1, 1), "", f"can't be read: {error.strerror or error}")
        return None


def read_bytes(content: bytes, log: Log) -> Document | None:
    """Read the bytes of a YAML file. See :func:`read_file`."""
    if len(content) > MAX_BYTES:
        log.add((1, 1), "", *_too_large("more bytes than it said"))
        return None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8", "replace")
        log.add(_place(before, len(before)), "", "is not UTF-8 from here on", expected="UTF-8 text")
        return None
    return read_text(text, log)


def read_text(text: str, log: Log) -> Document | None:
    """Read YAML text. See :func:`read_file`."""
    if len(text) > MAX_BYTES:
        log.add((1, 1), "", *_too_large(f"{len(text):,} characters"))
        return None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if _refused_characters(text, log):
        return None
    log.read(text)
    builder = _Builder(log)
    try:
        _parse(text, builder)
    except _GiveUpError:
        return None
    except yaml.YAMLError as error:
        log.add(*_syntax(error))
        return None
    if not builder.done:
        log.add((1, 1), "", "holds nothing", expected="YAML")
    return Document(builder.root, text, builder.ends) if builder.done else None


def _parse(text: str, builder: _Builder) -> None:
    loader = _LOADER(text)
    try:
        # Asked one by one: yaml.parse() looks at every event twice.
        while (event := loader.get_event()) is not None:
            builder.take(event)
    finally:
        loader.dispose()


class _GiveUpError(Exception):
    """The rest of the file isn't worth reading; the log says why."""


class _Open:
    """A list or mapping whose end has not come yet."""

    __slots__ = ("anchor", "awaits_value", "before", "key", "key_at", "node")

    def __init__(self, node: Map | Seq, anchor: str | None, before: int) -> None:
        self.node = node
        self.anchor = anchor
        self.before = before
        self.key = ""
        self.key_at: At = (1, 1)
        self.awaits_value = False


class _Builder:
    """Puts values together from parsing events, with a stack of its own."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.root: Any = None
        self.done = False
        self.ends: list[int] = []
        """Line after the last one of each item of a top-level list."""
        self._stack: list[_Open] = []
        self._values = 0
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._unclosed: set[str] = set()
        self._documents = 0
        self._take = {
            yaml.ScalarEvent: self._scalar,
            yaml.AliasEvent: self._alias,
            yaml.MappingStartEvent: self._start,
            yaml.SequenceStartEvent: self._start,
            yaml.MappingEndEvent: self._end,
            yaml.SequenceEndEvent: self._end,
            yaml.DocumentStartEvent: self._document,
        }

    def take(self, event: Any) -> None:
        """Take the next event."""
        handler = self._take.get(type(event))
        if handler is not None:
            handler(event)

    def _document(self, event: Any) -> None:
        self._documents += 1
        if self._documents > 1:
            self._give_up(event, "is a second document", "one document a file, no '---' between")
        if getattr(event, "version", None) or getattr(event, "tags", None):
            self._complain(event, "has a directive (%YAML or %TAG)", hint="leave it out")

    def _scalar(self, event: Any) -> None:
        value: Any = event.value
        if event.tag:
            self._tag(event)
        if event.implicit[0]:
            try:
                value = plain(value)
            except UnfitNumberError as error:
                self._complain(event, f"{shortened(value)} {error}")
                value = 0
        elif _UNSEEN.search(value):
            self._complain(event, "holds a character that can't be seen", hint="leave it out")
            value = _UNSEEN.sub("", value)
        self._count(event, 1)
        if event.anchor:
            self._anchors[event.anchor] = (value, 1)
        self._attach(value, event)

    def _alias(self, event: Any) -> None:
        if event.anchor in self._unclosed:
            self._give_up(event, f"*{event.anchor} is inside the value that it names")
        if event.anchor not in self._anchors:
            known = ", ".join(f"&{name}" for name in list(self._anchors)[:5]) or "no anchor"
            self._complain(
                event, f"*{event.anchor} names nothing above it", hint=f"there is {known}"
            )
            self._attach(None, event)
            return
        value, size = self._anchors[event.anchor]
        self._count(event, size)
        self._attach(value, event)

    def _start(self, event: Any) -> None:
        if event.tag:
            self._tag(event)
        if len(self._stack) >= MAX_DEPTH:
            self._give_up(event, f"is nested more than {MAX_DEPTH} levels deep")
        top = self._stack[-1] if self._stack else None
        if top and isinstance(top.node, Map) and not top.awaits_value:
            self._give_up(event, "is a list or a mapping as a key", "a plain string as key")
        before = self._values
        self._count(event, 1)
        node = Map(_at(event)) if isinstance(event, yaml.MappingStartEvent) else Seq()
        # Attached at once, while still empty: its place is known now and its key is at hand.
        self._attach(node, event)
        if event.anchor:
            self._anchors.pop(event.anchor, None)
            self._unclosed.add(event.anchor)
        self._stack.append(_Open(node, event.anchor, before))

    def _end(self, event: Any) -> None:
        closed = self._stack.pop()
        if closed.anchor:
            self._unclosed.discard(closed.anchor)
            self._anchors[closed.anchor] = (closed.node, self._values - closed.before)
        if len(self._stack) == 1:
            self._note_end(event)

    def _note_end(self, event: Any) -> None:
        mark = event.end_mark
        if self.ends:  # else it is the end of what stands at the top
            self.ends[-1] = mark.line + (1 if mark.column else 0)

    def _attach(self, value: Any, event: Any) -> None:
        if not self._stack:
            self.root, self.done = value, True
            return
        top = self._stack[-1]
        node = top.node
        mark = event.start_mark
        at = (mark.line + 1, mark.column + 1)
        if isinstance(node, Seq):
            node.append(value)
            node.at.append(at)
            if len(self._stack) == 1:
                self.ends.append(event.end_mark.line + 1)
        elif not top.awaits_value:
            top.key = value if type(value) is str and value != "<<" else self._no_key(value, event)
            top.key_at = at
            top.awaits_value = True
        else:
            if top.key in node:
                self._repeated(top)
            elif top.key != _NO_KEY:
                node.put(top.key, value, top.key_at, at)
            top.awaits_value = False

    def _no_key(self, value: Any, event: Any) -> str:
        if value == "<<":
            self._complain(
                event,
                "'<<' merges mappings, which YAML 1.2 doesn't",
                hint="write the keys out, or name a whole value with &name and *name",
            )
        else:
            written = getattr(event, "value", None) or "null"
            self._complain(
                event, f"the key {shortened(written)} is not a string", hint="put quotes around it"
            )
        return _NO_KEY

    def _repeated(self, top: _Open) -> None:
        first = cast("Map", top.node).key_at(top.key)[0]
        self.log.add(
            top.key_at,
            self._path(),
            f"the key {shortened(repr(top.key))} is here twice",
            hint=f"the first is in line {first}",
        )

    def _tag(self, event: Any) -> None:
        self._complain(
            event,
            f"has the tag {shortened(event.tag)}",
            expected="no tags",
            hint="quotes make a string; everything else shows what it is",
        )

    def _count(self, event: Any, size: int) -> None:
        self._values += size
        if self._values > MAX_VALUES:
            self._give_up(
                event, f"makes the file hold more than {MAX_VALUES:,} values, aliases expanded"
            )

    def _complain(self, event: Any, message: str, *, expected: str = "", hint: str = "") -> None:
        self.log.add(_at(event), self._path(), message, expected=expected, hint=hint)

    def _give_up(self, event: Any, message: str, expected: str = "") -> None:
        self._complain(event, message, expected=expected)
        raise _GiveUpError

    def _path(self) -> str:
        parts = []
        last = len(self._stack) - 1
        for depth, level in enumerate(self._stack[:8]):
            # A list's open item is in it already; one that is still to come isn't.
            if isinstance(level.node, Seq):
                parts.append(str(len(level.node) - (depth < last)))
            elif (depth < last or level.awaits_value) and level.key != _NO_KEY:
                parts.append(shortened(level.key))
        # The keys of a case file are told from the case on: its place says which case it is.
        return ".".join(parts[1:] if isinstance(self.root, Seq) else parts)


def _at(event: Any) -> At:
    mark = event.start_mark
    return mark.line + 1, mark.column + 1


def _place(text: str, index: int) -> At:
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)


def _refused_characters(text: str, log: Log) -> bool:
    found = _UNSEEN.search(text)
    if found:
        name = f"U+{ord(found[0]):04X}"
        log.add(_place(text, found.start()), "", f"{name} is a character that can't be seen")
    tabs = list(_TAB_INDENT.finditer(text))
    for tab in tabs[:20]:
        log.add(_place(text, tab.start(1)), "", "a tab indents this line", expected="spaces")
    return bool(found or tabs)


def _syntax(error: yaml.YAMLError) -> tuple[At, str, str]:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    at = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    said = getattr(error, "problem", None) or str(error)
    context = getattr(error, "context", None)
    message = f"is no YAML: {said}{f' {context}' if context else ''}"
    meant = _WORDS_OF_LIBYAML.get(said)
    return at, "", f"{message} ({meant})" if meant else message


def _too_large(size: str) -> tuple[str]:
    return (f"is too large: {size}, and {MAX_BYTES:,} is the limit; split the file",)
