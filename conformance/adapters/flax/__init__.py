"""Keras's layers as modules of Flax NNX."""
