"""Frames: eight bytes of little-endian length, then one safetensors blob.

The blob's ``__metadata__`` carries the message, as JSON under the key ``message``; its tensors are
the arrays. Both sides of the wire use this one module, so it needs the standard library and NumPy
alone and runs on Python 3.9. It is tested against the safetensors library in both directions.

Reading is strict, because the other side is never trusted: whatever is not a well-formed frame is a
:class:`WireError`, and nothing is allocated on the word of a length that the bytes don't bear out.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Array = np.ndarray[Any, np.dtype[Any]]
    Buffer = bytes | bytearray | memoryview

PREFIX = 8
"""Bytes of length in front of a blob, and likewise in front of the blob's own header."""

FRAME_LIMIT = 512 * 2**20
"""Largest blob that is read, in bytes, unless the reader sets another limit."""

HEADER_LIMIT = 16 * 2**20
"""Largest header, in bytes: the message and the table of tensors."""

_COPIED = 4096  # bytes up to which copying an array is cheaper than making a view of it
_RANK_LIMIT = 32  # what every NumPy since 1.0 can hold

_DTYPES: dict[str, np.dtype[Any]] = {
    "BOOL": np.dtype("?"),
    "I8": np.dtype("<i1"),
    "I16": np.dtype("<i2"),
    "I32": np.dtype("<i4"),
    "I64": np.dtype("<i8"),
    "U8": np.dtype("<u1"),
    "U16": np.dtype("<u2"),
    "U32": np.dtype("<u4"),
    "U64": np.dtype("<u8"),
    "F16": np.dtype("<f2"),
    "BF16": np.dtype("<u2"),  # its bits; NumPy has no such number
    "F32": np.dtype("<f4"),
    "F64": np.dtype("<f8"),
    "C64": np.dtype("<c8"),
}
_CODES = {(dtype.kind, dtype.itemsize): code for code, dtype in _DTYPES.items() if code != "BF16"}


class WireError(Exception):
    """A frame that cannot be written, or bytes that are not a frame. The text says why."""


class BF16:
    """bfloat16 numbers, given by their bits, for frameworks whose arrays NumPy cannot hold.

    Arrays of the ``ml_dtypes`` type ``bfloat16`` (TensorFlow, JAX) need no wrapping.
    """

    __slots__ = ("bits",)

    def __init__(self, bits: Array) -> None:
        """Wrap ``bits``, a uint16 array of any shape.

        Raises:
            WireError: ``bits`` is not uint16.
        """
        if bits.dtype != np.uint16:
            raise WireError(f"bfloat16 is given by its uint16 bits, not by {bits.dtype}")
        self.bits = bits


def encode(message: Mapping[str, Any] | str, tensors: Mapping[str, Any]) -> list[Buffer]:
    """Write one blob.

    Arrays of more than 4 KiB are not copied if they are contiguous and little-endian: the result
    holds views of them.
    They are laid out from the widest dtype to the narrowest, so that all are aligned.

    Args:
        message: The message, or its JSON text. NumPy scalars in it become plain numbers.
        tensors: NumPy arrays (or :class:`BF16`) by name, of any strides and byte order.

    Returns:
        The buffers of the blob, in order. :func:`frame` puts the length in front of them.

    Raises:
        WireError: The message is not JSON (NaN is not), or a dtype has no place in the format.
    """
    entries: list[tuple[int, str, str, tuple[int, ...], Array]] = []
    for name, value in tensors.items():
        if name == "__metadata__":
            raise WireError("no tensor can be called '__metadata__'")
        code, array = _coded(name, value)
        entries.append((-array.itemsize, name, code, array.shape, array))
    entries.sort(key=lambda entry: entry[:2])

    text = message if isinstance(message, str) else _dumps(message)
    header: dict[str, Any] = {"__metadata__": {"message": text}}
    offset = 0
    for _, name, code, shape, array in entries:
        header[name] = {
            "dtype": code,
            "shape": list(shape),
            "data_offsets": [offset, offset + array.nbytes],
        }
        offset += array.nbytes
    # An error message may hold lone surrogates (undecodable file names): UTF-8 has no such thing.
    head = _header_encoder.encode(header).encode("utf-8", "replace")
    head += b" " * (-len(head) % PREFIX)
    if len(head) > HEADER_LIMIT:
        raise WireError(f"the message takes {len(head)} bytes; {HEADER_LIMIT} are allowed")
    buffers: list[Buffer] = [len(head).to_bytes(PREFIX, "little") + head]
    buffers.extend(_bytes_of(code, array) for _, _, code, _, array in entries if array.nbytes)
    return buffers


