"""Values of Keras's arguments that many rows of the tables are held to (``Entry.only``)."""

from __future__ import annotations

FORMATS = {"data_format": ("channels_last", "channels_first")}
PADDING = ("valid", "same", "VALID", "SAME")
WINDOWS = {"padding": PADDING, **FORMATS}
