"""Keras's layers as functions of torch, a module a family."""
