"""Ways to answer a Dense layer's case wrongly, as data: what is sent, and what is to be said of it.

``hostile.py`` answers by this table and ``test_sturdy.py`` holds the verdicts to it, so a further
way is a row. What each row does not change is as an honest answer has it.
"""

from __future__ import annotations

from typing import NamedTuple


class Way(NamedTuple):
    """One way: the outcome and some of the words of the cell's verdict, and what is sent."""

    outcome: str
    words: str = ""
    says: dict = {}  # noqa: RUF012 - read only
    """Fields of the message, in the place of the honest ones."""
    header: dict = {}  # noqa: RUF012
    """Entries of the frame's header, likewise; None leaves one out."""
    message: str = ""
    """The whole message's text."""
    raw: bytes = b""
    """The whole header's bytes."""
    behind: bytes = b""
    """Written behind the answer."""
    data: bytes = b""
    """Bytes behind the last array."""
    times: int = 1
    """How often the answer is sent."""
    act: str = ""
    """The function of ``hostile.py`` that does what can't be said in data."""


PROTOCOL = "breaks the protocol"
DEEPEST = 100_000
BELOW_PYTHONS_LIMIT = 400


def deep(levels=DEEPEST, kind="list"):
    """Stands for lists, or mappings, inside each other: ``json`` can't write them."""
    return f"@{kind}:{levels}"


def native(**more):
    return [{"node": "dense", "symbol": "fake.Dense", **more}]


def called(**more):
    return native(calls=[{"symbol": "fake.dense", **more}])


OUTPUT = {"shape": [2, 3], "dtype": "float32", "tensor": "y0"}
FAILURE = {"stage": "build", "type": "ValueError", "message": "no"}
F32 = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}
LONG = "n" * 100_000
TOO_LONG = "@long:5000000"
"""Stands for a text of so many characters."""

_ANYWHERE = {
    "native-arguments": {"native": native(arguments={"a": deep()})},
    "native-keras": {"native": native(keras={"a": deep()})},
    "call-arguments": {"native": called(arguments={"a": deep()})},
    "call-defaults": {"native": called(defaults={"a": deep()})},
    "config": {"config": {"made": {"dense": {"a": deep()}}}},
    "rebuilt": {"config": {"made": {}, "rebuilt": {"dense": {"a": deep()}}}},
    "loaded": {"config": {"made": {}, "loaded": {"dense": {"a": deep()}}}},
    "unknown-field": {"whatever": deep()},
    "calls": {"calls": deep()},
    "seconds": {"seconds": {"run": deep()}},
}


