"""Keras's layers as functions of Flax, a module a family."""
