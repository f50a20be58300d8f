"""An adapter that answers honestly, unless the case's id names a way to misbehave.

``fakes/segfault`` dies by a signal, ``fakes/hang`` hangs, and so on: each function is one way. The
process itself misbehaves at its hello when started with such a word as argument. Every honest
answer is ``y = x + 1``. Written against the bytes of the wire, not with the suite's own writer, so
that it can lie; and with nothing to import, so that it starts at once.
"""
# ruff: noqa: ARG001 - read by people, called by nobody

from __future__ import annotations

import json
import os
import signal
import sys
import time
from array import array

out = sys.stdout.buffer


class Tensor:
    """Numbers, their shape, and their dtype in NumPy's and in safetensors' words."""

    def __init__(self, numbers, shape, dtype="float32"):
        self.shape, self.dtype = shape, dtype
        self.code, kind = {"float32": ("F32", "f"), "int64": ("I64", "q")}[dtype]
        self.numbers = array(kind, numbers)

    def map(self, function):
        return Tensor(map(function, self.numbers), self.shape)

    def plus_one(self):
        return self.map(lambda number: number + 1)


def blob(message, tensors=()):
    header, data = {"__metadata__": {"message": json.dumps(message)}}, b""
    for name, tensor in dict(tensors).items():
        begin, data = len(data), data + tensor.numbers.tobytes()
        span = [begin, len(data)]
        header[name] = {"dtype": tensor.code, "shape": tensor.shape, "data_offsets": span}
    head = json.dumps(header).encode()
    return len(head).to_bytes(8, "little") + head + data


def send(message, tensors=()):
    raw(blob(message, tensors))


def raw(payload, announced=None):
    length = len(payload) if announced is None else announced
    out.write(length.to_bytes(8, "little") + payload)
    out.flush()


def receive():
    prefix = sys.stdin.buffer.read(8)
    if len(prefix) < 8:
        sys.exit(0)
    data = sys.stdin.buffer.read(int.from_bytes(prefix, "little"))
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    message = json.loads(header.pop("__metadata__")["message"])
    tensors = {}
    for name, about in header.items():
        begin, end = about["data_offsets"]
        numbers = array("f", data[start + begin : start + end])
        tensors[name] = Tensor(numbers, about["shape"])
    return message, tensors


def observation(asked, y, **more):
    output = {"shape": y.shape, "dtype": y.dtype, "tensor": "y"}
    case = asked["program"]["case"]
    answer = {"type": "result", "id": asked["id"], "case": case, "calls": [{"outputs": [output]}]}
    return {**answer, **more}


def honest(asked, x, **more):
    send(observation(asked, x.plus_one(), **more), {"y": x.plus_one()})


# Ways to misbehave over a case


def hang(asked, x):
    time.sleep(3600)


def segfault(asked, x):
    sys.stderr.write("about to fall\n")
    sys.stderr.flush()
    os.kill(os.getpid(), signal.SIGSEGV)


def exit_zero(asked, x):
    os._exit(0)


def exit_seven(asked, x):
    os._exit(7)


