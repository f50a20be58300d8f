"""Writes conformance/coverage/keras.json: what the Keras has that the catalogue is written for.

    python tools/keras_inventory.py [--check]

Needs that Keras. ``--check`` writes nothing and exits with 1 where the file is another. Afterwards
`keras-conformance coverage --missing --into docs/not-covered.md` renders the page anew.
"""

from __future__ import annotations

import argparse
import sys

import msgspec

from conformance.coverage.inventory import KEPT, Inventory, take


def text(inventory: Inventory) -> bytes:
    """An inventory as JSON with a line for each layer, symbol and namespace."""
    parts = [b'{"keras": %b' % msgspec.json.encode(inventory.keras)]
    for name in ("layers", "symbols", "elsewhere"):
        lines = b",\n".join(
            b"%b: %b" % (msgspec.json.encode(key), msgspec.json.encode(value))
            for key, value in getattr(inventory, name).items()
        )
        parts.append(b'"%b": {\n%b\n}' % (name.encode(), lines))
    return b",\n".join(parts) + b"}\n"


def main() -> int:
    """Write the file, or say whether it is up to date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    found = text(take())
    if parser.parse_args().check:
        return int(KEPT.read_bytes() != found)
    KEPT.write_bytes(found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