def frame(blob: Sequence[Buffer]) -> list[Buffer]:
    """Put the frame's length in front of a blob's buffers."""
    length = sum(len(buffer) for buffer in blob)
    return [length.to_bytes(PREFIX, "little") + blob[0], *blob[1:]]


def announced(prefix: Buffer, limit: int = FRAME_LIMIT) -> int:
    """Read the length in front of a blob, before anything is allocated for it.

    Raises:
        WireError: It is over ``limit``, or too short for any blob.
    """
    length = int.from_bytes(prefix, "little")
    if length > limit:
        raise WireError(
            f"a frame of {length} bytes is announced; {limit} are allowed. "
            f"If the first bytes are text ({bytes(prefix)!r}), something prints into the frames"
        )
    if length <= PREFIX:
        raise WireError(f"a frame of {length} bytes is announced, which cannot hold a message")
    return length


def decode(blob: Buffer) -> tuple[dict[str, Any], dict[str, Array]]:
    """Read one blob (without its length): the message and views of its arrays.

    Raises:
        WireError: The bytes are not a well-formed blob, or its message is not a JSON object.
    """
    text, tensors = split(blob)
    try:
        message = _message_decoder.decode(text)
    except (ValueError, RecursionError) as error:
        raise WireError(f"the message is not JSON: {error}") from error
    if not isinstance(message, dict):
        raise WireError(f"the message is not an object but {_kind(message)}")
    return message, tensors


def split(blob: Buffer) -> tuple[str, dict[str, Array]]:
    """Read one blob, leaving the message as JSON text, for a reader with a schema of its own.

    The arrays are views of ``blob``, writable where it is. bfloat16 arrives as float32, exactly.

    Raises:
        WireError: The bytes are not a well-formed blob.
    """
    view = memoryview(blob).cast("B")
    if view.nbytes <= PREFIX:
        raise WireError(f"a blob of {view.nbytes} bytes cannot hold a message")
    size = int.from_bytes(view[:PREFIX], "little")
    if size > min(HEADER_LIMIT, view.nbytes - PREFIX):
        raise WireError(
            f"the header claims {size} bytes; the blob has {view.nbytes}, "
            f"and {HEADER_LIMIT} are allowed"
        )
    header = _header(bytes(view[PREFIX : PREFIX + size]))
    metadata = header.pop("__metadata__", None)
    text = metadata.get("message") if isinstance(metadata, dict) else None
    if not isinstance(text, str):
        raise WireError("the blob has no message: no string 'message' in its '__metadata__'")
    data = np.frombuffer(view, dtype=np.uint8)[PREFIX + size :]
    return text, _tensors(header, data)


def _header(raw: bytes) -> dict[str, Any]:
    try:
        text = raw.decode("utf-8")
        # Escaped lone surrogates pass json.loads and would break whoever prints a name.
        header = _header_decoder.decode(text)
        if "\\u" in text:
            json.dumps(header, ensure_ascii=False).encode("utf-8")
    except RecursionError as error:
        raise WireError("the header is nested too deeply") from error
    except ValueError as error:  # JSON and UTF-8 errors are ValueErrors
        raise WireError(f"the header is not JSON: {error}") from error
    if not isinstance(header, dict):
        raise WireError(f"the header is not an object but {_kind(header)}")
    return header


def _tensors(header: dict[str, Any], data: Array) -> dict[str, Array]:
    spans = sorted(
        ((*_span(name, entry), name, entry) for name, entry in header.items()),
        key=lambda item: item[:2],
    )
    tensors: dict[str, Array] = {}
    end = 0
    for start, stop, name, entry in spans:
        if start != end:
            what = "overlaps the one before it" if start < end else "leaves a hole before it"
            raise WireError(f"tensor {name!r} starts at byte {start}, not at {end}: it {what}")
        end = stop
        if end > data.nbytes:
            raise WireError(f"tensor {name!r} ends at byte {end} of {data.nbytes}")
        tensors[name] = _view(name, entry, data[start:stop])
    if end != data.nbytes:
        raise WireError(f"{data.nbytes - end} bytes behind the last tensor belong to nothing")
    return tensors


