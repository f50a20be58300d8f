"""Layers of Keras's folder ``core``."""