def half_frame(asked, x):
    payload = blob(observation(asked, x.plus_one()), {"y": x.plus_one()})
    raw(payload[: len(payload) // 2], announced=len(payload))
    os._exit(0)


def half_frame_then_hang(asked, x):
    payload = blob(observation(asked, x.plus_one()), {"y": x.plus_one()})
    raw(payload[: len(payload) // 2], announced=len(payload))
    time.sleep(3600)


def half_length(asked, x):
    out.write(b"\x10\x00\x00")
    out.flush()
    os._exit(0)


def announce_10_gb(asked, x):
    raw(b"x" * 100, announced=10 * 2**30)
    time.sleep(3600)


def stream_10_gb(asked, x):
    raw(b"", announced=10 * 2**30)
    chunk = bytes(1 << 20)
    for _ in range(10 * 2**10):
        out.write(chunk)
    time.sleep(3600)


def other_case(asked, x):
    honest(asked, x, case="somebody/else")


def other_id(asked, x):
    honest(asked, x, id=asked["id"] + 1)


def print_to_stdout(asked, x):
    out.write(b"WARNING: this framework is deprecated\n")
    out.flush()
    honest(asked, x)


def nan_everywhere(asked, x):
    y = x.map(lambda _: float("nan"))
    send(observation(asked, y), {"y": y})


def wrong_shape(asked, x):
    y = Tensor(x.numbers, [1, *x.shape])
    send(observation(asked, y), {"y": y})


def wrong_dtype(asked, x):
    y = Tensor((int(number) + 1 for number in x.numbers), x.shape, "int64")
    send(observation(asked, y), {"y": y})


def lying_shape(asked, x):
    send(observation(asked, x.plus_one()), {"y": Tensor(range(7), [7])})


def missing_tensor(asked, x):
    send(observation(asked, x.plus_one()))


def hostile_error(asked, x):
    message = "<script>alert(1)</script>\x1b[2J\x1b]0;owned\x07\u202egnp.exe\x9b31m\x00"
    failed = {"stage": "build", "type": "ValueError", "message": message}
    case = asked["program"]["case"]
    send({"type": "result", "id": asked["id"], "case": case, "status": "error", "error": failed})


def hello_twice(asked, x):
    send({"type": "hello", "protocol": 2})
    honest(asked, x)


def answer_twice(asked, x):
    honest(asked, x)
    honest(asked, x)


def close_stdout(asked, x):
    os.close(1)
    time.sleep(3600)


def die_slowly(asked, x):
    os.close(1)
    time.sleep(1.5)
    os._exit(7)


def flood_stderr(asked, x):
    chunk = b"noise \x1b[31m" * 8192
    for _ in range(200):
        os.write(2, chunk)
    os.write(2, b"the end\x1b[2J")
    honest(asked, x)


def not_json(asked, x):
    head = json.dumps({"__metadata__": {"message": "{not json"}}).encode()
    raw(len(head).to_bytes(8, "little") + head)


def no_safetensors(asked, x):
    raw(b"\xff" * 64)


def wrong_schema(asked, x):
    honest(asked, x, calls="none")


def deep_json(asked, x):
    head = json.dumps({"__metadata__": {"message": "[" * 200_000}}).encode()
    raw(len(head).to_bytes(8, "little") + head)


def lone_surrogate(asked, x):
    honest(asked, x, reason="\ud800")


def grow(asked, x):
    honest(asked, x, rss=10**12)


def slow(asked, x):
    time.sleep(0.3)
    honest(asked, x)


def leave_a_child(asked, x):
    child = os.fork()
    if child == 0:
        time.sleep(3600)
    honest(asked, x, reason=str(child))


def pid(asked, x):
    honest(asked, x, reason=str(os.getpid()))


def died_after_answering(asked, x):
    honest(asked, x)
    os._exit(0)


# Ways to misbehave at the hello


def hello(how):
    greeting = {"type": "hello", "protocol": 2, "name": "fake", "versions": {"fake": "1"}}
    if how == "slow-hello":
        time.sleep(3600)
    if how == "no-hello":
        sys.stderr.write("libfake.so: cannot open shared object\n")
        sys.exit(1)
    if how == "old-protocol":
        greeting["protocol"] = 99
    if how == "not-installed":
        greeting.update(status="not-installed", reason="No module named 'fake'")
    if how == "result-first":
        greeting = {"type": "result", "id": 1, "case": "fakes/honest"}
    if how == "shout":
        out.write(b"Hello, I am a framework, and I love to print things\n")
        out.flush()
        time.sleep(3600)
    send(greeting)


def main():
    how = sys.argv[1] if len(sys.argv) > 1 else ""
    while True:
        message, tensors = receive()
        if message["type"] == "hello":
            hello(how)
        elif message["type"] == "run":
            case = message["program"]["case"].partition("[")[0]
            name = case.rpartition("/")[2].replace("-", "_")
            globals().get(name, honest)(message, tensors.get("x"))
        else:
            sys.exit(0)


if __name__ == "__main__":
    main()