def _span(name: str, entry: object) -> tuple[int, int]:
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise WireError(f"tensor {name!r} is not described by dtype, shape and data_offsets alone")
    offsets = entry["data_offsets"]
    if not _are_sizes(offsets) or len(offsets) != len(("start", "stop")):
        raise WireError(f"tensor {name!r} has data_offsets that are not two sizes")
    start, stop = offsets
    if start > stop:
        raise WireError(f"tensor {name!r} ends at byte {stop}, before its start at {start}")
    return start, stop


def _view(name: str, entry: dict[str, Any], raw: Array) -> Array:
    code, shape = entry["dtype"], entry["shape"]
    dtype = _DTYPES.get(code) if isinstance(code, str) else None
    if dtype is None:
        raise WireError(f"tensor {name!r} has an unknown dtype; known are {', '.join(_DTYPES)}")
    if not _are_sizes(shape) or len(shape) > _RANK_LIMIT:
        raise WireError(f"tensor {name!r} has a shape that is not up to {_RANK_LIMIT} sizes")
    count = 1
    for size in shape:
        count *= size
    if count * dtype.itemsize != raw.nbytes:
        raise WireError(
            f"tensor {name!r} of shape {shape} and dtype {code} takes {count * dtype.itemsize} "
            f"bytes, not {raw.nbytes}"
        )
    if code == "BOOL" and raw.size and raw.max() > 1:
        raise WireError(f"tensor {name!r} is BOOL but holds a byte other than 0 and 1")
    try:
        array = raw.view(dtype).reshape(shape)
    except (ValueError, OverflowError) as error:  # (0, 2**62, 2**62) is empty, yet too big
        raise WireError(f"tensor {name!r} cannot have the shape {shape}: {error}") from error
    return _widened(array) if code == "BF16" else array


def _widened(bits: Array) -> Array:
    """The float32 numbers whose upper halves are these bfloat16 bits: exact, NaN bits included."""
    return (bits.astype(np.uint32) << np.uint32(16)).view(np.float32)


def _coded(name: str, value: object) -> tuple[str, Array]:
    """The format's name of an array's dtype, and the array with its bits in that dtype."""
    if isinstance(value, BF16):
        return "BF16", value.bits
    array = np.asarray(value)
    code = _CODES.get((array.dtype.kind, array.dtype.itemsize))
    if code is not None:
        return code, array
    if array.dtype.name == "bfloat16":  # ml_dtypes, known by name: it need not be importable here
        return "BF16", array.view(np.uint16)
    raise WireError(
        f"tensor {name!r} has dtype {array.dtype}, which the frame has no place for; "
        f"it can carry {', '.join(_DTYPES)}"
    )


def _bytes_of(code: str, array: Array) -> bytes | memoryview:
    little = array if array.dtype == _DTYPES[code] else array.astype(_DTYPES[code])
    if array.nbytes <= _COPIED:
        return little.tobytes()
    return np.ascontiguousarray(little).reshape(-1).view(np.uint8).data


def _dumps(message: Mapping[str, Any]) -> str:
    try:
        return _message_encoder.encode(message)
    except (TypeError, ValueError, RecursionError) as error:
        raise WireError(f"the message cannot be written as JSON: {error}") from error


def _plain(value: object) -> object:
    """JSON's idea of what Python writers put into a message without thinking."""
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} has no JSON form")


# Made here, once: json.dumps would make one for every message.
_header_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_message_encoder = json.JSONEncoder(
    default=_plain, ensure_ascii=False, allow_nan=False, separators=(",", ":")
)


def _unique(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    pairs = list(pairs)
    result = dict(pairs)
    if len(result) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {twice!r} is there twice")
    return result


def _refuse_constant(text: str) -> float:
    raise ValueError(f"{text} is not JSON")


def _refuse(text: str) -> float:
    raise ValueError(f"{text[:40]} is not a size")


_header_decoder = json.JSONDecoder(
    object_pairs_hook=_unique, parse_constant=_refuse_constant, parse_float=_refuse
)
_message_decoder = json.JSONDecoder(parse_constant=_refuse_constant)


def _are_sizes(value: object) -> bool:
    # type() rather than isinstance: True is an int to Python, but no size.
    if not isinstance(value, list):
        return False
    for item in value:  # noqa: SIM110 - a generator takes twice as long, and every array has two
        if type(item) is not int or item < 0:
            return False
    return True


def _kind(value: object) -> str:
    names = {list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")
