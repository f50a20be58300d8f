"""The fake of ``dense.py``, which answers as ``ways.py`` says for a case that is named so."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import dense
import misbehaving
from ways import ENDLESS, HELLOS, WAYS, Way

_DEEP = re.compile(r'"@(list|dict|long):(\d+)"')


def nested(match):
    levels = int(match[2])
    if match[1] == "long":
        return f'"{"n" * levels}"'
    if match[1] == "list":
        return "[" * levels + "]" * levels
    return '{"a":' * levels + "1" + "}" * levels


def written(way, answer, arrays):
    """The frame's blob."""
    says = {key: value for key, value in {**answer, **way.says}.items() if value is not None}
    if "unsupported" in way.says:
        says["unsupported"] = {**answer["unsupported"], **way.says["unsupported"]}
    text = way.message or _DEEP.sub(nested, json.dumps(says))
    header, data = {"__metadata__": {"message": text}}, b""
    for name, tensor in arrays.items():
        begin, data = len(data), data + tensor.numbers.tobytes()
        span = [begin, len(data)]
        header[name] = {"dtype": tensor.code, "shape": tensor.shape, "data_offsets": span}
    header.update(way.header)
    head = way.raw or json.dumps(header).encode()
    return len(head).to_bytes(8, "little") + head + data + way.data


def answers(way):
    def answer(asked, x):
        if way.act:
            globals()[way.act]()
        honestly, misbehaving.send = misbehaving.send, lambda *told: found.append(told)
        found = []
        dense.honest(asked, x)
        misbehaving.send = honestly
        for _ in range(way.times):
            misbehaving.raw(written(way, *found[0]))
        misbehaving.out.write(way.behind)
        misbehaving.out.flush()

    return answer


def stop():
    os.kill(os.getpid(), signal.SIGSTOP)


def leave_a_child_and_die():
    if os.fork() == 0:
        time.sleep(3600)
    os._exit(7)


def compute():
    """For ever, in two processes, heeding nothing, with a file in the folder that was given."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    (Path(os.environ["TMPDIR"]) / "weights").touch()
    os.fork()
    while True:
        pass


def close_stdin():
    os.close(0)


def close_stderr():
    os.close(2)


def end_group():
    os.killpg(0, signal.SIGTERM)


def interrupt_group():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.killpg(0, signal.SIGINT)


def empty_folder():
    shutil.rmtree(os.environ["TMPDIR"])


def lock_folder():
    folder = Path(os.environ["TMPDIR"])
    (folder / "inside").mkdir()
    (folder / "inside" / "file").touch()
    (folder / "inside").chmod(0)
    folder.chmod(0o500)


def fill_pipe():
    misbehaving.out.write(bytes(8 << 20))
    misbehaving.out.flush()
    time.sleep(3600)


def hello(how):
    greeting = {"type": "hello", "protocol": 2, "name": "fake", "versions": {"fake": "1"}}
    says = HELLOS[how][2] if how else {}
    misbehaving.raw(written(Way("", says=says), greeting, {}))


misbehaving.hello = hello
for name, one in {**WAYS, **ENDLESS}.items():
    setattr(misbehaving, name.replace("-", "_"), answers(one))


if __name__ == "__main__":
    dense.main()
