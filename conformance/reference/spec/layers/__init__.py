"""Layers, in Keras's folders."""