def _shallower(value):
    if isinstance(value, dict):
        return {key: _shallower(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_shallower(item) for item in value]
    return deep(BELOW_PYTHONS_LIMIT, "dict") if value == deep() else value


DEPTHS = {f"deep-{where}": Way("error", PROTOCOL, says) for where, says in _ANYWHERE.items()} | {
    f"rather-deep-{where}": Way("error", PROTOCOL, _shallower(says))
    for where, says in _ANYWHERE.items()
    if where != "unknown-field"  # what nobody asks about is skipped
}
"""Lists and mappings inside each other wherever anything may stand, and where nothing may."""

LENGTHS = {
    "long-tensor-name": Way("error", PROTOCOL, header={LONG: F32}),
    "long-reason": Way("unsupported", "n{70,}…", {"status": "unsupported", "reason": LONG}),
    "long-error": Way(
        "error",
        "n{70,}…",
        {"status": "error", "calls": [], "error": {**FAILURE, "message": LONG}},
    ),
    "long-controls": Way(
        "error",
        "u009b",
        {"status": "error", "calls": [], "error": {**FAILURE, "message": "\u202e\x9b" * 20_000}},
    ),
    "too-long": Way("error", PROTOCOL, {"status": "unsupported", "reason": TOO_LONG}),
    "long-second": Way("error", PROTOCOL, {"seconds": {LONG: 1.0}}),
    "long-node": Way("error", PROTOCOL, {"native": [{"node": LONG, "symbol": "fake.Dense"}]}),
    "long-argument": Way("error", PROTOCOL, {"native": native(arguments={LONG: 1})}),
    "long-dtype": Way("fail", "n{70,}…", {"calls": [{"outputs": [{**OUTPUT, "dtype": LONG}]}]}),
    "many-tensors": Way("error", PROTOCOL, header={f"t{i}": F32 for i in range(10_001)}),
    "many-calls": Way("error", PROTOCOL, {"calls": [{"outputs": [OUTPUT]}] * 20_000}),
    "many-outputs": Way(
        "fail",
        "outputs: expected 1 of them, observed 20000",
        {"calls": [{"outputs": [OUTPUT] * 20_000}]},
    ),
    "many-weights": Way(
        "fail",
        "weights: dense/kernel: missing",
        {"weights": [{"name": "w", "shape": [], "dtype": "float32", "trainable": True}] * 20_000},
    ),
    "many-natives": Way("error", PROTOCOL, {"native": native() * 10_000}),
    "many-seconds": Way("error", PROTOCOL, {"seconds": {f"s{i}": 0.0 for i in range(20_000)}}),
    "same-tensor-endlessly": Way(
        "error", "twice", raw=b'{"__metadata__":{"message":"{}"},' + b'"a":0,' * 100_000 + b'"a":0}'
    ),
}
"""Names and texts without end, and more of anything than a case can be about."""

NUMBERS = {
    "more-calls": Way(
        "error", "answers 40 calls of 1 that were made", {"calls": [{"outputs": [OUTPUT]}] * 40}
    ),
    "no-calls": Way("error", "", {"calls": []}),
    "more-outputs": Way("fail", "output", {"calls": [{"outputs": [OUTPUT, OUTPUT]}]}),
    "outputless-calls": Way("fail", "output", {"calls": [{}]}),
    "masked": Way("pass", "", {"calls": [{"outputs": [OUTPUT], "masks": [OUTPUT, None]}]}),
    "huge-shape": Way("error", PROTOCOL, {"calls": [{"outputs": [{**OUTPUT, "shape": [2**70]}]}]}),
    "negative-shape": Way("error", PROTOCOL, {"calls": [{"outputs": [{**OUTPUT, "shape": [-1]}]}]}),
    "huge-count": Way(
        "fail",
        "params",
        {"params": dict.fromkeys(("total", "trainable", "non_trainable"), 10**400)},
    ),
    "negative-count": Way(
        "fail", "params", {"params": dict.fromkeys(("total", "trainable", "non_trainable"), -1)}
    ),
    "infinite-seconds": Way("error", PROTOCOL, {"seconds": {"run": float("inf")}}),
    "negative-seconds": Way("pass", "", {"seconds": {"run": -1e308, "build": 1e308}}),
    "negative-rss": Way("pass", "", {"rss": -(2**63)}),
    "huge-rss": Way("pass", "", {"rss": 10**30}),
    "id-of-text": Way("error", PROTOCOL, {"id": "1"}),
    "id-beyond-64-bits": Way("error", PROTOCOL, {"id": 2**70}),
    "id-negative": Way("error", "", {"id": -1}),
    "odd-numbers": Way(
        "pass", "", {"native": native(arguments={"a": [-0.0, 1e308, 2**64, 10**30]})}
    ),
}
"""More or less than was asked, and numbers that can't be."""

SCHEMA = {
    "no-case": Way("error", "", {"case": ""}),
    "odd-status": Way("error", PROTOCOL, {"status": "fine"}),
    "error-without-one": Way("error", "gives no error", {"status": "error"}),
    "unsupported-without-reason": Way("unsupported", "no reason", {"status": "unsupported"}),
    "fine-and-failed": Way("error", "all the same", {"error": FAILURE}),
    "without-a-type": Way("error", PROTOCOL, {"type": None}),
    "nothing-but-a-list": Way("error", PROTOCOL, message="[]"),
    "nothing-but-text": Way("error", PROTOCOL, message='"result"'),
    "nothing": Way("error", PROTOCOL, message=" "),
    "same-key-twice": Way("error", "", message='{"type":"result","type":"hello","id":0}'),
    "byte-order-mark": Way("error", PROTOCOL, message="\ufeff{}"),
    "no-message": Way("error", PROTOCOL, raw=b"{}"),
    "invalid-utf-8": Way("error", PROTOCOL, raw=b'{"__metadata__":{"message":"\xff"}}'),
    "header-of-numbers": Way("error", PROTOCOL, raw=b"17"),
    "unknown-code": Way("error", PROTOCOL, header={"z": {**F32, "dtype": "F128"}}),
    "rank-of-a-hundred": Way("error", PROTOCOL, header={"z": {**F32, "shape": [0] * 100}}),
    "empty-but-huge": Way("error", PROTOCOL, header={"z": {**F32, "shape": [0, 2**62, 2**62]}}),
    "overlapping": Way(
        "error", PROTOCOL, header={"y1": {**F32, "shape": [3], "data_offsets": [0, 12]}}
    ),
    "backwards": Way("error", PROTOCOL, header={"y1": {**F32, "data_offsets": [12, 0]}}),
    "true-as-size": Way("error", PROTOCOL, header={"z": {**F32, "shape": [True]}}),
    "bytes-behind": Way("error", PROTOCOL, data=bytes(8)),
    "a-facet-not-asked": Way(
        "pass", "", {"unsupported": {"gradients": "no", "\x1b[2Jwhat": "no", "": ""}}
    ),
    "an-error-not-asked": Way("pass", "", {"errors": {"what": FAILURE, "gradients": FAILURE}}),
    "a-twin-not-asked": Way("pass", "", {"twin": {"calls": [{"outputs": [OUTPUT]}]}}),
    "a-twin-of-many-calls": Way("error", "twin.calls", {"twin": {"calls": [{}] * 3}}),
    "a-state-not-asked": Way("pass", "", {"state": {"losses": "y0", "weights": {"w": "y0"}}}),
    "a-file-not-asked": Way("pass", "", {"files": {"weights": "y0"}}),
    "draws-not-asked": Way(
        "pass", "", {"random": dict.fromkeys(("first", "second", "again", "other"), OUTPUT)}
    ),
    "entered-not-asked": Way("pass", "", {"entered": {"entered": {"../../etc": [1, -1]}}}),
    "a-config-not-asked": Way("pass", "", {"config": {"made": {"nobody": {"units": 3}}}}),
    "odd-names": Way(
        "pass",
        "",
        {"native": native(arguments={"\x1b]0;owned\x07\u202e": "\x9b2J\u2028"}, note="<script>")},
    ),
    "halves-of-characters": Way(
        "error", PROTOCOL, {"native": native(arguments={"a": "\ud800"}, note="\udfff")}
    ),
}
"""Messages and headers that are none, and answers to what was not asked."""

STREAM = {
    "answers-twice": Way("pass", "", times=2),
    "answers-thrice": Way("pass", "", times=3),
    "noise-behind": Way("pass", "", behind=b"WARNING: this framework is deprecated\n"),
    "a-byte-behind": Way("pass", "", behind=b"\0"),
    "zeros-behind": Way("pass", "", behind=bytes(4096)),
    "a-length-behind": Way("pass", "", behind=(10**6).to_bytes(8, "little")),
    "a-frame-behind": Way(
        "pass",
        "",
        behind=(24).to_bytes(8, "little") + (16).to_bytes(8, "little") + b"{}" + b" " * 14,
    ),
    "stops": Way("timeout", "", act="stop"),
    "leaves-a-child-and-dies": Way("crash", "", act="leave_a_child_and_die"),
    "closes-stdin": Way("pass", "", act="close_stdin"),
    "closes-stderr": Way("pass", "", act="close_stderr"),
    "ends-its-group": Way("crash", "", act="end_group"),
    "interrupts-its-group": Way("pass", "", act="interrupt_group"),
    "empties-its-folder": Way("pass", "", act="empty_folder"),
    "locks-its-folder": Way("pass", "", act="lock_folder"),
    "fills-the-pipe": Way("error", PROTOCOL, act="fill_pipe"),
}
"""What comes behind an answer, and what a process does to itself."""

ENDLESS = {"computes": Way("timeout", act="compute")}
"""What a run is ended over."""

WAYS = {**DEPTHS, **LENGTHS, **NUMBERS, **SCHEMA, **STREAM}

READY = ("pass", "")
REFUSED = ("error", "could not be used")

HELLOS = {
    "long-name": (*READY, {"name": "n" * 100_000}),
    "too-long": (*REFUSED, {"name": TOO_LONG}),
    "many-versions": (*REFUSED, {"versions": {f"v{i}": "1" for i in range(20_000)}}),
    "deep-versions": (*REFUSED, {"versions": deep()}),
    "deep-field": (*REFUSED, {"whatever": deep()}),
    "odd-versions": (
        *READY,
        {"versions": {"keras": "no version", "": "", "\x1b[2J": "1.2.3.4.5.post"}},
    ),
    "no-versions": (*READY, {"versions": {}}),
    "odd-precision": (*READY, {"precision": "float31"}),
    "odd-probe": (*READY, {"probe": {"matmul": -1.0, "conv": 1e308, "what": 0.0}}),
    "infinite-probe": (*REFUSED, {"probe": {"matmul": float("inf")}}),
    "odd-settings": (*READY, {"settings": {"\u202e": "\x9b2J", "path": "x" * 50_000}}),
    "odd-status": (*REFUSED, {"status": "fine"}),
    "no-reason": (*REFUSED, {"status": "error"}),
    "long-reason": (*REFUSED, {"status": "error", "reason": "r" * 200_000}),
    "protocol-of-text": (*REFUSED, {"protocol": "2"}),
    "no-protocol": (*REFUSED, {"protocol": None}),
    "huge-protocol": (*REFUSED, {"protocol": 2**70}),
}
"""What an adapter may say of itself: outcome and words of its cells, and the fields."""
