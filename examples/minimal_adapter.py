"""A complete adapter in the standard library alone: it knows Dense. See docs/adapters.md."""
# ruff: noqa: D103 - kept to what a reader of any language needs

import json
import sys
from array import array


def decode(blob):
    start, tensors = 8 + int.from_bytes(blob[:8], "little"), {}
    header = json.loads(blob[8:start])
    message = json.loads(header.pop("__metadata__")["message"])
    for name, about in header.items():
        tensors[name] = about["shape"], array("f", blob[start:][slice(*about["data_offsets"])])
    return message, tensors


def send(message, tensors):
    header, data = {"__metadata__": {"message": json.dumps(message)}}, b""
    for name, (shape, numbers) in tensors.items():
        begin, data = len(data), data + array("f", numbers).tobytes()
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [begin, len(data)]}
    head = json.dumps(header).encode()
    blob = len(head).to_bytes(8, "little") + head + data
    sys.stdout.buffer.write(len(blob).to_bytes(8, "little") + blob)
    sys.stdout.buffer.flush()


def dense(shape, x, kernel, bias):
    size, units = shape[-1], len(bias)
    each = ((row, unit) for row in range(0, len(x), size) for unit in range(units))
    y = [sum(x[r + k] * kernel[k * units + u] for k in range(size)) + bias[u] for r, u in each]
    return [*shape[:-1], units], y


def run(program, tensors):
    model, calls, results = program.get("model") or {"nodes": [program["object"]]}, [], {}
    for node in model["nodes"]:
        if node["layer"] != "Dense" or set(node["config"]) - {"units", "name", "input_shape"}:
            return {"status": "unsupported", "reason": f"{node['layer']} {node['config']}"}, {}
    for i in range(len(program["calls"]) + len(program.get("extra", []))):
        values = {x["name"]: tensors[f"call/{i}/{x['name']}"] for x in model["inputs"]}
        for node in model["nodes"]:
            own = [f"weight/{node.get('shares', node['name'])}/{w}" for w in ("kernel", "bias")]
            values[node["name"]] = dense(*values[node["inputs"][0]], *(tensors[w][1] for w in own))
        outputs = {f"call/{i}/{name}": values[name] for name in model["outputs"]}
        about = [{"shape": y[0], "dtype": "float32", "tensor": t} for t, y in outputs.items()]
        calls, results = [*calls, {"outputs": about}], {**results, **outputs}
    refused = set(program["facets"]) - {"shape", "dtype", "values", "batch", "influence"}
    return {"calls": calls, "unsupported": dict.fromkeys(refused, "numbers only")}, results


while length := sys.stdin.buffer.read(8):
    message, tensors = decode(sys.stdin.buffer.read(int.from_bytes(length, "little")))
    if message["type"] == "hello":
        send({"type": "hello", "protocol": 2, "name": "minimal"}, {})
    elif message["type"] == "run":
        answer, arrays = run(message["program"], tensors)
        answer.update(type="result", id=message["id"], case=message["program"]["case"])
        send(answer, arrays)
