"""Frames, against the safetensors library in both directions, and against hostile bytes."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
import pytest
import safetensors
import safetensors.numpy
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from conformance.adapters.shared import wire
from conformance.adapters.shared.wire import BF16, WireError

DTYPES = ["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"]

dtypes = st.sampled_from([order + name for name in DTYPES for order in "<>"])
shapes = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)
plain_arrays = st.builds(lambda d, s: (d, s), dtypes, shapes).flatmap(
    lambda pair: hnp.arrays(pair[0], pair[1])
)


@st.composite
def arrays(draw: st.DrawFn) -> np.ndarray[Any, Any]:
    """Arrays as frameworks hand them out: transposed, strided, reversed, read-only."""
    array = draw(plain_arrays)
    if draw(st.booleans()):
        array = array.T
    if array.ndim and draw(st.booleans()):
        array = array[:: draw(st.sampled_from([1, 2, -1]))]
    if draw(st.booleans()):
        array.flags.writeable = False
    return array


names = st.text(st.characters(exclude_categories=["Cs"]), max_size=8).filter(
    lambda name: name != "__metadata__"
)
messages = st.dictionaries(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=4),
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    max_size=3,
)


def joined(message: Any, tensors: Any = ()) -> bytes:
    return b"".join(wire.encode(message, dict(tensors)))


def same(left: np.ndarray[Any, Any], right: np.ndarray[Any, Any]) -> bool:
    return (
        left.shape == right.shape
        and left.dtype == right.dtype.newbyteorder("=")
        and left.tobytes() == right.astype(right.dtype.newbyteorder("=")).tobytes()
    )


def by_library(blob: bytes) -> dict[str, np.ndarray[Any, Any]]:
    return safetensors.numpy.load(blob)


@given(messages, st.dictionaries(names, arrays(), max_size=4))
@settings(deadline=None)
def test_what_is_written_is_read_back_and_by_the_library_too(
    message: dict[str, Any], tensors: dict[str, Any]
) -> None:
    blob = joined(message, tensors)
    got_message, got = wire.decode(blob)
    assert got_message == message
    library = by_library(blob)
    assert got.keys() == tensors.keys() == library.keys()
    for name, array in tensors.items():
        assert same(got[name], array)
        assert same(library[name], array)


@given(messages, st.dictionaries(names, plain_arrays, max_size=4))
@settings(deadline=None)
def test_what_the_library_writes_is_read(message: dict[str, Any], tensors: dict[str, Any]) -> None:
    # The library writes memory as it lies, so it is given native C-ordered arrays.
    native = {
        name: np.array(array, array.dtype.newbyteorder("="), order="C")
        for name, array in tensors.items()
    }
    blob = safetensors.numpy.save(native, {"message": json.dumps(message)})
    got_message, got = wire.decode(blob)
    assert got_message == message
    assert all(same(got[name], array) for name, array in native.items())


@given(st.binary(max_size=200))
@example(b"")
@settings(deadline=None)
def test_any_bytes_are_a_frame_or_a_wire_error(blob: bytes) -> None:
    try:
        wire.decode(blob)
    except WireError as error:
        assert str(error)  # noqa: PT017 - not every blob raises


@given(st.data())
@settings(deadline=None)
def test_any_damage_to_a_frame_is_a_frame_or_a_wire_error(data: st.DataObject) -> None:
    blob = bytearray(joined({"a": 1}, {"x": np.arange(4, dtype=np.int16), "y": np.ones((1, 2))}))
    for _ in range(data.draw(st.integers(1, 4))):
        blob[data.draw(st.integers(0, len(blob) - 1))] = data.draw(st.integers(0, 255))
    blob = blob[: data.draw(st.integers(0, len(blob)))]
    try:
        wire.decode(blob)
    except WireError as error:
        assert str(error)  # noqa: PT017 - likewise


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)
entries = st.fixed_dictionaries(
    {},
    optional={
        "dtype": st.sampled_from(["F32", "BOOL", "BF16", "I64", "F8_E4M3"]) | json_values,
        "shape": st.lists(st.integers(0, 3), max_size=3) | json_values,
        "data_offsets": st.lists(st.integers(0, 40), min_size=2, max_size=2) | json_values,
    },
)


@given(st.dictionaries(st.text(max_size=3), entries | json_values, max_size=3), st.binary())
@settings(deadline=None)
def test_any_header_is_a_frame_or_a_wire_error(header: dict[str, Any], data: bytes) -> None:
    header.setdefault("__metadata__", {"message": "{}"})
    try:
        wire.decode(blob_of(header, data))
    except WireError as error:
        assert str(error)  # noqa: PT017 - likewise


def blob_of(header: Any, data: bytes = b"") -> bytes:
    head = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(head)) + head + data


def tensor(dtype: Any = "F32", shape: Any = (2,), offsets: Any = (0, 8)) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


def hostile(data: bytes = bytes(8), **tensors: Any) -> bytes:
    return blob_of({"__metadata__": {"message": "{}"}, **tensors}, data)


MESSAGE = {"__metadata__": {"message": "{}"}}

HOSTILE = {
    "nothing": (b"", "cannot hold a message"),
    "header longer than the blob": (struct.pack("<Q", 2**63) + b"{}", "header claims"),
    "header over the limit": (
        struct.pack("<Q", wire.HEADER_LIMIT + 1) + bytes(wire.HEADER_LIMIT + 2),
        "header claims",
    ),
    "header that is not UTF-8": (blob_of(b'{"\xff": 1}'), "not JSON"),
    "header that is not JSON": (blob_of(b"{"), "not JSON"),
    "header that is a list": (blob_of([]), "not an object but an array"),
    "header nested without end": (blob_of(b"[" * 100_000), "nested too deeply"),
    "header with a key twice": (
        blob_of(b'{"__metadata__": {"message": "{}"}, "x": 1, "x": 2}'),
        "'x' is there twice",
    ),
    "number of a million digits": (blob_of(b'{"x": ' + b"9" * 10**6 + b"}"), "not JSON"),
    "lone surrogate in a name": (blob_of(b'{"\\ud800": 1}'), "not JSON"),
    "no metadata": (blob_of({}), "no message"),
    "metadata that is a list": (blob_of({"__metadata__": []}), "no message"),
    "message that is no string": (blob_of({"__metadata__": {"message": 1}}), "no message"),
    "message that is not JSON": (blob_of({"__metadata__": {"message": "{"}}), "message is not"),
    "message with NaN": (blob_of({"__metadata__": {"message": '{"a": NaN}'}}), "NaN is not JSON"),
    "message that is a list": (blob_of({"__metadata__": {"message": "[]"}}), "an array"),
    "message nested without end": (
        blob_of({"__metadata__": {"message": "[" * 100_000}}),
        "message is not JSON",
    ),
    "unknown dtype": (hostile(x=tensor("F8_E4M3")), "unknown dtype; known are BOOL"),
    "dtype that is a list": (hostile(x=tensor(["F32"])), "unknown dtype"),
    "tensor that is a number": (hostile(x=3), "not described by"),
    "tensor with another key": (hostile(x={**tensor(), "file": "/etc"}), "not described by"),
    "negative size": (hostile(x=tensor(shape=[-2])), "not up to 32 sizes"),
    "size that is a float": (hostile(x=tensor(shape=[2.0])), "not a size"),
    "size that is a boolean": (hostile(x=tensor(shape=[True, 2])), "not up to 32 sizes"),
    "33 axes": (hostile(x=tensor(shape=[1] * 32 + [2])), "not up to 32 sizes"),
    "shape that overflows": (hostile(x=tensor(shape=[2**62, 4, 2])), "takes"),
    "empty, yet too big": (
        hostile(b"", x=tensor(shape=[0, 2**62, 2**62], offsets=[0, 0])),
        "cannot have the shape",
    ),
    "shape that does not fit its bytes": (hostile(x=tensor(shape=[3])), "takes 12 bytes, not 8"),
    "offsets that are three": (hostile(x=tensor(offsets=[0, 4, 8])), "not two sizes"),
    "offsets in reverse": (hostile(x=tensor(offsets=[8, 0])), "before its start"),
    "offsets that are negative": (hostile(x=tensor(offsets=[-8, 0])), "not two sizes"),
    "end behind the data": (hostile(x=tensor(shape=[4], offsets=[0, 16])), "ends at byte 16 of 8"),
    "overlap": (hostile(bytes(12), x=tensor(), y=tensor(offsets=[4, 12])), "overlaps"),
    "the same bytes twice": (hostile(x=tensor(), y=tensor()), "overlaps"),
    "hole": (hostile(bytes(20), x=tensor(), y=tensor(offsets=[12, 20])), "leaves a hole"),
    "bytes that belong to nothing": (hostile(bytes(9), x=tensor()), "belong to nothing"),
    "boolean that is two": (hostile(b"\2", x=tensor("BOOL", [1], [0, 1])), "other than 0 and 1"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_frame_is_refused_with_its_reason(name: str) -> None:
    blob, reason = HOSTILE[name]
    with pytest.raises(WireError, match=reason):
        wire.decode(blob)


def test_honest_twin_of_the_hostile_frames_is_read() -> None:
    blob = hostile(bytes(8) + b"\1", x=tensor(), y=tensor("BOOL", [1], [8, 9]))
    assert sorted(wire.decode(blob)[1]) == ["x", "y"]


def test_every_bfloat16_is_read_exactly() -> None:
    bits = np.arange(2**16, dtype=np.uint16)
    got = wire.decode(joined({}, {"x": BF16(bits)}))[1]["x"]
    assert got.dtype == np.float32
    assert np.array_equal(got.view(np.uint32), bits.astype(np.uint32) << 16)


def test_bfloat16_is_what_the_library_calls_it() -> None:
    blob = joined({}, {"x": BF16(np.array([[0x3F80, 0xC000]], np.uint16))})
    [(name, about)] = safetensors.deserialize(blob)
    assert (name, about["dtype"], about["shape"]) == ("x", "BF16", [1, 2])
    assert wire.decode(blob)[1]["x"].tolist() == [[1.0, -2.0]]


def test_complex_numbers_come_and_go() -> None:
    given = np.array([[1 - 2j, 0.5j]], np.complex64)
    blob = b"".join(bytes(part) for part in wire.encode({}, {"x": given}))
    found = wire.decode(blob)[1]["x"]
    assert found.dtype == np.complex64
    assert found.tolist() == given.tolist()


def test_bfloat16_of_other_bits_is_refused() -> None:
    with pytest.raises(WireError, match="uint16"):
        BF16(np.zeros(3, np.float32))


@pytest.mark.parametrize(
    "array", [np.zeros(2, np.complex128), np.array(["a"]), np.array([None]), np.zeros(1, "M8[s]")]
)
def test_array_without_a_place_in_the_format_is_refused_when_written(
    array: np.ndarray[Any, Any],
) -> None:
    with pytest.raises(WireError, match="'x' has dtype"):
        wire.encode({}, {"x": array})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), {1, 2}])
def test_message_that_is_not_json_is_refused_when_written(value: object) -> None:
    with pytest.raises(WireError, match="cannot be written as JSON"):
        wire.encode({"a": value}, {})


def test_reserved_tensor_name_is_refused_when_written() -> None:
    with pytest.raises(WireError, match="__metadata__"):
        wire.encode({}, {"__metadata__": np.zeros(1)})


def test_numpy_scalars_and_lone_surrogates_in_a_message_are_written_plainly() -> None:
    message = {"shape": tuple(np.array([2, 3])), "text": "file \udcff", "a": np.arange(2)}
    got = wire.decode(joined(message))[0]
    assert got == {"shape": [2, 3], "text": "file ?", "a": [0, 1]}


def test_contiguous_arrays_are_not_copied_when_written_nor_when_read() -> None:
    array = np.arange(1000.0)
    buffers = wire.encode({}, {"x": array})
    assert np.shares_memory(np.frombuffer(buffers[1]), array)
    blob = bytearray(b"".join(buffers))
    got = wire.decode(blob)[1]["x"]
    assert np.shares_memory(got, np.frombuffer(blob, np.uint8))
    got[0] = 7  # an adapter may do so with its feeds


def test_written_tensors_are_aligned() -> None:
    tensors = {"a": np.zeros(3, np.int8), "b": np.zeros(1), "c": np.zeros(1, np.float32)}
    blob = joined({"text": "é"}, tensors)
    start = 8 + int.from_bytes(blob[:8], "little")
    header = json.loads(blob[8:start])
    for name, array in tensors.items():
        assert (start + header[name]["data_offsets"][0]) % array.itemsize == 0


def test_frame_announces_its_length() -> None:
    blob = wire.encode({}, {"x": np.arange(5)})
    prefix, rest = (framed := b"".join(wire.frame(blob)))[:8], framed[8:]
    assert wire.announced(prefix) == len(rest)
    assert wire.decode(rest)[1]["x"].tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("prefix", "reason"),
    [
        (struct.pack("<Q", 10**10), "10000000000 bytes is announced"),
        (b"WARNING:", "b'WARNING:'.*something prints into the frames"),
        (bytes(8), "0 bytes is announced"),
    ],
)
def test_absurd_length_is_refused_before_anything_is_read(prefix: bytes, reason: str) -> None:
    with pytest.raises(WireError, match=reason):
        wire.announced(prefix)


@pytest.mark.frameworks
def test_bfloat16_of_tensorflow_and_jax_travels_as_it_is() -> None:
    ml_dtypes = pytest.importorskip("ml_dtypes", reason="comes with TensorFlow and JAX")
    array = np.array([1.0, -2.5, np.inf]).astype(ml_dtypes.bfloat16)
    assert wire.decode(joined({}, {"x": array}))[1]["x"].tolist() == [1.0, -2.5, np.inf]
    with pytest.raises(WireError, match="float8_e4m3fn"):
        wire.encode({}, {"x": array.astype(ml_dtypes.float8_e4m3fn)})
