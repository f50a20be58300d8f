"""Keras's layers as functions of JAX, a module a family."""
