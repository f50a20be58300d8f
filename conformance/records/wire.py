"""One line of a record file, to and from its bytes.

JSON knows no NaN and no infinity, so those travel as the strings ``nan``, ``inf`` and ``-inf``.
Reading turns them back into floats where the model says ``float``; where it says ``Any`` (samples
of arrays, literal values of a case) they stay strings.
"""

from __future__ import annotations

import json
import math
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from conformance.records.bounds import LINE_LIMIT
from conformance.records.model import (
    SCHEMA,
    AdapterLine,
    BriefCell,
    CaseLine,
    Footer,
    Header,
    Line,
)
from conformance.records.older import upgraded

if TYPE_CHECKING:
    from collections.abc import Callable


class RecordsError(Exception):
    """A record file that cannot be read or written, with the place and what to do about it."""


class UnrecordableError(RecordsError):
    """A line that has no place in a record file; the file itself is as good as it was."""


class _Peek(Struct, frozen=True):
    """What tells a header of a newer schema before the rest of it is looked at."""

    type: str = ""
    schema: int = 0


# Not strict, so that "inf" is read where the model says float; a number stays a number.
_decoder = msgspec.json.Decoder(Line, strict=False)
_brief_decoder = msgspec.json.Decoder(
    Header | CaseLine | AdapterLine | BriefCell | Footer, strict=False
)
_encoder = msgspec.json.Encoder()
_peek = msgspec.json.Decoder(_Peek)


def encode(line: Line) -> bytes:
    """Returns the line's JSON with its line feed.

    Raises:
        UnrecordableError: a value of the line has no JSON form, or the line is longer than
            :data:`LINE_LIMIT`.
    """
    try:
        data = _encoded(line)
    except (TypeError, ValueError, RecursionError) as error:
        raise UnrecordableError(f"cannot record a {type(line).__name__}: {error}") from error
    if len(data) >= LINE_LIMIT:
        raise UnrecordableError(
            f"cannot record a {type(line).__name__}: it takes {len(data):,} bytes of JSON, and a "
            f"line of a record file may take {LINE_LIMIT:,}"
        )
    return data + b"\n"


def _encoded(line: Line) -> bytes:
    with suppress(UnicodeEncodeError, OverflowError):
        data = _line_encoder.encode(line)
        if b"null" not in data:  # which it writes for NaN and infinities, too
            return data
    tree = msgspec.to_builtins(line, enc_hook=_plain)
    try:
        # The one encoder that refuses NaN instead of writing null, and as fast as C is: a walk
        # through the tree in Python takes five times as long as all the rest.
        return _strict_encoder.encode(tree).encode()
    except ValueError:  # NaN or an infinity somewhere, or half a surrogate pair
        return _encode_odd(tree)


def _encode_odd(tree: Any) -> bytes:
    try:
        return msgspec.json.encode(_finite(tree))
    except UnicodeEncodeError:  # half a surrogate pair, as os.fsdecode makes of odd bytes
        return msgspec.json.encode(_finite(tree, _valid_text))


def decode(data: bytes) -> Line:
    """Returns the line that these bytes hold.

    Raises:
        RecordsError: they hold none; the message has no place, the caller knows it.
    """
    line: Line = _decoded(_decoder, data)
    return line


def decode_brief(data: bytes) -> Line | BriefCell:
    """Returns the line that these bytes hold; of a cell, only what tells two verdicts apart.

    Raises:
        RecordsError: they hold none; the message has no place, the caller knows it.
    """
    line: Line | BriefCell = _decoded(_brief_decoder, data)
    return line


def encode_brief(cell: BriefCell) -> bytes:
    """Returns the JSON of a brief cell, which :func:`decode` takes for a cell.

    An infinite margin becomes null: without a size, as that of a missing number.
    """
    return _encoder.encode(cell)


def _decoded(decoder: msgspec.json.Decoder[Any], data: bytes) -> Any:
    try:
        if not data.isascii():  # what a schema passes over, its decoder doesn't look at
            data.decode("utf-8")
        line = decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        older = upgraded(data)
        if older is not None:
            return _decoded(decoder, older)
        raise RecordsError(_newer(data) or str(error)) from error
    if type(line) is Header and line.schema > SCHEMA:
        raise RecordsError(_newer(data))
    return line


def _newer(data: bytes) -> str:
    try:
        head = _peek.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""
    if head.type != "header" or head.schema <= SCHEMA:
        return ""
    return (
        f"this file has schema {head.schema}; this version of keras-conformance reads up to "
        f"{SCHEMA}. Read it with a newer version"
    )


def _plain(value: object) -> object:
    """JSON's own type for a NumPy scalar or array, without importing NumPy."""
    convert = getattr(value, "tolist", None)
    if convert is None:
        raise TypeError(f"{type(value).__name__} has no JSON form")
    return convert()


_line_encoder = msgspec.json.Encoder(enc_hook=_plain)
_strict_encoder = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _finite(value: Any, text: Callable[[str], str] | None = None) -> Any:
    """The tree with every NaN and infinity as a string, and each string through ``text``."""
    if type(value) is dict:
        return {(text(key) if text else key): _finite(item, text) for key, item in value.items()}
    if type(value) is list or type(value) is tuple:
        return [_finite(item, text) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")
    if text and isinstance(value, str):
        return text(value)
    return value


def _valid_text(value: str) -> str:
    return value.encode("utf-8", "backslashreplace").decode("utf-8")
